"""What the stand-ins were asked: a bounded log of calls, for the workbench and for tests.

What belongs here: recording a call and showing it without its secrets. What does not: deciding
what happens to a call (`faults.py`).
"""

import json
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import parse_qsl

_CALLS_KEPT = 2_000
_BODY_KEPT = 64 * 1024
_VALUE_SHOWN = 2_000  # characters of one argument; a block list of a full message still fits
_SECRET_NAMES = frozenset({"token", "client_secret", "password", "authorization"})


@dataclass(slots=True)
class Call:
    """One call of one target. `status` is None while it runs and for a reply that never left."""

    number: int
    target: str
    at: float
    query: Mapping[str, str] = field(default_factory=dict)
    content_type: str = ""
    body: bytes = b""
    status: int | None = None
    fault: str | None = None
    note: Mapping[str, object] = field(default_factory=dict)

    def arguments(self) -> dict[str, object]:
        """Return query, form or JSON arguments together, secrets left out and long values cut."""
        merged = {**self.query, **_decoded(self.content_type, self.body), **self.note}
        return {name: _shown(value) for name, value in merged.items() if not _is_secret(name)}

    def shown(self) -> dict[str, object]:
        """Return the call as a JSON object for people."""
        return {
            "number": self.number,
            "target": self.target,
            "at": self.at,
            "status": self.status,
            "fault": self.fault,
            "args": self.arguments(),
        }


class ReceivedLog:
    """The newest 2,000 calls, and how often each target was called since the start."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=_CALLS_KEPT)
        self._number = 0
        self.calls_by_target: Counter[str] = Counter()
        self.faults_by_target: Counter[str] = Counter()

    def begin(self, target: str, at: float) -> Call:
        """Note that `target` is being called at epoch `at`; the caller fills in the rest."""
        self._number += 1
        call = Call(self._number, target, at)
        self._calls.append(call)
        self.calls_by_target[target] += 1
        return call

    def keep_body(self, call: Call, content_type: str, body: bytes) -> None:
        """Keep a body small enough to show; decoding waits until somebody looks."""
        if len(body) <= _BODY_KEPT:
            call.content_type, call.body = content_type, body

    def matching(self, pattern: str = "*", *, after: int = 0, limit: int = 200) -> list[Call]:
        """Return the newest `limit` calls numbered above `after` that match, oldest first."""
        found = [c for c in self._calls if c.number > after and fnmatchcase(c.target, pattern)]
        return found[-limit:] if limit > 0 else []

    def clear(self) -> None:
        """Forget all calls and counts; numbering goes on."""
        self._calls.clear()
        self.calls_by_target.clear()
        self.faults_by_target.clear()


def _decoded(content_type: str, body: bytes) -> dict[str, object]:
    """Return the arguments in a body; a body in another or a broken format shows only its size."""
    if not body:
        return {}
    try:
        if content_type == "application/json":
            document = json.loads(body)
            return document if isinstance(document, dict) else {"body": document}
        if content_type == "application/x-www-form-urlencoded":
            return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except (ValueError, RecursionError):
        return {"body": f"{len(body)} bytes that are not {content_type}"}
    return {"body": f"{len(body)} bytes of {content_type or 'unknown type'}"}


def _is_secret(name: str) -> bool:
    return name.lower() in _SECRET_NAMES


def _shown(value: object) -> object:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > _VALUE_SHOWN:
        return text[:_VALUE_SHOWN] + "…"
    return value
