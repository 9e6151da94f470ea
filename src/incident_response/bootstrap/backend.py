"""Opens the durable backend that the settings name. Not here: what is kept in it."""

import structlog

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.adapters.embedded.ledger_file import LedgerFile
from incident_response.domain.errors import InvalidConfigurationError, NotFoundError
from incident_response.ports.clock import Clock
from incident_response.settings import Settings

FILE_NAME = "incident-response.db"
INCIDENT_QUEUE = "incident-events"

log = structlog.get_logger(__name__)


def open_backend(settings: Settings, clock: Clock) -> EmbeddedBackend:
    """The backend, to be closed by the caller.

    Raises ``InvalidConfigurationError`` or ``UnavailableError`` if the file cannot be used.
    """
    try:
        settings.state_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        where, why = settings.state_dir, error.strerror
        raise InvalidConfigurationError(
            f"STATE_DIR: no folder can be at {where}: {why}"
        ) from error
    return EmbeddedBackend.open(
        settings.state_dir / FILE_NAME, clock=clock, seal_key=_ledger_key(settings)
    )


def open_ledgers(settings: Settings) -> LedgerFile:
    """Only the ledgers, for reading, beside whoever is at work on them; closed by the caller.

    Raises ``InvalidConfigurationError`` or ``UnavailableError`` if there are none to be read.
    """
    return LedgerFile.open(settings.state_dir / FILE_NAME, seal_key=_ledger_key(settings))


def _ledger_key(settings: Settings) -> bytes | None:
    return settings.ledger_key.get_secret_value().encode() if settings.ledger_key else None


async def keep_secret(backend: EmbeddedBackend, name: str, value: str) -> None:
    """Have ``value`` as the secret's current version; the one before it stays valid beside it."""
    wanted = value.encode()
    try:
        versions = await backend.secrets.read(name)
    except NotFoundError:
        await backend.secrets.put(name, wanted)
        return
    if versions.current != wanted:
        await backend.secrets.rotate(name, wanted)
        log.info("secret rotated", name=name)
