import asyncio
from datetime import timedelta

import pytest

from incident_response.domain.errors import NotFoundError, RefusedError
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.ledger import EntryKind
from incident_response.domain.model import IncidentId
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.roles import Asked
from tests.workflows.house import BEN, House, World, house


def asked(h: House, key: str = "typed") -> Asked:
    return Asked(by=BEN, at=h.world.began, key=key)


async def told(h: House, incident: Incident) -> list[str]:
    rows = await h.workflows.timeline.rows(incident.incident_id)
    return [row.text(str) for row in rows]


async def kinds(h: House, incident: Incident) -> list[EntryKind]:
    entries = await h.world.backend.ledger.entries(incident.incident_id)
    return [entry.kind for entry in entries]


async def test_an_event_is_put_where_it_happened_and_the_ledger_keeps_its_order() -> None:
    async with house(World()) as h:
        incident = await h.assembled()
        before = await told(h, incident)
        at = h.world.began - timedelta(hours=1)
        await h.workflows.timeline.add(
            incident.incident_id, " The disk\nwas full ", at, asked=asked(h)
        )
        after = await told(h, incident)
        entries = await h.world.backend.ledger.entries(incident.incident_id)
    assert after == ["The disk was full (added by U0BEN)", *before]
    assert entries[-1].kind is EntryKind.TIMELINE_ADDED
    assert entries[-1].actor == BEN
    h.world.backend.seal.verify(incident.incident_id, entries)


async def test_what_is_worked_off_twice_is_added_once() -> None:
    async with house(World()) as h:
        incident = await h.assembled()
        for _ in range(2):
            await h.workflows.timeline.add(
                incident.incident_id, "Restarted", h.world.began, asked=asked(h)
            )
        await h.workflows.timeline.add(
            incident.incident_id, "Restarted", h.world.began, asked=asked(h, "again")
        )
        assert (await kinds(h, incident)).count(EntryKind.TIMELINE_ADDED) == 2


async def test_a_moved_event_stands_elsewhere_and_its_entry_stays_as_it_was() -> None:
    async with house(World()) as h:
        incident = await h.assembled()
        rows = await h.workflows.timeline.rows(incident.incident_id)
        last = rows[-1]
        entries = await h.world.backend.ledger.entries(incident.incident_id)
        at = h.world.began - timedelta(minutes=30)
        for _ in range(2):
            await h.workflows.timeline.move(incident.incident_id, last.seq, at, asked=asked(h))
        moved = await h.workflows.timeline.rows(incident.incident_id)
        now = await h.world.backend.ledger.entries(incident.incident_id)
    assert (moved[0].seq, moved[0].at, moved[0].is_moved) == (last.seq, at, True)
    assert now[: len(entries)] == entries
    assert [e.kind for e in now[len(entries) :]] == [EntryKind.TIMELINE_MOVED]


async def test_events_can_be_added_after_the_end_and_by_several_at_once() -> None:
    async with house(World()) as h:
        incident = await h.assembled()
        closed = {"status": IncidentStatus.RESOLVED, "resolved_at": h.world.clock.now()}
        await change_incident(
            h.workflows.store,
            incident.incident_id,
            lambda now: Decision(now.model_copy(update=closed), ()),
        )
        await asyncio.gather(
            *(
                h.workflows.timeline.add(
                    incident.incident_id, f"Event {n}", h.world.began, asked=asked(h, f"key{n}")
                )
                for n in range(5)
            )
        )
        text = "\n".join(await told(h, incident))
    assert all(f"Event {n}" in text for n in range(5))


async def test_what_cannot_be_meant_is_refused_and_nothing_is_written() -> None:
    async with house(World()) as h:
        incident = await h.assembled()
        before = await kinds(h, incident)
        timeline, now = h.workflows.timeline, h.world.clock.now()
        later, long_ago = now + timedelta(minutes=5), now - timedelta(days=400)
        with pytest.raises(RefusedError, match="say what happened"):
            await timeline.add(incident.incident_id, " \u200b\n", now, asked=asked(h))
        with pytest.raises(RefusedError, match="has not come yet"):
            await timeline.add(incident.incident_id, "x", later, asked=asked(h))
        with pytest.raises(RefusedError, match="more than a year before"):
            await timeline.move(incident.incident_id, 1, long_ago, asked=asked(h))
        with pytest.raises(NotFoundError, match="no event 999"):
            await timeline.move(incident.incident_id, 999, now, asked=asked(h))
        with pytest.raises(NotFoundError, match="no incident inc-nothing"):
            await timeline.add(IncidentId("inc-nothing"), "x", now, asked=asked(h))
        posted = next(
            e.seq
            for e in await h.world.backend.ledger.entries(incident.incident_id)
            if e.kind is EntryKind.MESSAGE_POSTED
        )
        with pytest.raises(NotFoundError, match=f"no event {posted}"):
            await timeline.move(incident.incident_id, posted, now, asked=asked(h))
        assert await kinds(h, incident) == before
