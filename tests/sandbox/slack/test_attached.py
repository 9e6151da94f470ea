"""What hangs on channels and messages: pins, bookmarks, reactions, files; and who people are."""

from dataclasses import replace

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.slack.refusing import refusal
from tests.sandbox.slack.stand import (
    ADA,
    APP,
    BEN,
    BOT,
    CY,
    ENG,
    EVERY_SCOPE,
    GENERAL,
    GONE,
    Stand,
    open_stand,
)


async def test_a_pin_is_made_once_and_listed_with_its_message(client: AsyncWebClient) -> None:
    ts = (await client.chat_postMessage(channel=GENERAL, text="checklist"))["ts"]
    await client.pins_add(channel=GENERAL, timestamp=ts)
    assert await refusal(client.pins_add(channel=GENERAL, timestamp=ts)) == "already_pinned"
    [item] = (await client.pins_list(channel=GENERAL))["items"]
    assert (item["message"]["text"], item["created_by"]) == ("checklist", BOT)
    assert item["message"]["pinned_to"] == [GENERAL]
    await client.pins_remove(channel=GENERAL, timestamp=ts)
    assert await refusal(client.pins_remove(channel=GENERAL, timestamp=ts)) == "no_pin"


@pytest.mark.parametrize(
    ("timestamp", "error"),
    [
        (None, "no_item_specified"),
        ("yesterday", "bad_timestamp"),
        ("1.000000", "message_not_found"),
    ],
)
async def test_a_pin_needs_a_message(
    client: AsyncWebClient, timestamp: str | None, error: str
) -> None:
    assert await refusal(client.pins_add(channel=GENERAL, timestamp=timestamp)) == error


async def test_what_slack_said_itself_cannot_be_pinned(client: AsyncWebClient) -> None:
    await client.conversations_setTopic(channel=GENERAL, topic="new")
    [said] = (await client.conversations_history(channel=GENERAL))["messages"]
    pinning = client.pins_add(channel=GENERAL, timestamp=said["ts"])
    assert await refusal(pinning) == "not_pinnable"


async def test_a_hundred_pins_are_enough(client: AsyncWebClient) -> None:
    for number in range(101):
        ts = (await client.chat_postMessage(channel=GENERAL, text=str(number)))["ts"]
        if number < 100:
            await client.pins_add(channel=GENERAL, timestamp=ts)
    assert await refusal(client.pins_add(channel=GENERAL, timestamp=ts)) == "too_many_pins"


async def test_bookmarks_are_not_deduplicated(client: AsyncWebClient) -> None:
    for _ in range(2):
        await client.bookmarks_add(
            channel_id=GENERAL, title="Runbook", type="link", link="https://tidewater.example/r"
        )
    marks = (await client.bookmarks_list(channel_id=GENERAL))["bookmarks"]
    assert [mark["title"] for mark in marks] == ["Runbook", "Runbook"]
    first = marks[0]["id"]
    await client.bookmarks_edit(channel_id=GENERAL, bookmark_id=first, emoji=":book:")
    await client.bookmarks_remove(channel_id=GENERAL, bookmark_id=marks[1]["id"])
    [left] = (await client.bookmarks_list(channel_id=GENERAL))["bookmarks"]
    assert (left["id"], left["emoji"]) == (first, ":book:")
    gone = client.bookmarks_remove(channel_id=GENERAL, bookmark_id=marks[1]["id"])
    assert await refusal(gone) == "not_found"


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"link": "ftp://x"}, "invalid_link"),
        ({"emoji": "not an emoji"}, "invalid_emoji"),
        ({"type": "file"}, "invalid_bookmark_type"),
        ({"channel_id": "C00NOWHERE"}, "channel_not_found"),
        ({"channel_id": ENG}, "access_denied"),
    ],
)
async def test_a_bad_bookmark_is_refused(
    client: AsyncWebClient, args: dict[str, str], error: str
) -> None:
    good = {"channel_id": GENERAL, "title": "t", "type": "link", "link": "https://x.example"}
    assert await refusal(client.api_call("bookmarks.add", params=good | args)) == error


async def test_reactions_are_one_per_person_and_emoji(
    stand: Stand, client: AsyncWebClient
) -> None:
    ts = (await client.chat_postMessage(channel=GENERAL, text="x"))["ts"]
    await client.reactions_add(channel=GENERAL, timestamp=ts, name="eyes")
    again = client.reactions_add(channel=GENERAL, timestamp=ts, name=":eyes:")
    assert await refusal(again) == "already_reacted"
    bad = client.reactions_add(channel=GENERAL, timestamp=ts, name="Not An Emoji")
    assert await refusal(bad) == "invalid_name"
    await stand.slack.people.react(user=ADA, channel=GENERAL, ts=ts, name="eyes")
    found = await client.reactions_get(channel=GENERAL, timestamp=ts)
    assert found["message"]["reactions"] == [{"name": "eyes", "users": [BOT, ADA], "count": 2}]
    await client.reactions_remove(channel=GENERAL, timestamp=ts, name="eyes")
    none = client.reactions_remove(channel=GENERAL, timestamp=ts, name="eyes")
    assert await refusal(none) == "no_reaction"


async def test_the_sdk_uploads_a_file_and_shares_it(stand: Stand, client: AsyncWebClient) -> None:
    done = await client.files_upload_v2(
        channel=GENERAL, filename="log.txt", content="boom", initial_comment="The log"
    )
    file = done["file"]["id"]
    [message] = (await client.conversations_history(channel=GENERAL))["messages"]
    assert (message["text"], message["files"][0]["id"]) == ("The log", file)
    assert stand.workspace.files.content(file) == b"boom"
    assert (await client.files_info(file=file))["file"]["size"] == 4


async def test_an_upload_address_works_once_and_unfinished_files_do_not_show(
    client: AsyncWebClient,
) -> None:
    ticket = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    unready = client.files_completeUploadExternal(files=[{"id": ticket["file_id"]}])
    assert await refusal(unready) == "file_not_found"
    statuses = []
    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            async with session.post(ticket["upload_url"], data=b"abc") as reply:
                statuses.append(reply.status)
    assert statuses == [200, 404]
    assert await refusal(client.files_info(file=ticket["file_id"])) == "file_not_found"


async def test_people_are_found_by_id_and_by_address_in_any_case(client: AsyncWebClient) -> None:
    ben = (await client.users_lookupByEmail(email="ben.okri@TIDEWATER.example"))["user"]
    assert (ben["id"], ben["profile"]["real_name"]) == (BEN, "Ben Okri")
    gone = client.users_lookupByEmail(email="gone@tidewater.example")
    assert await refusal(gone) == "users_not_found"
    assert (await client.users_info(user=GONE))["user"]["deleted"] is True
    assert await refusal(client.users_info(user="U00NOBODY")) == "user_not_found"


async def test_everybody_is_listed_in_pages(client: AsyncWebClient) -> None:
    seen: list[str] = []
    async for page in await client.users_list(limit=2):
        seen += [user["id"] for user in page["members"]]
    assert seen == sorted([ADA, BEN, CY, GONE, BOT])


async def test_addresses_are_hidden_without_their_scope() -> None:
    fewer = tuple(scope for scope in EVERY_SCOPE if scope != "users:read.email")
    stand = await open_stand(app=replace(APP, bot_scopes=fewer))
    user = (await stand.client().users_info(user=ADA))["user"]
    await stand.stop()
    assert "email" not in user["profile"]


async def test_user_groups_list_their_people(client: AsyncWebClient) -> None:
    [group] = (await client.usergroups_list(include_users=True))["usergroups"]
    assert (group["handle"], group["users"]) == ("payments", [ADA, BEN])
    users = (await client.usergroups_users_list(usergroup="S00PAY"))["users"]
    assert users == [ADA, BEN]
    unknown = client.usergroups_users_list(usergroup="S00NONE")
    assert await refusal(unknown) == "no_such_subteam"
