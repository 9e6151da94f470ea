"""Slack itself in trouble while a room is assembled: slow-downs, errors, answers that never come.

There is still exactly one room, each message once, everybody invited and nothing missing.
"""

from pathlib import Path

import pytest

from incident_response.domain.incident import Incident
from incident_response.entrypoints.local_stack import LocalStack, Ports, local_stack
from tests.scenarios.hands import PAYMENTS
from tests.scenarios.rooms import (
    channel_named,
    channel_of,
    eventually,
    fault,
    now_of,
    open_room,
    rooms,
    said,
    said_as,
    some_at_once,
    text_of,
)

METHODS = (
    "conversations.create",
    "conversations.invite",
    "conversations.setTopic",
    "chat.postMessage",
    "chat.update",
    "pins.add",
    "bookmarks.add",
    "users.list",
    "users.lookupByEmail",
)
"""What the assembly asks of Slack."""
TROUBLES: tuple[tuple[str, dict[str, object]], ...] = (
    ("rate_limited", {"times": 2, "retry_after": 1}),
    ("server_error", {"times": 2}),
    ("reset", {"times": 2}),
    ("drop_reply", {"times": 2}),
    ("hang_after", {"times": 1, "seconds": 600}),
)


def lacks(stack: LocalStack, incident: Incident) -> list[str]:
    """What a person would miss, or see twice."""
    workspace, room = stack.sandbox.workspace, channel_of(stack, incident)
    announced = said(stack, channel_named(stack, "incidents").id)
    facts = text_of(said_as(stack, incident, "facts"))
    links = [bookmark.link for bookmark in workspace.bookmarks.of(room.id)]
    wanted = {
        "one room": len(rooms(stack)) == 1,
        "everybody": set(room.members) >= PAYMENTS,
        "facts, checklist and proposal, once each": len(said(stack, room.id)) == 3,
        "one pin": len(workspace.pins.of(room.id)) == 1,
        "bookmarks, once each": 0 < len(links) == len(set(links)),
        "a topic": "P1" in room.topic.value,
        "one announcement": len(announced) == 1 and room.name in text_of(announced[0]),
        "the last drawing": "Newest commits" in facts and "Error rate" in facts,
        "nothing missing": "retry_step" not in facts,
    }
    return [name for name, is_so in wanted.items() if not is_so]


async def until_complete(stack: LocalStack, incident: Incident) -> None:
    async def is_complete() -> bool:
        return not lacks(stack, incident)

    try:
        await eventually(is_complete)
    except AssertionError:
        raise AssertionError(f"lacks {lacks(stack, incident)}") from None


async def outlive(folder: Path, method: str, kind: str, details: dict[str, object]) -> None:
    async with local_stack(folder, Ports()) as stack:
        fault(stack, f"slack.{method}", kind, **details)
        incident = await open_room(stack, within=60)
        await until_complete(stack, await now_of(stack, incident))


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("kind", "details"), TROUBLES, ids=[kind for kind, _ in TROUBLES])
async def test_trouble_with_any_method_leaves_one_complete_room(
    tmp_path: Path, kind: str, details: dict[str, object]
) -> None:
    """Each method has a stack of its own; some run side by side, for some troubles take long."""
    lives = [outlive(tmp_path / method, method, kind, details) for method in METHODS]
    ends = await some_at_once(lives)
    failures = {m: repr(e) for m, e in zip(METHODS, ends, strict=True) if e is not None}
    assert not failures, failures


async def test_a_burst_of_errors_over_all_of_slack_delays_the_room_and_spoils_nothing(
    stack: LocalStack,
) -> None:
    fault(stack, "slack.conversations.*", "server_error", times=2)
    fault(stack, "slack.chat.*", "reset", times=3)
    fault(stack, "slack.pins.*", "drop_reply", times=1)
    fault(stack, "slack.bookmarks.*", "rate_limited", times=1)
    incident = await open_room(stack, within=60)
    await until_complete(stack, await now_of(stack, incident))


async def test_a_room_whose_name_is_taken_by_a_stranger_gets_the_next_name(
    stack: LocalStack,
) -> None:
    first = await open_room(stack)
    assert first.room is not None
    # Somebody made a channel of the very name the next incident would take.
    fault(stack, "slack.conversations.create", "error", code="name_taken", times=1)
    second = await open_room(stack, service="search-api")
    assert second.room is not None
    assert second.room.name == f"{second.room_name()}-2"
    assert len(rooms(stack)) == 2
