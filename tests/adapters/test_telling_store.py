"""What is counted is what the ledger says, once it is stored: through the workflows that make it
so, and through the store itself for the rest.
"""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.adapters.telling_store import TellingStore
from incident_response.domain.alert import IntakeRecord
from incident_response.domain.draft import DraftState
from incident_response.domain.errors import (
    ConflictError,
    IncidentResponseError,
    RateLimitedError,
    RefusedError,
    UnknownOutcomeError,
)
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import Json
from incident_response.ports.incident_store import (
    Change,
    PlanRecord,
    PlanState,
    StepRecord,
    StepState,
)
from incident_response.telemetry import metrics, span, traceparent
from incident_response.workflows.fold_alerts import ASSEMBLE
from tests.fakes.clock import FakeClock
from tests.gate.stage import Program, Stage
from tests.gate.test_auditing import tamper
from tests.ports import samples
from tests.telemetry_reading import attributes, counted, counted_since, measured
from tests.workflows.ends import commanded, resolve
from tests.workflows.house import House, World, alert, house

P1 = {"severity": "P1"}
ID = samples.incident_id()


async def test_assembly_is_measured_from_the_alerts_arrival_at_the_webhook() -> None:
    before = measured(metrics.ASSEMBLY, **P1)
    opened = counted(metrics.OPENED)
    async with house(World()) as home:
        incident = await _folded_late(home, timedelta(seconds=100))
        await home.settled(incident)
    took = measured(metrics.ASSEMBLY, **P1).since(before)
    assert took.count == 1
    assert 100 < took.total < 130
    assert counted_since(opened, metrics.OPENED) == {attributes(severity="P1", source="test"): 1}


async def _folded_late(home: House, late: timedelta) -> Incident:
    """The incident of an alert that waited so long after it was taken in."""
    world = home.world
    record = IntakeRecord.of(alert(world), received_at=world.clock.now() - late)
    await world.backend.intake.put(record)
    incident_id = await home.workflows.folder.fold(record.event_id)
    assert incident_id is not None
    home.workflows.runner.kick(incident_id, ASSEMBLE)
    incident = await home.workflows.store.get(incident_id)
    assert incident is not None
    return incident


async def test_a_directory_that_fails_is_counted_for_itself() -> None:
    before = counted(metrics.DIRECTORY_FAILURES), counted(metrics.STEP_FAILURES)
    world = World()
    world.directory.behaviour.fail_with(RefusedError("no such key"))
    async with house(world) as home:
        await home.assembled()
    assert counted_since(before[0], metrics.DIRECTORY_FAILURES) == {attributes(): 1}
    step = attributes(plan="assemble", step="resolve_directory")
    assert counted_since(before[1], metrics.STEP_FAILURES) == {step: 1}


async def test_an_ended_incident_and_its_postmortem_are_counted() -> None:
    before = counted(metrics.RESOLVED), counted(metrics.POSTMORTEMS)
    world = World()
    async with house(world) as home:
        await resolve(home, await commanded(home))
    assert counted_since(before[0], metrics.RESOLVED) == {attributes(**P1): 1}
    assert counted_since(before[1], metrics.POSTMORTEMS) == {attributes(**P1): 1}


# --- customers --------------------------------------------------------------------------------


async def outcomes(stage: Stage, program: Program, *, seconds: float = 150) -> dict[str, float]:
    """What is counted of one message that is approved after 42 seconds and then has its way."""
    before = counted(metrics.PUBLISHES)
    code = await program.draft("We look into it.")
    stage.clock.advance(42)
    await program.approve(code)
    await program.pass_time(seconds)
    grown = counted_since(before, metrics.PUBLISHES)
    return {str(dict(key)["outcome"]): number for key, number in grown.items()}


async def test_an_approval_is_measured_from_the_drafts_being_shown(stage: Stage) -> None:
    before = measured(metrics.APPROVAL, **P1)
    async with stage.program() as program:
        assert await outcomes(stage, program) == {"published": 1}
    took = measured(metrics.APPROVAL, **P1).since(before)
    assert took.count == 1
    assert took.total == pytest.approx(42, abs=2)


@pytest.mark.parametrize(
    ("failure", "counted_as"),
    [
        (RateLimitedError("slower"), {"postponed": 1, "published": 1}),
        (RefusedError("too long"), {"refused": 1}),
        (UnknownOutcomeError("no answer"), {"uncertain": 1, "needs_human": 1}),
    ],
    ids=["told to wait", "refused", "no answer"],
)
async def test_what_becomes_of_a_message_is_counted(
    stage: Stage, failure: IncidentResponseError, counted_as: dict[str, float]
) -> None:
    stage.page.fail(failure)
    async with stage.program() as program:
        assert await outcomes(stage, program) == counted_as


async def test_a_ledger_that_proves_nothing_blocks_and_is_counted_though_it_takes_no_entry(
    stage: Stage,
) -> None:
    async with stage.program() as program:
        code = await program.draft("We look into it.")
        await tamper(stage.backend, "UPDATE ledger SET entry = replace(entry, 'U0BEN', 'U0EVE')")
        before = counted(metrics.PUBLISHES)
        await program.approve(code)
        await program.pass_time(5)
    assert counted_since(before, metrics.PUBLISHES) == {attributes(outcome="blocked"): 1}
    assert stage.shown() == []


async def test_a_second_approval_is_no_latency_and_a_found_message_is_confirmed(
    stage: Stage,
) -> None:
    async with stage.program() as program:
        stage.page.swallow()
        await outcomes(stage, program)
        before = measured(metrics.APPROVAL, **P1), counted(metrics.PUBLISHES)
        draft = await stage.drafted()
        assert draft.state is DraftState.NEEDS_HUMAN
        await program.found(draft.message.code)
    assert measured(metrics.APPROVAL, **P1) == before[0]
    assert counted_since(before[1], metrics.PUBLISHES) == {attributes(outcome="confirmed"): 1}


# --- the store --------------------------------------------------------------------------------


def entry(kind: EntryKind, actor: str = "incident-response", **details: object) -> NewEntry:
    told: Json = {name: str(value) for name, value in details.items()}
    return NewEntry(kind=kind, at=samples.at(1), actor=actor, details=told)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A world with an incident that Ada commands."""
    made = Stage()
    await made.open_incident()
    yield made
    await made.backend.close()


@pytest.fixture
async def store() -> TellingStore:
    backend = EmbeddedBackend.open(None, clock=FakeClock())
    made = TellingStore(backend.incidents)
    await made.commit(Change(incident_id=ID, incident=samples.incident()))
    return made


@pytest.mark.parametrize(
    ("made", "name", "grown"),
    [
        (entry(EntryKind.NUDGE_SENT, to="U0ADA"), metrics.NUDGES, {"to": "commander"}),
        (entry(EntryKind.NUDGE_SENT, to="room"), metrics.NUDGES, {"to": "room"}),
        (
            entry(EntryKind.STATUSPAGE_APPROVAL_REFUSED),
            metrics.PUBLISHES,
            {"outcome": "blocked"},
        ),
        (entry(EntryKind.STATUSPAGE_APPROVAL_REFUSED, "U0EVE"), metrics.PUBLISHES, None),
        (entry(EntryKind.MESSAGE_POSTED), metrics.PUBLISHES, None),
    ],
)
async def test_an_entry_is_counted_when_it_is_stored(
    store: TellingStore, made: NewEntry, name: str, grown: dict[str, str] | None
) -> None:
    before = counted(name)
    await store.commit(Change(incident_id=ID, entries=(made,)))
    expected = {} if grown is None else {attributes(**grown): 1}
    assert counted_since(before, name) == expected


async def test_what_is_not_stored_is_not_counted(store: TellingStore) -> None:
    before = counted(metrics.NUDGES)
    change = Change(
        incident_id=ID,
        incident=samples.incident(version=7),
        entries=(entry(EntryKind.NUDGE_SENT, to="room"),),
    )
    with pytest.raises(ConflictError):
        await store.commit(change)
    assert counted_since(before, metrics.NUDGES) == {}


async def test_an_entry_that_cannot_be_counted_is_stored_all_the_same(store: TellingStore) -> None:
    broken = entry(EntryKind.WAR_ROOM_ASSEMBLED, seconds="many")
    with capture_logs() as logs:
        await store.commit(Change(incident_id=ID, entries=(broken,)))
    assert [(e["event"], e["kind"]) for e in logs] == [("not counted", "WAR_ROOM_ASSEMBLED")]


async def test_a_step_given_up_is_counted_by_the_kind_of_its_plan(store: TellingStore) -> None:
    before = counted(metrics.STEP_FAILURES)
    record = StepRecord(plan="publish#1.1.1", step="tell_room", state=StepState.FAILED)
    change = Change(
        incident_id=ID,
        steps=(record,),
        entries=(entry(EntryKind.STEP_FAILED, step="tell_room"),),
    )
    await store.commit(change)
    step = attributes(plan="publish", step="tell_room")
    assert counted_since(before, metrics.STEP_FAILURES) == {step: 1}


async def test_a_plan_keeps_the_trace_of_what_opened_it(store: TellingStore) -> None:
    head = PlanRecord(
        incident_id=ID, plan="a", state=PlanState.OPEN, opened_at=samples.at(0), trace=""
    )
    with span("opening", parent=""):
        opening = traceparent()
        await store.commit(Change(incident_id=ID, plan=head))
    stored = await store.plan(ID, "a")
    assert stored == head.model_copy(update={"trace": opening})
    done = stored.model_copy(update={"state": PlanState.DONE})
    with span("something later", parent=""):
        await store.commit(Change(incident_id=ID, plan=done))
    assert await store.plan(ID, "a") == done
