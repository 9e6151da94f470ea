from datetime import timedelta

import pytest

from incident_response.domain.alert import AlertState
from incident_response.domain.errors import NameTakenError, UnavailableError
from incident_response.domain.incident import IncidentStatus
from incident_response.domain.ledger import EntryKind
from incident_response.domain.people import Origin, Person, Roster
from incident_response.domain.severity import Severity
from incident_response.ports.incident_store import PlanState, StepState
from incident_response.workflows.fold_alerts import ASSEMBLE
from tests.fakes.behaviour import Behaviour
from tests.workflows.house import (
    ADA,
    BEN,
    CLEO,
    GUEST,
    World,
    alert,
    eventually,
    house,
    person,
)


async def test_a_room_stands_with_people_facts_checklist_and_announcement() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.assembled()
    room = world.room
    assert incident.status is IncidentStatus.ASSEMBLED
    assert room.name == incident.room_name()
    assert set(room.members) >= {ADA, BEN, CLEO}
    assert world.chat.calls.count("invite") == 1
    facts = world.facts()
    for told in ("Nobody can pay", "14 %", "boom happened", "POST /pay", "Raise timeout"):
        assert told in facts
    checklist = incident.messages["checklist"]
    assert room.pins == [checklist.ts]
    assert "0 of 11" in str(world.chat.message(checklist).blocks)
    assert "P1" in room.topic
    assert room.bookmarks == [("Runbook (wiki.x.test)", "https://wiki.x.test/pay")]
    assert world.keys("incidents") == [f"{incident.incident_id}:assemble:announce"]
    assert incident.proposed_commander == ADA
    schedule = await world.backend.scheduler.get(f"nudge-{incident.incident_id}")
    assert schedule is not None
    assert schedule.first_at == incident.created_at + timedelta(minutes=15)


async def test_nothing_that_need_not_wait_waits_for_the_room() -> None:
    world = World()
    world.chat.hang("create_room")
    async with house(world) as h:
        await h.alert()
        for source in (
            world.on_call.behaviour,
            world.directory.behaviour,
            world.telemetry.metrics,
            world.telemetry.logs,
            world.telemetry.traces,
            world.code_host.behaviour,
        ):
            await source.called()


def behaviours(world: World) -> dict[str, tuple[Behaviour, str]]:
    return {
        "resolve_on_call": (world.on_call.behaviour, "On-call people"),
        "resolve_directory": (world.directory.behaviour, "Team directory"),
        "fetch_metrics": (world.telemetry.metrics, "Metrics"),
        "fetch_logs": (world.telemetry.logs, "Error logs"),
        "fetch_traces": (world.telemetry.traces, "Traces"),
        "fetch_changes": (world.code_host.behaviour, "Recent commits"),
    }


@pytest.mark.parametrize("step", behaviours(World()))
async def test_a_source_that_fails_costs_its_own_row_and_a_retry_mends_it(step: str) -> None:
    world = World()
    behaviour, label = behaviours(world)[step]
    behaviour.fail_with(UnavailableError("the vendor is asleep"))
    async with house(world) as h:
        incident = await h.assembled()
        assert incident.status is IncidentStatus.ASSEMBLED
        assert f"{label}: the vendor is asleep" in world.facts()
        posted = [p.key for p in world.room.posted]

        behaviour.recover()
        await h.workflows.runner.ask_again(incident.incident_id, ASSEMBLE, step=step, actor=ADA)
        incident = await h.settled(incident)
        await h.workflows.board.redraw(incident.incident_id)
    assert f"{label}: " not in world.facts()
    assert [p.key for p in world.room.posted] == posted, "no message twice"
    assert set(world.room.members) >= {ADA, BEN, CLEO}
    entries = await world.backend.ledger.entries(incident.incident_id)
    kinds = [entry.kind for entry in entries]
    assert EntryKind.STEP_FAILED in kinds
    assert EntryKind.STEP_RETRIED in kinds


async def test_with_every_source_dead_the_room_stands_and_nobody_is_made_up() -> None:
    world = World()
    for behaviour, _ in behaviours(world).values():
        behaviour.fail_with(UnavailableError("down"))
    async with house(world) as h:
        incident = await h.assembled()
    assert incident.responders == ()
    assert incident.proposed_commander is None
    proposal = world.chat.message(incident.messages["proposal"])
    assert "Nobody on call could be found" in proposal.text
    for _, label in behaviours(world).values():
        assert f"{label}: down" in world.facts()


async def test_sources_that_have_nothing_are_no_failure_and_no_zero() -> None:
    world = World()
    for behaviour, _ in behaviours(world).values():
        behaviour.return_nothing()
    async with house(world) as h:
        await h.assembled()
    facts = world.facts()
    assert "Retry" not in facts
    assert "0 %" not in facts


async def test_guests_bots_and_strangers_are_listed_and_not_invited() -> None:
    world = World()
    people = (
        *(person(name) for name in ("Guest", "Gone", "Robot", "Nobody", "Ben")),
        Person(name="Ghost", origin=Origin.ON_CALL),
    )
    world.on_call.rosters = {"payments": Roster(people=people)}
    async with house(world) as h:
        incident = await h.assembled()
    assert GUEST not in world.room.members
    assert incident.proposed_commander == BEN
    for name in ("Guest", "Gone", "Robot", "Nobody", "Ghost"):
        assert f"{name}: " in world.facts()


async def test_a_slow_directory_holds_up_nobody_on_call_and_its_people_come_later() -> None:
    world = World()
    world.directory.behaviour.hang()
    async with house(world) as h:
        incident = await h.alert()
        assert incident is not None

        async def on_call_is_in() -> bool:
            return bool(world.chat.rooms()) and ADA in world.room.members

        await eventually(on_call_is_in)
        assert CLEO not in world.room.members
        world.directory.behaviour.recover()
        await h.settled(incident)
    assert CLEO in world.room.members
    assert world.chat.calls.count("invite") == 2


async def test_a_name_taken_by_a_stranger_is_left_to_them() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.alert()
        assert incident is not None
        await h.settled(incident)
        name = incident.room_name()
    again = World()
    again.chat.add_channel(name, is_private=True)
    again.chat.add_channel(f"{name}-2", is_private=True, is_archived=True)
    again.clock = world.clock
    async with house(again) as h:
        second = await h.assembled(at=incident.started_at)
    assert second.room is not None
    assert again.room.name == second.room.name
    assert second.room.name not in (name, f"{name}-2")


async def test_when_every_name_is_taken_the_announcement_says_so_and_its_retry_works() -> None:
    world = World()
    world.chat.fail("create_room", NameTakenError(), times=5)
    async with house(world) as h:
        incident = await h.alert()
        assert incident is not None
        await h.settled(incident)
        plan = await h.workflows.store.plan(incident.incident_id, ASSEMBLE)
        assert plan is not None
        assert plan.state is PlanState.ABANDONED
        told = world.chat.channel("incidents").posted
        assert "No room could be made" in told[0].message.text
        await h.workflows.runner.ask_again(
            incident.incident_id, ASSEMBLE, step="create_room", actor=ADA
        )
        incident = await h.settled(incident)
    assert incident.status is IncidentStatus.ASSEMBLED
    assert len(told) == 1
    assert "No room could be made" not in told[0].message.text


@pytest.mark.parametrize(
    "method", ["create_room", "post", "invite", "pin", "set_topic", "bookmark"]
)
@pytest.mark.parametrize("times", [1, 2])
async def test_an_answer_that_is_lost_makes_nothing_twice(method: str, times: int) -> None:
    world = World()
    world.chat.lose_answer(method, times=times)
    async with house(world) as h:
        incident = await h.assembled()
    assert len(world.chat.rooms()) == 1
    keys = world.keys(world.room.name)
    assert len(keys) == len(set(keys)) == 3
    assert len(world.keys("incidents")) == 1
    assert set(world.room.members) >= {ADA, BEN, CLEO}
    assert incident.status is IncidentStatus.ASSEMBLED


async def test_p4_is_recorded_and_opens_no_room() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.alert(severity=Severity.P4)
        assert incident is not None
        assert await h.workflows.store.plan(incident.incident_id, ASSEMBLE) is None
    assert world.chat.rooms() == []
    assert incident.status is IncidentStatus.OPEN


async def test_a_refire_within_half_an_hour_is_the_same_room_and_told_there_once() -> None:
    world = World()
    start = world.clock.now() - timedelta(hours=2)
    async with house(world) as h:
        first = await h.assembled(at=start)
        for minutes, state in ((5, AlertState.RESOLVED), (20, AlertState.FIRING)):
            accepted = await h.intake.accept(
                alert(world, at=start + timedelta(minutes=minutes), state=state), raw=b""
            )
            incident_id = await h.workflows.folder.fold(accepted.event_id)
            assert incident_id == first.incident_id
            for _ in range(2):  # a redelivery tells nothing again
                await h.workflows.notices.tell(first.incident_id, accepted.event_id)
    texts = [p.message.text for p in world.room.posted if ":ledger:" in p.key]
    assert len(texts) == 2
    assert "stopped firing" in texts[0]
    assert "firing again" in texts[1]


async def test_a_refire_after_half_an_hour_is_a_linked_new_incident() -> None:
    world = World()
    start = world.clock.now() - timedelta(hours=3)
    async with house(world) as h:
        first = await h.assembled(at=start)
        await h.alert(at=start + timedelta(minutes=5), state=AlertState.RESOLVED)
        second = await h.assembled(at=start + timedelta(minutes=36))
    assert second.incident_id != first.incident_id
    assert second.previous_incident_id == first.incident_id
    assert len(world.chat.rooms()) == 2


async def test_steps_that_were_given_up_are_counted_in_the_journal() -> None:
    world = World()
    world.telemetry.logs.fail_with(UnavailableError("down"))
    async with house(world) as h:
        incident = await h.assembled()
        journal = await h.workflows.store.journal(incident.incident_id, ASSEMBLE)
    failed = {name for name, record in journal.items() if record.state is StepState.FAILED}
    assert failed == {"fetch_logs"}
