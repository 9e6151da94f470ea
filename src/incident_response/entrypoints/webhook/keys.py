"""The keys in force, remembered: no request waits for the secret store if it need not.

Not here: what a key signs (``alert_sources.authentication``), where it is kept
(``ports.secret_store``).
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from incident_response.domain.errors import IncidentResponseError, UnavailableError
from incident_response.ports.clock import Clock
from incident_response.ports.secret_store import SecretStore, SecretVersions
from incident_response.telemetry import conceal

READ_SECONDS = 1.0
"""Longest wait for the secret store; an alert has three seconds in all."""
FIRST_PAUSE = 1.0
"""Seconds between tries while no key is known at all."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Slot:
    """What is known of one secret; times on the monotonic clock."""

    versions: SecretVersions | None = None
    read_at: float = 0.0
    failed_at: float | None = None
    """When an attempt to read it last failed."""
    asked_at: float | None = None
    """When it was last read anew because a signature did not match."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class KeyRing:
    """Reads each secret once in ``ttl``.

    Keys are served up to ``stale_for`` while the secret store does not answer. A signature that
    does not match makes it look for newer keys, at most once in ``refresh_every``, however many
    there are. One request reads, the others wait for it or go on with what there is.
    """

    def __init__(
        self,
        store: SecretStore,
        clock: Clock,
        *,
        ttl: timedelta = timedelta(minutes=5),
        stale_for: timedelta = timedelta(hours=24),
        refresh_every: timedelta = timedelta(seconds=30),
    ) -> None:
        self._store = store
        self._clock = clock
        self._ttl = ttl.total_seconds()
        self._stale_for = stale_for.total_seconds()
        self._refresh_every = refresh_every.total_seconds()
        self._slots: dict[str, _Slot] = {}

    async def current(self, name: str) -> SecretVersions:
        """The keys to check with.

        Raises ``UnavailableError`` or ``NotFoundError`` if none are known and none can be read.
        """
        slot = self._slots.setdefault(name, _Slot())
        if slot.versions is None:
            return await self._first(name, slot)
        age = self._clock.monotonic() - slot.read_at
        if age >= self._ttl and self._may_try(slot):
            async with slot.lock:
                await self._renew(name, slot)
        if age >= self._stale_for and self._clock.monotonic() - slot.read_at >= self._stale_for:
            raise UnavailableError("the keys are too old, and newer ones cannot be read")
        return slot.versions

    async def newer(self, name: str, *, than: SecretVersions) -> SecretVersions | None:
        """Keys of another version than those that did not match; None if there are none now."""
        slot = self._slots.setdefault(name, _Slot())
        async with slot.lock:
            if slot.versions == than and self._may_ask(slot):
                slot.asked_at = self._clock.monotonic()
                await self._renew(name, slot)
        return slot.versions if slot.versions != than else None

    async def probe(self, name: str) -> None:
        """Raises as ``current`` does: what a readiness probe asks."""
        await self.current(name)

    async def _first(self, name: str, slot: _Slot) -> SecretVersions:
        async with slot.lock:
            if slot.versions is not None:
                return slot.versions
            if not self._is_rested(slot, FIRST_PAUSE):
                raise UnavailableError("the keys could not be read just now")
            return await self._read(name, slot)

    def _may_try(self, slot: _Slot) -> bool:
        """Nobody is reading it now, and the last try that failed is not fresh."""
        return self._is_rested(slot, self._refresh_every) and not slot.lock.locked()

    def _is_rested(self, slot: _Slot, seconds: float) -> bool:
        return slot.failed_at is None or self._clock.monotonic() - slot.failed_at >= seconds

    def _may_ask(self, slot: _Slot) -> bool:
        now = self._clock.monotonic()
        return slot.asked_at is None or now - slot.asked_at >= self._refresh_every

    async def _renew(self, name: str, slot: _Slot) -> None:
        """Read it; if that fails, what is known stays."""
        try:
            await self._read(name, slot)
        except IncidentResponseError as error:
            _log.warning("keys not refreshed", secret=name, error=error.code)

    async def _read(self, name: str, slot: _Slot) -> SecretVersions:
        try:
            async with asyncio.timeout(READ_SECONDS):
                found = await self._store.read(name)
        except TimeoutError:
            slot.failed_at = self._clock.monotonic()
            raise UnavailableError("the secret store did not answer in time") from None
        except IncidentResponseError:
            slot.failed_at = self._clock.monotonic()
            raise
        if slot.versions is not None and found.version != slot.versions.version:
            _log.info("keys changed", secret=name, version=found.version)
        conceal(*(key.decode("utf-8", "replace") for key in found.accepted))
        slot.versions, slot.read_at = found, self._clock.monotonic()
        slot.failed_at = None
        return found
