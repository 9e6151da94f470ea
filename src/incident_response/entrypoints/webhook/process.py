"""The webhook as this installation is configured.

Not here: HTTP (app, server), the sources (alert_sources).
"""

from collections.abc import Mapping

from incident_response.bootstrap.alert_intake import AcceptedSource, accepted_sources
from incident_response.bootstrap.backend import Ingress
from incident_response.entrypoints.webhook.app import SourceBinding, WebhookApp
from incident_response.entrypoints.webhook.health import Probe
from incident_response.entrypoints.webhook.keys import KeyRing
from incident_response.entrypoints.webhook.server import WebhookServer
from incident_response.ports.clock import Clock
from incident_response.settings import Settings
from incident_response.workflows.accept_alert import AlertIntake


async def build_webhook(
    settings: Settings, *, ingress: Ingress, intake: AlertIntake, clock: Clock
) -> tuple[WebhookServer, Mapping[str, Probe]]:
    """The server, not yet listening, and what has to hold for it to be ready.

    Raises ``InvalidConfigurationError`` if no source has a key.
    """
    accepted = await accepted_sources(settings, ingress)
    keys = KeyRing(ingress.secrets, clock)
    app = WebhookApp(
        bindings=[_binding(source) for source in accepted],
        intake=intake,
        keys=keys,
        clock=clock,
        environment=settings.environment,
    )
    return WebhookServer(app=app), _probes(ingress, keys, accepted)


def _binding(accepted: AcceptedSource) -> SourceBinding:
    return SourceBinding(
        source=accepted.source,
        authenticator=accepted.authenticator,
        key=accepted.secret,
        mapping=accepted.mapping,
    )


def _probes(
    ingress: Ingress, keys: KeyRing, accepted: tuple[AcceptedSource, ...]
) -> Mapping[str, Probe]:
    async def store() -> None:
        await ingress.ping()

    async def secrets() -> None:
        for source in accepted:
            await keys.probe(source.secret)

    return {"store": store, "keys": secrets}
