"""The durable backend that the settings name, as much of it as a process needs.

To add one: a module of bootstrap with the functions of ``BackendModule``, named as the setting
names it. Not here: what is kept in it.
"""

import importlib
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol, cast

from pydantic import SecretStr

from incident_response.ports.clock import Clock
from incident_response.ports.event_queue import EventQueue
from incident_response.ports.intake import Intake
from incident_response.ports.secret_store import SecretStore
from incident_response.settings import Settings

if TYPE_CHECKING:  # a webhook does not need them, and has to be quick to start
    from incident_response.domain.ledger import Seal
    from incident_response.ports.inbox import Inbox
    from incident_response.ports.incident_store import IncidentStore
    from incident_response.ports.lease import LeaseStore
    from incident_response.ports.ledger import Ledger
    from incident_response.ports.scheduler import Scheduler


class Alerts(Protocol):
    """Where alerts go."""

    @property
    def intake(self) -> Intake: ...
    def queue(self, name: str) -> EventQueue:
        """The queue of this name."""
        ...

    async def ping(self) -> None:
        """Raises ``UnavailableError`` if nothing can be written now."""
        ...


class Ingress(Alerts, Protocol):
    """What a webhook works with; it has only the queue for alerts."""

    @property
    def secrets(self) -> SecretStore: ...


class Records(Protocol):
    """What happened, for who only looks."""

    @property
    def incidents(self) -> "IncidentStore": ...
    @property
    def ledger(self) -> "Ledger": ...


class Ledgers(Protocol):
    """Every ledger, and what checks it."""

    @property
    def ledger(self) -> "Ledger": ...
    @property
    def seal(self) -> "Seal": ...


class Backend(Alerts, Ledgers, Records, Protocol):
    """What a processor works with, and every queue."""

    @property
    def leases(self) -> "LeaseStore": ...
    @property
    def scheduler(self) -> "Scheduler": ...
    @property
    def inbox(self) -> "Inbox": ...
    async def claim_processor(self) -> None:
        """Begin to work on it. Raises ``InvalidConfigurationError`` where only one may."""
        ...

    async def work(self) -> None:
        """What the backend itself has to do beside a processor, until cancelled."""
        ...


class BackendModule(Protocol):
    """How one kind of backend is opened.

    Each raises ``InvalidConfigurationError`` if the settings lack something it needs or it cannot
    be ours, ``UnavailableError`` if it cannot be used now.
    """

    def open_backend(
        self, settings: Settings, clock: Clock
    ) -> AbstractAsyncContextManager[Backend]:
        """For a processor."""
        ...

    def open_ingress(
        self, settings: Settings, clock: Clock
    ) -> AbstractAsyncContextManager[Ingress]:
        """For a webhook."""
        ...

    def open_both(
        self, settings: Settings, clock: Clock
    ) -> AbstractAsyncContextManager[tuple[Backend, Ingress]]:
        """For a processor and a webhook in one process."""
        ...

    def open_records(
        self, settings: Settings, clock: Clock
    ) -> AbstractAsyncContextManager[Records]:
        """For looking, beside whoever is at work; refused if there are none."""
        ...

    def open_ledgers(self, settings: Settings) -> AbstractAsyncContextManager[Ledgers]:
        """For checking, beside whoever is at work; refused if there are none."""
        ...

    def open_queues(
        self, settings: Settings, clock: Clock
    ) -> AbstractAsyncContextManager[Mapping[str, EventQueue]]:
        """Every queue, for operators; refused if there are none."""
        ...

    async def keyed_sources(self, settings: Settings, ingress: Ingress) -> list[str]:
        """Names of the alert sources that have a key, which ``ingress`` knows then."""
        ...


def backend_of(settings: Settings) -> BackendModule:
    """The module of the backend that ``settings`` name, imported now: what only another one needs
    is never imported.
    """
    module = importlib.import_module(f"incident_response.bootstrap.{settings.backend}")
    return cast("BackendModule", module)


def ledger_key(settings: Settings) -> bytes | None:
    """What seals the ledgers; None if it is not set."""
    return settings.ledger_key.get_secret_value().encode() if settings.ledger_key else None


def key_secret(source: str) -> str:
    """Name of the secret that holds an alert source's keys."""
    return f"{source}-webhook-key"


def key_variable(source: str) -> str:
    """The variable of an alert source's key, where it is a setting."""
    return f"{source.replace('-', '_')}_webhook_key".upper()


def keys_set(settings: Settings) -> dict[str, SecretStr]:
    """Keys of alert sources that are settings, by the name of the source."""
    keys = {
        "grafana-oncall": settings.grafana_oncall_webhook_key,
        "alertmanager": settings.alertmanager_webhook_key,
        "generic": settings.generic_webhook_key,
    }
    return {source: key for source, key in keys.items() if key is not None}
