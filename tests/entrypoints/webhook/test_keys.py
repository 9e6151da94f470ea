import asyncio
from datetime import timedelta

import pytest

from incident_response.domain.errors import NotFoundError, UnavailableError
from incident_response.entrypoints.webhook.keys import KeyRing
from incident_response.ports.secret_store import SecretVersions
from incident_response.telemetry import blotted
from tests.fakes.clock import FakeClock
from tests.fakes.secrets import FakeSecretStore

OLD = SecretVersions("1", b"old")
NEW = SecretVersions("2", b"new", previous=b"old")
MINUTES = 60.0
HOURS = 3600.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store() -> FakeSecretStore:
    return FakeSecretStore(alerts=OLD)


@pytest.fixture
def ring(store: FakeSecretStore, clock: FakeClock) -> KeyRing:
    return KeyRing(store, clock)


async def test_a_secret_is_read_once_in_five_minutes(
    ring: KeyRing, store: FakeSecretStore, clock: FakeClock
) -> None:
    for _ in range(100):
        assert await ring.current("alerts") == OLD
    assert store.reads == 1
    clock.advance(5 * MINUTES)
    store.secrets["alerts"] = NEW
    assert await ring.current("alerts") == NEW
    assert store.reads == 2


async def test_many_that_need_it_first_share_one_read(
    ring: KeyRing, store: FakeSecretStore
) -> None:
    store.gate.clear()
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(ring.current("alerts")) for _ in range(50)]
        await asyncio.sleep(0)
        store.gate.set()
    assert {task.result() for task in waiting} == {OLD}
    assert store.reads == 1


async def test_stale_keys_serve_through_an_outage_of_a_day_and_no_longer(
    ring: KeyRing, store: FakeSecretStore, clock: FakeClock
) -> None:
    await ring.current("alerts")
    store.failure = UnavailableError()
    clock.advance(24 * HOURS - 1)
    assert await ring.current("alerts") == OLD
    clock.advance(1)
    with pytest.raises(UnavailableError):
        await ring.current("alerts")
    store.failure = None
    clock.advance(30)
    assert await ring.current("alerts") == OLD


async def test_a_failed_read_is_not_repeated_for_thirty_seconds(
    ring: KeyRing, store: FakeSecretStore, clock: FakeClock
) -> None:
    await ring.current("alerts")
    store.failure = UnavailableError()
    clock.advance(6 * MINUTES)
    for _ in range(100):
        await ring.current("alerts")
    assert store.reads == 2
    clock.advance(30)
    await ring.current("alerts")
    assert store.reads == 3


async def test_nobody_waits_for_a_renewal_that_another_is_making(
    ring: KeyRing, store: FakeSecretStore, clock: FakeClock
) -> None:
    await ring.current("alerts")
    clock.advance(6 * MINUTES)
    store.gate.clear()
    async with asyncio.TaskGroup() as tasks:
        renewing = tasks.create_task(ring.current("alerts"))
        await asyncio.sleep(0)
        assert await ring.current("alerts") == OLD
        assert not renewing.done()
        store.gate.set()


async def test_a_flood_of_mismatches_asks_once_in_thirty_seconds(
    ring: KeyRing, store: FakeSecretStore, clock: FakeClock
) -> None:
    known = await ring.current("alerts")
    for second in range(120):
        for _ in range(50):
            assert await ring.newer("alerts", than=known) is None
        clock.advance(1)
        assert store.reads <= 2 + second // 30
    assert store.reads == 5


async def test_a_mismatch_right_after_a_rotation_finds_the_new_key(
    ring: KeyRing, store: FakeSecretStore
) -> None:
    known = await ring.current("alerts")
    store.secrets["alerts"] = NEW
    found = await asyncio.gather(*(ring.newer("alerts", than=known) for _ in range(20)))
    assert set(found) == {NEW}
    assert store.reads == 2


async def test_a_store_that_fails_on_a_mismatch_leaves_what_is_known(
    ring: KeyRing, store: FakeSecretStore
) -> None:
    known = await ring.current("alerts")
    store.failure = UnavailableError()
    assert await ring.newer("alerts", than=known) is None
    assert await ring.current("alerts") == OLD


async def test_without_any_key_a_broken_store_is_tried_once_a_second(
    ring: KeyRing, store: FakeSecretStore, clock: FakeClock
) -> None:
    store.failure = UnavailableError()
    for _ in range(50):
        with pytest.raises(UnavailableError):
            await ring.probe("alerts")
    assert store.reads == 1
    clock.advance(1)
    store.failure = None
    await ring.probe("alerts")


async def test_a_store_that_hangs_counts_as_unavailable(
    ring: KeyRing, store: FakeSecretStore
) -> None:
    store.gate.clear()
    with pytest.raises(UnavailableError):
        await ring.current("alerts")


async def test_a_secret_that_is_not_there_is_said_so(ring: KeyRing) -> None:
    with pytest.raises(NotFoundError):
        await ring.current("nothing")


async def test_the_time_to_live_can_be_set(store: FakeSecretStore, clock: FakeClock) -> None:
    ring = KeyRing(store, clock, ttl=timedelta(seconds=1))
    await ring.current("alerts")
    clock.advance(1)
    await ring.current("alerts")
    assert store.reads == 2


async def test_keys_that_were_read_are_blotted_out_of_logs(
    ring: KeyRing, store: FakeSecretStore
) -> None:
    store.secrets["alerts"] = SecretVersions("3", b"the newest key", previous=b"the key before")
    await ring.current("alerts")
    assert blotted("the newest key and the key before") == "[secret] and [secret]"
