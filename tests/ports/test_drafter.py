"""What every drafter has to do: the fake, the template, and Claude over both of its wires."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest

from incident_response.adapters.template_drafter import TemplateDrafter
from incident_response.domain.errors import (
    IncidentResponseError,
    RateLimitedError,
    RetryableError,
    UnavailableError,
)
from incident_response.domain.known_names import KnownNames
from incident_response.domain.redaction import Brief, Material, RedactedBrief, Task, redact
from incident_response.ports.drafter import Drafter
from incident_response.sandbox.faults import Fault
from incident_response.sandbox.vendors.anthropic.script import Line, Pace
from tests.adapters.standins import StandIns, aws_credentials, stand_ins
from tests.fakes.drafter import FakeDrafter

AMPLE = timedelta(seconds=30)
MODELS = ("fake", "direct", "bedrock")


def brief(task: Task, text: str = "Payments fail", **facts: str) -> RedactedBrief:
    material = (Material(label="alert", text=text), Material(label="message", text=text))
    return redact(Brief(task=task, facts=facts, material=material), known=KnownNames())


@dataclass(frozen=True)
class Subject:
    """A drafter, and the ways to trouble it."""

    drafter: Drafter
    break_down: Callable[[], None]
    slow_down: Callable[[], None]
    limit_rate: Callable[[], None]
    have_refuse: Callable[[], None]
    mend: Callable[[], None]


def fake_subject() -> Subject:
    fake = FakeDrafter()

    def refuse() -> None:
        fake.why_unfit = "The model declined to write it"

    return Subject(
        fake,
        lambda: fake.behaviour.fail_with(UnavailableError("down")),
        fake.behaviour.hang,
        lambda: fake.behaviour.fail_with(RateLimitedError("slowly")),
        refuse,
        fake.behaviour.recover,
    )


def model_subject(vendors: StandIns, drafter: Drafter) -> Subject:
    def mend() -> None:
        vendors.mend()
        vendors.script.clear()
        vendors.script.pace = Pace()

    def slow_down() -> None:
        vendors.script.pace = Pace(first_token_seconds=1, tokens_per_second=5)

    def limit_rate() -> None:
        vendors.board.add(Fault(target="anthropic.*", kind="rate_limited"))

    return Subject(
        drafter,
        lambda: vendors.break_down("anthropic.*"),
        slow_down,
        limit_rate,
        lambda: vendors.script.add(Line(stop_reason="refusal")),
        mend,
    )


async def connected(stack: AsyncExitStack, *, on_bedrock: bool) -> Subject:
    vendors = await stack.enter_async_context(stand_ins())
    drafter = await stack.enter_async_context(vendors.drafter(on_bedrock=on_bedrock))
    return model_subject(vendors, drafter)


@pytest.fixture
async def subject(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Subject]:
    aws_credentials(monkeypatch)
    async with AsyncExitStack() as stack:
        if request.param == "fake":
            yield fake_subject()
        elif request.param == "template":
            nothing = fake_subject()
            yield Subject(TemplateDrafter(), *[nothing.mend] * 5)
        else:
            yield await connected(stack, on_bedrock=request.param == "bedrock")


every_drafter = pytest.mark.parametrize("subject", [*MODELS, "template"], indirect=True)
every_model = pytest.mark.parametrize("subject", MODELS, indirect=True)


@every_drafter
async def test_every_task_is_written_in_its_form(subject: Subject) -> None:
    texts = {task: (await subject.drafter.write(brief(task), within=AMPLE)).text for task in Task}
    message, sections = json.loads(texts[Task.STATUS_MESSAGE]), json.loads(texts[Task.POSTMORTEM])
    assert set(message) == {"title", "body"}
    assert set(sections) == {"summary", "impact", "went_well", "lessons", "action_items"}
    assert all(set(i) == {"type", "title", "priority", "owner"} for i in sections["action_items"])
    assert texts[Task.CLASSIFY] in ("yes", "no")
    assert all(texts.values())


@every_drafter
async def test_it_says_who_wrote_it_and_what_it_cost(subject: Subject) -> None:
    written = await subject.drafter.write(brief(Task.ROOM_UPDATE), within=AMPLE)
    if written.model == "template":
        assert (written.cost_usd, written.input_tokens, written.output_tokens) == (0, 0, 0)
    else:
        assert 0 < written.cost_usd < 1
        assert written.input_tokens + written.cached_tokens > 0
        assert written.output_tokens > 0


@every_model
async def test_one_that_is_down_raises_and_recovers(subject: Subject) -> None:
    subject.break_down()
    with pytest.raises(RetryableError):
        await subject.drafter.write(brief(Task.CLASSIFY), within=AMPLE)
    subject.mend()
    assert (await subject.drafter.write(brief(Task.CLASSIFY), within=AMPLE)).text


@every_model
async def test_one_that_is_slow_is_given_up_within_the_time_it_was_given(subject: Subject) -> None:
    await subject.drafter.write(brief(Task.CLASSIFY), within=AMPLE)  # the SDK is imported
    subject.slow_down()
    begun = time.monotonic()
    with pytest.raises(UnavailableError):
        await subject.drafter.write(brief(Task.POSTMORTEM), within=timedelta(seconds=1.5))
    assert time.monotonic() - begun < 4
    subject.mend()


@every_model
async def test_one_that_limits_the_rate_says_so(subject: Subject) -> None:
    subject.limit_rate()
    with pytest.raises(RateLimitedError):
        await subject.drafter.write(brief(Task.CLASSIFY), within=AMPLE)


@every_model
async def test_one_that_declines_gives_a_text_that_must_not_be_used(subject: Subject) -> None:
    subject.have_refuse()
    written = await subject.drafter.write(brief(Task.STATUS_MESSAGE), within=AMPLE)
    assert "declined" in written.why_unfit


@every_drafter
async def test_several_briefs_can_be_written_at_once(subject: Subject) -> None:
    asked = [subject.drafter.write(brief(task), within=AMPLE) for task in [*Task, *Task]]
    assert len(await asyncio.gather(*asked)) == 2 * len(Task)


@every_model
async def test_nothing_but_our_own_errors_comes_out(subject: Subject) -> None:
    for trouble in (subject.break_down, subject.limit_rate, subject.slow_down):
        trouble()
        with pytest.raises(IncidentResponseError):
            await subject.drafter.write(brief(Task.POSTMORTEM), within=timedelta(seconds=0.3))
        subject.mend()
