"""An incident's end over real sockets, as people in the workspace live it."""

from dataclasses import replace
from datetime import timedelta

from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.entrypoints.local_stack import LocalStack
from incident_response.ports.scheduler import Schedule
from incident_response.sandbox.slack.model import Json, Message
from tests.scenarios.hands import JONAS, MAYA, Hands
from tests.scenarios.rooms import (
    channel_named,
    channel_of,
    eventually,
    fault,
    now_of,
    open_room,
    text_of,
    until_drawn,
    until_said,
)


async def until(stack: LocalStack, incident: Incident, status: IncidentStatus) -> Incident:
    """The incident once it is stored as that."""

    async def is_there() -> bool:
        return (await now_of(stack, incident)).status is status

    await eventually(is_there)
    return await now_of(stack, incident)


async def submit(hands: Hands, text: str) -> None:
    """Fill in the one line of the form in front of them, and send it."""
    view = await hands.form()
    values: Json = {"text": {"text": {"type": "plain_text_input", "value": text}}}
    people = hands.stack.sandbox.people
    outcome = await people.submit(user=hands.user, view_id=view.id, values=values)
    assert outcome.ok, outcome


async def resolution(stack: LocalStack, incident: Incident, *words: str) -> Message:
    """What the room reads of how it went."""
    return await until_said(stack, channel_of(stack, incident).id, "*Resolved* by", *words)


async def test_resolved_by_button_and_form_its_postmortem_stands_and_the_room_knows(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    room, maya = channel_of(stack, incident).id, Hands(stack, MAYA)
    await maya.types(room, "/inc mitigate Rolled back to 1.4.1")
    told = await until_said(stack, room, "Mitigated", "Rolled back to 1.4.1")
    assert (await maya.clicks(told, "resolve_incident")).ok
    assert "Rolled back to 1.4.1" in str((await maya.form()).blocks)
    await submit(maya, "Rolled back the release")
    incident = await until(stack, incident, IncidentStatus.RESOLVED)
    message = await resolution(stack, incident, "Rolled back the release", MAYA)
    await until_drawn(message, "Postmortem: ", "review due")
    assert "retry_step" not in text_of(message)
    assert incident.postmortem is not None
    issue = stack.sandbox.tracker.issue(incident.postmortem.issue_id)
    assert incident.title in issue.title
    announced = await until_said(stack, channel_named(stack, "incidents").id, "is over")
    assert "Rolled back the release" in text_of(announced)
    pulse = await until_said(stack, room, "How did we respond")
    assert (await maya.clicks(pulse, "rate_5")).ok
    await until_drawn(pulse, "So far 5.0 of 5 (1 rating)")


async def test_a_second_person_hears_who_resolved_it_and_reopens_it_by_the_button(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    room, maya, jonas = channel_of(stack, incident).id, Hands(stack, MAYA), Hands(stack, JONAS)
    await maya.types(room, "/inc resolve Fixed")
    incident = await until(stack, incident, IncidentStatus.RESOLVED)
    assert MAYA in await jonas.asks(room, "/inc resolve Fixed too")
    message = await resolution(stack, incident, "reopen_incident")
    assert (await jonas.clicks(message, "reopen_incident")).ok
    await until(stack, incident, IncidentStatus.ASSEMBLED)
    await until_said(stack, room, "Reopened", JONAS)


async def test_when_its_time_has_come_the_room_is_archived_and_can_be_reopened_from_outside(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    room, maya = channel_of(stack, incident), Hands(stack, MAYA)
    await maya.types(room.id, "/inc cancel It was a test")
    await until(stack, incident, IncidentStatus.CANCELLED)
    scheduler = stack.processor.backend.scheduler
    name = f"archive-{incident.incident_id}"

    async def planned() -> Schedule | None:
        return await scheduler.get(name)

    schedule = await eventually(planned)
    assert schedule is not None
    await scheduler.put(replace(schedule, first_at=schedule.first_at - timedelta(days=7)))
    await until_said(stack, room.id, "is being archived")

    async def is_archived() -> bool:
        return room.is_archived and (await now_of(stack, incident)).room_archived_at is not None

    await eventually(is_archived)
    outside = channel_named(stack, "incidents").id
    assert "unarchive" in await maya.asks(outside, f"/inc reopen {incident.code} Not a test")
    assert (await now_of(stack, incident)).is_closed


async def test_with_the_tracker_down_it_is_over_and_a_retry_files_the_postmortem_later(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    room, maya = channel_of(stack, incident).id, Hands(stack, MAYA)
    broken = fault(stack, "linear*", "error", code="Authentication required")
    await maya.types(room, "/inc resolve Fixed")
    incident = await until(stack, incident, IncidentStatus.RESOLVED)
    message = await resolution(stack, incident)
    await until_drawn(message, "Postmortem issue", "retry_step")
    stack.sandbox.board.remove(broken)
    assert (await maya.clicks(message, "retry_step")).ok
    await until_drawn(message, "Postmortem: ")
    assert (await now_of(stack, incident)).postmortem is not None
