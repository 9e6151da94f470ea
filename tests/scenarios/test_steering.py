"""Steering an incident over the real wire: what Slack takes of our buttons and lists, and who is
called by them.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from incident_response.domain.severity import Severity
from incident_response.entrypoints.local_stack import LocalStack, Ports, local_stack
from incident_response.sandbox.slack.model import Json, Message
from tests.scenarios.hands import MAYA, PRIYA, Hands, element_of
from tests.scenarios.rooms import channel_of, eventually, now_of, open_room, text_of, until_said


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[LocalStack]:
    async with local_stack(tmp_path, Ports()) as running:
        yield running


async def chooses(hands: Hands, message: Message, action_id: str, words: str) -> None:
    """An option of a list in a message."""
    element = element_of(message, action_id)
    options: list[Json] = element["options"]
    chosen = next(o for o in options if words in o["text"]["text"])
    assert (await hands._act(message, {**element, "selected_option": chosen})).ok


async def test_the_status_reply_steers_the_incident(stack: LocalStack) -> None:
    incident = await open_room(stack)
    maya, room = Hands(stack, MAYA), channel_of(stack, incident).id
    await maya.asks(room, "/inc status")
    (reply,) = maya.notes(room)[-1:]
    await chooses(maya, reply, "set_severity", "P0")
    await until_said(stack, room, "P1 → P0", "L2 is called at")
    await chooses(maya, reply, "take_role", "Technical lead")
    assert (await maya.clicks(reply, "raise_impact.revenue")).ok
    told = await until_said(stack, room, "L2 is called", "Revenue is affected.")
    assert (await maya.clicks(reply, "escalate")).ok
    await until_said(stack, room, "L3 is called", f"<@{PRIYA}>")
    priya = Hands(stack, PRIYA)

    async def pages() -> list[Message]:
        channels = stack.sandbox.workspace.channels.all()
        direct = [c for c in channels if c.kind == "im" and PRIYA in c.members]
        every = [m for c in direct for m in stack.sandbox.workspace.messages.top_level(c.id)]
        return [m for m in every if "You are called" in text_of(m)]

    (page,) = await eventually(pages)
    assert (await priya.clicks(page, "acknowledge")).ok
    await until_said(stack, room, f"<@{PRIYA}> is on it")

    async def is_settled() -> bool:
        now = await now_of(stack, incident)
        return now.escalation.acknowledged_by == PRIYA and now.severity is Severity.P0

    await eventually(is_settled)
    paged = stack.sandbox.board.received.matching("oncall.escalation")
    assert [call.status for call in paged] == [200, 200]
    assert "acknowledge" not in text_of(told), "an older call has no button any more"
