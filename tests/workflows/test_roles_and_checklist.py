import asyncio

import pytest

from incident_response.domain.errors import NotAllowedError, NotFoundError
from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.ledger import EntryKind
from incident_response.domain.model import UserId
from incident_response.domain.roles import Role
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.roles import Asked
from tests.workflows.house import ADA, BEN, DEV, GUEST, House, World, house


def asked(h: House, by: UserId, key: str = "click") -> Asked:
    return Asked(by=by, at=h.world.began, key=key)


async def kinds(h: House, incident: Incident) -> list[EntryKind]:
    entries = await h.world.backend.ledger.entries(incident.incident_id)
    return [entry.kind for entry in entries]


async def test_taking_command_shows_everywhere_and_tells_the_commander_their_duty() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.assembled()
        changed = await h.workflows.roles.assign(
            incident.incident_id, Role.COMMANDER, to=DEV, asked=asked(h, DEV)
        )
        assert changed.commander == DEV
        assert DEV in world.room.members
        assert f"<@{DEV}>" in world.facts()
        proposal = world.chat.message(incident.messages["proposal"])
        assert f"<@{DEV}> is in command" in str(proposal.blocks)
        announcement = world.chat.message(incident.messages["announcement"])
        assert f"<@{DEV}>" in str(announcement.blocks)
        private = [p for p in world.room.posted if p.private_to == DEV]
        assert "You decide and coordinate" in private[-1].message.text
        assert EntryKind.ROLE_ASSIGNED in await kinds(h, incident)


async def test_the_room_is_told_once_though_the_click_is_worked_off_twice() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.assembled()
        for _ in range(2):
            await h.workflows.roles.assign(
                incident.incident_id, Role.SCRIBE, to=BEN, asked=asked(h, ADA)
            )
        told = [p.message.text for p in world.room.posted if p.key == "click"]
        assert len(told) == 1
        assert "Scribe" in told[0]
        assert (await kinds(h, incident)).count(EntryKind.ROLE_ASSIGNED) == 1


async def test_two_who_take_command_at_once_end_with_one_and_both_in_the_ledger() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.assembled()
        await asyncio.gather(
            *(
                h.workflows.roles.assign(
                    incident.incident_id, Role.COMMANDER, to=user, asked=asked(h, user, user)
                )
                for user in (ADA, BEN, DEV)
            )
        )
        found = await h.workflows.store.get(incident.incident_id)
        assert found is not None
        assert found.commander in (ADA, BEN, DEV)
        assert (await kinds(h, incident)).count(EntryKind.ROLE_ASSIGNED) == 3


@pytest.mark.parametrize("who", [GUEST, UserId("U0NOBODY")])
async def test_who_cannot_respond_takes_no_role(who: UserId) -> None:
    world = World()
    async with house(world) as h:
        incident = await h.assembled()
        with pytest.raises(NotAllowedError):
            await h.workflows.roles.assign(
                incident.incident_id, Role.COMMANDER, to=who, asked=asked(h, who)
            )
        assert EntryKind.ROLE_ASSIGNED not in await kinds(h, incident)


async def test_a_closed_incident_gives_no_roles() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.assembled()
        closed = {"status": IncidentStatus.RESOLVED, "resolved_at": world.clock.now()}
        await change_incident(
            h.workflows.store,
            incident.incident_id,
            lambda now: Decision(now.model_copy(update=closed), ()),
        )
        with pytest.raises(NotAllowedError):
            await h.workflows.roles.assign(
                incident.incident_id, Role.COMMANDER, to=ADA, asked=asked(h, ADA)
            )


async def test_two_people_tick_different_items_at_once_and_both_count() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.assembled()
        await asyncio.gather(
            h.workflows.checklist.tick(incident.incident_id, {"severity_assessed": True}, by=ADA),
            h.workflows.checklist.tick(incident.incident_id, {"mitigated": True}, by=BEN),
        )
        found = await h.workflows.store.get(incident.incident_id)
        assert found is not None
        ticked = {item.key: item.checked_by for item in found.checklist if item.is_checked}
        assert ticked == {"severity_assessed": ADA, "mitigated": BEN}
        drawn = str(world.chat.message(incident.messages["checklist"]).blocks)
        assert "2 of 11" in drawn


async def test_ticking_again_keeps_who_did_it_first_and_unticking_is_told() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.assembled()
        for by in (ADA, BEN):
            await h.workflows.checklist.tick(incident.incident_id, {"mitigated": True}, by=by)
        found = await h.workflows.store.get(incident.incident_id)
        assert found is not None
        assert [i.checked_by for i in found.checklist if i.is_checked] == [ADA]
        await h.workflows.checklist.tick(incident.incident_id, {"mitigated": False}, by=BEN)
        assert (await kinds(h, incident))[-2:] == [
            EntryKind.CHECKLIST_CHECKED,
            EntryKind.CHECKLIST_UNCHECKED,
        ]


async def test_an_item_that_is_not_on_the_list_is_refused() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.assembled()
        with pytest.raises(NotFoundError):
            await h.workflows.checklist.tick(incident.incident_id, {"tea": True}, by=ADA)
