"""Which alert sources this installation takes, and how each sender proves itself.

Not here: HTTP (entrypoints.webhook), the sources themselves (alert_sources).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from incident_response.adapters.spool_file.spool import FileSpool
from incident_response.alert_sources import ALERT_SOURCES
from incident_response.alert_sources.authentication import (
    AnyScheme,
    Authenticator,
    BearerToken,
    BodyHmac,
    TimestampedHmac,
)
from incident_response.bootstrap.backend import (
    Alerts,
    Ingress,
    backend_of,
    key_secret,
    key_variable,
)
from incident_response.domain.errors import InvalidConfigurationError
from incident_response.domain.queues import INCIDENT_QUEUE
from incident_response.ports.clock import Clock
from incident_response.ports.spool import Spool
from incident_response.routing.alert_mapping import AlertMapping, read_mapping
from incident_response.routing.alert_source import AlertSource
from incident_response.settings import AuthScheme, Settings
from incident_response.workflows.accept_alert import AlertIntake

SPOOL_NAME = "webhook.spool"

_SCHEMES: Mapping[AuthScheme, Authenticator] = {
    "hmac-body": BodyHmac(),
    "hmac-timestamp": TimestampedHmac(),
    "bearer": BearerToken(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedSource:
    """An alert source with what its senders are checked by."""

    source: AlertSource
    authenticator: Authenticator
    secret: str
    """Name of the secret that holds its keys."""
    mapping: AlertMapping | None


def alert_intake(backend: Alerts, clock: Clock, *, spool: Spool | None = None) -> AlertIntake:
    """What makes alerts durable and tells the processor; ``spool`` where a webhook uses it."""
    return AlertIntake(backend.intake, backend.queue(INCIDENT_QUEUE), clock, spool=spool)


def alert_spool(settings: Settings) -> FileSpool:
    """Where alerts wait while the backend does not take them, in its folder (``open_backend``)."""
    return FileSpool(settings.state_dir / SPOOL_NAME)


async def accepted_sources(settings: Settings, ingress: Ingress) -> tuple[AcceptedSource, ...]:
    """Every source that has a key, which is in the secret store then and can be rotated there.

    Raises ``InvalidConfigurationError`` if there is none, or the generic mapping makes no sense.
    """
    keyed = await backend_of(settings).keyed_sources(settings, ingress)
    if not keyed:
        names = ", ".join(key_variable(source.name) for source in ALERT_SOURCES)
        raise InvalidConfigurationError(f"no alert source has a key: set one of {names}")
    return tuple(_accepted(settings, source) for source in ALERT_SOURCES if source.name in keyed)


def _accepted(settings: Settings, source: AlertSource) -> AcceptedSource:
    field = source.name.replace("-", "_")
    schemes: tuple[AuthScheme, ...] = getattr(settings, f"{field}_webhook_auth")
    return AcceptedSource(
        source=source,
        authenticator=AnyScheme(tuple(_SCHEMES[scheme] for scheme in schemes)),
        secret=key_secret(source.name),
        mapping=generic_mapping(settings) if source.name == "generic" else None,
    )


def generic_mapping(settings: Settings) -> AlertMapping | None:
    """What the generic source has been told; None: its defaults.

    Raises ``InvalidConfigurationError``.
    """
    if settings.generic_mapping_file is None:
        return None
    try:
        text = settings.generic_mapping_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfigurationError(f"GENERIC_MAPPING_FILE cannot be read: {error}") from error
    try:
        return read_mapping(text)
    except InvalidConfigurationError as error:
        raise InvalidConfigurationError(f"GENERIC_MAPPING_FILE: {error}") from error
