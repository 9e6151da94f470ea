import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler

from incident_response.sandbox.faults import Fault
from incident_response.sandbox.slack.rate import RateTiers
from tests.sandbox.slack.stand import ADA, GENERAL, HandClock, Stand


def passed(tiers: RateTiers, method: str, tier: str, channel: str | None = None) -> bool:
    return tiers.retry_after(method, tier, channel) is None


def test_a_minutes_worth_may_come_at_once_and_then_at_the_tiers_pace() -> None:
    clock = HandClock()
    tiers = RateTiers(clock.now, enabled=True)
    assert [passed(tiers, "pins.add", "t2") for _ in range(21)] == [True] * 20 + [False]
    assert tiers.retry_after("pins.add", "t2", None) == 3
    clock.time += 3
    assert passed(tiers, "pins.add", "t2")
    assert not passed(tiers, "pins.add", "t2")


def test_methods_do_not_share_a_budget() -> None:
    tiers = RateTiers(HandClock().now, enabled=True)
    for _ in range(20):
        assert passed(tiers, "pins.add", "t2")
    assert passed(tiers, "conversations.create", "t2")


def test_posting_is_limited_by_channel_too() -> None:
    clock = HandClock()
    tiers = RateTiers(clock.now, enabled=True)
    posts = [passed(tiers, "chat.postMessage", "t5", "C1") for _ in range(6)]
    assert posts == [True] * 5 + [False]
    assert passed(tiers, "chat.postMessage", "t5", "C2")
    clock.time += 1
    assert passed(tiers, "chat.postMessage", "t5", "C1")


def test_tiers_are_off_until_switched_on() -> None:
    tiers = RateTiers(HandClock().now)
    assert all(passed(tiers, "pins.add", "t2") for _ in range(100))


async def test_a_limited_client_gets_429_and_how_long_to_wait(stand: Stand) -> None:
    stand.slack.rates.enabled = True
    client = stand.client()
    for _ in range(5):
        await client.chat_postMessage(channel=GENERAL, text="x")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel=GENERAL, text="x")
    reply = caught.value.response
    assert (reply.status_code, reply["error"]) == (429, "ratelimited")
    assert reply.headers["Retry-After"] == "1"


async def test_the_sdks_own_retry_gets_past_a_429(stand: Stand) -> None:
    stand.faults.add(Fault(target="slack.users.info", kind="rate_limited", retry_after=0, times=1))
    client = stand.client()
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    assert (await client.users_info(user=ADA))["ok"] is True


async def test_a_dropped_reply_leaves_the_effect(stand: Stand) -> None:
    stand.faults.add(Fault(target="slack.conversations.create", kind="drop_reply", times=1))
    with pytest.raises(aiohttp.ClientConnectionError):
        await stand.client().conversations_create(name="inc-1")
    assert stand.workspace.channels.by_name("inc-1") is not None


async def test_a_reset_leaves_no_effect(stand: Stand) -> None:
    stand.faults.add(Fault(target="slack.conversations.*", kind="reset", times=1))
    with pytest.raises(aiohttp.ClientConnectionError):
        await stand.client().conversations_create(name="inc-1")
    assert stand.workspace.channels.by_name("inc-1") is None
