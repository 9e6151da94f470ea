"""Claude's wires: what is sent, what comes back, what a trouble means, how it begins and ends."""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from incident_response.adapters.anthropic_drafter import AnthropicDrafter, Models, bedrock, direct
from incident_response.adapters.anthropic_drafter.access import Access, inference_profile
from incident_response.domain.errors import (
    InvalidConfigurationError,
    RateLimitedError,
    RefusedError,
    UnavailableError,
)
from incident_response.domain.known_names import KnownNames
from incident_response.domain.redaction import Brief, Material, RedactedBrief, Task, redact
from incident_response.sandbox.vendors.anthropic.script import Line
from tests.adapters.scripted import (
    Answer,
    HurriedClock,
    Scripted,
    hangs,
    resets,
    says,
    says_text,
    vendor_that,
)
from tests.adapters.standins import (
    StandIns,
    aws_credentials,
    drafter_over,
    stand_ins,
)

AMPLE = timedelta(seconds=20)
KEY = "sk-ant-never-to-be-seen"


def brief(task: Task = Task.CATCHUP, text: str = "Payments fail") -> RedactedBrief:
    asked = Brief(
        task=task, facts={"state": "open"}, material=(Material(label="alert", text=text),)
    )
    return redact(asked, known=KnownNames())


def message(text: str = "All is well.", **more: Any) -> dict[str, Any]:
    usage = {"input_tokens": 1_000, "output_tokens": 100}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-6",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": usage,
    } | more


@asynccontextmanager
async def told(*answers: Answer) -> AsyncIterator[tuple[AnthropicDrafter, Scripted]]:
    """A drafter whose vendor gives these answers."""
    async with (
        vendor_that(*answers) as (url, vendor),
        drafter_over(direct(api_key=KEY, base_url=url)) as drafter,
    ):
        yield drafter, vendor


@pytest.fixture
async def vendors() -> AsyncIterator[StandIns]:
    async with stand_ins() as vendors:
        yield vendors


def sent(vendors: StandIns) -> Any:
    return json.loads(vendors.board.received.matching("anthropic.*")[-1].body)


# What is sent


async def test_instructions_are_marked_for_the_cache_and_come_before_what_changes(
    vendors: StandIns,
) -> None:
    async with vendors.drafter() as drafter:
        await drafter.write(brief(), within=AMPLE)
        again = await drafter.write(brief(text="Search fails"), within=AMPLE)
    asked = sent(vendors)
    assert [bool(block.get("cache_control")) for block in asked["system"]] == [False, True]
    assert "Payments" not in str(asked["system"])
    assert again.cached_tokens > 200
    assert asked["max_tokens"] >= 500
    assert {"temperature", "top_p", "top_k", "tools"}.isdisjoint(asked), "its version refuses them"


async def test_the_small_model_classifies_and_the_other_writes(vendors: StandIns) -> None:
    async with vendors.drafter() as drafter:
        written = await drafter.write(brief(Task.CLASSIFY), within=AMPLE)
        assert (written.model, sent(vendors)["model"]) == ("claude-haiku-4-5", "claude-haiku-4-5")
        written = await drafter.write(brief(Task.POSTMORTEM), within=AMPLE)
        assert written.model == "claude-sonnet-4-6"


async def test_bedrock_is_asked_for_a_profile_in_its_own_version(
    vendors: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws_credentials(monkeypatch)
    async with vendors.drafter(on_bedrock=True) as drafter:
        written = await drafter.write(brief(), within=AMPLE)
    assert written.model == "us.anthropic.claude-sonnet-4-6"
    assert sent(vendors)["anthropic_version"] == "bedrock-2023-05-31"
    assert written.cost_usd > 0


async def test_the_environment_changes_neither_the_way_nor_the_headers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nowhere = "http://127.0.0.1:9"
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "ANTHROPIC_BASE_URL"):
        monkeypatch.setenv(name, nowhere)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-of-somebody-else")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "of-somebody-else")
    async with told(says(message())) as (drafter, vendor):
        await drafter.write(brief(), within=AMPLE)
    assert "somebody-else" not in str(vendor.requests)
    assert KEY in str(vendor.requests[0].headers)


@pytest.mark.parametrize(
    ("model", "region", "profile"),
    [
        ("claude-sonnet-4-6", "us-east-1", "us.anthropic.claude-sonnet-4-6"),
        ("claude-haiku-4-5", "eu-west-1", "eu.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("claude-sonnet-4-6", "ap-northeast-1", "jp.anthropic.claude-sonnet-4-6"),
        ("claude-sonnet-4-6", "ap-southeast-2", "au.anthropic.claude-sonnet-4-6"),
        ("claude-sonnet-4-6", "sa-east-1", "global.anthropic.claude-sonnet-4-6"),
        ("claude-sonnet-4-6", "us-gov-west-1", "us-gov.anthropic.claude-sonnet-4-6"),
        ("global.anthropic.claude-x", "us-east-1", "global.anthropic.claude-x"),
        (
            "arn:aws:bedrock:us-east-1:1:application-inference-profile/x",
            "us-east-1",
            "arn:aws:bedrock:us-east-1:1:application-inference-profile/x",
        ),
    ],
)
def test_a_models_name_becomes_the_profile_of_its_region(
    model: str, region: str, profile: str
) -> None:
    assert inference_profile(model, region) == profile


# What comes back


async def test_a_fence_around_the_whole_text_is_taken_off() -> None:
    for said in ("```json\n{}\n```", "{}", "  {}\n"):
        async with told(says(message(said))) as (drafter, _):
            assert (await drafter.write(brief(), within=AMPLE)).text == "{}"


@pytest.mark.parametrize("stop", ["max_tokens", "refusal", "tool_use", "something_new"])
async def test_a_text_that_did_not_end_by_itself_is_unfit_and_still_costs(stop: str) -> None:
    async with told(says(message(stop_reason=stop))) as (drafter, _):
        written = await drafter.write(brief(), within=AMPLE)
    assert written.why_unfit
    assert written.cost_usd == pytest.approx((1_000 * 3 + 100 * 15) / 1e6)


async def test_other_blocks_than_text_are_passed_over() -> None:
    content = [
        {"type": "thinking", "thinking": "hm", "signature": "x"},
        {"type": "text", "text": "a"},
    ]
    async with told(says(message(content=content))) as (drafter, _):
        assert (await drafter.write(brief(), within=AMPLE)).text == "a"


def refusing(status: int, **headers: str) -> Answer:
    return says(
        {"type": "error", "error": {"message": f"{KEY} [EMAIL_1]"}}, status=status, headers=headers
    )


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (refusing(401), RefusedError, "check ANTHROPIC_API_KEY"),
        (refusing(403), RefusedError, "check ANTHROPIC_API_KEY"),
        (refusing(404), RefusedError, "check DRAFT_MODEL"),
        (refusing(400), RefusedError, "400"),
        (refusing(307, Location="https://evil.example/"), RefusedError, "307"),
        (refusing(500), UnavailableError, "problem of its own"),
        (refusing(529), UnavailableError, "problem of its own"),
        (refusing(429), RateLimitedError, "slow down"),
        (resets, UnavailableError, "could not be reached: check ANTHROPIC_URL"),
        (says_text("<html>hello</html>"), RefusedError, "do not understand"),
        (says({"type": "message"}), RefusedError, "do not understand"),
    ],
)
async def test_every_trouble_is_one_of_our_errors_and_quotes_nothing(
    answer: Answer, error: type[Exception], words: str
) -> None:
    async with told(answer) as (drafter, _):
        with pytest.raises(error, match=words) as raised:
            await drafter.write(brief(), within=AMPLE)
    assert type(raised.value) is error or error is UnavailableError
    assert KEY not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_a_passing_trouble_is_tried_once_more() -> None:
    async with told(refusing(529), says(message())) as (drafter, vendor):
        assert (await drafter.write(brief(), within=AMPLE)).text == "All is well."
        assert len(vendor.requests) == 2


async def test_a_wait_that_leaves_too_little_time_is_not_waited() -> None:
    async with told(refusing(429, **{"Retry-After": "15"}), says(message())) as (drafter, vendor):
        with pytest.raises(RateLimitedError) as raised:
            await drafter.write(brief(), within=AMPLE)
        assert raised.value.retry_after == timedelta(seconds=15)
        assert len(vendor.requests) == 1


async def test_one_that_never_answers_is_left_alone_after_five_times() -> None:
    async with told(hangs) as (drafter, vendor):
        await drafter.warm_up_now()
        for _ in range(5):
            with pytest.raises(UnavailableError, match="in time"):
                await drafter.write(brief(), within=timedelta(seconds=0.2))
        with pytest.raises(UnavailableError, match="left alone"):
            await drafter.write(brief(), within=AMPLE)
        assert len(vendor.requests) == 5


async def test_without_aws_credentials_it_says_what_to_check(
    vendors: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    access = bedrock(region="ca-central-1", base_url=f"{vendors.url}/bedrock")
    async with drafter_over(access) as drafter:
        with pytest.raises(RefusedError, match="AWS credentials"):
            await drafter.write(brief(), within=AMPLE)


# How it begins and ends


@pytest.mark.parametrize(
    "url", ["", "nowhere", "ftp://x", "https://u:p@x", "http://", "http://a b"]
)
def test_an_address_that_makes_no_sense_names_its_setting(url: str) -> None:
    with pytest.raises(InvalidConfigurationError, match="ANTHROPIC_URL"):
        direct(api_key=KEY, base_url=url)
    if url:
        with pytest.raises(InvalidConfigurationError, match="BEDROCK_URL"):
            bedrock(region="us-east-1", base_url=url)


def test_a_key_with_a_line_break_is_refused_without_being_shown() -> None:
    with pytest.raises(InvalidConfigurationError, match="ANTHROPIC_API_KEY") as raised:
        direct(api_key=f"{KEY}\n", base_url="https://api.anthropic.com")
    assert KEY not in str(raised.value)


async def test_importing_the_adapter_does_not_import_the_sdk() -> None:
    code = (
        "import sys, incident_response.bootstrap.processor;"
        "sys.exit('anthropic' in sys.modules or 'boto3' in sys.modules)"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == 0


async def test_a_client_that_cannot_be_made_is_told_and_does_not_stop_the_start() -> None:
    def broken() -> Any:
        raise ValueError(f"no such thing as {KEY}")

    access = Access(
        name="Claude",
        url_setting="X_URL",
        credential_setting="X_KEY",
        connect=broken,
        model_id=str,
    )
    async with drafter_over(access) as drafter:
        with capture_logs() as logs:
            await drafter.warm_up_now()
        with pytest.raises(RefusedError, match="check X_KEY"):
            await drafter.write(brief(), within=AMPLE)
    assert any(entry["event"] == "model cannot be asked" for entry in logs)
    assert KEY not in str(logs)


async def test_it_warms_up_once_some_seconds_after_the_start() -> None:
    made: list[Any] = []
    clock = HurriedClock()
    real = direct(api_key=KEY, base_url="http://127.0.0.1:9")

    def connect() -> Any:
        made.append(real.connect())
        return made[-1]

    drafter = AnthropicDrafter(
        replace(real, connect=connect),
        models=Models(drafts="a", classification="b"),
        clock=clock,
    )
    await drafter.warm_up()
    assert (len(made), clock.slept) == (1, [5.0])
    await drafter.warm_up_now()
    assert len(made) == 1
    await drafter.close()


async def test_closing_ends_the_connections_and_may_come_before_any() -> None:
    async with told(says(message())) as (drafter, _):
        await drafter.close()
    async with told(says(message())) as (drafter, _):
        await drafter.write(brief(), within=AMPLE)
        await drafter.close()
        with pytest.raises(UnavailableError):
            await drafter.write(brief(), within=AMPLE)


async def test_the_key_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with told(refusing(401)) as (drafter, _):
        with capture_logs() as logs, pytest.raises(RefusedError):
            await drafter.write(brief(), within=AMPLE)
    # The stand-in's answer quotes it, as no vendor does; of our own doing it is nowhere.
    assert KEY not in str(logs)
    requests = [r for r in caplog.records if "Request options" in r.getMessage()]
    assert requests
    assert KEY not in requests[0].getMessage()


async def test_a_long_script_is_read_whole(vendors: StandIns) -> None:
    vendors.script.add(Line(text="x" * 1_000))
    async with vendors.drafter() as drafter:
        assert (await drafter.write(brief(), within=AMPLE)).text == "x" * 1_000


async def test_it_works_behind_a_path(vendors: StandIns) -> None:
    del vendors
    async with (
        vendor_that(says(message())) as (url, vendor),
        drafter_over(direct(api_key=KEY, base_url=f"{url}/proxy/anthropic")) as drafter,
    ):
        await drafter.write(brief(), within=AMPLE)
    assert vendor.requests[0].path == "/proxy/anthropic/v1/messages"
