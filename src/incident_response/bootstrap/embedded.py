"""The embedded backend as the settings say: one file in ``STATE_DIR``.

Not here: what another backend needs (aws), what is kept in it.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.adapters.embedded.ledger_file import LedgerFile
from incident_response.adapters.embedded.secret_store import EmbeddedSecretStore
from incident_response.bootstrap.backend import Ingress, key_secret, keys_set, ledger_key
from incident_response.domain.errors import InvalidConfigurationError, NotFoundError
from incident_response.domain.queues import QUEUES
from incident_response.ports.clock import Clock
from incident_response.ports.event_queue import EventQueue
from incident_response.settings import Settings

FILE_NAME = "incident-response.db"

log = structlog.get_logger(__name__)


@asynccontextmanager
async def open_backend(settings: Settings, clock: Clock) -> AsyncIterator[EmbeddedBackend]:
    """All of it; the file is made if there is none."""
    try:
        settings.state_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        where, why = settings.state_dir, error.strerror
        raise InvalidConfigurationError(
            f"STATE_DIR: no folder can be at {where}: {why}"
        ) from error
    file = settings.state_dir / FILE_NAME
    backend = EmbeddedBackend.open(file, clock=clock, seal_key=ledger_key(settings))
    try:
        yield backend
    finally:
        await backend.close()


open_ingress = open_backend


@asynccontextmanager
async def open_both(
    settings: Settings, clock: Clock
) -> AsyncIterator[tuple[EmbeddedBackend, EmbeddedBackend]]:
    """One for both: what one stores, the other sees at once."""
    async with open_backend(settings, clock) as backend:
        yield backend, backend


@asynccontextmanager
async def open_records(settings: Settings, clock: Clock) -> AsyncIterator[EmbeddedBackend]:
    """What is in the file, if there is one."""
    _require_file(settings)
    async with open_backend(settings, clock) as backend:
        yield backend


@asynccontextmanager
async def open_ledgers(settings: Settings) -> AsyncIterator[LedgerFile]:
    """Only the ledgers; without ``LEDGER_KEY`` the file's own key checks them."""
    file = LedgerFile.open(settings.state_dir / FILE_NAME, seal_key=ledger_key(settings))
    try:
        yield file
    finally:
        await file.close()


@asynccontextmanager
async def open_queues(settings: Settings, clock: Clock) -> AsyncIterator[Mapping[str, EventQueue]]:
    """Those in the file, if there is one."""
    async with open_records(settings, clock) as backend:
        yield {name: backend.queue(name) for name in QUEUES}


async def keyed_sources(settings: Settings, ingress: Ingress) -> list[str]:
    """Those whose key is set; it is kept in the file, where the one before it stays valid."""
    keys = keys_set(settings)
    for name, key in keys.items():
        assert isinstance(ingress.secrets, EmbeddedSecretStore), "opened here"
        await _keep_secret(ingress.secrets, key_secret(name), key.get_secret_value())
    return list(keys)


async def _keep_secret(store: EmbeddedSecretStore, name: str, value: str) -> None:
    wanted = value.encode()
    try:
        versions = await store.read(name)
    except NotFoundError:
        await store.put(name, wanted)
        return
    if versions.current != wanted:
        await store.rotate(name, wanted)
        log.info("secret rotated", name=name)


def _require_file(settings: Settings) -> None:
    file = settings.state_dir / FILE_NAME
    if not file.exists():
        raise InvalidConfigurationError(f"there is no store at {file}: set STATE_DIR")
