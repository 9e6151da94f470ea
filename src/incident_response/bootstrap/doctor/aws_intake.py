"""Whether the webhook reaches where it stores alerts: its table, and its queue.

It asks what the webhook's role may ask (``WebhookPolicy``): an item that means nothing, the index
of work, and the queue's attributes, for which the role has a right that only this needs: its other
one is to send. Whether table and queue are as they should be is the
processor's to ask (aws_tables, aws_queues): a webhook that is taken over shall learn little.
"""

from incident_response.adapters.aws.items import Items
from incident_response.adapters.aws.queue_address import QueueAddress
from incident_response.adapters.aws.session import AwsClients
from incident_response.adapters.aws.tables import ALERTS_PENDING, PROBE, WORK_INDEX
from incident_response.bootstrap.doctor.aws import on_aws, with_clients
from incident_response.bootstrap.doctor.check import (
    ONLY_WEBHOOK,
    Check,
    Found,
    Patient,
    fine,
    wrong,
)


@with_clients
async def _look(patient: Patient, clients: AwsClients) -> Found:
    settings = patient.settings
    if not settings.incident_queue_url:
        return wrong("INCIDENT_QUEUE_URL is not set")
    items = Items(clients.dynamodb, settings.incidents_table)
    await items.get(PROBE)
    await items.find(WORK_INDEX, ALERTS_PENDING, limit=1)
    arn = await QueueAddress(settings.incident_queue_url, clients.sqs).arn()
    return fine(f"{settings.incidents_table} and {arn.rpartition(':')[2]} answer")


check = Check(
    name="Intake",
    remedy="INCIDENTS_TABLE and INCIDENT_QUEUE_URL as the stack's outputs say, and the template's"
    " WebhookPolicy for the role (docs/aws-resources.md)",
    processes=ONLY_WEBHOOK,
    applies=on_aws,
    look=_look,
)
