import asyncio

import pytest

from incident_response.domain.errors import (
    RateLimitedError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from incident_response.domain.model import UserId
from incident_response.domain.people import ChatUser
from incident_response.ports.chat import Message
from tests.fakes.chat import FakeChat
from tests.fakes.clock import FakeClock

ADA = UserId("U0ADA")


@pytest.fixture
def chat() -> FakeChat:
    return FakeChat(FakeClock(), users=[ChatUser(user_id=ADA, name="ada")])


async def test_a_set_failure_has_no_effect_and_passes_after_its_times(chat: FakeChat) -> None:
    chat.fail("create_room", UnavailableError("down"), times=2)

    for _ in range(2):
        with pytest.raises(UnavailableError):
            await chat.create_room("inc-1")
    assert chat.rooms() == []
    assert (await chat.create_room("inc-1")).name == "inc-1"
    assert chat.calls == ["create_room"] * 3


async def test_failures_strike_in_the_order_they_were_set(chat: FakeChat) -> None:
    chat.fail("create_room", UnavailableError("down"))
    chat.fail("create_room", RateLimitedError("slow down"))

    with pytest.raises(UnavailableError):
        await chat.create_room("inc-1")
    with pytest.raises(RateLimitedError):
        await chat.create_room("inc-1")


async def test_a_lost_answer_leaves_the_effect(chat: FakeChat) -> None:
    chat.lose_answer("create_room")

    with pytest.raises(UnknownOutcomeError):
        await chat.create_room("inc-1")
    assert [room.name for room in chat.rooms()] == ["inc-1"]


@pytest.mark.parametrize("is_applied", [True, False])
async def test_a_call_that_hangs_ends_when_it_is_cancelled(
    chat: FakeChat, is_applied: bool
) -> None:
    chat.hang("create_room", is_applied=is_applied)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await chat.create_room("inc-1")
    assert len(chat.rooms()) == is_applied


async def test_a_used_up_address_takes_no_answer(chat: FakeChat) -> None:
    chat.use_up("https://chat.example/response/1")

    assert not await chat.respond("https://chat.example/response/1", Message(text="late"))
    assert await chat.respond("https://chat.example/response/2", Message(text="in time"))
    assert [message.text for _, message in chat.responses] == ["in time"]


async def test_a_used_up_trigger_opens_nothing(chat: FakeChat) -> None:
    chat.use_up_trigger("trigger-1")

    with pytest.raises(RefusedError) as refused:
        await chat.open_view("trigger-1", {"type": "modal"})
    assert refused.value.reason == "expired_trigger_id"
    assert chat.views == {}


async def test_messages_stand_in_the_order_they_were_posted(chat: FakeChat) -> None:
    room = await chat.create_room("inc-1")

    refs = [await chat.post(room.channel_id, Message(text=str(n)), key=str(n)) for n in range(3)]

    assert len({ref.ts for ref in refs}) == 3
    assert sorted(refs, key=lambda ref: ref.ts) == refs
    assert [chat.message(ref).text for ref in refs] == ["0", "1", "2"]
