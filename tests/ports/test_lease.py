import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from incident_response.domain.errors import LeaseLostError
from tests.ports.backends import Backend

TTL = timedelta(seconds=10)
PassTime = Callable[[float], Awaitable[None]]


async def test_a_free_lease_is_taken(backend: Backend) -> None:
    lease = await backend.leases.acquire("inc-1", owner="a", ttl=TTL)
    assert lease is not None
    assert (lease.name, lease.owner) == ("inc-1", "a")


async def test_a_lease_that_another_holds_is_not_given(backend: Backend) -> None:
    await backend.leases.acquire("inc-1", owner="a", ttl=TTL)
    assert await backend.leases.acquire("inc-1", owner="b", ttl=TTL) is None


async def test_names_do_not_stand_in_each_others_way(backend: Backend) -> None:
    await backend.leases.acquire("inc-1", owner="a", ttl=TTL)
    assert await backend.leases.acquire("inc-2", owner="b", ttl=TTL) is not None


async def test_every_taking_has_a_higher_fence(backend: Backend, pass_time: PassTime) -> None:
    first = await backend.leases.acquire("inc-1", owner="a", ttl=TTL)
    anew = await backend.leases.acquire("inc-1", owner="a", ttl=TTL)
    assert first is not None
    assert anew is not None
    await backend.leases.release(anew)
    released = await backend.leases.acquire("inc-1", owner="b", ttl=TTL)
    assert released is not None
    await pass_time(11)
    expired = await backend.leases.acquire("inc-1", owner="c", ttl=TTL)
    assert expired is not None
    fences = [first.fence, anew.fence, released.fence, expired.fence]
    assert fences == sorted(set(fences))


async def test_a_lease_ends_by_itself(backend: Backend, pass_time: PassTime) -> None:
    await backend.leases.acquire("inc-1", owner="a", ttl=TTL)
    await pass_time(9)
    assert await backend.leases.acquire("inc-1", owner="b", ttl=TTL) is None
    await pass_time(1)
    assert await backend.leases.acquire("inc-1", owner="b", ttl=TTL) is not None


async def test_a_renewed_lease_is_held_from_then_on(backend: Backend, pass_time: PassTime) -> None:
    lease = await backend.leases.acquire("inc-1", owner="a", ttl=TTL)
    assert lease is not None
    await pass_time(8)
    await backend.leases.renew(lease, ttl=TTL)
    await pass_time(8)
    assert await backend.leases.acquire("inc-1", owner="b", ttl=TTL) is None


async def test_an_ended_lease_nobody_took_can_be_renewed(
    backend: Backend, pass_time: PassTime
) -> None:
    lease = await backend.leases.acquire("inc-1", owner="a", ttl=TTL)
    assert lease is not None
    await pass_time(20)
    await backend.leases.renew(lease, ttl=TTL)
    assert await backend.leases.acquire("inc-1", owner="b", ttl=TTL) is None


async def test_a_lease_that_was_taken_over_cannot_be_renewed(
    backend: Backend, pass_time: PassTime
) -> None:
    lease = await backend.leases.acquire("inc-1", owner="a", ttl=TTL)
    assert lease is not None
    await pass_time(11)
    await backend.leases.acquire("inc-1", owner="b", ttl=TTL)
    with pytest.raises(LeaseLostError):
        await backend.leases.renew(lease, ttl=TTL)


async def test_an_older_taking_of_the_same_owner_cannot_be_renewed(backend: Backend) -> None:
    old = await backend.leases.acquire("inc-1", owner="a", ttl=TTL)
    assert old is not None
    await backend.leases.acquire("inc-1", owner="a", ttl=TTL)
    with pytest.raises(LeaseLostError):
        await backend.leases.renew(old, ttl=TTL)


async def test_a_released_lease_is_free_at_once(backend: Backend) -> None:
    lease = await backend.leases.acquire("inc-1", owner="a", ttl=TTL)
    assert lease is not None
    await backend.leases.release(lease)
    assert await backend.leases.acquire("inc-1", owner="b", ttl=TTL) is not None


async def test_letting_go_of_a_lost_lease_does_not_free_it(
    backend: Backend, pass_time: PassTime
) -> None:
    lost = await backend.leases.acquire("inc-1", owner="a", ttl=TTL)
    assert lost is not None
    await pass_time(11)
    held = await backend.leases.acquire("inc-1", owner="b", ttl=TTL)
    assert held is not None
    await backend.leases.release(lost)
    assert await backend.leases.acquire("inc-1", owner="c", ttl=TTL) is None
    await backend.leases.renew(held, ttl=TTL)


async def test_of_64_owners_one_gets_the_lease(backend: Backend) -> None:
    async with asyncio.TaskGroup() as tasks:
        takings = [
            tasks.create_task(backend.leases.acquire("inc-1", owner=f"o{n}", ttl=TTL))
            for n in range(64)
        ]
    assert sum(taking.result() is not None for taking in takings) == 1
