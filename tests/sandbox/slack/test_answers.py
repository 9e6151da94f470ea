"""Response addresses: what an app may say back, how often and how long."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from incident_response.sandbox.slack.interactions import ResponseUrls
from incident_response.sandbox.slack.model import Message, ResponseUrl
from tests.sandbox.slack.stand import ADA, APP, BOT, GENERAL, Stand


def address(stand: Stand, issued: ResponseUrl) -> AsyncWebhookClient:
    return AsyncWebhookClient(f"{stand.url}/response/{issued.id}")


def issue(stand: Stand, **more: Any) -> ResponseUrl:
    return ResponseUrls(stand.workspace.state).issue(channel=GENERAL, user=ADA, **more)


def app_message(**more: Any) -> Message:
    return Message(GENERAL, "", BOT, text="card", bot_id=APP.bot_id, app_id=APP.app_id, **more)


async def test_an_answer_is_ephemeral_unless_it_says_otherwise(stand: Stand) -> None:
    client = address(stand, issue(stand))
    quiet = await client.send(text="quiet")
    await client.send(text="loud", response_type="in_channel")
    assert (quiet.status_code, quiet.body) == (200, "ok")
    assert [m.text for m in stand.workspace.messages.ephemerals(GENERAL, ADA)] == ["quiet"]
    assert [m.text for m in stand.workspace.messages.top_level(GENERAL)] == ["loud"]


async def test_a_sixth_use_is_one_too_many(stand: Stand) -> None:
    client = address(stand, issue(stand))
    statuses = [(await client.send(text=str(n))).status_code for n in range(6)]
    assert statuses == [200, 200, 200, 200, 200, 404]


async def test_an_address_expires_after_thirty_minutes(stand: Stand) -> None:
    client = address(stand, issue(stand))
    stand.clock.time += 29 * 60
    assert (await client.send(text="in time")).status_code == 200
    stand.clock.time += 61
    late = await client.send(text="late")
    assert (late.status_code, "expired_url" in late.body) == (404, True)


async def test_the_original_can_be_replaced_and_deleted(stand: Stand) -> None:
    card = stand.workspace.messages.post(app_message(blocks=[{"type": "divider"}]))
    client = address(stand, issue(stand, message_ts=card.ts))
    await client.send(text="done", replace_original=True)
    assert (card.text, card.blocks) == ("done", [])
    await client.send(delete_original=True)
    assert stand.workspace.messages.find(GENERAL, card.ts) is None


async def test_an_ephemeral_original_can_be_replaced(stand: Stand) -> None:
    card = stand.workspace.messages.post_ephemeral(app_message(ephemeral_to=ADA))
    client = address(stand, issue(stand, message_ts=card.ts, is_ephemeral=True))
    await client.send(text="done", replace_original=True)
    assert [m.text for m in stand.workspace.messages.ephemerals(GENERAL, ADA)] == ["done"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("{", "invalid_payload"),
        ("[]", "invalid_payload"),
        ("{}", "no_text"),
        ('{"text": "x", "replace_original": true}', "message_not_found"),
    ],
)
async def test_a_malformed_answer_is_refused(stand: Stand, body: str, error: str) -> None:
    url = f"{stand.url}/response/{issue(stand).id}"
    async with aiohttp.ClientSession() as session, session.post(url, data=body) as reply:
        assert (reply.status, (await reply.json())["error"]) == (400, error)
