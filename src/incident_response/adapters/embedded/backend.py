"""All embedded ports over one database, opened and closed together.

Not here: any port's own work.
"""

import secrets
import sqlite3
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from incident_response.adapters.embedded import secret_store
from incident_response.adapters.embedded.connections import open_reader, open_writer
from incident_response.adapters.embedded.database import Database
from incident_response.adapters.embedded.event_queue import EmbeddedEventQueue
from incident_response.adapters.embedded.intake import EmbeddedIntake
from incident_response.adapters.embedded.ledger_file import LEDGER_KEY
from incident_response.adapters.embedded.processor_lock import ProcessorLock
from incident_response.adapters.embedded.secret_store import EmbeddedSecretStore
from incident_response.adapters.wakeups import Wakeups
from incident_response.domain.errors import UnavailableError
from incident_response.domain.ledger import Seal
from incident_response.ports.clock import Clock

if TYPE_CHECKING:
    from incident_response.adapters.embedded.inbox import EmbeddedInbox
    from incident_response.adapters.embedded.incident_store import EmbeddedIncidentStore
    from incident_response.adapters.embedded.lease import EmbeddedLeaseStore
    from incident_response.adapters.embedded.ledger import EmbeddedLedger
    from incident_response.adapters.embedded.processing import Processing
    from incident_response.adapters.embedded.scheduler import EmbeddedScheduler

logger = structlog.get_logger(__name__)


class EmbeddedBackend:
    """The durable ports on one file, or in memory."""

    def __init__(
        self, database: Database, *, clock: Clock, seal: Seal, lock: ProcessorLock | None
    ) -> None:
        self._database = database
        self._clock = clock
        self._lock = lock
        self._wakeups = Wakeups(clock)
        self._queues: dict[str, EmbeddedEventQueue] = {}
        self.seal = seal
        """Seals new entries; checks what the ledger reads."""
        self.intake = EmbeddedIntake(database)
        self.secrets = EmbeddedSecretStore(database)

    @classmethod
    def open(
        cls, path: Path | None, *, clock: Clock, seal_key: bytes | None = None
    ) -> "EmbeddedBackend":
        """Open or create the file at ``path``; None keeps everything in memory until ``close``.

        Without ``seal_key`` (at least 16 bytes) the ledger is sealed with the secret
        ``ledger-key``, made at the first opening. Blocks for some milliseconds. Raises
        ``InvalidConfigurationError`` if the file cannot be ours, ``UnavailableError`` if it cannot
        be read now.
        """
        writer = open_writer(path)
        try:
            seal = Seal(seal_key or _ledger_key(writer))
            reader = None if path is None else open_reader(path)
        except BaseException:
            writer.close()
            raise
        lock = None if path is None else ProcessorLock(path)
        return cls(Database(writer, reader), clock=clock, seal=seal, lock=lock)

    @cached_property
    def _processing(self) -> "Processing":
        """Imported when one of its ports is first asked for: the webhook, which has to be quick to
        start, never does.
        """
        from incident_response.adapters.embedded.processing import (  # noqa: PLC0415 - as above
            Processing,
        )

        return Processing.over(self._database, self.seal, clock=self._clock, wakeups=self._wakeups)

    @property
    def incidents(self) -> "EmbeddedIncidentStore":
        return self._processing.incidents

    @property
    def ledger(self) -> "EmbeddedLedger":
        return self._processing.ledger

    @property
    def leases(self) -> "EmbeddedLeaseStore":
        return self._processing.leases

    @property
    def scheduler(self) -> "EmbeddedScheduler":
        return self._processing.scheduler

    @property
    def inbox(self) -> "EmbeddedInbox":
        return self._processing.inbox

    @property
    def transactions(self) -> int:
        """Transactions tried so far: how many requests share one shows how busy the writer is."""
        return self._database.transactions

    def queue(self, name: str) -> EmbeddedEventQueue:
        """The queue of this name; there is one for every name."""
        if name not in self._queues:
            self._queues[name] = EmbeddedEventQueue(
                name, self._database, clock=self._clock, wakeups=self._wakeups
            )
        return self._queues[name]

    async def claim_processor(self) -> None:
        """Become the one processor on this file, until ``close`` or the end of the process.

        Every lease, message in flight and claimed envelope is then a dead process's: all are free
        at once, and the dead one's fences are void. Raises ``InvalidConfigurationError`` if
        another processor is running on the file.
        """
        if self._lock is not None:
            self._lock.take()
        freed = await self._processing.free_all()
        self._wakeups.notify_all()
        logger.info("processor claimed", **freed)

    async def work(self) -> None:
        """Fire schedules until cancelled."""
        await self.scheduler.run()

    async def ping(self) -> None:
        """An empty transaction: raises ``UnavailableError`` if nothing can be written now."""
        await self._database.write(lambda _connection: None)

    async def close(self) -> None:
        """Finish what was asked for, then let go of the file. Again: nothing happens."""
        await self._database.close()
        if self._lock is not None:
            self._lock.drop()


def _ledger_key(connection: sqlite3.Connection) -> bytes:
    try:
        return secret_store.ensure(connection, LEDGER_KEY, secrets.token_bytes(32)).current
    except sqlite3.Error as error:
        raise UnavailableError(f"the ledger key cannot be read: {error}") from error
