"""The pinned checklist with its boxes, and what a click on a box means.

What the clicker saw ticked is written in the id of the group that was clicked, so a click tells
exactly what that person changed, however old the card and whoever ticked something meanwhile.
Not here: who may tick (workflows).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from incident_response.blocks import action_ids, kit, limits
from incident_response.blocks.text import clock, join, mention, say
from incident_response.domain.checklist import ChecklistItem
from incident_response.domain.incident import Incident
from incident_response.domain.model import IncidentId, Json
from incident_response.ports.chat import Message

GROUPS: Final[tuple[tuple[str, str, frozenset[str]], ...]] = (
    (
        "respond",
        "Get going",
        frozenset(
            {"room_assembled", "commander_confirmed", "responders_joined", "severity_assessed"}
        ),
    ),
    (
        "tell",
        "Tell customers",
        frozenset({"customer_impact", "page_draft", "page_published"}),
    ),
    (
        "close",
        "Close it well",
        frozenset({"mitigated", "all_clear", "postmortem_draft", "postmortem_reviewed"}),
    ),
)
"""Id, heading and item keys of each group of boxes, in order of the work."""
_REST = ("more", "More")


@dataclass(frozen=True, slots=True)
class Ticks:
    """A click on the checklist: what the person saw ticked in the group, and what it is now."""

    incident_id: IncidentId
    before: frozenset[str]
    selected: frozenset[str]

    @property
    def ticked(self) -> frozenset[str]:
        """Keys of the items this person ticked."""
        return self.selected - self.before

    @property
    def unticked(self) -> frozenset[str]:
        """Keys of the items this person unticked."""
        return self.before - self.selected


def checklist(incident: Incident) -> Message:
    """All items, numbered, with who ticked which when, and how far it is."""
    numbers = {item.key: n for n, item in enumerate(incident.checklist, start=1)}
    done = sum(item.is_checked for item in incident.checklist)
    progress = say("{done} of {all} done", done=done, all=len(incident.checklist))
    heading = say("📋 *Checklist* · {progress}", progress=progress)
    blocks = [kit.section(heading, block_id="checklist")]
    for group, title, items in _grouped(incident.checklist):
        blocks.append(kit.context(say("*{title}*", title=title), block_id=f"heading.{group}"))
        boxes = _boxes(items, numbers)
        blocks.append(kit.actions(boxes, block_id=_block_id(incident, group, items)))
    return kit.message(say("Checklist: {progress}", progress=progress), blocks)


def ticked_keys(action: Json) -> Ticks:
    """What a click changed, from the ``actions`` element of its payload.

    Raises ``RefusedError`` with reason ``superseded`` or ``unreadable`` (see ``action_ids``).
    """
    block_id = action.get("block_id")
    parts = block_id.split(":") if isinstance(block_id, str) else []
    if len(parts) != 5 or parts[0] != "checklist" or not parts[1].isascii():
        raise action_ids.unreadable("this is no checklist of ours")
    is_number = parts[1].isdigit() and len(parts[1]) < 6
    action_ids.require_version(int(parts[1]) if is_number else None)
    selected = action.get("selected_options")
    return Ticks(
        incident_id=IncidentId(parts[2]),
        before=frozenset(parts[4].split("+")) - {""},
        selected=frozenset(_values(selected if isinstance(selected, list) else [])),
    )


def _grouped(
    items: tuple[ChecklistItem, ...],
) -> Iterable[tuple[str, str, tuple[ChecklistItem, ...]]]:
    """Each group with its items in order; items of no group follow, ten at a time."""
    known = frozenset[str]().union(*(keys for _, _, keys in GROUPS))
    for group, title, keys in GROUPS:
        members = tuple(item for item in items if item.key in keys)
        if members:
            yield group, title, members
    rest = tuple(item for item in items if item.key not in known)
    for start in range(0, len(rest), limits.CHECKBOX_OPTIONS):
        yield *_REST, rest[start : start + limits.CHECKBOX_OPTIONS]


def _boxes(items: tuple[ChecklistItem, ...], numbers: Mapping[str, int]) -> Json:
    options = [_option(item, numbers[item.key]) for item in items]
    ticked = [box for box, item in zip(options, items, strict=True) if item.is_checked]
    return kit.checkboxes(options, ticked, action_id=action_ids.TICK_CHECKLIST)


def _option(item: ChecklistItem, number: int) -> Json:
    """A box; by its number the item can be ticked with a command too."""
    text = f"{number}. {item.text}"
    if not item.checked_by:
        return kit.option(text, item.key)
    who = mention(item.checked_by)
    note = join([who, clock(item.checked_at)]) if item.checked_at else who
    return kit.option(text, item.key, note=note)


def _block_id(incident: Incident, group: str, items: tuple[ChecklistItem, ...]) -> str:
    """``checklist:1:<incident>:<group>:<ticked keys>``.

    It changes with every tick, which also makes Slack show the new state instead of what a
    client remembers for the old id.
    """
    ticked = "+".join(item.key for item in items if item.is_checked)
    return f"checklist:{action_ids.VERSION}:{incident.incident_id}:{group}:{ticked}"


def _values(options: Iterable[object]) -> Iterable[str]:
    for option in options:
        value = option.get("value") if isinstance(option, dict) else None
        if isinstance(value, str):
            yield value
