from datetime import timedelta

import pytest

from incident_response.adapters.policy_yaml import shipped_policy
from incident_response.domain.errors import RefusedError, UnavailableError, WrongStateError
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind
from incident_response.domain.model import Json
from incident_response.events import EVENTS
from incident_response.ports.scheduler import SCHEDULED_AT
from incident_response.routing.event import Event, UndecodableEventError
from incident_response.workflows.aftercare import (
    AGAIN_AFTER,
    PULSE_FOLLOW_UP,
    ROOM_ARCHIVE_DUE,
    SLA_CHECK,
)
from tests.fakes.chat import Posted
from tests.fakes.clock import FakeClock
from tests.workflows.ends import asked, commanded, entries, kinds, now, resolve, said
from tests.workflows.house import ADA, BEN, CLEO, DEV, House, World, house


async def due(h: House, event: str, incident: Incident, *, run: int = 1) -> None:
    """The schedule fires: its event is handled as the queue would have it."""
    slot = h.world.clock.now().isoformat()
    body: Json = {"incident_id": incident.incident_id, "run": run, SCHEDULED_AT: slot}
    handler = next(e for e in EVENTS if e.type == event)
    await handler.handle(Event(type=event, body=body), h.workflows)


def direct(world: World, user: str) -> list[Posted]:
    """What we told somebody in a direct message."""
    found = [c for c in world.chat.channels.values() if c.channel_id == f"D{user}"]
    return found[0].posted if found else []


async def test_the_room_hears_that_it_is_archived_and_is_once() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        for _ in range(2):
            await due(h, ROOM_ARCHIVE_DUE, incident)
        assert world.room.is_archived
        last = said(world.room, "is being archived")
        assert len(last) == 1
        assert incident.code in last[0].message.text
        assert (await now(h, incident)).room_archived_at is not None
        assert (await kinds(h, incident)).count(EntryKind.ROOM_ARCHIVED) == 1


async def test_a_room_that_was_reopened_or_resolved_anew_since_is_not_archived() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        await h.workflows.lifecycle.reopen(
            incident.incident_id, reason="", asked=asked(h, key="reopen")
        )
        await due(h, ROOM_ARCHIVE_DUE, incident)
        assert not world.room.is_archived
        incident = await resolve(h, await now(h, incident))
        await due(h, ROOM_ARCHIVE_DUE, incident, run=1)
        assert not world.room.is_archived
        await due(h, ROOM_ARCHIVE_DUE, incident, run=2)
        assert world.room.is_archived


async def test_archiving_that_is_refused_is_told_and_not_tried_again() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        world.chat.fail("archive", RefusedError("no", reason="restricted_action"))
        await due(h, ROOM_ARCHIVE_DUE, incident)
        assert len(said(world.room, "could not archive this room: restricted action")) == 1
        assert not world.room.is_archived
        failed = [e for e in await entries(h, incident) if e.kind is EntryKind.STEP_FAILED]
        assert [e.details["step"] for e in failed] == ["archive"]
        name = f"archive-{incident.incident_id}"
        schedule = await world.backend.scheduler.get(name)
        assert schedule is not None  # the one that fired here by hand
        assert schedule.every is None


async def test_a_chat_that_is_down_when_the_room_is_due_is_asked_again_an_hour_later() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        world.chat.fail("archive", UnavailableError("slack is down"))
        before = world.clock.now()
        await due(h, ROOM_ARCHIVE_DUE, incident)
        schedule = await world.backend.scheduler.get(f"archive-{incident.incident_id}")
        assert schedule is not None
        assert before + AGAIN_AFTER <= schedule.first_at < before + 2 * AGAIN_AFTER
        assert not world.room.is_archived
        await due(h, ROOM_ARCHIVE_DUE, incident)
        assert world.room.is_archived


async def test_what_does_not_answer_for_a_week_is_left_to_the_operators() -> None:
    clock = FakeClock()
    world = World(clock=clock)
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        clock.advance(timedelta(days=15).total_seconds())
        world.chat.fail("archive", UnavailableError("slack is down"))
        with pytest.raises(UnavailableError):
            await due(h, ROOM_ARCHIVE_DUE, incident)


async def test_a_room_that_somebody_archived_by_hand_counts_as_archived() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        world.room.is_archived = True
        await due(h, ROOM_ARCHIVE_DUE, incident)
        assert (await now(h, incident)).room_archived_at is not None


async def test_a_room_that_people_unarchive_is_left_to_them() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        await due(h, ROOM_ARCHIVE_DUE, incident)
        world.room.is_archived = False
        await due(h, ROOM_ARCHIVE_DUE, incident)
        assert not world.room.is_archived


async def test_by_a_policy_that_says_never_nothing_is_archived() -> None:
    world = World()
    policy = shipped_policy().model_copy(update={"archive_after": None})
    async with house(world, policy=policy) as h:
        incident = await resolve(h, await commanded(h))
        name = f"archive-{incident.incident_id}"
        assert await world.backend.scheduler.get(name) is None
        told = said(world.room, "*Resolved* by")
        assert "never, by the policy" in str(told)


async def test_an_archived_room_is_bothered_with_nothing_that_happens_later() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        await due(h, ROOM_ARCHIVE_DUE, incident)
        await h.received(at=world.clock.now() - timedelta(seconds=1), state="resolved")
        await h.workflows.pulse.rate(incident.incident_id, 4, asked=asked(h, BEN))
        await h.workflows.board.redraw(incident.incident_id)
        assert (await now(h, incident)).ratings == {BEN: 4}


async def test_a_review_that_is_still_open_is_told_to_the_commander_and_the_manager_once() -> None:
    world = World()
    contacts = {**shipped_policy().contacts, "engineering_manager": "cleo@x.test"}
    policy = shipped_policy().model_copy(update={"contacts": contacts})
    async with house(world, policy=policy) as h:
        incident = await resolve(h, await commanded(h))
        for _ in range(2):
            await due(h, SLA_CHECK, incident)
        for user in (ADA, CLEO):
            assert len([p for p in direct(world, user) if "OPS-1" in p.message.text]) == 1
        assert not direct(world, BEN)
        overdue = [e for e in await entries(h, incident) if e.kind is EntryKind.REVIEW_OVERDUE]
        assert [e.details["told"] for e in overdue] == [[ADA, CLEO]]


async def test_a_review_that_is_done_bothers_nobody() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        assert incident.postmortem is not None
        world.tracker.finish(incident.postmortem.issue_id)
        await due(h, SLA_CHECK, incident)
        assert not direct(world, ADA)
        assert EntryKind.REVIEW_OVERDUE not in await kinds(h, incident)


async def test_a_tracker_that_is_down_at_the_deadline_is_asked_again_an_hour_later() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        world.tracker.break_down(UnavailableError("linear is down"))
        before = world.clock.now()
        await due(h, SLA_CHECK, incident)
        schedule = await world.backend.scheduler.get(f"review-{incident.incident_id}")
        assert schedule is not None
        assert schedule.first_at >= before + AGAIN_AFTER
        assert not direct(world, ADA)
        world.tracker.behaviour.recover()
        await due(h, SLA_CHECK, incident)
        assert len(direct(world, ADA)) == 1


async def test_an_issue_that_is_gone_is_told_as_such() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        world.tracker.issues.clear()
        await due(h, SLA_CHECK, incident)
        assert "no longer in the issue tracker" in direct(world, ADA)[0].message.text


async def test_a_review_that_nobody_could_be_told_of_is_told_in_the_room() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        world.chat.fail("direct", RefusedError("gone", reason="user_disabled"), times=9)
        await due(h, SLA_CHECK, incident)
        assert len(said(world.room, "is not reviewed")) == 1


async def test_what_was_reopened_is_not_reviewed_yet() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        await h.workflows.lifecycle.reopen(
            incident.incident_id, reason="", asked=asked(h, key="reopen")
        )
        await due(h, SLA_CHECK, incident)
        assert not direct(world, ADA)


async def test_the_commander_is_asked_once_how_it_went_if_nobody_has_said() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        for _ in range(2):
            await due(h, PULSE_FOLLOW_UP, incident)
        assert len(direct(world, ADA)) == 1
        assert "rate_5" in str(direct(world, ADA)[0].message.blocks)


async def test_where_somebody_has_rated_the_commander_is_left_alone() -> None:
    world = World()
    async with house(world) as h:
        incident = await resolve(h, await commanded(h))
        await h.workflows.pulse.rate(incident.incident_id, 5, asked=asked(h, DEV))
        await due(h, PULSE_FOLLOW_UP, incident)
        assert not direct(world, ADA)


async def test_ratings_count_once_a_person_and_can_be_changed() -> None:
    world = World()
    async with house(world) as h:
        incident = await commanded(h)
        rate = h.workflows.pulse.rate
        with pytest.raises(WrongStateError, match="not over"):
            await rate(incident.incident_id, 3, asked=asked(h))
        incident = await resolve(h, incident)
        for rating, user in ((2, ADA), (2, ADA), (4, ADA), (5, BEN)):
            await rate(incident.incident_id, rating, asked=asked(h, user))
        assert (await now(h, incident)).ratings == {ADA: 4, BEN: 5}
        assert (await kinds(h, incident)).count(EntryKind.PULSE_RATED) == 3
        assert "4.5 of 5 (2 ratings)" in str(said(world.room, "How did we respond"))
        world.chat.fail("update", RefusedError("gone", reason="message_not_found"))
        await rate(incident.incident_id, 1, asked=asked(h, DEV))
        assert (await now(h, incident)).ratings[DEV] == 1
        for wrong in (0, 6):
            with pytest.raises(RefusedError):
                await rate(incident.incident_id, wrong, asked=asked(h))


@pytest.mark.parametrize("event", [ROOM_ARCHIVE_DUE, SLA_CHECK, PULSE_FOLLOW_UP])
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"incident_id": "inc-0a1b2c3d4e5f", SCHEDULED_AT: "2026-03-02T10:00:00+00:00"},
        {"incident_id": "inc-0a1b2c3d4e5f", "run": True, SCHEDULED_AT: "2026-03-02T10:00:00Z"},
        {"incident_id": "inc-0a1b2c3d4e5f", "run": 1, SCHEDULED_AT: "soon"},
        {"run": 1, SCHEDULED_AT: "2026-03-02T10:00:00Z"},
    ],
)
async def test_an_event_that_does_not_say_what_is_due_is_no_event_of_ours(
    event: str, body: Json
) -> None:
    handler = next(e for e in EVENTS if e.type == event)
    async with house(World()) as h:
        with pytest.raises(UndecodableEventError):
            await handler.handle(Event(type=event, body=body), h.workflows)


@pytest.mark.parametrize("event", [ROOM_ARCHIVE_DUE, SLA_CHECK, PULSE_FOLLOW_UP])
async def test_what_is_due_for_an_incident_nobody_knows_is_nothing(event: str) -> None:
    world = World()
    async with house(world) as h:
        incident = await h.assembled()
        stranger = incident.model_copy(update={"incident_id": "inc-000000000000"})
        await due(h, event, stranger)
        await due(h, event, incident, run=0)
        assert not world.room.is_archived
