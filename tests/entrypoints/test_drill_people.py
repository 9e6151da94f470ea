"""The drill's people: they act over the real wire, see what a person would see, and say what did
not come.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from incident_response.domain.errors import RefusedError, UnavailableError
from incident_response.entrypoints.drill_people import Person, text_of
from incident_response.entrypoints.local_stack import LocalStack, Ports, local_stack
from incident_response.sandbox.slack.model import Message
from tests.scenarios.hands import INES, JONAS, MAYA
from tests.scenarios.rooms import channel_named, channel_of, now_of, open_room


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[LocalStack]:
    async with local_stack(tmp_path, Ports()) as running:
        yield running


def person(stack: LocalStack, user: str = MAYA, *, patience: float = 20.0) -> Person:
    clock = stack.processor.workflows.clock
    return Person(sandbox=stack.sandbox, clock=clock, user=user, patience=patience)


async def proposal(stack: LocalStack) -> tuple[str, Message]:
    """A room, and the message in it that asks for a commander."""
    incident = await open_room(stack)
    room = channel_of(stack, incident).id
    return room, await person(stack).sees(room, "first on call", button="Take command")


async def test_a_click_has_its_effect_and_everybody_in_the_room_sees_it(
    stack: LocalStack,
) -> None:
    room, message = await proposal(stack)
    maya = person(stack)
    await maya.click(maya.button(message, "Take command"))
    await person(stack, JONAS).sees(room, f"✅ <@{MAYA}> is in command")
    with pytest.raises(RefusedError, match="no button"):
        maya.button(message, "Take command")


async def test_a_button_looked_at_before_sends_what_it_held_then(stack: LocalStack) -> None:
    incident = await open_room(stack)
    room, maya = channel_of(stack, incident).id, person(stack)
    message = await maya.sees(room, "first on call", button="Take command")
    old = maya.button(message, "take_command")
    await maya.click(old)
    await maya.sees(room, f"<@{MAYA}> is in command")
    await person(stack, JONAS).click(old)
    await maya.sees(room, f"<@{JONAS}> is *Incident commander* now")
    assert (await now_of(stack, incident)).commander == JONAS
    assert incident.incident_id in old.value


async def test_what_is_typed_is_answered_to_them_alone(stack: LocalStack) -> None:
    incident = await open_room(stack)
    room, maya = channel_of(stack, incident).id, person(stack)
    before = maya.newest(room)
    await maya.type(room, "/inc status")
    answer = await maya.sees(room, "Responders:", "Checklist:", since=before)
    assert answer.ephemeral_to == MAYA
    jonas = person(stack, JONAS, patience=0.1)
    with pytest.raises(UnavailableError, match=r"nobody saw Responders: within 0\.1 seconds"):
        await jonas.sees(room, "Responders:", since=before)


async def test_a_form_is_filled_in_by_its_questions(stack: LocalStack) -> None:
    general, ines = channel_named(stack, "general").id, person(stack, INES)
    await ines.type(general, "/inc declare")
    form = await ines.form()
    with pytest.raises(RefusedError, match="Please complete this required field"):
        await ines.submit(form, {})
    with pytest.raises(RefusedError, match="does not ask"):
        await ines.submit(form, {"Who pays?": "me"})
    with pytest.raises(RefusedError, match="cannot be chosen"):
        await ines.submit(form, {"How bad": "very"})
    await ines.submit(form, {"what is wrong": "The lift is stuck", "How bad": "P3"})
    told = await ines.sees(general, "Declared", "The lift is stuck")
    assert "P3" in text_of(told)


async def test_no_form_and_no_room_they_may_see_are_told_after_their_patience(
    stack: LocalStack,
) -> None:
    incident = await open_room(stack)
    ines = person(stack, INES, patience=0.1)
    with pytest.raises(UnavailableError, match="no form came"):
        await ines.form()
    with pytest.raises(UnavailableError, match="the button Take command"):
        await ines.sees(channel_of(stack, incident).id, button="Take command")
    with pytest.raises(RefusedError, match="Slack refused /inc status"):
        await ines.type(channel_of(stack, incident).id, "/inc status")


async def test_an_error_that_slack_shows_fails_the_step(stack: LocalStack) -> None:
    room, message = await proposal(stack)
    maya = person(stack)
    gone = replace(maya.button(message, "Take command"), ts="1.000001")
    with pytest.raises(RefusedError, match="Slack refused the button Take command"):
        await maya.click(gone)
    with pytest.raises(RefusedError, match="Slack refused /unknown"):
        await maya.type(room, "/unknown status")
