from collections.abc import AsyncIterator

import pytest

from incident_response.adapters.embedded.connections import open_writer
from incident_response.adapters.embedded.database import Database
from incident_response.adapters.embedded.secret_store import EmbeddedSecretStore
from incident_response.domain.errors import NotFoundError


@pytest.fixture
async def secrets() -> AsyncIterator[EmbeddedSecretStore]:
    database = Database(open_writer(None), None)
    yield EmbeddedSecretStore(database)
    await database.close()


async def test_ensuring_keeps_the_secret_that_is_there(secrets: EmbeddedSecretStore) -> None:
    first = await secrets.ensure("key", b"one")
    assert first.current == b"one"
    assert await secrets.ensure("key", b"two") == first
    assert await secrets.read("key") == first


async def test_a_rotation_keeps_the_key_before_valid(secrets: EmbeddedSecretStore) -> None:
    await secrets.put("key", b"one")
    assert (await secrets.rotate("key", b"two")).accepted == (b"two", b"one")
    assert (await secrets.rotate("key", b"three")).accepted == (b"three", b"two")


async def test_a_put_ends_every_key_before(secrets: EmbeddedSecretStore) -> None:
    await secrets.put("key", b"one")
    await secrets.rotate("key", b"two")
    assert (await secrets.put("key", b"three")).accepted == (b"three",)


async def test_every_change_has_a_version_of_its_own(secrets: EmbeddedSecretStore) -> None:
    changes = [
        await secrets.put("key", b"one"),
        await secrets.rotate("key", b"two"),
        await secrets.put("key", b"three"),
    ]
    assert len({change.version for change in changes}) == 3


async def test_what_is_not_there_cannot_be_rotated(secrets: EmbeddedSecretStore) -> None:
    with pytest.raises(NotFoundError):
        await secrets.rotate("key", b"one")
    with pytest.raises(NotFoundError):
        await secrets.read("key")
