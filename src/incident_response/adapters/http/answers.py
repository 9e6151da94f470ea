"""What a vendor's answer means: nothing wrong, or one of our errors with words for people.

Messages say what to do. They hold no secret and nothing of the answer but a short, cleaned
message of the vendor's own. Not here: sending and retrying (client).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from incident_response.adapters.http.retry_after import retry_after
from incident_response.adapters.http.vendor import Vendor
from incident_response.domain.errors import (
    IncidentResponseError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)

LONGEST_VENDOR_MESSAGE = 160
_MESSAGE_KEYS = ("message", "error", "detail", "error_description", "errorType")
_NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: ``headers`` are case-insensitive, ``body`` is decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class OwnErrors(Protocol):
    """Reads the errors that a vendor tells inside its answers, whatever their status."""

    def __call__(
        self, answer: Answer, *, is_write: bool, now: datetime, cleaned: Callable[[str], str]
    ) -> IncidentResponseError | None:
        """The error, None if the answer tells none; ``cleaned`` makes a text fit for people."""
        ...


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns the answers of one vendor into errors; ``secrets`` never appear in a message."""

    vendor: Vendor
    secrets: tuple[str, ...]
    own_errors: OwnErrors | None = None
    """Asked first; None for a vendor whose statuses say it all."""

    def error(
        self, answer: Answer, *, is_write: bool, now: datetime
    ) -> IncidentResponseError | None:
        """The error that ``answer`` means; None for 2xx and 304 that tell none."""
        if self.own_errors is not None:
            own = self.own_errors(answer, is_write=is_write, now=now, cleaned=self.cleaned)
            if own is not None:
                return own
        status = answer.status
        if 200 <= status < 300 or status == _NOT_MODIFIED:
            return None
        if self._is_rate_limit(answer):
            return self._rate_limited(answer, now)
        if status >= 500 or status == 408:
            return self._broken(status, is_write=is_write)
        return self._refused(answer)

    def _is_rate_limit(self, answer: Answer) -> bool:
        # 420 is Statuspage's 429; GitHub says 403 with one of these headers.
        if answer.status in (420, 429):
            return True
        asks = "Retry-After" in answer.headers
        spent = answer.headers.get("X-RateLimit-Remaining") == "0"
        return answer.status == 403 and (asks or spent)

    def _rate_limited(self, answer: Answer, now: datetime) -> RateLimitedError:
        wait = retry_after(answer.headers, now=now)
        when = "in a minute" if wait is None else f"in {wait.total_seconds():.0f} s"
        return RateLimitedError(
            f"{self.vendor.name} asks us to slow down ({answer.status}): try again {when}",
            retry_after=wait,
        )

    def _broken(self, status: int, *, is_write: bool) -> IncidentResponseError:
        if is_write:
            return UnknownOutcomeError(
                f"{self.vendor.name} failed while it worked on our request ({status}):"
                " look whether it was done"
            )
        return UnavailableError(
            f"{self.vendor.name} has a problem of its own ({status}): try again in a minute"
        )

    def _refused(self, answer: Answer) -> IncidentResponseError:
        name, status = self.vendor.name, answer.status
        told = self._told(answer)
        if 300 <= status < 400:
            return RefusedError(
                f"{name} sends us to another address ({status}), and we do not follow:"
                f" check {self.vendor.url_setting}",
                reason="redirected",
            )
        if status == 401:
            return RefusedError(
                f"{name} refused the token (401): check {self.vendor.credential_setting}",
                reason="unauthorized",
            )
        if status == 403:
            return RefusedError(
                f"{name} does not allow this to our token (403{told}):"
                f" check {self.vendor.credential_setting} and its rights",
                reason="forbidden",
            )
        if status in (404, 410):
            return NotFoundError(f"{name} knows no such thing ({status}{told})")
        return RefusedError(
            f"{name} refused the request ({status}{told})", reason=f"http_{status}"
        )

    def _told(self, answer: Answer) -> str:
        words = self.cleaned(_message_in(answer))
        return f": {words}" if words else ""

    def cleaned(self, text: str) -> str:
        """``text`` on one short line, without control characters and secrets."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        if len(line) > LONGEST_VENDOR_MESSAGE:
            line = f"{line[: LONGEST_VENDOR_MESSAGE - 1]}…"
        return line


def _message_in(answer: Answer) -> str:
    """The vendor's own message: plain text (Loki and Tempo), or a string or list of strings
    (Statuspage) under one of the usual keys of a JSON object, else nothing (a proxy's HTML is no
    message).
    """
    if answer.headers.get("Content-Type", "").startswith("text/plain"):
        return answer.body[: 4 * LONGEST_VENDOR_MESSAGE].decode("utf-8", "replace")
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(content, dict):
        return ""
    found = (_words(content.get(key)) for key in _MESSAGE_KEYS)
    return next((text for text in found if text), "")


def _words(value: object) -> str:
    parts = value if isinstance(value, list) else [value]
    return "; ".join(part for part in parts if isinstance(part, str))
