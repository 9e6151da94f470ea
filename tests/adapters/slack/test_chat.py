"""What only the real adapter can get wrong: Slack's errors, pages, caches and what goes out."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from incident_response.adapters.slack.chat import WARM_RETRY_SECONDS, SlackChat
from incident_response.adapters.slack.client import SlackClient
from incident_response.adapters.system_clock import SystemClock
from incident_response.domain.errors import (
    IncidentResponseError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
    UnknownOutcomeError,
)
from incident_response.domain.incident import MessageRef, Room
from incident_response.domain.model import ChannelId, Json, UserId
from incident_response.ports.chat import Message
from incident_response.sandbox.slack.interactions import ResponseUrls
from tests.adapters.slack.local_slack import (
    ADA,
    APP,
    GENERAL,
    GONE,
    LocalSlack,
    local_slack,
    slack_client,
)
from tests.fakes.clock import FakeClock

HELLO = Message(text="hello")


@dataclass
class Bench:
    slack: LocalSlack
    client: SlackClient
    chat: SlackChat


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with local_slack() as slack, slack_client(slack.access()) as client:
        yield Bench(slack, client, SlackChat(client, SystemClock()))


def sent(bench: Bench, method: str) -> dict[str, Any]:
    """The arguments of the last call of a method."""
    return bench.slack.faults.received.matching(f"slack.{method}")[-1].arguments()


# --- failures ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "rate_limited", "retry_after": 7}, RateLimitedError),
        ({"kind": "server_error", "status": 503}, UnknownOutcomeError),
        ({"kind": "reset"}, UnknownOutcomeError),
        ({"kind": "drop_reply"}, UnknownOutcomeError),
        ({"kind": "error", "code": "fatal_error"}, UnknownOutcomeError),
        ({"kind": "error", "code": "internal_error"}, UnknownOutcomeError),
        ({"kind": "error", "code": "ratelimited"}, RateLimitedError),
        ({"kind": "error", "code": "restricted_action"}, RefusedError),
    ],
)
async def test_a_write_that_fails_says_whether_it_may_have_happened(
    bench: Bench, fault: dict[str, Any], expected: type[IncidentResponseError]
) -> None:
    kind = fault.pop("kind")
    bench.slack.strike("conversations.create", kind, **fault)

    with pytest.raises(IncidentResponseError) as failed:
        await bench.chat.create_room("inc-1")

    assert type(failed.value) is expected
    assert bench.slack.calls("conversations.create") == 1


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "rate_limited", "retry_after": 7}, RateLimitedError),
        ({"kind": "server_error", "status": 503}, UnavailableError),
        ({"kind": "error", "code": "internal_error"}, UnavailableError),
        ({"kind": "error", "code": "channel_not_found"}, RefusedError),
    ],
)
async def test_a_read_that_fails_can_always_be_done_again(
    bench: Bench, fault: dict[str, Any], expected: type[IncidentResponseError]
) -> None:
    kind = fault.pop("kind")
    bench.slack.strike("conversations.members", kind, **fault)

    with pytest.raises(IncidentResponseError) as failed:
        await bench.chat.members(ChannelId(GENERAL))

    assert type(failed.value) is expected


async def test_the_wait_that_slack_asks_for_is_passed_on(bench: Bench) -> None:
    bench.slack.strike("chat.postMessage", "rate_limited", retry_after=7)

    with pytest.raises(RateLimitedError) as limited:
        await bench.chat.post(ChannelId(GENERAL), HELLO, key="facts")

    assert limited.value.retry_after == timedelta(seconds=7)
    assert bench.slack.calls("chat.postMessage") == 1


async def test_a_call_that_hangs_is_given_up_at_our_own_deadline() -> None:
    async with local_slack() as slack, slack_client(slack.access(timeout=0.3)) as client:
        slack.strike("chat.postMessage", "hang", seconds=3.0)
        slack.strike("conversations.members", "hang", seconds=3.0)
        chat = SlackChat(client, SystemClock())

        async with asyncio.timeout(2.0):
            with pytest.raises(UnknownOutcomeError):
                await chat.post(ChannelId(GENERAL), HELLO, key="facts")
            with pytest.raises(UnavailableError):
                await chat.members(ChannelId(GENERAL))


async def test_a_slack_that_cannot_be_reached_has_applied_nothing() -> None:
    async with local_slack() as slack:
        access = slack.access()
    async with slack_client(access) as client:
        with pytest.raises(UnavailableError):
            await SlackChat(client, SystemClock()).create_room("inc-1")


async def test_a_missing_scope_says_which_and_what_to_do() -> None:
    app = replace(APP, bot_scopes=tuple(s for s in APP.bot_scopes if s != "pins:write"))
    async with local_slack(app=app) as slack, slack_client(slack.access()) as client:
        chat = SlackChat(client, SystemClock())
        ref = await chat.post(ChannelId(GENERAL), HELLO, key="checklist")

        with pytest.raises(RefusedError) as refused:
            await chat.pin(ref)

    assert refused.value.reason == "missing_scope"
    assert "pins:write" in str(refused.value)
    assert "install the app again" in str(refused.value)


async def test_a_token_that_is_not_valid_is_refused_with_what_to_do() -> None:
    async with (
        local_slack() as slack,
        slack_client(slack.access(bot_token="xoxb-old")) as client,
    ):
        with pytest.raises(RefusedError) as refused:
            await SlackChat(client, SystemClock()).identify()

    assert refused.value.reason == "invalid_auth"
    assert "set the new token" in str(refused.value)
    assert "xoxb-old" not in str(refused.value) + repr(client.access)


async def test_who_we_are_is_asked_once(bench: Bench) -> None:
    identity = await bench.chat.identify()
    await bench.chat.find_room("inc-1")

    assert identity.bot_user_id == APP.bot_user_id
    assert identity.bot_id == APP.bot_id
    assert identity.team_id == "T00LOCAL"
    assert bench.slack.calls("auth.test") == 1


# --- rooms and people ----------------------------------------------------------------------------


async def test_a_room_on_the_last_page_is_found(bench: Bench) -> None:
    channels = bench.slack.workspace.channels
    for number in range(1005):
        channels.create(f"inc-{number}", actor=APP.bot_user_id, is_private=True)
    calls = bench.client.pages(bench.client.web.users_conversations, types="private_channel")
    pages = [page["channels"] async for page in calls]
    assert len(pages) == 2

    found = await bench.chat.find_room(pages[-1][-1]["name"])

    assert found == Room(channel_id=pages[-1][-1]["id"], name=pages[-1][-1]["name"])


async def test_a_channel_of_ours_that_is_public_is_no_room(bench: Bench) -> None:
    channels = bench.slack.workspace.channels
    channels.create("inc-1", actor=APP.bot_user_id, is_private=False)

    assert await bench.chat.find_room("inc-1") is None


async def test_many_are_invited_in_one_call(bench: Bench) -> None:
    room = await bench.chat.create_room("inc-1")

    await bench.chat.invite(room.channel_id, (UserId("U0NOBODY"), UserId(ADA)))

    assert bench.slack.calls("conversations.invite") == 1


async def test_when_the_whole_call_is_refused_for_one_the_others_still_come(
    bench: Bench,
) -> None:
    room = await bench.chat.create_room("inc-1")
    # A refusal that does not say whom it is about.
    bench.slack.strike("conversations.invite", "error", code="user_is_restricted")

    invited = await bench.chat.invite(room.channel_id, (UserId(ADA), UserId("U0NOBODY")))

    assert invited.joined == (ADA,)
    assert invited.refused == {"U0NOBODY": "user_not_found"}


async def test_an_invitation_that_cannot_be_verified_is_believed(bench: Bench) -> None:
    room = await bench.chat.create_room("inc-1")
    bench.slack.strike("conversations.members", "server_error")

    invited = await bench.chat.invite(room.channel_id, (UserId(ADA),))

    assert invited.joined == (ADA,)


async def test_a_person_is_looked_up_once_however_many_ask(bench: Bench) -> None:
    asked = [bench.chat.user_by_email("Ada@Tidewater.example") for _ in range(20)]
    asked += [bench.chat.user_by_email("ada@tidewater.example") for _ in range(20)]

    users = await asyncio.gather(*asked)

    assert {user.user_id for user in users if user} == {ADA}
    assert bench.slack.calls("users.lookupByEmail") == 1


async def test_a_failed_look_up_is_not_remembered(bench: Bench) -> None:
    bench.slack.strike("users.info", "server_error")

    with pytest.raises(UnavailableError):
        await bench.chat.user(UserId(ADA))
    assert await bench.chat.user(UserId(ADA)) is not None


async def test_people_who_are_kept_warm_need_no_look_up(bench: Bench) -> None:
    clock = FakeClock()
    chat = SlackChat(bench.client, clock)
    async with asyncio.TaskGroup() as tasks:
        warming = tasks.create_task(chat.keep_people_warm())
        await clock.sleeping()
        warming.cancel()

    assert await chat.user(UserId(ADA)) == await chat.user_by_email("ada@tidewater.example")
    gone = await chat.user(UserId(GONE))
    assert gone is not None
    assert not gone.may_respond
    assert bench.slack.calls("users.info") == 0
    assert bench.slack.calls("users.lookupByEmail") == 0


async def test_people_who_could_not_be_listed_are_listed_soon_after(bench: Bench) -> None:
    clock = FakeClock()
    chat = SlackChat(bench.client, clock)
    bench.slack.strike("users.list", "server_error")
    async with asyncio.TaskGroup() as tasks:
        warming = tasks.create_task(chat.keep_people_warm())
        await clock.sleeping()
        assert bench.slack.calls("users.list") == 1
        clock.advance(WARM_RETRY_SECONDS)
        await clock.sleeping()
        warming.cancel()

    await chat.user(UserId(ADA))
    assert bench.slack.calls("users.list") == 2
    assert bench.slack.calls("users.info") == 0


# --- messages ----------------------------------------------------------------------------------


async def test_a_message_goes_out_with_nothing_that_could_mention_or_unfurl(bench: Bench) -> None:
    block: Json = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}
    await bench.chat.post(ChannelId(GENERAL), Message(text="hello", blocks=[block]), key="facts")

    arguments = sent(bench, "chat.postMessage")
    assert arguments["parse"] == "none"
    switches = ("link_names", "unfurl_links", "unfurl_media")
    assert [str(arguments[name]).lower() for name in switches] == ["false"] * 3


async def test_a_message_with_our_key_from_somebody_else_is_not_ours(bench: Bench) -> None:
    before = SystemClock().now()
    ref = await bench.chat.post(ChannelId(GENERAL), HELLO, key="facts")
    found = bench.slack.workspace.messages.get(GENERAL, ref.ts)
    found.bot_id = "B0FORGER"

    assert await bench.chat.find_message(ref.channel_id, key="facts", since=before) is None


async def test_a_message_is_found_however_much_was_said_since(bench: Bench) -> None:
    before = SystemClock().now()
    ref = await bench.chat.post(ChannelId(GENERAL), HELLO, key="facts")
    for number in range(1005):
        await bench.slack.people.say(user=ADA, channel=GENERAL, text=f"line {number}")

    assert await bench.chat.find_message(ref.channel_id, key="facts", since=before) == ref


async def test_a_pin_that_is_refused_for_another_reason_is_an_error(bench: Bench) -> None:
    with pytest.raises(RefusedError) as refused:
        await bench.chat.pin(MessageRef(channel_id=ChannelId(GENERAL), ts="1000000000.000001"))

    assert refused.value.reason == "message_not_found"


async def test_a_response_address_is_used_until_it_is_used_up(bench: Bench) -> None:
    urls = ResponseUrls(bench.slack.workspace.state)
    url = f"{bench.slack.url}/response/{urls.issue(channel=GENERAL, user=ADA).id}"

    answers = [await bench.chat.respond(url, Message(text=str(n))) for n in range(6)]

    assert answers == [True] * 5 + [False]
    said = [m.text for m in bench.slack.people.ephemerals_for(ADA, GENERAL)]
    assert said == ["0", "1", "2", "3", "4"]


async def test_an_answer_replaces_the_message_it_answers(bench: Bench) -> None:
    message = bench.slack.post_button()
    urls = ResponseUrls(bench.slack.workspace.state)
    issued = urls.issue(channel=GENERAL, user=ADA, message_ts=message.ts)

    url = f"{bench.slack.url}/response/{issued.id}"
    assert await bench.chat.respond(url, Message(text="done"), replace_original=True)

    assert bench.slack.workspace.messages.get(GENERAL, message.ts).text == "done"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("rate_limited", RateLimitedError),
        ("server_error", UnknownOutcomeError),
        ("drop_reply", UnknownOutcomeError),
    ],
)
async def test_an_answer_that_fails_says_whether_it_may_have_been_given(
    bench: Bench, kind: str, expected: type[IncidentResponseError]
) -> None:
    urls = ResponseUrls(bench.slack.workspace.state)
    url = f"{bench.slack.url}/response/{urls.issue(channel=GENERAL, user=ADA).id}"
    bench.slack.strike("response_url", kind)

    with pytest.raises(IncidentResponseError) as failed:
        await bench.chat.respond(url, HELLO)
    assert type(failed.value) is expected


async def test_an_answer_that_is_no_good_is_refused_and_not_called_used_up(bench: Bench) -> None:
    urls = ResponseUrls(bench.slack.workspace.state)
    url = f"{bench.slack.url}/response/{urls.issue(channel=GENERAL, user=ADA).id}"

    with pytest.raises(RefusedError):
        await bench.chat.respond(url, Message(text=""))
