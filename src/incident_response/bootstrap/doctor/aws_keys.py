"""Whether anybody may send alerts, where their keys lie in Secrets Manager.

Each is read as the webhook reads it, with the webhook's rights.
"""

from incident_response.adapters.aws.session import AwsClients
from incident_response.alert_sources import ALERT_SOURCES
from incident_response.bootstrap.alert_intake import generic_mapping
from incident_response.bootstrap.aws import aws_secrets
from incident_response.bootstrap.backend import key_secret, key_variable, keys_set
from incident_response.bootstrap.doctor.aws import on_aws, with_clients
from incident_response.bootstrap.doctor.check import (
    ONLY_WEBHOOK,
    Check,
    Found,
    Patient,
    fine,
    wrong,
)
from incident_response.domain.errors import NotFoundError
from incident_response.ports.secret_store import SecretStore


@with_clients
async def _look(patient: Patient, clients: AwsClients) -> Found:
    settings = patient.settings
    generic_mapping(settings)
    named = keys_set(settings)
    secrets = aws_secrets(settings, clients)
    sources = list(named) or [source.name for source in ALERT_SOURCES]
    keyed = [source for source in sources if await _has_key(source, secrets)]
    if missing := [key_variable(source) for source in named if source not in keyed]:
        return wrong(f"{' and '.join(missing)} is set, and Secrets Manager has no such key")
    if not keyed:
        return wrong(f"no secret under {settings.webhook_secret_id}/ has a value")
    return fine(f"taken in from {', '.join(keyed)}")


async def _has_key(source: str, secrets: SecretStore) -> bool:
    try:
        await secrets.read(key_secret(source))
    except NotFoundError:
        return False
    return True


check = Check(
    name="Alert keys",
    remedy="store a key under WEBHOOK_SECRET_ID with scripts/seed-secrets (docs/secrets.md), and"
    " give the role the template's WebhookPolicy",
    processes=ONLY_WEBHOOK,
    applies=on_aws,
    look=_look,
)
