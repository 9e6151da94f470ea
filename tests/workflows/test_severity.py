"""A severity that moves takes everything with it that depends on it."""

import asyncio
from datetime import timedelta

import pytest

from incident_response.adapters.policy_yaml import shipped_policy
from incident_response.domain.errors import NotAllowedError
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.ledger import EntryKind
from incident_response.domain.response import Impact
from incident_response.domain.severity import Severity
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.roles import Asked
from tests.fakes.clock import LeapClock
from tests.workflows.house import ADA, BEN, DEV, House, World, eventually, house
from tests.workflows.passing import called, entries, in_room, now_of, passes

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
P0, P1, P2, P4 = Severity.P0, Severity.P1, Severity.P2, Severity.P4


async def alerted(h: House, **changes: object) -> Incident:
    return await h.assembled(**({"at": h.world.clock.now()} | changes))


async def move(
    h: House, incident: Incident, to: Severity, *, key: str = "click", reason: str = ""
) -> Incident:
    asked = Asked(by=ADA, at=h.world.clock.now(), key=key)
    return await h.workflows.severity.change(incident.incident_id, to, reason=reason, asked=asked)


async def test_the_room_the_topic_the_facts_and_the_announcement_say_the_new_severity() -> None:
    world = World()
    async with house(world) as h:
        incident = await alerted(h, severity=P2)
        for _ in range(2):
            await move(h, incident, P0, reason="the whole region is gone")
        assert "P0" in world.room.topic
        assert "P0 Critical: complete outage" in world.facts()
        announcement = world.chat.message(incident.messages["announcement"])
        assert "P0" in announcement.text
        told = [p.message.text for p in world.room.posted if p.key == "click"]
        assert len(told) == 1
        assert "P2 → P0" in told[0]
        assert "Reason: the whole region is gone" in told[0]
        assert "L2 is called at" in told[0]
        (entry,) = await entries(h, incident, EntryKind.SEVERITY_CHANGED)
        assert entry.actor == ADA
        assert {"from": "P2", "to": "P0", "reason": "the whole region is gone"}.items() <= (
            entry.details.items()
        )


async def test_raising_counts_the_ladder_anew_and_asks_for_a_new_acknowledgement() -> None:
    world = World(clock=LeapClock())
    async with house(world) as h:
        incident = await alerted(h, severity=P2)
        asked = Asked(by=BEN, at=world.clock.now(), key="ack")
        await h.workflows.escalation.acknowledge(incident.incident_id, asked=asked)
        await passes(h, 3 * HOUR)
        await move(h, incident, P0)
        assert not (await now_of(h, incident)).escalation.is_acknowledged
        await passes(h, 14 * MINUTE)
        assert (await now_of(h, incident)).escalation.calls == ()
        await passes(h, 2 * MINUTE)
        assert (await called(h, incident)).escalation.calls[0].levels == ("L2",)


async def test_lowering_keeps_the_room_and_the_acknowledgement() -> None:
    world = World(clock=LeapClock())
    async with house(world) as h:
        incident = await alerted(h, severity=P0)
        asked = Asked(by=BEN, at=world.clock.now(), key="ack")
        await h.workflows.escalation.acknowledge(incident.incident_id, asked=asked)
        lowered = await move(h, incident, P4)
        assert lowered.room == incident.room
        assert not world.room.is_archived
        assert lowered.escalation.acknowledged_by == BEN
        await passes(h, 30 * HOUR)
        assert await entries(h, incident, EntryKind.ESCALATED) == []


async def test_lowering_an_unanswered_one_waits_as_long_as_the_new_ladder_says() -> None:
    world = World(clock=LeapClock())
    async with house(world) as h:
        incident = await alerted(h, severity=P0)
        await move(h, incident, P2)
        await passes(h, 119 * MINUTE)
        assert (await now_of(h, incident)).escalation.calls == ()
        await passes(h, 2 * MINUTE)
        assert len((await called(h, incident)).escalation.calls) == 1


async def test_raising_a_mere_record_has_its_room_assembled_with_whoever_raised_it() -> None:
    world = World()
    async with house(world) as h:
        record = await h.alert(severity=P4)
        assert record is not None
        asked = Asked(by=DEV, at=world.clock.now(), key="click")
        await h.workflows.severity.change(record.incident_id, P1, reason="", asked=asked)
        incident = await h.settled(record)
        assert incident.status is IncidentStatus.ASSEMBLED
        assert {ADA, DEV} <= set(world.room.members)
        name = f"escalate-{record.incident_id}"
        assert await world.backend.scheduler.get(name) is not None


async def test_a_record_that_stays_a_record_gets_no_reminder_and_no_ladder() -> None:
    world = World()
    shipped = shipped_policy()
    quiet = shipped.of(P4).model_copy(update={"meaning": "For the record too"})
    policy = shipped.model_copy(update={"severities": {**shipped.severities, Severity.P3: quiet}})
    async with house(world, policy=policy) as h:
        record = await h.alert(severity=P4)
        assert record is not None
        changed = await move(h, record, Severity.P3)
        assert (changed.severity, changed.room) == (Severity.P3, None)
        assert await h.workflows.store.plan(record.incident_id, "assemble") is None
        for name in ("nudge", "escalate"):
            found = await world.backend.scheduler.get(f"{name}-{record.incident_id}")
            assert found is None


async def test_the_same_severity_again_changes_and_tells_nothing() -> None:
    world = World()
    async with house(world) as h:
        incident = await alerted(h)
        before = len(world.room.posted)
        await move(h, incident, P1)
        assert len(world.room.posted) == before
        assert await entries(h, incident, EntryKind.SEVERITY_CHANGED) == []


async def test_a_closed_incident_keeps_its_severity() -> None:
    world = World()
    async with house(world) as h:
        incident = await alerted(h)
        await change_incident(
            h.workflows.store,
            incident.incident_id,
            lambda now: Decision(now.model_copy(update={"status": IncidentStatus.RESOLVED}), ()),
        )
        with pytest.raises(NotAllowedError, match="closed"):
            await move(h, incident, P0)


async def test_why_an_alert_has_its_severity_stands_in_the_ledger() -> None:
    world = World()
    async with house(world) as h:
        incident = await alerted(h, severity=None)
        (entry,) = await entries(h, incident, EntryKind.INCIDENT_OPENED)
        assert entry.details["severity"] == "P1"
        assert "neither a rule nor the alert says" in str(entry.details["why"])


@pytest.mark.parametrize("impact", Impact)
async def test_an_impact_calls_the_next_people_once_and_security_makes_it_a_p0(
    impact: Impact,
) -> None:
    world = World()
    async with house(world) as h:
        incident = await alerted(h, severity=P2)
        for key in ("click", "click", "another click"):
            asked = Asked(by=ADA, at=world.clock.now(), key=key)
            await h.workflows.impact.raise_(incident.incident_id, impact, asked=asked)
        incident = await called(h, incident)
        assert incident.impacts == (impact,)
        assert incident.severity is (P0 if impact is Impact.SECURITY else P2)
        (call,) = incident.escalation.calls
        assert call.by == ADA
        assert any(call.why in text and "L2 is called" in text for text in in_room(h))
        (entry,) = await entries(h, incident, EntryKind.IMPACT_RAISED)
        assert (entry.actor, entry.details["impact"]) == (ADA, impact.value)


async def test_an_impact_raised_just_before_a_crash_still_calls_people_afterwards() -> None:
    world = World()
    asked = Asked(by=ADA, at=world.clock.now(), key="click")
    async with house(world) as h:
        incident = await alerted(h, severity=P2)
        before = world.chat.calls.count("set_topic")
        world.chat.hang("set_topic")

        async def is_noted() -> bool:
            return world.chat.calls.count("set_topic") > before

        async with asyncio.TaskGroup() as tasks:
            raising = tasks.create_task(
                h.workflows.impact.raise_(incident.incident_id, Impact.SECURITY, asked=asked)
            )
            await eventually(is_noted)
            raising.cancel()
        assert (await now_of(h, incident)).escalation.calls == ()
    async with house(world) as h:
        await h.workflows.impact.raise_(incident.incident_id, Impact.SECURITY, asked=asked)
        incident = await called(h, incident)
        assert incident.severity is P0
        assert len(incident.escalation.calls) == 1


async def test_an_impact_where_nobody_can_be_called_is_refused_and_not_noted() -> None:
    world = World()
    async with house(world) as h:
        record = await h.alert(severity=P4)
        assert record is not None
        asked = Asked(by=ADA, at=world.clock.now(), key="click")
        raise_ = h.workflows.impact.raise_
        with pytest.raises(NotAllowedError, match="raise the severity"):
            await raise_(record.incident_id, Impact.REVENUE, asked=asked)
        assert (await now_of(h, record)).impacts == ()
        raised = await raise_(record.incident_id, Impact.SECURITY, asked=asked)
        assert raised.severity is P0
        assert (await h.settled(record)).room is not None
