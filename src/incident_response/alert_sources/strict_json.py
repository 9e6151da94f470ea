"""JSON as the standard means it, from bytes that are no longer or deeper than we want.

The standard library's reader accepts a byte order mark, UTF-16, NaN, duplicate keys and lone
surrogates, and fails by recursion on deep nesting; none of that passes here. Not here: what the
JSON means (the sources).
"""

import json
import math
import re
from typing import Any, NoReturn

from incident_response.domain.errors import InvalidAlertError
from incident_response.domain.model import Json

MAX_BYTES = 262_144
"""256 KiB."""
MAX_DEPTH = 32
"""Arrays and objects within each other."""
MAX_DIGITS = 1_000
"""Digits of an integer: more than any real number has, and below Python's own limit of 4,300."""

# A string is skipped whole, also one that never ends: each byte is looked at once.
_STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{\]}]', re.DOTALL)


class _DuplicateKeyError(ValueError):
    """A key occurs twice in one object; the readers of the world disagree about which counts."""


def parse(raw: bytes) -> Json:
    """The JSON object in ``raw``.

    Raises ``InvalidAlertError``: 413 ``too_large``, or 400 ``too_deep``, ``duplicate_key`` or
    ``invalid_json``. Its message never holds input.
    """
    if len(raw) > MAX_BYTES:
        raise InvalidAlertError("The body is too large.", status=413, kind="too_large")
    if _is_deep(raw):
        raise _refusal(f"The JSON is nested deeper than {MAX_DEPTH}.", kind="too_deep")
    try:
        found = _loads(raw)
    except _DuplicateKeyError:
        raise _refusal("A key occurs twice in one object.", kind="duplicate_key") from None
    except (ValueError, RecursionError):
        raise _refusal("The body is not strict JSON in UTF-8.") from None
    if not isinstance(found, dict):
        raise _refusal("The body is not a JSON object.")
    return found


def _loads(raw: bytes) -> Any:
    text = raw.decode("utf-8", "strict")
    found = json.loads(
        text,
        object_pairs_hook=_object,
        parse_constant=_refuse_constant,
        parse_int=_integer,
        parse_float=_number,
    )
    if b"\\u" in raw:  # only an escape can make half a surrogate pair, which no encoder takes
        json.dumps(found, ensure_ascii=False).encode()
    return found


def _is_deep(raw: bytes) -> bool:
    if raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH:
        return False
    depth = 0
    for match in _STRUCTURE.finditer(raw):
        mark = match[0][:1]
        if mark in b"{[":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif mark != b'"':
            depth -= 1
    return False


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _DuplicateKeyError
    return found


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("too many digits")
    return int(digits)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("no finite number")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _refusal(message: str, *, kind: str = "invalid_json") -> InvalidAlertError:
    return InvalidAlertError(message, status=400, kind=kind)
