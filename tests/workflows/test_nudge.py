from datetime import timedelta

from incident_response.domain.ledger import EntryKind
from incident_response.domain.roles import Role
from incident_response.workflows.nudge import CADENCE
from incident_response.workflows.roles import Asked
from tests.workflows.house import ADA, House, World, house


async def commanded(h: House) -> None:
    incident = await h.assembled(at=h.world.began)
    asked = Asked(by=ADA, at=h.world.began, key="k")
    await h.workflows.roles.assign(incident.incident_id, Role.COMMANDER, to=ADA, asked=asked)


async def sent(h: House) -> int:
    incident = (await h.workflows.store.recent(open_only=False, limit=1))[0]
    entries = await h.world.backend.ledger.entries(incident.incident_id)
    return sum(entry.kind is EntryKind.NUDGE_SENT for entry in entries)


async def test_the_commander_alone_is_reminded_once_a_slot() -> None:
    world = World()
    async with house(world) as h:
        await commanded(h)
        incident = (await h.workflows.store.recent(open_only=True, limit=1))[0]
        slot = world.clock.now()
        before = len(world.room.posted)
        for _ in range(2):
            await h.workflows.nudges.due(incident.incident_id, slot)
        assert await sent(h) == 1
        new = world.room.posted[before:]
        assert [p.private_to for p in new] == [ADA]


async def test_while_nobody_commands_the_room_is_reminded() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.assembled(at=world.began)
        before = len(world.room.posted)
        await h.workflows.nudges.due(incident.incident_id, world.clock.now())
        assert [p.private_to for p in world.room.posted[before:]] == [None]


async def test_a_fresh_update_a_late_slot_and_an_unknown_incident_remind_nobody() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.assembled(at=world.began)
        now = world.clock.now()
        await h.workflows.nudges.due(incident.incident_id, now - timedelta(minutes=21))
        await h.workflows.nudges.updated(incident.incident_id, now)
        await h.workflows.nudges.due(incident.incident_id, now + CADENCE / 2)
        assert await sent(h) == 0


async def test_a_conversation_counts_as_one_update() -> None:
    world = World()
    async with house(world) as h:
        incident = await h.assembled(at=world.began)
        at = world.clock.now()
        await h.workflows.nudges.updated(incident.incident_id, at)
        await h.workflows.nudges.updated(incident.incident_id, at + timedelta(seconds=30))
        found = await h.workflows.store.get(incident.incident_id)
        assert found is not None
        assert found.last_update_at == at
