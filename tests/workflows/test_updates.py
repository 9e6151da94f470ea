"""Updates of a running house: posted once, recorded once, and what depends on them."""

from datetime import timedelta

import pytest

from incident_response.blocks.update import LONGEST
from incident_response.domain.errors import NotAllowedError, RefusedError, WrongStateError
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind
from incident_response.domain.model import UserId
from tests.fakes.clock import LeapClock
from tests.workflows.ends import asked, commanded, resolve, said
from tests.workflows.house import ADA, BEN, DEV, GUEST, House, World, house
from tests.workflows.passing import entries, now_of, passes

TEXT = "We roll back the deployment.\nNext in 20 minutes."


async def post(
    h: House, incident: Incident, text: str = TEXT, *, by: UserId = ADA, key: str = "update"
) -> Incident:
    return await h.workflows.updates.post(incident.incident_id, text, asked=asked(h, by, key))


async def test_an_update_is_posted_and_recorded_once_however_often_it_is_worked_off() -> None:
    async with house(World()) as h:
        incident = await commanded(h)
        asking = asked(h, BEN, "update")
        for _ in range(2):
            found = await h.workflows.updates.post(incident.incident_id, TEXT, asked=asking)
        (posted,) = said(h.world.room, "We roll back")
        assert posted.message.blocks[1]["text"] == {
            "type": "plain_text",
            "text": TEXT,
            "emoji": False,
        }
        (entry,) = await entries(h, incident, EntryKind.UPDATE_POSTED)
        assert (entry.actor, entry.details["text"], entry.at) == (BEN, TEXT, asking.at)
        assert found.last_update_at == asking.at


async def test_a_lost_answer_of_the_chat_posts_nothing_twice() -> None:
    async with house(World()) as h:
        incident = await commanded(h)
        asking = asked(h, key="update")
        h.world.chat.lose_answer("post")
        with pytest.raises(Exception, match="no answer"):
            await h.workflows.updates.post(incident.incident_id, TEXT, asked=asking)
        assert await entries(h, incident, EntryKind.UPDATE_POSTED) == []
        await h.workflows.updates.post(incident.incident_id, TEXT, asked=asking)
        assert len(said(h.world.room, "We roll back")) == 1
        assert len(await entries(h, incident, EntryKind.UPDATE_POSTED)) == 1


async def test_an_update_that_the_chat_refuses_is_not_recorded_and_resets_nothing() -> None:
    async with house(World()) as h:
        incident = await commanded(h)
        h.world.chat.fail("post", RefusedError("no", reason="restricted_action"))
        with pytest.raises(RefusedError):
            await post(h, incident)
        assert await entries(h, incident, EntryKind.UPDATE_POSTED) == []
        assert (await now_of(h, incident)).last_update_at is None


async def test_an_update_resets_the_timer_to_the_minute() -> None:
    async with house(World(clock=LeapClock())) as h:
        incident = await commanded(h)
        await passes(h, timedelta(minutes=15))
        await passes(h, timedelta(minutes=5))
        updated = await post(h, incident)
        due = h.workflows.nudges.next_at(updated)
        assert updated.last_update_at is not None
        assert due == updated.last_update_at + timedelta(minutes=15)
        schedule = await h.world.backend.scheduler.get(f"nudge-{incident.incident_id}")
        assert schedule is not None
        assert schedule.first_at == due


async def test_whoever_is_in_the_room_may_and_others_and_guests_may_not() -> None:
    async with house(World()) as h:
        incident = await commanded(h)
        for by in (DEV, GUEST):
            with pytest.raises(NotAllowedError):
                await post(h, incident, by=by, key=f"by {by}")
        assert said(h.world.room, "We roll back") == []
        h.world.room.members.append(DEV)  # came in by themselves
        await post(h, incident, by=DEV, key="now in the room")
        assert len(said(h.world.room, "We roll back")) == 1


async def test_one_that_is_too_long_or_comes_after_the_end_is_refused_with_why() -> None:
    async with house(World()) as h:
        incident = await commanded(h)
        with pytest.raises(RefusedError, match="2500 characters"):
            await post(h, incident, "x" * (LONGEST + 1))
        await resolve(h, incident)
        with pytest.raises(WrongStateError, match="over"):
            await post(h, incident)
        assert await entries(h, incident, EntryKind.UPDATE_POSTED) == []


async def test_the_next_draft_and_the_end_know_what_was_said() -> None:
    async with house(World()) as h:
        incident = await post(h, await commanded(h), "Errors are falling since the rollback")
        drafted = await h.workflows.drafting.status_message(incident)
        assert drafted.is_template
        summary = await h.workflows.resolver.suggested_summary(incident.incident_id)
        assert summary == "Errors are falling since the rollback"
        rows = await h.workflows.timeline.rows(incident.incident_id)
        assert any("Errors are falling" in row.text(str) for row in rows)
