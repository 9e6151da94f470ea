"""What a caller may write on the page, and how Statuspage refuses the rest.

What belongs here: reading a body into a `Draft` or `UpdateEdit`, and the two ways to be refused:
400 with one sentence where the body has the wrong shape, 422 with a list where its content breaks
a rule. What does not: the effect (`board.py`).

Realtime incidents only: a caller that schedules or backfills is told so, instead of seeing its
arguments ignored.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from incident_response.sandbox.vendors.statuspage.model import (
    COMPONENT_STATUSES,
    IMPACTS,
    STATUSES,
    ComponentStatus,
    Impact,
    Status,
)
from incident_response.sandbox.vendors.world import epoch_of

LONGEST_NAME = 255
LONGEST_BODY = 25_000

_UNSERVED = ("scheduled_for", "scheduled_until", "backfilled", "backfill_date")
Word = TypeVar("Word", bound=str)
Json = Mapping[str, Any]


class RefusedError(Exception):
    """A body that is refused: 400 with one sentence, or 422 with the rules it breaks."""

    def __init__(self, *broken: str, status: int = 422) -> None:
        super().__init__("; ".join(broken))
        self.status = status
        self.broken = list(broken)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a create or an update says; None: it says nothing of it."""

    name: str | None = None
    status: Status | None = None
    body: str | None = None
    impact_override: Impact | None = None
    component_ids: tuple[str, ...] | None = None
    components: dict[str, ComponentStatus] = field(default_factory=dict)
    metadata: dict[str, dict[str, Any]] | None = None
    deliver_notifications: bool = True


@dataclass(frozen=True, slots=True)
class UpdateEdit:
    """What a correction of a message says; None: it stays."""

    body: str | None = None
    display_at: float | None = None


def read_incident(document: object, known: Collection[str], *, is_new: bool) -> Draft:
    """Read the body of a create (`is_new`) or an update; `known` are the page's component ids.

    Raises `RefusedError`.
    """
    given = _inside(document, "incident", ("name",) if is_new else ())
    _refuse_unserved(given)
    draft = Draft(
        name=_text(given, "incident", "name"),
        status=_one_of(given, "incident[status]", "status", STATUSES),
        body=_text(given, "incident", "body"),
        impact_override=_one_of(given, "incident[impact_override]", "impact_override", IMPACTS),
        component_ids=_ids(given),
        components=_component_statuses(given),
        metadata=_metadata(given),
        deliver_notifications=_flag(given, "incident", "deliver_notifications"),
    )
    broken = _broken_rules(draft, known)
    if broken:
        raise RefusedError(*broken)
    return draft


def read_update_edit(document: object) -> UpdateEdit:
    """Read the body of a correction. Raises `RefusedError`."""
    given = _inside(document, "incident_update", ())
    body = _text(given, "incident_update", "body")
    if body is not None and len(body) > LONGEST_BODY:
        raise RefusedError(f"Body is too long (maximum is {LONGEST_BODY} characters)")
    shown_at = _text(given, "incident_update", "display_at")
    try:
        return UpdateEdit(body, None if shown_at is None else epoch_of(shown_at))
    except ValueError:
        raise _malformed("incident_update[display_at] is invalid") from None


def read_component_status(document: object) -> ComponentStatus | None:
    """Read the body of a component's update; only its status is served. Raises `RefusedError`."""
    given = _inside(document, "component", ())
    return _one_of(given, "component[status]", "status", COMPONENT_STATUSES)


def _malformed(sentence: str) -> RefusedError:
    return RefusedError(sentence, status=400)


def _inside(document: object, name: str, required: tuple[str, ...]) -> Json:
    """Return the object under `name`; Statuspage names everything missing in one sentence."""
    given = document.get(name) if isinstance(document, dict) else None
    inner = given if isinstance(given, dict) else {}
    missing = [] if given is not None else [f"{name} is missing"]
    missing += [f"{name}[{key}] is missing" for key in required if key not in inner]
    if missing:
        raise _malformed(", ".join(missing))
    if not isinstance(given, dict):
        raise _malformed(f"{name} is invalid")
    return inner


def _refuse_unserved(given: Json) -> None:
    asked = [name for name in _UNSERVED if given.get(name)]
    if asked:
        raise RefusedError(f"{asked[0]}: only realtime incidents are served here")


def _text(given: Json, outer: str, name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise _malformed(f"{outer}[{name}] is invalid")
    return value


def _flag(given: Json, outer: str, name: str) -> bool:
    value = given.get(name, True)
    if not isinstance(value, bool):
        raise _malformed(f"{outer}[{name}] is invalid")
    return value


def _one_of(given: Json, shown: str, name: str, words: tuple[Word, ...]) -> Word | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    found = next((word for word in words if word == value), None)
    if found is None:
        raise _malformed(f"{shown} does not have a valid value")
    return found


def _ids(given: Json) -> tuple[str, ...] | None:
    value = given.get("component_ids")
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _malformed("incident[component_ids] is invalid")
    return tuple(value)


def _component_statuses(given: Json) -> dict[str, ComponentStatus]:
    value = given.get("components")
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _malformed("incident[components] is invalid")
    shown = "incident[components]"
    read = {key: _one_of(value, f"{shown}[{key}]", key, COMPONENT_STATUSES) for key in value}
    return {key: status for key, status in read.items() if status is not None}


def _metadata(given: Json) -> dict[str, dict[str, Any]] | None:
    value = given.get("metadata")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _malformed("incident[metadata] is invalid")
    if not all(isinstance(item, dict) for item in value.values()):
        raise RefusedError("Metadata top level values must be objects")
    return value


def _broken_rules(draft: Draft, known: Collection[str]) -> list[str]:
    broken = []
    if draft.name is not None and not draft.name.strip():
        broken.append("Name can't be blank")
    if len(draft.name or "") > LONGEST_NAME:
        broken.append(f"Name is too long (maximum is {LONGEST_NAME} characters)")
    if len(draft.body or "") > LONGEST_BODY:
        broken.append(f"Body is too long (maximum is {LONGEST_BODY} characters)")
    named = (*(draft.component_ids or ()), *draft.components)
    unknown = [component_id for component_id in named if component_id not in known]
    if unknown:
        broken.append(f"Component {unknown[0]} was not found on this page")
    return broken
