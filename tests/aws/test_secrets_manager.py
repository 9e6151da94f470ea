"""How the keys in Secrets Manager are read, and remembered by those who need them."""

import asyncio

import pytest

from incident_response.domain.errors import NotFoundError, RefusedError, UnavailableError
from incident_response.entrypoints.webhook.keys import KeyRing
from tests.aws.between import Between, Refusal
from tests.aws.harness import AwsPorts
from tests.fakes.clock import FakeClock

KEY = "webhook-key"
FIVE_MINUTES = 300.0
HOUR = 3600.0


async def test_the_value_of_a_version_crosses_the_wire_once(
    ports: AwsPorts, wire: Between
) -> None:
    await ports.store_secret(KEY, b"one", None)
    for _ in range(3):
        assert (await ports.secrets.read(KEY)).current == b"one"
    assert len(wire.of("GetSecretValue")) == 1
    await ports.store_secret(KEY, b"two", None)
    assert (await ports.secrets.read(KEY)).accepted == (b"two", b"one")
    assert len(wire.of("GetSecretValue")) == 2


async def test_a_key_that_is_text_is_read_as_its_bytes(ports: AwsPorts) -> None:
    await ports.clients.secrets.create_secret(Name=f"{ports.own}/{KEY}", SecretString="naïve")
    assert (await ports.secrets.read(KEY)).current == "naïve".encode()


async def test_a_rotation_that_is_pending_is_not_in_force(ports: AwsPorts) -> None:
    await ports.store_secret(KEY, b"one", None)
    secrets, name = ports.clients.secrets, f"{ports.own}/{KEY}"
    pending = await secrets.put_secret_value(
        SecretId=name, SecretBinary=b"two", VersionStages=["AWSPENDING"]
    )
    before = await ports.secrets.read(KEY)
    assert before.accepted == (b"one",)
    await secrets.update_secret_version_stage(
        SecretId=name,
        VersionStage="AWSCURRENT",
        MoveToVersionId=pending["VersionId"],
        RemoveFromVersionId=before.version,
    )
    assert (await ports.secrets.read(KEY)).accepted == (b"two", b"one")


async def test_a_secret_without_a_value_and_one_that_is_deleted_are_not_there(
    ports: AwsPorts,
) -> None:
    secrets, name = ports.clients.secrets, f"{ports.own}/{KEY}"
    await secrets.create_secret(Name=name)
    with pytest.raises(NotFoundError):
        await ports.secrets.read(KEY)
    await secrets.put_secret_value(SecretId=name, SecretBinary=b"one")
    assert (await ports.secrets.read(KEY)).accepted == (b"one",)
    await secrets.delete_secret(SecretId=name)
    with pytest.raises(NotFoundError):
        await ports.secrets.read(KEY)


async def test_who_may_not_read_it_is_told_so(ports: AwsPorts, wire: Between) -> None:
    wire.answer("DescribeSecret", Refusal("AccessDeniedException"))
    with pytest.raises(RefusedError, match=f"reading the secret {KEY}: AccessDenied"):
        await ports.secrets.read(KEY)


async def test_many_alerts_at_once_read_the_keys_once(ports: AwsPorts, wire: Between) -> None:
    await ports.store_secret(KEY, b"one", None)
    ring = KeyRing(ports.secrets, FakeClock())
    async with asyncio.TaskGroup() as tasks:
        for _ in range(50):
            tasks.create_task(ring.current(KEY))
    assert len(wire.of("DescribeSecret")) == 1


async def test_known_keys_are_served_through_an_outage_and_the_rotation_is_seen_after_it(
    ports: AwsPorts, wire: Between
) -> None:
    clock = FakeClock()
    ring = KeyRing(ports.secrets, clock)
    with pytest.raises(NotFoundError):
        await ring.current(KEY)
    await ports.store_secret(KEY, b"one", None)
    clock.advance(FIVE_MINUTES)
    known = await ring.current(KEY)
    await ports.store_secret(KEY, b"two", None)
    wire.is_down = True
    clock.advance(23 * HOUR)
    assert await ring.current(KEY) == known
    clock.advance(HOUR)
    with pytest.raises(UnavailableError):
        await ring.current(KEY)
    wire.is_down = False
    clock.advance(FIVE_MINUTES)
    assert (await ring.current(KEY)).accepted == (b"two", b"one")
