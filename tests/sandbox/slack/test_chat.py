from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.slack.refusing import refusal, whole_refusal
from tests.sandbox.slack.stand import ADA, APP, BEN, BOT, CY, ENG, GENERAL, Stand

MARK = {"event_type": "ir_step", "event_payload": {"key": "k1"}}
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*hi*"}}


async def history(client: AsyncWebClient, **args: Any) -> list[dict[str, Any]]:
    answer = await client.conversations_history(channel=GENERAL, **args)
    messages: list[dict[str, Any]] = answer["messages"]
    return messages


async def test_metadata_comes_back_when_asked_for(client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel=GENERAL, text="one", metadata=MARK)
    assert "metadata" not in (await history(client))[0]
    marked = (await history(client, include_all_metadata=True))[0]
    assert (marked["metadata"], marked["bot_id"]) == (MARK, APP.bot_id)


async def test_history_is_newest_first_within_its_window(
    stand: Stand, client: AsyncWebClient
) -> None:
    sent = []
    for number in range(5):
        stand.clock.time += 10
        posted = await client.chat_postMessage(channel=GENERAL, text=str(number))
        sent.append(posted["ts"])
    texts = [m["text"] for m in await history(client)]
    assert texts == ["4", "3", "2", "1", "0"]
    inside = await history(client, oldest=sent[1], latest=sent[3])
    assert [m["text"] for m in inside] == ["2"]
    ends = await history(client, oldest=sent[1], latest=sent[3], inclusive=True)
    assert [m["text"] for m in ends] == ["3", "2", "1"]
    assert await refusal(client.conversations_history(channel=GENERAL, oldest="x")) == (
        "invalid_ts_oldest"
    )


async def test_history_pages_do_not_repeat_what_comes_between(client: AsyncWebClient) -> None:
    for number in range(4):
        await client.chat_postMessage(channel=GENERAL, text=str(number))
    first = await client.conversations_history(channel=GENERAL, limit=2)
    assert first["has_more"] is True
    await client.chat_postMessage(channel=GENERAL, text="between")
    cursor = first["response_metadata"]["next_cursor"]
    second = await client.conversations_history(channel=GENERAL, limit=2, cursor=cursor)
    texts = [m["text"] for page in (first, second) for m in page["messages"]]
    assert (texts, second["has_more"]) == (["3", "2", "1", "0"], False)


async def test_history_needs_membership(client: AsyncWebClient) -> None:
    assert await refusal(client.conversations_history(channel=ENG)) == "not_in_channel"


async def test_a_reply_stays_in_its_thread(client: AsyncWebClient) -> None:
    parent = (await client.chat_postMessage(channel=GENERAL, text="parent"))["ts"]
    reply = await client.chat_postMessage(channel=GENERAL, text="reply", thread_ts=parent)
    nested = await client.chat_postMessage(channel=GENERAL, text="nested", thread_ts=reply["ts"])
    assert nested["message"]["thread_ts"] == parent
    [only] = await history(client)
    assert (only["reply_count"], only["latest_reply"]) == (2, nested["ts"])
    thread = await client.conversations_replies(channel=GENERAL, ts=parent)
    assert [m["text"] for m in thread["messages"]] == ["parent", "reply", "nested"]
    lost = client.conversations_replies(channel=GENERAL, ts="1.000000")
    assert await refusal(lost) == "thread_not_found"
    orphan = client.chat_postMessage(channel=GENERAL, text="?", thread_ts="1.000000")
    assert await refusal(orphan) == "cannot_reply_to_message"


async def test_a_broadcast_reply_shows_in_the_channel_too(client: AsyncWebClient) -> None:
    parent = (await client.chat_postMessage(channel=GENERAL, text="parent"))["ts"]
    await client.chat_postMessage(
        channel=GENERAL, text="loud", thread_ts=parent, reply_broadcast=True
    )
    assert [m["text"] for m in await history(client)] == ["loud", "parent"]


async def test_a_deleted_parent_leaves_a_tombstone(client: AsyncWebClient) -> None:
    parent = (await client.chat_postMessage(channel=GENERAL, text="parent"))["ts"]
    reply = (await client.chat_postMessage(channel=GENERAL, text="r", thread_ts=parent))["ts"]
    await client.chat_delete(channel=GENERAL, ts=parent)
    assert (await history(client))[0]["subtype"] == "tombstone"
    await client.chat_delete(channel=GENERAL, ts=reply)
    assert (await history(client))[0].get("reply_count") is None


async def test_an_update_keeps_what_it_does_not_name(client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(
        channel=GENERAL, text="one", blocks=[SECTION], metadata=MARK
    )
    updated = await client.chat_update(channel=GENERAL, ts=posted["ts"], text="two")
    assert updated["message"]["blocks"] == posted["message"]["blocks"]
    assert updated["message"]["edited"]["user"] == BOT
    bare = await client.chat_update(channel=GENERAL, ts=posted["ts"], text="two", blocks=[])
    assert "blocks" not in bare["message"]
    [found] = await history(client, include_all_metadata=True)
    assert (found["text"], found["metadata"]) == ("two", MARK)


async def test_an_app_changes_and_deletes_its_own_messages_only(
    stand: Stand, client: AsyncWebClient
) -> None:
    theirs = await stand.slack.people.say(user=ADA, channel=GENERAL, text="mine")
    update = client.chat_update(channel=GENERAL, ts=theirs.ts, text="ours")
    assert await refusal(update) == "cant_update_message"
    delete = client.chat_delete(channel=GENERAL, ts=theirs.ts)
    assert await refusal(delete) == "cant_delete_message"
    lost = client.chat_update(channel=GENERAL, ts="1.000000", text="x")
    assert await refusal(lost) == "message_not_found"
    long = (await client.chat_postMessage(channel=GENERAL, text="x"))["ts"]
    too_long = client.chat_update(channel=GENERAL, ts=long, text="x" * 4001)
    assert await refusal(too_long) == "msg_too_long"


async def test_an_ephemeral_message_is_for_one_member(
    stand: Stand, client: AsyncWebClient
) -> None:
    await client.chat_postEphemeral(channel=GENERAL, user=ADA, text="psst")
    assert [m.text for m in stand.slack.people.ephemerals_for(ADA, GENERAL)] == ["psst"]
    assert stand.slack.people.ephemerals_for(BEN, GENERAL) == []
    assert await history(client) == []
    await client.conversations_join(channel=ENG)
    stranger = client.chat_postEphemeral(channel=ENG, user=CY, text="psst")
    assert await refusal(stranger) == "user_not_in_channel"


async def test_texts_past_forty_thousand_characters_are_cut(client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=GENERAL, text="x" * 40_001)
    assert len(posted["message"]["text"]) == 40_000


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "a", "markdown_text": "b"}, "markdown_text_conflict"),
        ({"blocks": "not json"}, "invalid_blocks_format"),
        ({"text": "a", "metadata": "not json"}, "invalid_metadata_format"),
        ({"text": "a", "metadata": {"event_type": "x"}}, "invalid_metadata_schema"),
        ({"text": "a", "attachments": [{"text": "x"}] * 101}, "too_many_attachments"),
        (
            {
                "text": "a",
                "metadata": {"event_type": "x", "event_payload": {"k": "v" * 16_000}},
            },
            "metadata_too_large",
        ),
    ],
)
async def test_malformed_messages_are_refused(
    client: AsyncWebClient, args: dict[str, Any], error: str
) -> None:
    call = client.api_call("chat.postMessage", json={"channel": GENERAL, **args})
    assert await refusal(call) == error


async def test_bad_blocks_are_told_where_and_why(client: AsyncWebClient) -> None:
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
    answer = await whole_refusal(client.chat_postMessage(channel=GENERAL, text="x", blocks=[long]))
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    ]


async def test_blocks_come_back_with_ids(client: AsyncWebClient) -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}}
    posted = await client.chat_postMessage(
        channel=GENERAL, text="x", blocks=[{"type": "actions", "elements": [button]}]
    )
    [block] = posted["message"]["blocks"]
    assert block["block_id"]
    assert block["elements"][0]["action_id"]


async def test_a_message_to_a_person_or_a_name_finds_its_channel(
    stand: Stand, client: AsyncWebClient
) -> None:
    direct = await client.chat_postMessage(channel=ADA, text="hello")
    assert stand.workspace.channels.get(direct["channel"]).members == [BOT, ADA]
    named = await client.chat_postMessage(channel="#general", text="hello")
    assert named["channel"] == GENERAL
    unknown = client.chat_postMessage(channel="#nowhere", text="hello")
    assert await refusal(unknown) == "channel_not_found"


async def test_a_scheduled_message_comes_when_it_is_due(
    stand: Stand, client: AsyncWebClient
) -> None:
    now = int(stand.clock.now())
    for post_at, error in ((now - 1, "time_in_past"), (now + 121 * 86400, "time_too_far")):
        early = client.chat_scheduleMessage(channel=GENERAL, text="x", post_at=post_at)
        assert await refusal(early) == error
    kept = await client.chat_scheduleMessage(channel=GENERAL, text="kept", post_at=now + 60)
    gone = await client.chat_scheduleMessage(channel=GENERAL, text="gone", post_at=now + 60)
    await client.chat_deleteScheduledMessage(
        channel=GENERAL, scheduled_message_id=gone["scheduled_message_id"]
    )
    assert await history(client) == []
    stand.clock.time += 61
    assert stand.workspace.scheduled.post_due() == []
    assert [m["text"] for m in await history(client)] == ["kept"]
    assert kept["post_at"] == now + 60


async def test_arguments_are_read_from_query_form_and_json_alike(stand: Stand) -> None:
    headers = {"Authorization": f"Bearer {APP.bot_token}"}
    url = f"{stand.api}chat.postMessage"
    async with aiohttp.ClientSession(headers=headers) as session:
        for request in (
            session.get(url, params={"channel": GENERAL, "text": "query", "mrkdwn": "1"}),
            session.post(url, data={"channel": GENERAL, "text": "form", "mrkdwn": "false"}),
            session.post(url, json={"channel": GENERAL, "text": "json", "mrkdwn": False}),
        ):
            async with request as reply:
                assert (await reply.json())["ok"] is True
        async with session.post(url, json=[1]) as reply:
            assert (await reply.json())["error"] == "json_not_object"
        broken = session.post(url, data="{", headers={"Content-Type": "application/json"})
        async with broken as reply:
            assert (await reply.json())["error"] == "invalid_json"
        wrong = session.post(url, data={"channel": GENERAL, "text": "x", "mrkdwn": "maybe"})
        async with wrong as reply:
            assert (await reply.json())["error"] == "invalid_arguments"
    kept = stand.workspace.messages.top_level(GENERAL)
    assert [(m.text, m.mrkdwn) for m in kept] == [
        ("query", True),
        ("form", False),
        ("json", False),
    ]


async def test_a_method_that_takes_no_json_does_not_see_it(stand: Stand) -> None:
    headers = {"Authorization": f"Bearer {APP.bot_token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{stand.api}users.info", json={"user": ADA}) as reply,
    ):
        assert (await reply.json())["error"] == "invalid_arguments"


async def test_an_unknown_method_is_named(client: AsyncWebClient) -> None:
    answer = await whole_refusal(client.api_call("conversations.explode"))
    assert (answer["error"], answer["req_method"]) == ("unknown_method", "conversations.explode")


async def test_the_answer_says_which_scopes_the_token_has(client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert answer.headers["x-oauth-scopes"].split(",") == list(APP.bot_scopes)
    assert (answer["user_id"], answer["bot_id"]) == (BOT, APP.bot_id)
