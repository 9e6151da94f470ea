"""One person is told where they were, or else where they can be reached."""

import pytest

from incident_response.domain.errors import RefusedError
from incident_response.domain.model import ChannelId
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.requests import Request
from incident_response.routing.telling import answer, tell
from tests.workflows.house import ADA, GONE, World

ADDRESS = "https://slack.test/answer"
REPLY = Message(text="done")


def asked(world: World, *, channel: str, address: str = ADDRESS) -> Request:
    return Request(
        key="k",
        kind=EnvelopeKind.COMMAND,
        name="/inc",
        user_id=ADA,
        channel_id=ChannelId(channel),
        received_at=world.began,
        payload={},
        response_url=address,
    )


def private(world: World, channel: str) -> list[str]:
    return [p.message.text for p in world.chat.channels[ChannelId(channel)].posted]


async def test_the_address_that_came_with_the_request_is_used_while_it_lasts() -> None:
    world = World()
    room = world.chat.add_channel("room", creator=ADA)
    await answer(world.chat, asked(world, channel=room), REPLY)
    assert world.chat.responses == [(ADDRESS, REPLY)]
    world.chat.use_up(ADDRESS)
    await answer(world.chat, asked(world, channel=room), REPLY)
    assert private(world, room) == ["done"]


async def test_where_we_may_not_write_a_direct_message_is_sent() -> None:
    world = World()
    strange = world.chat.add_channel("strangers")  # Ada is no member
    await answer(world.chat, asked(world, channel=strange, address=""), REPLY)
    assert private(world, strange) == []
    assert private(world, f"D{ADA}") == ["done"]


async def test_who_was_nowhere_is_told_in_a_direct_message() -> None:
    world = World()
    await tell(world.chat, REPLY, channel=ChannelId(""), user=ADA)
    assert private(world, f"D{ADA}") == ["done"]


async def test_who_cannot_be_told_at_all_is_not_passed_over_in_silence() -> None:
    world = World()
    with pytest.raises(RefusedError):
        await tell(world.chat, REPLY, channel=ChannelId(""), user=GONE)
