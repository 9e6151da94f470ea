"""The slash command alone, over the real wire: who remembers no verb finds every one of them."""

from incident_response.commands import COMMANDS
from incident_response.entrypoints.local_stack import LocalStack
from tests.scenarios.hands import INES, MAYA, TOMAS, Hands, elements
from tests.scenarios.rooms import (
    channel_named,
    channel_of,
    open_room,
    said_as,
    until_drawn,
)


async def test_alone_in_a_room_it_shows_everything_that_can_be_done_there(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    room, maya = channel_of(stack, incident), Hands(stack, MAYA)
    await maya.asks(room.id, "/inc")
    tray = maya.notes(room.id)[-1]
    drawn = {e["action_id"] for e in elements(tray)}
    assert drawn == {f"run_command:{c.name}" for c in COMMANDS if c.label}
    assert Hands(stack, TOMAS).notes(room.id) == [], "only who asked sees it"

    before = {note.ts for note in maya.notes(room.id)}
    assert (await maya.clicks(tray, "run_command:status")).ok
    assert "Checklist: 0 of 11" in await maya.told(room.id, besides=before)


async def test_what_a_button_needs_is_asked_for_in_a_form_and_then_done(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    room, maya = channel_of(stack, incident), Hands(stack, MAYA)
    await maya.asks(room.id, "/inc")
    before = {note.ts for note in maya.notes(room.id)}
    assert (await maya.clicks(maya.notes(room.id)[-1], "run_command:invite")).ok
    form = await maya.form()
    chosen = {"people": {"people": {"type": "multi_users_select", "selected_users": [INES]}}}
    sent = await stack.sandbox.people.submit(user=MAYA, view_id=form.id, values=chosen)
    assert sent.kind == "closed"
    assert f"In the room: <@{INES}>" in await maya.told(room.id, besides=before)
    assert INES in room.members


async def test_elsewhere_it_declares(stack: LocalStack) -> None:
    general, ines = channel_named(stack, "general").id, Hands(stack, INES)
    assert (await ines.types(general, "/inc")).ok
    form = await ines.form()
    sent = await ines.submits(form, title="The lift is stuck")
    assert sent.kind == "closed"
    assert "The lift is stuck" in await ines.told(general, besides=set())


async def test_a_lost_click_can_be_typed(stack: LocalStack) -> None:
    incident = await open_room(stack)
    room, general = channel_of(stack, incident), channel_named(stack, "general").id
    ines = Hands(stack, INES)
    await ines.asks(general, f"/inc join {incident.code}")
    assert INES in room.members
    answer = await ines.asks(room.id, "/inc tick 4")
    assert "1 of 11 done" in answer
    await until_drawn(said_as(stack, incident, "checklist"), "1 of 11 done")
    assert "Nothing is missing" in await ines.asks(room.id, "/inc retry")
