"""Reading a sender's fields into an Alert's: check the shape, cut what is long, drop what is odd.

Not here: what any one source calls its fields (alert_sources).
"""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from incident_response.domain.alert import (
    MAX_GROUP_KEY,
    MAX_LABEL_VALUE,
    MAX_LABELS,
    MAX_SUMMARY,
    MAX_TITLE,
    Link,
)
from incident_response.domain.errors import InvalidAlertError
from incident_response.domain.model import Json
from incident_response.domain.severity import Severity

MAX_ID = 128
"""Characters of an identifier; a longer one is no identifier of a sender we know."""
MAX_RAW_STATE = 128
MAX_NAME = 200
"""Characters kept of a label's name, a team, a service, a link's title."""
MAX_LINKS = 10
MAX_URL = 2_000
"""A longer address is dropped: half an address leads nowhere."""
MILLISECONDS_FROM = 100_000_000_000
"""A Unix time from here on is in milliseconds (in seconds it would be the year 5138)."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_BUT_LAYOUT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)?")

SEVERITY_LABELS = ("severity", "priority", "level")
SERVICE_LABELS = ("service", "service_name", "app", "application", "job")
TEAM_LABELS = ("team", "owner", "squad")


class Wire(BaseModel):
    """A sender's JSON, as far as we look at it; built at the first alert of the sender, so that
    the webhook starts sooner.
    """

    model_config = ConfigDict(defer_build=True)


Model = TypeVar("Model", bound=Wire)


def invalid(*pointers: str) -> InvalidAlertError:
    """The refusal of an alert whose shape is wrong at these JSON pointers."""
    return InvalidAlertError(
        "The alert does not have the shape of its source.",
        status=422,
        kind="invalid_payload",
        pointers=pointers,
    )


def validated(model: type[Model], payload: Json) -> Model:
    """``payload`` as ``model``, types taken at their word.

    Raises ``InvalidAlertError`` with pointers of the model's own field names; a name the sender
    chose is ``*`` in them, because an answer never repeats input.
    """
    try:
        return model.model_validate(payload, strict=True)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        places = dict.fromkeys(pointer(fault["loc"], known=_names(model)) for fault in faults)
        raise invalid(*places) from None


def pointer(path: Iterable[str | int], *, known: frozenset[str] | None = None) -> str:
    """``path`` as a JSON pointer; with ``known``, any other name in it is ``*``."""
    parts = (
        str(part) if isinstance(part, int) or known is None or part in known else "*"
        for part in path
    )
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


@cache
def _names(model: type[Wire]) -> frozenset[str]:
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return frozenset(name for part in parts for name in part.get("properties", {}))


def identifier(text: str, *, at: str) -> str:
    """``text`` if it can name a group: 1 to 128 characters, none of them a control character."""
    if not text.strip() or len(text) > MAX_ID or _CONTROL.search(text):
        raise invalid(at)
    return text


def group_key(text: str, *, at: str) -> str:
    """Like ``identifier`` for keys that senders compose of labels: a long one is its digest."""
    if not text.strip() or _CONTROL.search(text):
        raise invalid(at)
    return text if len(text) <= MAX_GROUP_KEY else f"sha256:{digest(text.encode())}"


def digest(content: bytes) -> str:
    """64 hex digits for ``content``."""
    return hashlib.sha256(content).hexdigest()


def moment(value: object) -> datetime | None:
    """The time ``value`` tells (ISO 8601, or Unix seconds or milliseconds), aware, in UTC.

    None if it tells none. A time without a zone is taken as UTC; year 1 is Go's "not set".
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        found = _from_text(value) if isinstance(value, str) else _from_unix(value)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found and found.year > 1 else None


def _from_text(text: str) -> datetime | None:
    if not _TIME.fullmatch(text.strip()):
        return None
    found = datetime.fromisoformat(text.strip().upper())
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _from_unix(number: float) -> datetime | None:
    if not math.isfinite(number) or number <= 0:
        return None
    return datetime.fromtimestamp(number / 1000 if number >= MILLISECONDS_FROM else number, UTC)


def not_after(at: datetime, received_at: datetime) -> datetime:
    """``at``, but never later than its arrival.

    A sender's clock that runs ahead would otherwise make every later change of the group look old.
    """
    return min(at, received_at)


def first_of(labels: Mapping[str, str], names: Iterable[str]) -> str:
    """The first label of these names that says anything, else empty."""
    return next((labels[name] for name in names if labels.get(name)), "")


def severity_of(labels: Mapping[str, str]) -> Severity | None:
    """What the labels say about the severity, in the order of ``SEVERITY_LABELS``."""
    words = (Severity.parse(labels[name]) for name in SEVERITY_LABELS if name in labels)
    return next((found for found in words if found is not None), None)


@dataclass(slots=True)
class Trim:
    """Makes a sender's values fit, and remembers whether anything was lost by it."""

    truncated: bool = False

    def line(self, text: str, limit: int = MAX_NAME) -> str:
        """``text`` on one line without control characters, at most ``limit`` characters."""
        if len(text) <= limit and text.isprintable() and "  " not in text:
            return text.strip()  # the usual case, several times faster
        return self._cut(_SPACES.sub(" ", text[: limit * 4]).strip(), limit, len(text))

    def title(self, text: str, *, fallback: str) -> str:
        """A title; ``fallback`` if nothing of it is left."""
        return self.line(text, MAX_TITLE) or self.line(fallback, MAX_TITLE)

    def summary(self, *texts: str) -> str:
        """The texts that say anything, one below the other."""
        told = "\n".join(dict.fromkeys(text.strip() for text in texts if text.strip()))
        return self._cut(_CONTROL_BUT_LAYOUT.sub("", told), MAX_SUMMARY, 0)

    def labels(self, labels: Mapping[str, object]) -> dict[str, str]:
        """At most 100 labels; values that are no scalar are left out."""
        told = {name: value for name, value in labels.items() if value is not None}
        scalars = {name: text for name, v in told.items() if (text := scalar(v)) is not None}
        self.truncated |= len(scalars) < len(told) or len(scalars) > MAX_LABELS
        return {
            self.line(name): self.line(text, MAX_LABEL_VALUE)
            for name, text in islice(scalars.items(), MAX_LABELS)
        }

    def links(self, links: Iterable[tuple[str, object]]) -> tuple[Link, ...]:
        """The first ten distinct http and https addresses; anything else is no link."""
        kept: dict[str, Link] = {}
        for title, url in links:
            if isinstance(url, str) and is_web_address(url):
                kept.setdefault(url, Link(title=self.line(title), url=url))
        self.truncated |= len(kept) > MAX_LINKS
        return tuple(kept.values())[:MAX_LINKS]

    def _cut(self, text: str, limit: int, original: int) -> str:
        self.truncated |= len(text) > limit or original > limit * 4
        return text[:limit]


def scalar(value: object) -> str | None:
    """A JSON scalar as text; None for null, lists and objects."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else None


def is_web_address(url: str) -> bool:
    """Whether ``url`` is a whole http or https address without spaces or control characters."""
    if len(url) > MAX_URL or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
