"""Stopping and starting again: everything that was there is there, and goes on working."""

from pathlib import Path

from incident_response.entrypoints.local_stack import Ports, local_stack
from incident_response.sandbox.alerts import AlertOrder
from tests.scenarios.hands import HANA, MAYA, PRIYA, Hands
from tests.scenarios.rooms import (
    assembled,
    channel_named,
    channel_of,
    eventually,
    fault,
    now_of,
    open_room,
    rooms,
    said_as,
    until_drawn,
)
from tests.scenarios.test_slack_troubled import until_complete


async def test_rooms_people_ticks_and_command_survive_a_restart(tmp_path: Path) -> None:
    async with local_stack(tmp_path, Ports()) as stack:
        incident = await open_room(stack)
        room, maya = channel_of(stack, incident), Hands(stack, MAYA)
        assert (await maya.clicks(said_as(stack, incident, "proposal"), "take_command")).ok
        assert (await maya.ticks(said_as(stack, incident, "checklist"), "mitigated")).ok
        general = channel_named(stack, "general").id
        await stack.sandbox.people.say(user=HANA, channel=general, text="See you tomorrow")
        members = set(room.members)

    async with local_stack(tmp_path, Ports()) as stack:
        again, maya = channel_of(stack, incident), Hands(stack, MAYA)
        assert again.id == room.id
        assert set(again.members) == members
        said = stack.sandbox.workspace.messages.top_level(general)
        assert said[-1].text == "See you tomorrow"
        checklist = said_as(stack, incident, "checklist")
        await until_drawn(checklist, "1 of 11 done")  # what was acknowledged, at the latest now
        assert (await now_of(stack, incident)).commander == MAYA
        assert (await Hands(stack, PRIYA).ticks(checklist, "all_clear")).ok
        await until_drawn(checklist, "2 of 11 done")
        assert "Checklist: 2 of 11" in await maya.asks(room.id, "/inc status")
        await open_room(stack, service="search-api")
        assert len(rooms(stack)) == 2


async def test_a_room_that_was_being_assembled_is_finished_after_the_restart(
    tmp_path: Path,
) -> None:
    async with local_stack(tmp_path, Ports()) as stack:
        fault(stack, "slack.conversations.invite", "server_error")
        fault(stack, "slack.pins.add", "rate_limited", retry_after=30)
        delivery = await stack.sandbox.alerts.fire(AlertOrder())
        assert delivery.status == 202

        async def room_stands() -> bool:
            return len(rooms(stack)) == 1

        await eventually(room_stands)
    async with local_stack(tmp_path, Ports()) as stack:
        [incident] = await stack.processor.workflows.store.recent(open_only=False, limit=5)
        await until_complete(stack, await assembled(stack, incident, within=60))


async def test_an_alert_taken_in_while_nobody_worked_is_a_room_after_the_start(
    tmp_path: Path,
) -> None:
    async with local_stack(tmp_path, Ports()) as stack:
        fault(stack, "slack.*", "hang", seconds=600)
        for service in ("checkout-api", "search-api"):
            delivery = await stack.sandbox.alerts.fire(AlertOrder(service=service))
            assert delivery.status == 202
    async with local_stack(tmp_path, Ports()) as stack:
        store = stack.processor.workflows.store

        async def both() -> bool:
            return len(await store.recent(open_only=False, limit=5)) == 2

        await eventually(both)
        for incident in await store.recent(open_only=False, limit=5):
            await assembled(stack, incident, within=60)
        assert len(rooms(stack)) == 2
