"""Reminders and updates over the real wire: what Slack takes of our buttons and the form."""

from incident_response.entrypoints.local_stack import LocalStack
from incident_response.sandbox.slack.model import Json, Message
from tests.scenarios.hands import JONAS, MAYA, Hands
from tests.scenarios.rooms import channel_of, eventually, now_of, open_room, text_of, until_said


async def test_a_reminder_is_answered_snoozed_silenced_and_turned_on_with_its_buttons(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    maya, room = Hands(stack, MAYA), channel_of(stack, incident).id
    await maya.asks(room, "/inc role ic")
    nudges = stack.processor.workflows.nudges

    async def reminder() -> Message | None:
        notes = (m for m in maya.notes(room) if "Tell the room" in text_of(m))
        return next(notes, None)

    due = nudges.next_at(await now_of(stack, incident))
    assert due is not None
    await nudges.due(incident.incident_id, due)
    message = await eventually(reminder)
    assert message is not None
    assert (await maya.clicks(message, "snooze.30")).ok
    assert (await maya.clicks(message, "silence")).ok
    told = await until_said(stack, room, "silenced the reminders")
    assert (await Hands(stack, JONAS).clicks(told, "unsilence")).ok
    await until_said(stack, room, "turned the reminders to post updates on")
    assert (await maya.clicks(message, "post_update")).ok
    view = await maya.form()
    assert "Where do things stand?" in str(view.blocks)
    lines = "Rolled back to 1.4.1.\nNext update at 15:30."
    values: Json = {"text": {"text": {"type": "plain_text_input", "value": lines}}}
    people = stack.sandbox.people
    assert (await people.submit(user=MAYA, view_id=view.id, values=values)).ok
    await until_said(stack, room, "Update", "Next update at 15:30.")

    async def is_reset() -> bool:
        now = await now_of(stack, incident)
        return now.last_update_at is not None and now.nudging.snoozed_until is None

    await eventually(is_reset)
