"""One trace from the queue to every step, with nothing in it that somebody wrote."""

import json
from datetime import UTC, datetime

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from incident_response.domain.errors import RefusedError, UnavailableError
from incident_response.durable.plan import Outcome, StepContext
from incident_response.ports.event_queue import QueueMessage, trace_of
from incident_response.ports.incident_store import Change, PlanRecord, PlanState
from incident_response.telemetry import (
    annotate,
    conceal,
    note_failure,
    outgoing,
    span,
    traceparent,
)
from tests.durable.bench import ID, PLAN, World, ended, running, until
from tests.durable.desk import Desk, working
from tests.ports.samples import incident
from tests.telemetry_reading import spans

NUMBER = iter(range(1, 1000))


def new_trace() -> tuple[str, str]:
    """A trace's id, and the ``traceparent`` that leads to it."""
    trace_id = f"{next(NUMBER):032x}"
    return trace_id, f"00-{trace_id}-00f067aa0ba902b7-01"


def told(found: ReadableSpan) -> dict[str, object]:
    """A span's attributes without our prefix."""
    given = found.attributes or {}
    return {name.removeprefix("incident_response."): value for name, value in given.items()}


async def opened(world: World, parent: str) -> None:
    """The plan, opened by something that was traced elsewhere."""
    head = PlanRecord(
        incident_id=ID,
        plan=PLAN,
        state=PlanState.OPEN,
        opened_at=world.clock.now(),
        trace=parent,
    )
    change = Change(incident_id=ID, incident=incident(1), plan=head)
    await world.backend.incidents.commit(change)


async def test_every_step_of_a_plan_is_a_span_in_the_trace_that_opened_it() -> None:
    world, (trace_id, parent) = World(), new_trace()
    await opened(world, parent)
    async with running(world.runner(world.step("a"), world.step("b", after=("a",)))):
        await ended(world, PlanState.DONE)
    first, second, run = spans(trace_id)
    assert [s.name for s in (first, second, run)] == ["test a", "test b", "plan test"]
    assert run.parent is not None
    assert run.parent.span_id == 0x00F067AA0BA902B7
    assert first.parent == second.parent == run.context
    assert told(first) == {"plan": "test", "step": "a", "attempt": 1, "step_state": "done"}
    assert told(run) == {"plan": "test", "incident.id": ID, "plan_state": "done"}
    assert run.status.status_code is StatusCode.UNSET


async def test_another_process_goes_on_in_the_same_trace() -> None:
    world, (trace_id, parent) = World(), new_trace()
    await opened(world, parent)
    world.hold("b")
    steps = world.step("a"), world.step("b", after=("a",))
    async with running(world.runner(*steps)):
        await world.is_begun("b")
    world.release("b")
    world.clock.advance(60)  # the lease of the dead one ends
    async with running(world.runner(*steps, owner="two")):
        await ended(world, PlanState.DONE)
    names = [s.name for s in spans(trace_id)]
    assert names.count("plan test") == 2
    assert names.count("test a") == 1
    assert [told(s)["attempt"] for s in spans(trace_id) if s.name == "test b"] == [1, 2]


async def test_a_step_that_fails_says_of_which_kind_and_nothing_of_its_text() -> None:
    world, (trace_id, parent) = World(), new_trace()
    await opened(world, parent)
    world.failures["bad"] = [RefusedError("no such customer: ada@x.test")]
    async with running(world.runner(world.step("bad"))):
        await ended(world, PlanState.DONE)
    failed, run = spans(trace_id)
    assert failed.status.status_code is StatusCode.ERROR
    assert told(failed)["error.type"] == "refused"
    assert told(failed)["step_state"] == "failed"
    assert "ada" not in failed.to_json() + run.to_json()
    assert run.status.status_code is StatusCode.UNSET, "the plan went on without it"


async def test_each_try_of_a_step_is_a_span() -> None:
    world, (trace_id, parent) = World(), new_trace()
    await opened(world, parent)
    left = [UnavailableError("down"), UnavailableError("down")]

    async def fail_twice(context: StepContext) -> Outcome:
        if left:
            raise left.pop()
        return await world.do(context)

    async with running(world.runner(world.step("a", run=fail_twice))):

        async def is_done() -> bool:
            world.clock.advance(1)
            return (await world.head()).state is PlanState.DONE

        await until(is_done)
    tries = [told(s) for s in spans(trace_id) if s.name == "test a"]
    assert [(t["attempt"], t["step_state"]) for t in tries] == [
        (1, "waiting"),
        (2, "waiting"),
        (3, "done"),
    ]


async def test_a_message_is_worked_off_in_the_trace_it_was_sent_in() -> None:
    desk, (trace_id, parent) = Desk(), new_trace()
    desk.failures["a1"] = [RefusedError("nobody reads this")]
    await desk.queue.send([QueueMessage(type="a1", group="a", dedup_id="a1", trace=parent)])
    async with working(desk.consumer()):
        await until(desk.is_empty)
    (handled,) = spans(trace_id)
    assert (handled.name, handled.kind) == ("process incident-events", SpanKind.CONSUMER)
    assert told(handled)["receive_count"] == 1
    assert told(handled)["error.type"] == "refused"


async def test_what_a_person_does_begins_a_trace() -> None:
    desk, seen = Desk(), []
    work = desk.work

    async def remember(name: str) -> None:
        seen.append(traceparent())
        await work(name)

    desk.work = remember  # type: ignore[method-assign]
    with span("something else"):
        outside = traceparent()
        await desk.put("a1")
        async with working(desk.worker()):
            await until(desk.has_handled("a1"))
    (inside,) = seen
    assert inside.split("-")[1] != outside.split("-")[1]
    (handled,) = spans(inside.split("-")[1])
    assert (handled.name, handled.parent) == ("handle action", None)


@pytest.mark.parametrize("raw", ["", "[]", "{}", '{"trace": 7}', "no json", "[" * 100_000])
def test_a_strangers_text_has_no_trace(raw: str) -> None:
    assert trace_of(raw) == ""


@pytest.mark.parametrize("parent", ["", "00-zz", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
def test_a_trace_that_is_none_begins_a_new_one(parent: str) -> None:
    with span("elsewhere"), span("here", parent=parent) as here:
        pass
    assert isinstance(here, ReadableSpan)
    assert here.parent is None


def test_foreign_trace_state_is_not_passed_on() -> None:
    _, parent = new_trace()
    with span("here", parent=parent):
        assert set(traceparent()) <= set("0123456789abcdef-")


def test_a_span_may_begin_before_it_is_made() -> None:
    began_at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    with span("here", parent="", began_at=began_at) as here:
        pass
    assert isinstance(here, ReadableSpan)
    assert here.start_time == int(began_at.timestamp()) * 1_000_000_000


def test_attributes_are_cut_and_hold_no_secret() -> None:
    conceal("a secret of this very test")
    with span("here", parent="") as here:
        annotate(text="x: a secret of this very test", long="y" * 1_000)
    assert isinstance(here, ReadableSpan)
    assert told(here) == {"text": "x: [secret]", "long": "y" * 200}


def test_an_error_that_passes_through_marks_every_span_by_its_kind() -> None:
    with (
        pytest.raises(ExceptionGroup),
        span("outer", parent="") as outer,
        span("inner") as inner,
    ):
        raise ExceptionGroup("both", [UnavailableError("secret words"), ValueError()])
    for found in (outer, inner):
        assert isinstance(found, ReadableSpan)
        assert found.status.status_code is StatusCode.ERROR
        assert told(found) == {"error.type": "unavailable"}
        assert found.events == ()
        assert "secret words" not in json.dumps(found.to_json())


def test_a_call_of_somebody_elses_is_a_span_within_a_trace_and_none_outside() -> None:
    with outgoing("GET Acme") as alone:
        assert not alone.is_recording()
    with span("here", parent="") as here, outgoing("GET Acme") as called:
        called.set_attribute("http.response.status_code", 200)
    assert isinstance(called, ReadableSpan)
    assert (called.name, called.kind) == ("GET Acme", SpanKind.CLIENT)
    assert isinstance(here, ReadableSpan)
    assert called.parent == here.context


def test_outside_of_any_span_nothing_happens() -> None:
    assert traceparent() == ""
    annotate(anything="at all")
    note_failure(ValueError())
    assert not trace.get_current_span().is_recording()
