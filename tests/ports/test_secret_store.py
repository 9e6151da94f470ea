from collections.abc import Awaitable, Callable

import pytest

from incident_response.domain.errors import NotFoundError
from tests.ports.backends import Backend

StoreSecret = Callable[[str, bytes, bytes | None], Awaitable[None]]


async def test_an_unknown_secret_is_not_found(backend: Backend) -> None:
    with pytest.raises(NotFoundError):
        await backend.secrets.read("webhook-key")


async def test_a_secret_is_read_by_its_name(backend: Backend, store_secret: StoreSecret) -> None:
    await store_secret("webhook-key", b"\x00one", None)
    await store_secret("other", b"two", None)
    found = await backend.secrets.read("webhook-key")
    assert found.current == b"\x00one"
    assert found.previous is None
    assert found.accepted == (b"\x00one",)


async def test_after_a_rotation_both_keys_are_accepted(
    backend: Backend, store_secret: StoreSecret
) -> None:
    await store_secret("webhook-key", b"new", b"old")
    assert (await backend.secrets.read("webhook-key")).accepted == (b"new", b"old")


async def test_a_new_key_has_a_new_version(backend: Backend, store_secret: StoreSecret) -> None:
    await store_secret("webhook-key", b"one", None)
    first = await backend.secrets.read("webhook-key")
    await store_secret("webhook-key", b"two", None)
    second = await backend.secrets.read("webhook-key")
    assert first.version != second.version
    assert second.current == b"two"


async def test_a_secret_does_not_show_in_a_repr(
    backend: Backend, store_secret: StoreSecret
) -> None:
    await store_secret("webhook-key", b"hidden-new", b"hidden-old")
    assert "hidden" not in repr(await backend.secrets.read("webhook-key"))
