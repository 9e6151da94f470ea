"""What ``ports.chat`` promises, held up to the fake and to the adapter on a local Slack."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Protocol

import pytest

from incident_response.adapters.slack.chat import SlackChat
from incident_response.adapters.system_clock import SystemClock
from incident_response.domain.errors import (
    NameTakenError,
    NotFoundError,
    RefusedError,
    UnknownOutcomeError,
)
from incident_response.domain.incident import MessageRef, Room
from incident_response.domain.model import ChannelId, Json, UserId
from incident_response.domain.people import ChatUser
from incident_response.ports.chat import Chat, Message
from incident_response.sandbox.slack.model import Message as SlackMessage
from incident_response.sandbox.slack.model import UserGroup
from tests.adapters.slack.local_slack import LocalSlack, local_slack, slack_client
from tests.fakes.chat import FakeChat

ADA, BEN, GUEST, GONE = (UserId(f"U00{name}") for name in ("ADA", "BEN", "GUEST", "GONE"))
NOBODY = UserId("U00NOBODY")
PEOPLE = (
    ChatUser(user_id=ADA, name="ada", email="ada@tidewater.example"),
    ChatUser(user_id=BEN, name="ben", email="Ben.Okri@tidewater.example"),
    ChatUser(user_id=GUEST, name="rosa", email="rosa@elsewhere.example", is_guest=True),
    ChatUser(user_id=GONE, name="gone", email="gone@tidewater.example", is_deactivated=True),
)
HELLO = Message(text="hello")


class Workspace(Protocol):
    """What a test sets up and looks at, whichever chat it is."""

    chat: Chat

    def now(self) -> datetime: ...
    def strangers_channel(
        self, name: str, *, is_private: bool = False, has_bot: bool = True
    ) -> ChannelId: ...
    def archive(self, channel_id: ChannelId) -> None: ...
    def said(self, channel_id: ChannelId) -> list[str]: ...
    def whispered(self, channel_id: ChannelId, user_id: UserId) -> list[str]: ...
    def topic(self, channel_id: ChannelId) -> str: ...
    def bookmarks(self, channel_id: ChannelId) -> list[tuple[str, str]]: ...
    def pinned(self, channel_id: ChannelId) -> list[str]: ...
    def hear(self, room: Room, text: str, *, is_marked: bool) -> MessageRef: ...
    def group(self, handle: str, members: tuple[UserId, ...]) -> None: ...
    def trigger(self) -> str: ...
    def views(self) -> list[Json]: ...
    def lose_answer(self, method: str) -> None: ...


class FakeWorkspace:
    def __init__(self) -> None:
        self._clock = SystemClock()
        self._triggers = 0
        self._chat = FakeChat(self._clock, users=PEOPLE)
        self.chat: Chat = self._chat

    def now(self) -> datetime:
        return self._clock.now()

    def strangers_channel(
        self, name: str, *, is_private: bool = False, has_bot: bool = True
    ) -> ChannelId:
        return self._chat.add_channel(name, is_private=is_private, creator=ADA, has_bot=has_bot)

    def archive(self, channel_id: ChannelId) -> None:
        self._chat.channels[channel_id].is_archived = True

    def said(self, channel_id: ChannelId) -> list[str]:
        posted = self._chat.channels[channel_id].posted
        return [each.message.text for each in posted if each.private_to is None]

    def whispered(self, channel_id: ChannelId, user_id: UserId) -> list[str]:
        posted = self._chat.channels[channel_id].posted
        return [each.message.text for each in posted if each.private_to == user_id]

    def topic(self, channel_id: ChannelId) -> str:
        return self._chat.channels[channel_id].topic

    def bookmarks(self, channel_id: ChannelId) -> list[tuple[str, str]]:
        return self._chat.channels[channel_id].bookmarks

    def pinned(self, channel_id: ChannelId) -> list[str]:
        return self._chat.channels[channel_id].pins

    def hear(self, room: Room, text: str, *, is_marked: bool) -> MessageRef:
        reaction = "pushpin" if is_marked else ""
        return self._chat.hear(room.name, ADA, text, reaction=reaction)

    def group(self, handle: str, members: tuple[UserId, ...]) -> None:
        self._chat.add_group(handle, members)

    def trigger(self) -> str:
        self._triggers += 1
        return f"trigger-{self._triggers}"

    def views(self) -> list[Json]:
        return list(self._chat.views.values())

    def lose_answer(self, method: str) -> None:
        self._chat.lose_answer(method)


SLACK_METHODS = {"create_room": "conversations.create", "post": "chat.postMessage"}


class SlackWorkspace:
    def __init__(self, slack: LocalSlack, chat: SlackChat) -> None:
        self._slack = slack
        self.chat: Chat = chat

    def now(self) -> datetime:
        return SystemClock().now()

    def strangers_channel(
        self, name: str, *, is_private: bool = False, has_bot: bool = True
    ) -> ChannelId:
        channels = self._slack.workspace.channels
        channel = channels.create(name, actor=ADA, is_private=is_private)
        if has_bot:
            channels.invite(channel, [self._slack.workspace.app.bot_user_id], actor=ADA)
        return ChannelId(channel.id)

    def archive(self, channel_id: ChannelId) -> None:
        channel = self._slack.workspace.channels.get(channel_id)
        self._slack.workspace.channels.archive(channel, actor=channel.members[0])

    def said(self, channel_id: ChannelId) -> list[str]:
        return [m.text for m in self._messages(channel_id)]

    def _messages(self, channel_id: ChannelId) -> list[SlackMessage]:
        messages = self._slack.workspace.messages
        top = [m for m in messages.top_level(channel_id) if m.subtype is None]
        replies = [r for m in top if m.reply_count for r in messages.thread(channel_id, m.ts)[1:]]
        return top + replies

    def whispered(self, channel_id: ChannelId, user_id: UserId) -> list[str]:
        return [m.text for m in self._slack.workspace.messages.ephemerals(channel_id, user_id)]

    def topic(self, channel_id: ChannelId) -> str:
        return self._slack.workspace.channels.get(channel_id).topic.value

    def bookmarks(self, channel_id: ChannelId) -> list[tuple[str, str]]:
        return [(b.title, b.link) for b in self._slack.workspace.bookmarks.of(channel_id)]

    def pinned(self, channel_id: ChannelId) -> list[str]:
        return [pin.ts for pin in self._slack.workspace.pins.of(channel_id)]

    def hear(self, room: Room, text: str, *, is_marked: bool) -> MessageRef:
        workspace = self._slack.workspace
        channel = workspace.channels.get(room.channel_id)
        if ADA not in channel.members:
            workspace.channels.invite(channel, [ADA], actor=workspace.app.bot_user_id)
        said = workspace.messages.post(SlackMessage(channel.id, "", ADA, text))
        if is_marked:
            workspace.messages.react(said, "pushpin", user=ADA)
        return MessageRef(channel_id=room.channel_id, ts=said.ts)

    def group(self, handle: str, members: tuple[UserId, ...]) -> None:
        group = UserGroup(f"S00{handle.upper()}", handle, handle, list(members))
        self._slack.workspace.state.usergroups[group.id] = group

    def trigger(self) -> str:
        return self._slack.server.triggers.issue(ADA)

    def views(self) -> list[Json]:
        return [view.body for view in self._slack.people.views_for(ADA)]

    def lose_answer(self, method: str) -> None:
        self._slack.strike(SLACK_METHODS[method], "drop_reply")


@pytest.fixture(params=["fake", "slack"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[Workspace]:
    if request.param == "fake":
        yield FakeWorkspace()
        return
    async with local_slack() as slack, slack_client(slack.access()) as client:
        yield SlackWorkspace(slack, SlackChat(client, SystemClock()))


def modal(title: str) -> Json:
    block: Json = {
        "type": "section",
        "block_id": "words",
        "text": {"type": "mrkdwn", "text": "words"},
    }
    return {
        "type": "modal",
        "callback_id": "declare",
        "title": {"type": "plain_text", "text": title},
        "blocks": [block],
    }


# --- what is kept, and who belongs together ----------------------------------------------------


async def test_messages_of_people_that_are_pinned_or_marked_are_notable(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")
    world.hear(room, "just talk", is_marked=False)
    marked = world.hear(room, "rolled back", is_marked=True)
    pinned = world.hear(room, "it was the cache", is_marked=False)
    await world.chat.pin(pinned)
    await world.chat.pin(await world.chat.post(room.channel_id, HELLO, key="k"))

    found = await world.chat.notable_messages(room.channel_id, limit=10)

    assert [(m.ref, m.text, m.is_pinned) for m in found] == [
        (marked, "rolled back", False),
        (pinned, "it was the cache", True),
    ]
    assert {m.user_id for m in found} == {ADA}
    assert len(await world.chat.notable_messages(room.channel_id, limit=1)) == 1


async def test_a_room_can_be_archived_twice(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")

    await world.chat.archive(room.channel_id)
    await world.chat.archive(room.channel_id)

    assert await world.chat.find_room("inc-1") is None


async def test_a_user_group_has_members_and_an_unknown_one_is_not_found(
    world: Workspace,
) -> None:
    world.group("approvers", (ADA, BEN))

    assert await world.chat.group_members("approvers") == {ADA, BEN}
    with pytest.raises(NotFoundError):
        await world.chat.group_members("nobody")


# --- rooms -------------------------------------------------------------------------------------


async def test_a_room_that_was_created_is_found_by_its_name(world: Workspace) -> None:
    room = await world.chat.create_room("inc-20260302-checkout-0a1b2c")

    assert room.name == "inc-20260302-checkout-0a1b2c"
    assert await world.chat.find_room(room.name) == room


async def test_a_name_in_use_is_refused(world: Workspace) -> None:
    await world.chat.create_room("inc-1")

    with pytest.raises(NameTakenError):
        await world.chat.create_room("inc-1")


async def test_the_name_of_an_archived_room_is_still_in_use_and_not_found(
    world: Workspace,
) -> None:
    room = await world.chat.create_room("inc-1")
    world.archive(room.channel_id)

    with pytest.raises(NameTakenError):
        await world.chat.create_room("inc-1")
    assert await world.chat.find_room("inc-1") is None


@pytest.mark.parametrize("is_private", [True, False])
@pytest.mark.parametrize("has_bot", [True, False])
async def test_a_strangers_channel_is_never_taken_for_our_room(
    world: Workspace, is_private: bool, has_bot: bool
) -> None:
    world.strangers_channel("inc-1", is_private=is_private, has_bot=has_bot)

    assert await world.chat.find_room("inc-1") is None
    with pytest.raises(NameTakenError):
        await world.chat.create_room("inc-1")


async def test_a_room_whose_creation_got_no_answer_is_there_to_be_found(
    world: Workspace,
) -> None:
    world.lose_answer("create_room")

    with pytest.raises(UnknownOutcomeError):
        await world.chat.create_room("inc-1")
    assert isinstance(await world.chat.find_room("inc-1"), Room)


async def test_a_topic_is_set(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")

    await world.chat.set_topic(room.channel_id, "P1: checkout is down")

    assert world.topic(room.channel_id) == "P1: checkout is down"


async def test_a_topic_that_is_too_long_is_refused(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")

    with pytest.raises(RefusedError) as refused:
        await world.chat.set_topic(room.channel_id, "x" * 251)
    assert refused.value.reason == "too_long"


async def test_a_bookmark_set_twice_is_there_once(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")

    for _ in range(2):
        await world.chat.bookmark(
            room.channel_id, title="Dashboard", url="https://grafana.example/d/1"
        )

    assert world.bookmarks(room.channel_id) == [("Dashboard", "https://grafana.example/d/1")]


async def test_an_archived_room_takes_no_message(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")
    world.archive(room.channel_id)

    with pytest.raises(RefusedError) as refused:
        await world.chat.post(room.channel_id, HELLO, key="facts")
    assert refused.value.reason == "is_archived"


# --- people in rooms -----------------------------------------------------------------------------


async def test_those_who_can_be_invited_are_in_the_room(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")

    invited = await world.chat.invite(room.channel_id, (ADA, BEN))

    assert invited.joined == (ADA, BEN)
    assert invited.refused == {}
    assert {ADA, BEN} < await world.chat.members(room.channel_id)


async def test_one_who_cannot_be_invited_does_not_keep_the_others_out(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")

    invited = await world.chat.invite(room.channel_id, (ADA, NOBODY, BEN))

    assert invited.joined == (ADA, BEN)
    assert invited.refused == {NOBODY: "user_not_found"}


async def test_one_who_is_passed_over_in_silence_is_not_said_to_have_joined(
    world: Workspace,
) -> None:
    room = await world.chat.create_room("inc-1")

    invited = await world.chat.invite(room.channel_id, (GONE, ADA))

    assert invited.joined == (ADA,)
    assert invited.refused == {GONE: "not_joined"}


@pytest.mark.parametrize("again", [(ADA,), (ADA, BEN), (BEN, NOBODY, ADA)])
async def test_being_there_already_counts_as_joined(
    world: Workspace, again: tuple[UserId, ...]
) -> None:
    room = await world.chat.create_room("inc-1")
    await world.chat.invite(room.channel_id, (ADA, BEN))

    invited = await world.chat.invite(room.channel_id, again)

    assert invited.joined == tuple(user for user in again if user != NOBODY)
    assert set(invited.refused) == set(again) - {ADA, BEN}


async def test_inviting_only_people_who_cannot_come_names_each(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")

    invited = await world.chat.invite(room.channel_id, (NOBODY, UserId("U00NOBODY2")))

    assert invited.joined == ()
    assert set(invited.refused.values()) == {"user_not_found"}
    assert len(invited.refused) == 2


async def test_inviting_into_a_channel_that_is_not_there_is_refused(world: Workspace) -> None:
    with pytest.raises(RefusedError) as refused:
        await world.chat.invite(ChannelId("C00NOWHERE"), (ADA,))
    assert refused.value.reason == "channel_not_found"


# --- messages ----------------------------------------------------------------------------------


async def test_a_message_is_found_by_its_key(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")
    before = world.now()
    other = await world.chat.post(room.channel_id, HELLO, key="facts")
    ref = await world.chat.post(room.channel_id, HELLO, key="checklist")

    assert await world.chat.find_message(room.channel_id, key="checklist", since=before) == ref
    assert await world.chat.find_message(room.channel_id, key="facts", since=before) == other
    assert await world.chat.find_message(room.channel_id, key="else", since=before) is None


async def test_a_message_from_long_before_is_not_found(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")
    await world.chat.post(room.channel_id, HELLO, key="facts")

    later = world.now() + timedelta(minutes=5)

    assert await world.chat.find_message(room.channel_id, key="facts", since=later) is None


async def test_a_clock_that_is_a_little_ahead_still_finds_the_message(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")
    ref = await world.chat.post(room.channel_id, HELLO, key="facts")

    ahead = world.now() + timedelta(seconds=50)

    assert await world.chat.find_message(room.channel_id, key="facts", since=ahead) == ref


async def test_a_post_without_an_answer_was_made_once_and_is_found(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")
    before = world.now()
    world.lose_answer("post")

    with pytest.raises(UnknownOutcomeError):
        await world.chat.post(room.channel_id, HELLO, key="facts")

    found = await world.chat.find_message(room.channel_id, key="facts", since=before)
    assert isinstance(found, MessageRef)
    assert world.said(room.channel_id) == ["hello"]


async def test_an_update_changes_the_message_and_keeps_its_key(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")
    before = world.now()
    ref = await world.chat.post(room.channel_id, HELLO, key="facts")

    await world.chat.update(ref, Message(text="hello again"))

    assert world.said(room.channel_id) == ["hello again"]
    assert await world.chat.find_message(room.channel_id, key="facts", since=before) == ref


async def test_updating_a_message_that_is_not_there_is_refused(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")
    missing = MessageRef(channel_id=room.channel_id, ts="1000000000.000001")

    with pytest.raises(RefusedError) as refused:
        await world.chat.update(missing, HELLO)
    assert refused.value.reason == "message_not_found"


async def test_a_reply_stands_in_the_thread(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")
    parent = await world.chat.post(room.channel_id, HELLO, key="facts")

    reply = await world.chat.post(
        room.channel_id, Message(text="more"), key="reply", thread_ts=parent.ts
    )

    assert reply.ts != parent.ts
    assert world.said(room.channel_id) == ["hello", "more"]


async def test_pinning_twice_pins_once(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")
    ref = await world.chat.post(room.channel_id, HELLO, key="checklist")

    await world.chat.pin(ref)
    await world.chat.pin(ref)

    assert world.pinned(room.channel_id) == [ref.ts]


async def test_a_private_message_is_seen_by_one_person_only(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")
    await world.chat.invite(room.channel_id, (ADA, BEN))

    await world.chat.post_private(room.channel_id, ADA, Message(text="only you"))

    assert world.whispered(room.channel_id, ADA) == ["only you"]
    assert world.whispered(room.channel_id, BEN) == []
    assert world.said(room.channel_id) == []


async def test_a_private_message_to_somebody_outside_is_refused(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")

    with pytest.raises(RefusedError) as refused:
        await world.chat.post_private(room.channel_id, ADA, HELLO)
    assert refused.value.reason == "user_not_in_channel"


async def test_a_direct_message_reaches_the_person(world: Workspace) -> None:
    first = await world.chat.direct(ADA, HELLO)
    second = await world.chat.direct(ADA, Message(text="again"))

    assert first.channel_id == second.channel_id
    assert world.said(first.channel_id) == ["hello", "again"]


async def test_a_message_has_a_link(world: Workspace) -> None:
    room = await world.chat.create_room("inc-1")
    ref = await world.chat.post(room.channel_id, HELLO, key="facts")

    link = await world.chat.permalink(ref)

    assert link.startswith("http")
    assert room.channel_id in link
    assert ref.ts.replace(".", "") in link


# --- people and channels -------------------------------------------------------------------------


async def test_a_member_may_respond(world: Workspace) -> None:
    user = await world.chat.user(ADA)

    assert user is not None
    assert user.email == "ada@tidewater.example"
    assert user.may_respond


@pytest.mark.parametrize("user_id", [GUEST, GONE])
async def test_guests_and_those_who_left_may_not_respond(
    world: Workspace, user_id: UserId
) -> None:
    user = await world.chat.user(user_id)

    assert user is not None
    assert not user.may_respond


async def test_nobody_has_an_unknown_id(world: Workspace) -> None:
    assert await world.chat.user(NOBODY) is None


async def test_an_address_is_found_whatever_its_letter_case(world: Workspace) -> None:
    user = await world.chat.user_by_email("BEN.okri@Tidewater.example")

    assert user is not None
    assert user.user_id == BEN


@pytest.mark.parametrize("email", ["nobody@tidewater.example", "ben.okri+x@tidewater.example"])
async def test_no_other_address_is_taken_for_somebodys(world: Workspace, email: str) -> None:
    assert await world.chat.user_by_email(email) is None


async def test_a_public_channel_is_found_by_name(world: Workspace) -> None:
    channel_id = world.strangers_channel("incidents")

    assert await world.chat.find_channel("incidents") == channel_id


async def test_a_private_channel_is_not_found_as_a_public_one(world: Workspace) -> None:
    world.strangers_channel("secrets", is_private=True)

    assert await world.chat.find_channel("secrets") is None


# --- modals --------------------------------------------------------------------------------------


async def test_a_trigger_opens_one_modal(world: Workspace) -> None:
    trigger = world.trigger()

    view_id = await world.chat.open_view(trigger, modal("Declare"))

    assert view_id
    assert len(world.views()) == 1
    with pytest.raises(RefusedError) as refused:
        await world.chat.open_view(trigger, modal("Declare"))
    assert refused.value.reason == "exchanged_trigger_id"


async def test_an_open_modal_is_updated(world: Workspace) -> None:
    view_id = await world.chat.open_view(world.trigger(), modal("Declare"))

    await world.chat.update_view(view_id, modal("Declared"))

    assert [view["title"] for view in world.views()] == [modal("Declared")["title"]]
