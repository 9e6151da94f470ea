from dataclasses import replace

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.slack.refusing import refusal, whole_refusal
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


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("  ", "invalid_name_required"),
        ("x" * 81, "invalid_name_maxlength"),
        ("Inc-1", "invalid_name_specials"),
        ("inc 1", "invalid_name_specials"),
        ("inc.1", "invalid_name_specials"),
        ("Ünfall", "invalid_name_specials"),
        ("-_-", "invalid_name_punctuation"),
        ("general", "name_taken"),
    ],
)
async def test_a_bad_channel_name_is_refused_by_the_rule_it_breaks(
    client: AsyncWebClient, name: str, error: str
) -> None:
    assert await refusal(client.conversations_create(name=name)) == error


async def test_names_of_eighty_characters_and_other_scripts_are_fine(
    client: AsyncWebClient,
) -> None:
    for name in ("x" * 80, "störung-1", "障害"):
        created = await client.conversations_create(name=name)
        assert created["channel"]["name"] == name


async def test_an_archived_channel_keeps_its_name(client: AsyncWebClient) -> None:
    room = (await client.conversations_create(name="inc-1", is_private=True))["channel"]["id"]
    await client.conversations_archive(channel=room)
    assert await refusal(client.conversations_create(name="inc-1")) == "name_taken"
    assert await refusal(client.conversations_archive(channel=room)) == "already_archived"
    assert await refusal(client.chat_postMessage(channel=room, text="hi")) == "is_archived"


async def test_the_creator_is_a_member_and_recorded(client: AsyncWebClient) -> None:
    channel = (await client.conversations_create(name="inc-1", is_private=True))["channel"]
    assert (channel["creator"], channel["is_private"], channel["is_member"]) == (BOT, True, True)
    assert (channel["is_channel"], channel["is_group"]) == (False, True)


async def test_a_private_channel_does_not_exist_for_strangers(
    stand: Stand, client: AsyncWebClient
) -> None:
    secret = await stand.slack.people.create_channel(user=ADA, name="secret", is_private=True)
    listed = await client.conversations_list(types="public_channel,private_channel")
    assert secret.id not in {channel["id"] for channel in listed["channels"]}
    assert await refusal(client.conversations_info(channel=secret.id)) == "channel_not_found"
    assert await refusal(client.conversations_join(channel=secret.id)) == "channel_not_found"
    posting = client.chat_postMessage(channel=secret.id, text="hi")
    assert await refusal(posting) == "channel_not_found"


async def test_an_invitation_without_force_is_all_or_nothing(client: AsyncWebClient) -> None:
    room = (await client.conversations_create(name="inc-1"))["channel"]["id"]
    answer = await whole_refusal(
        client.conversations_invite(channel=room, users=[ADA, "U00NOBODY", BOT])
    )
    assert answer["error"] == "user_not_found"
    assert {e["user"]: e["error"] for e in answer["errors"]} == {
        "U00NOBODY": "user_not_found",
        BOT: "cant_invite_self",
    }
    assert (await client.conversations_members(channel=room))["members"] == [BOT]


async def test_a_forced_invitation_lets_in_whom_it_can_and_lists_the_rest(
    client: AsyncWebClient,
) -> None:
    room = (await client.conversations_create(name="inc-1"))["channel"]["id"]
    await client.conversations_invite(channel=room, users=[ADA])
    answer = await client.conversations_invite(
        channel=room, users=[ADA, BEN, GONE, "U00NOBODY"], force=True
    )
    assert {e["user"]: e["error"] for e in answer["errors"]} == {
        ADA: "already_in_channel",
        "U00NOBODY": "user_not_found",
    }
    assert (await client.conversations_members(channel=room))["members"] == [BOT, ADA, BEN]


async def test_inviting_needs_membership(client: AsyncWebClient) -> None:
    invitation = client.conversations_invite(channel=ENG, users=[CY])
    assert await refusal(invitation) == "not_in_channel"


async def test_more_than_a_thousand_invitations_at_once_are_malformed(
    client: AsyncWebClient,
) -> None:
    many = [f"U{number}" for number in range(1001)]
    invitation = client.conversations_invite(channel=GENERAL, users=many)
    assert await refusal(invitation) == "invalid_arguments"


async def test_pages_hold_each_channel_once(client: AsyncWebClient) -> None:
    for number in range(7):
        await client.conversations_create(name=f"inc-{number}")
    seen: list[str] = []
    async for page in await client.conversations_list(limit=3):
        assert len(page["channels"]) <= 3
        seen += [channel["name"] for channel in page["channels"]]
    assert sorted(seen) == sorted({"general", "eng", *(f"inc-{n}" for n in range(7))})


async def test_members_come_in_pages(client: AsyncWebClient) -> None:
    first = await client.conversations_members(channel=GENERAL, limit=3)
    cursor = first["response_metadata"]["next_cursor"]
    rest = await client.conversations_members(channel=GENERAL, limit=3, cursor=cursor)
    assert first["members"] + rest["members"] == [ADA, BEN, CY, BOT]
    assert rest["response_metadata"]["next_cursor"] == ""


@pytest.mark.parametrize("cursor", ["nonsense", "bm8=", "%%%"])
async def test_a_made_up_cursor_is_refused(client: AsyncWebClient, cursor: str) -> None:
    assert await refusal(client.conversations_list(cursor=cursor)) == "invalid_cursor"


async def test_types_limits_and_archived_channels_are_heeded(client: AsyncWebClient) -> None:
    room = (await client.conversations_create(name="inc-1", is_private=True))["channel"]["id"]
    await client.conversations_archive(channel=room)
    every = await client.conversations_list(types="private_channel")
    open_ones = await client.conversations_list(types="private_channel", exclude_archived=True)
    assert [c["id"] for c in every["channels"]] == [room]
    assert open_ones["channels"] == []
    assert await refusal(client.conversations_list(types="secret")) == "invalid_types"
    assert await refusal(client.conversations_list(limit=1001)) == "invalid_limit"


async def test_topics_are_short_and_recorded(client: AsyncWebClient) -> None:
    said = await client.conversations_setTopic(channel=GENERAL, topic="P1 checkout")
    assert said["channel"]["topic"]["value"] == "P1 checkout"
    assert said["channel"]["topic"]["creator"] == BOT
    too_long = client.conversations_setTopic(channel=GENERAL, topic="x" * 251)
    assert await refusal(too_long) == "too_long"
    elsewhere = client.conversations_setTopic(channel=ENG, topic="hi")
    assert await refusal(elsewhere) == "not_in_channel"
    history = await client.conversations_history(channel=GENERAL)
    assert [m.get("subtype") for m in history["messages"]] == ["channel_topic"]


async def test_an_app_renames_what_it_made_and_nothing_else(client: AsyncWebClient) -> None:
    room = (await client.conversations_create(name="inc-1"))["channel"]["id"]
    renamed = (await client.conversations_rename(channel=room, name="inc-2"))["channel"]
    assert (renamed["name"], renamed["previous_names"]) == ("inc-2", ["inc-1"])
    assert await refusal(client.conversations_rename(channel=room, name="eng")) == "name_taken"
    await client.conversations_join(channel=ENG)
    other = client.conversations_rename(channel=ENG, name="ours")
    assert await refusal(other) == "not_authorized"


async def test_joining_leaving_and_removing(client: AsyncWebClient) -> None:
    joined = await client.conversations_join(channel=ENG)
    again = await client.conversations_join(channel=ENG)
    assert "warning" not in joined.data
    assert again["warning"] == "already_in_channel"
    await client.conversations_kick(channel=ENG, user=BEN)
    assert (await client.conversations_members(channel=ENG))["members"] == [ADA, BOT]
    assert await refusal(client.conversations_kick(channel=ENG, user=BOT)) == "cant_kick_self"
    assert await refusal(client.conversations_kick(channel=ENG, user=CY)) == "not_in_channel"
    general = client.conversations_kick(channel=GENERAL, user=ADA)
    assert await refusal(general) == "cant_kick_from_general"
    assert await refusal(client.conversations_leave(channel=GENERAL)) == "cant_leave_general"
    await client.conversations_leave(channel=ENG)
    assert (await client.conversations_leave(channel=ENG))["not_in_channel"] is True


async def test_a_direct_conversation_is_opened_once(client: AsyncWebClient) -> None:
    first = await client.conversations_open(users=[ADA])
    second = await client.conversations_open(users=[ADA], return_im=True)
    assert (first["already_open"], second["already_open"]) == (False, True)
    assert second["channel"]["id"] == first["channel"]["id"]
    assert (second["channel"]["is_im"], second["channel"]["user"]) == (True, ADA)
    assert await refusal(client.conversations_open(users=[GONE])) == "user_disabled"
    assert await refusal(client.api_call("conversations.open")) == "users_list_not_supplied"
    topic = client.conversations_setTopic(channel=first["channel"]["id"], topic="hi")
    assert await refusal(topic) == "method_not_supported_for_channel_type"


async def test_scopes_are_asked_for_by_the_kind_of_channel() -> None:
    fewer = tuple(scope for scope in EVERY_SCOPE if not scope.startswith("groups:"))
    stand = await open_stand(app=replace(APP, bot_scopes=fewer))
    client = stand.client()
    await client.conversations_create(name="public-room")
    answer = await whole_refusal(client.conversations_create(name="room", is_private=True))
    await stand.stop()
    assert (answer["error"], answer["needed"]) == ("missing_scope", "groups:write")
