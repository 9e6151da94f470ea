"""A crash before and after every call to the chat and every write to the store, one at a time.

The world survives, the program is built anew over it, and a person looking at the room must see
one of everything. Each run dies at one exact place; there are as many runs as there are places.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from incident_response.domain.incident import Incident, IncidentStatus
from incident_response.domain.ledger import EntryKind
from incident_response.ports.incident_store import PlanState
from incident_response.workflows.fold_alerts import ASSEMBLE
from incident_response.workflows.roles import Asked
from tests.workflows.house import ADA, BEN, CLEO, House, World, eventually, house
from tests.workflows.passing import called, directly, entries, in_room


class Fuse:
    """Counts calls through every wrapped port, and burns at one of them."""

    def __init__(self, at: int, *, after: bool) -> None:
        self._at = at
        self._after = after
        self.count = 0
        self.burnt = asyncio.Event()

    async def call(self, do: Callable[[], Awaitable[Any]]) -> Any:
        if self.burnt.is_set():
            await asyncio.Event().wait()  # a dead process does nothing more
        self.count += 1
        is_here = self.count == self._at
        if is_here and not self._after:
            await self._burn()
        result = await do()
        if is_here and self._after:
            await self._burn()
        return result

    async def _burn(self) -> None:
        self.burnt.set()
        await asyncio.Event().wait()


class Fused:
    """A port of which every awaitable method passes the fuse."""

    def __init__(self, inner: object, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not asyncio.iscoroutinefunction(getattr(found, "__func__", found)):
            return found

        async def call(*args: object, **kwargs: object) -> object:
            return await self._fuse.call(lambda: found(*args, **kwargs))

        return call


class FusedBackend:
    """The embedded backend with its incident store behind the fuse."""

    def __init__(self, inner: object, fuse: Fuse) -> None:
        self._inner = inner
        self.incidents = Fused(inner.incidents, fuse)  # type: ignore[attr-defined]  # the backend's

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


async def first_life(world: World, fuse: Fuse) -> bool:
    """Run until the fuse burns or the room stands; whether it burnt."""
    backend = world.backend
    world.backend = FusedBackend(backend, fuse)  # type: ignore[assignment]  # behaves as one
    try:
        async with house(world, chat=Fused(world.chat, fuse)) as h:
            burnt = asyncio.ensure_future(fuse.burnt.wait())  # noqa: TID251 - raced below
            living = asyncio.ensure_future(h.assembled(at=world.began))  # noqa: TID251
            await asyncio.wait({burnt, living}, return_when=asyncio.FIRST_COMPLETED)
            for task in (burnt, living):
                task.cancel()
            await asyncio.gather(burnt, living, return_exceptions=True)
    finally:
        world.backend = backend
    return fuse.burnt.is_set()


async def second_life(world: World) -> Incident:
    """The next process: the alert is delivered again, for nobody had settled it."""
    await world.backend.claim_processor()
    async with house(world) as h:
        incident = await h.alert(at=world.began)
        assert incident is not None

        async def has_ended() -> bool:
            plan = await h.workflows.store.plan(incident.incident_id, ASSEMBLE)
            return plan is not None and plan.state is PlanState.DONE

        await eventually(has_ended, within=20)
        found = await h.workflows.store.get(incident.incident_id)
        assert found is not None
        return found


async def check(world: World, incident: Incident, where: str) -> None:
    assert len(world.chat.rooms()) == 1, where
    room = world.room
    assert set(room.members) >= {ADA, BEN, CLEO}, where
    keys = world.keys(room.name)
    assert len(keys) == len(set(keys)) == 3, (where, keys)
    assert len(world.keys("incidents")) == 1, where
    assert len(room.pins) == 1, where
    assert len(room.bookmarks) == 1, where
    assert incident.status is IncidentStatus.ASSEMBLED, where
    assert "boom happened" in world.facts(), where
    entries = await world.backend.ledger.entries(incident.incident_id)
    world.backend.seal.verify(incident.incident_id, entries)


async def test_a_crash_at_any_call_leaves_one_room_and_the_next_process_finishes_it() -> None:
    whole = World()
    fuse = Fuse(0, after=False)
    assert not await first_life(whole, fuse)
    places = fuse.count
    await whole.backend.close()
    assert places > 40
    for at in range(1, places + 1):
        for after in (False, True):
            world = World()
            where = f"crash {'after' if after else 'before'} call {at}"
            if await first_life(world, Fuse(at, after=after)):
                await check(world, await second_life(world), where)
            await world.backend.close()


async def called_until_burnt(world: World, fuse: Fuse, incident: Incident) -> bool:
    """Call the next level by hand until the fuse burns or everybody is called."""
    backend = world.backend
    world.backend = FusedBackend(backend, fuse)  # type: ignore[assignment]  # behaves as one
    try:
        async with house(world, chat=Fused(world.chat, fuse)) as h:
            burnt = asyncio.ensure_future(fuse.burnt.wait())  # noqa: TID251 - raced below
            calling = asyncio.ensure_future(call_next(h, incident))  # noqa: TID251
            await asyncio.wait({burnt, calling}, return_when=asyncio.FIRST_COMPLETED)
            for task in (burnt, calling):
                task.cancel()
            await asyncio.gather(burnt, calling, return_exceptions=True)
    finally:
        world.backend = backend
    return fuse.burnt.is_set()


async def call_next(h: House, incident: Incident) -> None:
    asked = Asked(by=BEN, at=h.world.began, key="click")
    await h.workflows.escalation.escalate(incident.incident_id, reason="help", asked=asked)
    await called(h, incident)


async def test_a_crash_anywhere_in_a_call_calls_everybody_and_tells_the_room_once() -> None:
    async def one_life(at: int, *, after: bool) -> tuple[World, Incident, bool, int]:
        world, fuse = World(), Fuse(at, after=after)
        async with house(world) as h:
            incident = await h.assembled(at=world.began)
        is_burnt = await called_until_burnt(world, fuse, incident)
        return world, incident, is_burnt, fuse.count

    world, _, _, places = await one_life(0, after=False)
    await world.backend.close()
    assert places > 10
    for at in range(1, places + 1):
        for after in (False, True):
            world, incident, is_burnt, _ = await one_life(at, after=after)
            where = f"crash {'after' if after else 'before'} call {at}"
            if is_burnt:
                await world.backend.claim_processor()
                async with house(world) as h:
                    await call_next(h, incident)
                    (entry,) = await entries(h, incident, EntryKind.ESCALATED)
                    assert entry.details["to"] == [ADA], where
                    assert 1 <= len(directly(h, ADA)) <= 2, where
                    assert 1 <= len(world.pager.pages) <= 2, where
                    assert sum("L2 is called" in t for t in in_room(h)) == 1, where
            await world.backend.close()
