"""What Linear says went wrong: ``errors[]`` of an answer, of whatever status.

Not here: what a status alone means (adapters.http), what is done about it (tracker).
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import Field, TypeAdapter

from incident_response.adapters.http import Answer, Text, Wire
from incident_response.domain.errors import (
    IncidentResponseError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)

CONFLICT: Final = "conflict"
"""``RefusedError.reason`` where the client-made id, or the name, is taken."""
_LONGEST_WAIT = timedelta(hours=1)
"""The window of Linear's limits."""
_NOT_FOUND = "Entity not found"
_CONFLICTS = ("conflict on insert", "already exists")
_LOCKED_OUT = ("authentication error", "forbidden", "feature not accessible")
_TROUBLED = ("internal error", "lock timeout", "network error", "bootstrap error", "unknown")
"""Types of error (``LinearErrorType`` of its SDK) that say nothing about our request."""


class _Extensions(Wire):
    code: Text = ""
    type: Text = ""
    told: Text = Field(default="", alias="userPresentableMessage")


class _Problem(Wire):
    message: Text = ""
    path: list[str | int] | None = None
    extensions: _Extensions = _Extensions()

    @property
    def words(self) -> str:
        return self.extensions.told or self.message or self.extensions.code

    @property
    def is_conflict(self) -> bool:
        said = f"{self.message} {self.extensions.told}".lower()
        return any(words in said for words in _CONFLICTS)


_PROBLEMS = TypeAdapter(list[_Problem])


def linear_errors(
    answer: Answer, *, is_write: bool, now: datetime, cleaned: Callable[[str], str]
) -> IncidentResponseError | None:
    """The first error in ``answer``; None if it holds none, or its status says more (5xx)."""
    problem = _first(answer) if answer.status < 500 else None
    if problem is None:
        return None
    words, kind = cleaned(problem.words), problem.extensions.type.lower()
    if problem.extensions.code == "RATELIMITED" or kind == "ratelimited":
        return _rate_limited(answer, now)
    if kind in _LOCKED_OUT or "api key" in problem.words.lower():
        return RefusedError(
            f"Linear refused the key ({words}): check LINEAR_API_KEY and its rights",
            reason="unauthorized",
        )
    if is_write and len(problem.path or ()) > 1:
        # A field below the mutation failed: the mutation itself was done.
        return UnknownOutcomeError(f"Linear did only a part ({words}): look whether it was done")
    if kind in _TROUBLED:
        return _troubled(words, is_write=is_write)
    return _refused(problem, words)


def _first(answer: Answer) -> _Problem | None:
    try:
        content = json.loads(answer.body)
        found = content.get("errors") if isinstance(content, dict) else None
        return _PROBLEMS.validate_python(found)[0] if found else None
    except (ValueError, RecursionError):  # ValidationError is one of them
        return None


def _rate_limited(answer: Answer, now: datetime) -> RateLimitedError:
    wait = _wait(answer, now)
    when = "in some minutes" if wait is None else f"in {wait.total_seconds():.0f} s"
    return RateLimitedError(f"Linear asks us to slow down: try again {when}", retry_after=wait)


def _wait(answer: Answer, now: datetime) -> timedelta | None:
    """Until the window of whichever limit is spent ends; Linear gives epoch milliseconds."""
    for limit in ("Requests", "Complexity"):
        reset = answer.headers.get(f"X-RateLimit-{limit}-Reset", "")
        spent = answer.headers.get(f"X-RateLimit-{limit}-Remaining") == "0"
        if spent and reset.isdecimal() and len(reset) <= 15:
            at = datetime.fromtimestamp(int(reset) / 1000, UTC)
            return min(_LONGEST_WAIT, max(timedelta(), at - now))
    return None


def _troubled(words: str, *, is_write: bool) -> IncidentResponseError:
    if is_write:
        return UnknownOutcomeError(
            f"Linear failed while it worked on our request ({words}): look whether it was done"
        )
    return UnavailableError(f"Linear has a problem of its own ({words}): try again in a minute")


def _refused(problem: _Problem, words: str) -> IncidentResponseError:
    if problem.message.startswith(_NOT_FOUND):
        return NotFoundError(f"Linear knows no such thing ({words})")
    reason = CONFLICT if problem.is_conflict else problem.extensions.code.lower()
    return RefusedError(f"Linear refused the request ({words})", reason=reason)
