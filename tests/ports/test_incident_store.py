import asyncio
from datetime import timedelta
from typing import Any

import pytest

from incident_response.domain.alert import IntakeStatus
from incident_response.domain.errors import ConflictError, LeaseLostError
from incident_response.domain.incident import IncidentStatus
from incident_response.domain.ledger import Seal
from incident_response.domain.model import ChannelId, EventId, IncidentId
from incident_response.ports.incident_store import (
    Change,
    Folding,
    PlanRecord,
    PlanState,
    StepRecord,
    StepState,
)
from incident_response.ports.lease import Lease
from tests.ports import samples
from tests.ports.backends import Backend

ID = samples.incident_id()
MINUTE = timedelta(minutes=1)


def plan(name: str = "assemble", *, number: int = 1, opened: float = 0) -> PlanRecord:
    return PlanRecord(
        incident_id=samples.incident_id(number),
        plan=name,
        state=PlanState.OPEN,
        opened_at=samples.at(opened),
    )


async def test_a_committed_incident_is_read_back_as_it_was(backend: Backend) -> None:
    incident = samples.incident(channel="C1")
    await backend.incidents.commit(Change(incident_id=ID, incident=incident))
    assert await backend.incidents.get(ID) == incident


async def test_what_is_not_stored_is_none(backend: Backend) -> None:
    assert await backend.incidents.get(ID) is None
    assert await backend.incidents.by_channel(ChannelId("C1")) is None
    assert await backend.incidents.group("group-1") is None
    assert await backend.incidents.plan(ID, "assemble") is None
    assert await backend.incidents.journal(ID, "assemble") == {}


async def test_a_version_is_stored_over_the_one_before_it(backend: Backend) -> None:
    await backend.incidents.commit(Change(incident_id=ID, incident=samples.incident(version=1)))
    await backend.incidents.commit(Change(incident_id=ID, incident=samples.incident(version=2)))
    found = await backend.incidents.get(ID)
    assert found is not None
    assert found.version == 2


@pytest.mark.parametrize("version", [1, 3])
async def test_a_version_that_does_not_follow_is_a_conflict(
    backend: Backend, version: int
) -> None:
    first = samples.incident(version=1)
    await backend.incidents.commit(Change(incident_id=ID, incident=first))
    with pytest.raises(ConflictError):
        await backend.incidents.commit(
            Change(incident_id=ID, incident=samples.incident(version=version))
        )
    assert await backend.incidents.get(ID) == first


async def test_a_later_version_of_an_unknown_incident_is_a_conflict(backend: Backend) -> None:
    with pytest.raises(ConflictError):
        await backend.incidents.commit(
            Change(incident_id=ID, incident=samples.incident(version=2))
        )
    assert await backend.incidents.get(ID) is None


async def test_groups_carry_versions_like_incidents(backend: Backend) -> None:
    await backend.incidents.commit(Change(incident_id=None, group=samples.group(1)))
    await backend.incidents.commit(Change(incident_id=None, group=samples.group(2)))
    for version in (1, 2, 4):
        with pytest.raises(ConflictError):
            await backend.incidents.commit(Change(incident_id=None, group=samples.group(version)))
    assert await backend.incidents.group("group-1") == samples.group(2)


async def test_of_64_concurrent_commits_on_one_version_one_wins(
    backend: Backend, seal: Seal
) -> None:
    async def attempt(number: int) -> bool:
        change = Change(
            incident_id=ID, incident=samples.incident(version=2), entries=(samples.entry(number),)
        )
        try:
            await backend.incidents.commit(change)
        except ConflictError:
            return False
        return True

    await backend.incidents.commit(Change(incident_id=ID, incident=samples.incident(version=1)))
    async with asyncio.TaskGroup() as tasks:
        attempts = [tasks.create_task(attempt(number)) for number in range(64)]
    winners = [number for number, task in enumerate(attempts) if task.result()]
    assert len(winners) == 1
    entries = await backend.ledger.entries(ID)
    assert [entry.details["number"] for entry in entries] == winners
    seal.verify(ID, entries)


async def test_an_incident_is_found_by_the_channel_of_its_room(backend: Backend) -> None:
    await backend.incidents.commit(Change(incident_id=ID, incident=samples.incident(version=1)))
    assert await backend.incidents.by_channel(ChannelId("C1")) is None
    roomed = samples.incident(version=2, channel="C1")
    await backend.incidents.commit(Change(incident_id=ID, incident=roomed))
    assert await backend.incidents.by_channel(ChannelId("C1")) == roomed
    later = samples.incident(version=3, channel="C1")
    await backend.incidents.commit(Change(incident_id=ID, incident=later))
    assert await backend.incidents.by_channel(ChannelId("C1")) == later


async def test_recent_lists_the_newest_first(backend: Backend) -> None:
    for number, seconds in ((1, 10), (2, 30), (3, 20)):
        incident = samples.incident(number, seconds=seconds)
        await backend.incidents.commit(Change(incident_id=incident.incident_id, incident=incident))
    found = await backend.incidents.recent(open_only=False, limit=10)
    assert [incident.incident_id for incident in found] == [
        samples.incident_id(number) for number in (2, 3, 1)
    ]
    assert len(await backend.incidents.recent(open_only=False, limit=2)) == 2


@pytest.mark.parametrize("status", [IncidentStatus.RESOLVED, IncidentStatus.CANCELLED])
async def test_recent_leaves_closed_incidents_out_where_asked_to(
    backend: Backend, status: IncidentStatus
) -> None:
    await backend.incidents.commit(Change(incident_id=ID, incident=samples.incident(version=1)))
    closed = samples.incident(version=2).model_copy(update={"status": status})
    await backend.incidents.commit(Change(incident_id=ID, incident=closed))
    assert await backend.incidents.recent(open_only=True, limit=10) == []
    assert await backend.incidents.recent(open_only=False, limit=10) == [closed]


async def test_folding_marks_the_record_with_what_it_was_folded_into(backend: Backend) -> None:
    record = samples.record()
    await backend.intake.put(record)
    await backend.incidents.commit(
        Change(
            incident_id=ID,
            incident=samples.incident(),
            group=samples.group(),
            folding=Folding(event_id=record.event_id, status=IntakeStatus.FOLDED, incident_id=ID),
        )
    )
    found = await backend.intake.get(record.event_id)
    assert found is not None
    assert (found.status, found.incident_id) == (IntakeStatus.FOLDED, ID)
    assert await backend.intake.pending(received_before=samples.at(60), limit=10) == []


async def test_a_quarantined_record_can_be_folded(backend: Backend) -> None:
    record = samples.record(status=IntakeStatus.QUARANTINED)
    await backend.intake.put(record)
    folding = Folding(event_id=record.event_id, status=IntakeStatus.FOLDED, incident_id=None)
    await backend.incidents.commit(Change(incident_id=None, folding=folding))
    found = await backend.intake.get(record.event_id)
    assert found is not None
    assert found.status is IntakeStatus.FOLDED


@pytest.mark.parametrize("status", [IntakeStatus.FOLDED, IntakeStatus.DEAD, None])
async def test_a_record_that_is_not_waiting_cannot_be_folded(
    backend: Backend, status: IntakeStatus | None
) -> None:
    event_id = EventId("f" * 64)
    if status is not None:
        record = samples.record(status=status)
        event_id = (await backend.intake.put(record)).record.event_id
    folding = Folding(event_id=event_id, status=IntakeStatus.FOLDED, incident_id=ID)
    with pytest.raises(ConflictError):
        await backend.incidents.commit(
            Change(incident_id=ID, incident=samples.incident(), folding=folding)
        )
    assert await backend.incidents.get(ID) is None


async def test_of_64_concurrent_foldings_of_one_record_one_wins(backend: Backend) -> None:
    record = samples.record()
    await backend.intake.put(record)

    async def fold(number: int) -> bool:
        own = samples.incident(number)
        folding = Folding(
            event_id=record.event_id, status=IntakeStatus.FOLDED, incident_id=own.incident_id
        )
        try:
            await backend.incidents.commit(
                Change(incident_id=own.incident_id, incident=own, folding=folding)
            )
        except ConflictError:
            return False
        return True

    async with asyncio.TaskGroup() as tasks:
        foldings = [tasks.create_task(fold(number)) for number in range(64)]
    assert sum(folding.result() for folding in foldings) == 1
    assert len(await backend.incidents.recent(open_only=False, limit=100)) == 1


async def test_a_change_is_stored_whole_or_not_at_all(backend: Backend) -> None:
    lost = Change(
        incident_id=ID,
        incident=samples.incident(channel="C1"),
        group=samples.group(7),  # does not follow: there is none
        entries=(samples.entry(),),
        steps=(StepRecord(plan="assemble", step="room", state=StepState.STARTED),),
        plan=plan(),
    )
    with pytest.raises(ConflictError):
        await backend.incidents.commit(lost)
    assert await backend.incidents.get(ID) is None
    assert await backend.incidents.by_channel(ChannelId("C1")) is None
    assert await backend.ledger.entries(ID) == []
    assert await backend.incidents.journal(ID, "assemble") == {}
    assert await backend.incidents.plan(ID, "assemble") is None


async def test_a_failed_commit_does_not_touch_those_beside_it(backend: Backend) -> None:
    async def attempt(number: int) -> None:
        version = 1 if number % 2 else 9
        own = samples.incident(number, version=version)
        await backend.incidents.commit(Change(incident_id=own.incident_id, incident=own))

    outcomes = await asyncio.gather(
        *(attempt(number) for number in range(50)), return_exceptions=True
    )
    assert [isinstance(outcome, ConflictError) for outcome in outcomes] == [True, False] * 25
    found = await backend.incidents.recent(open_only=False, limit=100)
    assert {incident.incident_id for incident in found} == {
        samples.incident_id(number) for number in range(1, 50, 2)
    }


async def test_step_records_are_kept_by_plan_and_replaced_by_name(backend: Backend) -> None:
    started = StepRecord(
        plan="assemble", step="room", state=StepState.STARTED, attempts=1, started_at=samples.at(1)
    )
    done = started.model_copy(
        update={"state": StepState.DONE, "result": {"channel": "C1"}, "ended_at": samples.at(2)}
    )
    other = StepRecord(plan="resolve", step="room", state=StepState.WAITING)
    invite = StepRecord(plan="assemble", step="invite", state=StepState.WAITING)
    await backend.incidents.commit(Change(incident_id=ID, steps=(started, invite, other)))
    await backend.incidents.commit(Change(incident_id=ID, steps=(done,)))
    assert await backend.incidents.journal(ID, "assemble") == {"room": done, "invite": invite}
    assert await backend.incidents.journal(ID, "resolve") == {"room": other}
    assert await backend.incidents.journal(samples.incident_id(2), "assemble") == {}


async def test_a_plan_is_replaced_by_its_later_state(backend: Backend) -> None:
    opened = plan()
    await backend.incidents.commit(Change(incident_id=ID, plan=opened))
    assert await backend.incidents.plan(ID, "assemble") == opened
    done = opened.model_copy(update={"state": PlanState.DONE})
    await backend.incidents.commit(Change(incident_id=ID, plan=done))
    assert await backend.incidents.plan(ID, "assemble") == done


async def test_open_plans_are_found_oldest_first_once_they_are_due(backend: Backend) -> None:
    late = plan(number=1, opened=20)
    early = plan(number=2, opened=10)
    waiting = plan(number=3, opened=0).model_copy(update={"not_before": samples.at(100)})
    done = plan(number=4, opened=5).model_copy(update={"state": PlanState.DONE})
    dropped = plan(number=5, opened=5).model_copy(update={"state": PlanState.ABANDONED})
    for each in (late, early, waiting, done, dropped):
        await backend.incidents.commit(Change(incident_id=each.incident_id, plan=each))
    find = backend.incidents.open_plans
    assert await find(due_at=samples.at(99), limit=10) == [early, late]
    assert await find(due_at=samples.at(100), limit=10) == [waiting, early, late]
    assert await find(due_at=samples.at(100), limit=1) == [waiting]


async def test_a_commit_under_the_newest_lease_is_stored(backend: Backend) -> None:
    lease = await backend.leases.acquire(ID, owner="a", ttl=MINUTE)
    await backend.incidents.commit(
        Change(incident_id=ID, incident=samples.incident(), lease=lease)
    )
    assert await backend.incidents.get(ID) is not None


async def test_a_commit_under_a_lease_that_was_taken_anew_is_refused(backend: Backend) -> None:
    old = await backend.leases.acquire(ID, owner="a", ttl=MINUTE)
    await backend.leases.acquire(ID, owner="a", ttl=MINUTE)
    with pytest.raises(LeaseLostError):
        await backend.incidents.commit(
            Change(
                incident_id=ID, incident=samples.incident(), entries=(samples.entry(),), lease=old
            )
        )
    assert await backend.incidents.get(ID) is None
    assert await backend.ledger.entries(ID) == []


async def test_a_commit_under_a_lease_nobody_took_is_refused(backend: Backend) -> None:
    lease = Lease(name=ID, owner="a", fence=1)
    with pytest.raises(LeaseLostError):
        await backend.incidents.commit(
            Change(incident_id=ID, incident=samples.incident(), lease=lease)
        )


async def test_every_write_that_returned_is_seen_by_the_next_read(backend: Backend) -> None:
    for version in range(1, 40):
        await backend.incidents.commit(
            Change(incident_id=ID, incident=samples.incident(version=version, channel="C1"))
        )
        by_id, by_channel = await asyncio.gather(
            backend.incidents.get(ID), backend.incidents.by_channel(ChannelId("C1"))
        )
        assert by_id is not None
        assert by_id == by_channel
        assert by_id.version == version


def test_a_change_that_contradicts_itself_is_a_mistake() -> None:
    other = IncidentId("inc-00000000beef")
    contradictions: tuple[dict[str, Any], ...] = (
        {"incident_id": None, "entries": (samples.entry(),)},
        {"incident_id": other, "incident": samples.incident()},
        {"incident_id": other, "plan": plan()},
        {"incident_id": other, "lease": Lease(name=ID, owner="a", fence=1)},
    )
    for contradiction in contradictions:
        with pytest.raises(ValueError, match="cannot concern"):
            Change(**contradiction)
