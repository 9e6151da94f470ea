"""Clicks and commands while the sockets are in trouble: what Slack was told arrived is done once,
and what did not arrive Slack tells the person.
"""

import asyncio
from collections import Counter

from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind
from incident_response.entrypoints.local_stack import LocalStack
from tests.scenarios.hands import JONAS, MAYA, PRIYA, TOMAS, Hands
from tests.scenarios.rooms import (
    channel_of,
    eventually,
    fault,
    now_of,
    open_room,
    rooms,
    said_as,
    text_of,
    until_said,
)

KEYS = (
    "room_assembled",
    "commander_confirmed",
    "responders_joined",
    "severity_assessed",
    "customer_impact",
    "page_draft",
    "mitigated",
)


async def ticked(stack: LocalStack, incident: Incident) -> set[str]:
    return {item.key for item in (await now_of(stack, incident)).checklist if item.is_checked}


async def done_how_often(stack: LocalStack, incident: Incident, kind: EntryKind) -> Counter[str]:
    """How often the ledger tells of each item or person."""
    entries = await stack.processor.backend.ledger.entries(incident.incident_id)
    told = (e.details for e in entries if e.kind is kind)
    return Counter(str(details.get("item") or details.get("to")) for details in told)


async def test_clicks_during_refreshes_and_cuts_are_done_once_or_the_person_is_told(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    sockets = stack.sandbox.sockets
    await sockets.wait_for(2)
    acked: set[str] = set()
    refused: set[str] = set()
    for number, key in enumerate(KEYS):
        if number % 3 == 1:
            await sockets.disconnect()
        elif number % 3 == 2:
            sockets.drop()
        outcome = await Hands(stack, MAYA).ticks(said_as(stack, incident, "checklist"), key)
        (acked if outcome.ok else refused).add(key)
        assert outcome.ok or outcome.error in ("operation_timeout", "app_unreachable")

    async def all_done() -> bool:
        return await ticked(stack, incident) >= acked

    await eventually(all_done)
    assert len(acked) >= 5, refused
    done = await done_how_often(stack, incident, EntryKind.CHECKLIST_CHECKED)
    assert all(count == 1 for count in done.values()), done


async def test_every_delivery_twice_does_everything_once(stack: LocalStack) -> None:
    incident = await open_room(stack)
    room, maya = channel_of(stack, incident), Hands(stack, MAYA)
    fault(stack, "slack.socket", "duplicate_delivery")
    assert (await maya.clicks(said_as(stack, incident, "proposal"), "take_command")).ok
    assert "You decide" in await maya.told(room.id, besides=set())
    assert (await maya.ticks(said_as(stack, incident, "checklist"), "mitigated")).ok
    assert (await maya.types(room.id, "/inc role comms @jonas")).ok
    await until_said(stack, room.id, f"<@{JONAS}> is *Communications lead* now")
    await maya.types(room.id, "/inc declare")
    assert (await maya.submits(await maya.form(), title="Declared but once")).ok

    async def two_rooms() -> bool:
        return len(rooms(stack)) == 2

    await eventually(two_rooms)
    stack.sandbox.board.clear()
    assert "2 incidents open" in await maya.asks(room.id, "/inc list")
    assert len(rooms(stack)) == 2
    roles = await done_how_often(stack, incident, EntryKind.ROLE_ASSIGNED)
    assert roles == {MAYA: 1, JONAS: 1}
    ticks = await done_how_often(stack, incident, EntryKind.CHECKLIST_CHECKED)
    assert ticks == {"mitigated": 1}
    told = [text_of(note) for note in maya.notes(room.id)]
    for words in ("You decide", "Declared: ", "2 incidents open"):
        assert sum(words in text for text in told) == 1, words


async def test_a_click_that_never_arrived_is_told_by_slack_and_the_next_one_counts(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    maya = Hands(stack, MAYA)
    fault(stack, "slack.socket", "drop_socket", times=1)
    lost = await maya.clicks(said_as(stack, incident, "proposal"), "take_command")
    assert (lost.ok, lost.error) == (False, "operation_timeout")
    assert (await now_of(stack, incident)).commander is None
    assert (await maya.clicks(said_as(stack, incident, "proposal"), "take_command")).ok

    async def in_command() -> bool:
        return (await now_of(stack, incident)).commander == MAYA

    await eventually(in_command)


async def test_four_people_at_once_while_slack_asks_to_reconnect_lose_nothing(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    checklist = said_as(stack, incident, "checklist")
    fault(stack, "slack.socket", "disconnect", times=1)
    people = dict(zip((MAYA, JONAS, PRIYA, TOMAS), KEYS, strict=False))
    outcomes = await asyncio.gather(
        *(Hands(stack, user).ticks(checklist, key) for user, key in people.items())
    )
    assert all(outcome.ok for outcome in outcomes)

    async def all_done() -> bool:
        return await ticked(stack, incident) == set(people.values())

    await eventually(all_done)
    by = {i.key: i.checked_by for i in (await now_of(stack, incident)).checklist if i.is_checked}
    assert by == {key: user for user, key in people.items()}


async def test_slow_answers_to_clicks_are_given_while_slack_slows_us_down(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    checklist = said_as(stack, incident, "checklist")
    fault(stack, "slack.chat.update", "rate_limited", times=2, retry_after=1)
    assert (await Hands(stack, MAYA).ticks(checklist, "mitigated")).ok

    async def is_drawn() -> bool:
        return "1 of 11 done" in text_of(checklist)

    await eventually(is_drawn)
