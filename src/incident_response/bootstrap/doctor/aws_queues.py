"""Whether every queue is there and as it should be; dead letters that wait are told."""

from incident_response.adapters.aws.event_queue import SqsQueue
from incident_response.adapters.aws.queue_health import QueueHealth, queue_health
from incident_response.adapters.aws.session import AwsClients
from incident_response.bootstrap.aws import QUEUE_SETTINGS, aws_queues
from incident_response.bootstrap.doctor.aws import on_aws, with_clients
from incident_response.bootstrap.doctor.check import (
    ONLY_PROCESSOR,
    Check,
    Found,
    Health,
    Patient,
    fine,
    wrong,
)
from incident_response.domain.errors import PermanentError


@with_clients
async def _look(patient: Patient, clients: AwsClients) -> Found:
    queues = aws_queues(patient.settings, clients)
    if len({queue.address.url for queue in queues.values()}) < len(queues):
        return wrong(f"two of {', '.join(QUEUE_SETTINGS.values())} name the same queue")
    seen = {name: await _health(queue, clients) for name, queue in queues.items()}
    problems = [
        f"{QUEUE_SETTINGS[name]}: {problem}"
        for name, health in seen.items()
        for problem in health.problems
    ]
    if problems:
        return wrong("; ".join(problems))
    return _told({name: health.dead for name, health in seen.items()})


async def _health(queue: SqsQueue, clients: AwsClients) -> QueueHealth:
    """One that cannot be looked at hides no other."""
    try:
        return await queue_health(queue.address, clients.sqs)
    except PermanentError as error:
        return QueueHealth((str(error),), dead=0)


def _told(dead: dict[str, int]) -> Found:
    letters = [f"{count} in {name}" for name, count in dead.items() if count]
    if not letters:
        return fine(f"{', '.join(dead)} are as they should be, without dead letters")
    return Found(
        Health.OK,
        f"{', '.join(dead)} are as they should be; dead letters wait: {', '.join(letters)}",
        "incident-response queue show says why, queue redrive puts them back",
    )


check = Check(
    name="Queues",
    remedy="the three addresses as the stack's outputs say, and the template's ProcessorPolicy for"
    " the role; incident-response infra apply sets right what it can (docs/aws-resources.md)",
    processes=ONLY_PROCESSOR,
    applies=on_aws,
    look=_look,
)
