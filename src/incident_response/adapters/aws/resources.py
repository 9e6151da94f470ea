"""What has to be there in AWS, as data, and how each kind is looked at and made.

``infra apply`` and ``infra check`` go through a list of these, and the CloudFormation template is
held against them. Not here: tables (table_resource), roles and policies (rights_resource).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from botocore.exceptions import ClientError

from incident_response.adapters.aws.errors import aws_errors, error_code
from incident_response.adapters.aws.queue_address import attributes_at
from incident_response.adapters.aws.session import AwsClients, InfraClients
from incident_response.domain.errors import NotFoundError
from incident_response.ports.event_queue import MAX_RECEIVES

VISIBILITY_SECONDS = 30
"""For receivers that do not say, such as a person at the console; ours always do."""
KEPT_SECONDS = 14 * 24 * 3600
"""How long SQS keeps a message: the longest it can."""

FIFO = {
    "FifoQueue": "true",
    "MessageRetentionPeriod": str(KEPT_SECONDS),
    "SqsManagedSseEnabled": "true",
}
LIVE = {
    **FIFO,
    # EventBridge Scheduler sends no deduplication id: without this it cannot send at all.
    "ContentBasedDeduplication": "true",
    "VisibilityTimeout": str(VISIBILITY_SECONDS),
}


class Resource(Protocol):
    """Something in AWS that the program needs."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...

    async def wrong(self, clients: InfraClients) -> list[str]:
        """What is not as it should be, in words; empty: nothing."""
        ...

    async def apply(self, clients: InfraClients) -> None:
        """Make it, or set right what is wrong; again: nothing happens."""
        ...


@dataclass(frozen=True, slots=True)
class QueueResource:
    """An SQS queue."""

    name: str
    """With the ``.fifo`` that SQS asks for."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    dead: str = ""
    """Name of its dead-letter queue; empty: it is one itself."""
    kind: str = field(default="queue", init=False)

    async def wrong(self, clients: AwsClients) -> list[str]:
        try:
            found = await _attributes(clients, self.name)
        except NotFoundError:
            return ["it is missing"]
        problems = differing(found, self.attributes)
        if self.dead and not _redrives(found, self.dead):
            problems.append(f"its dead letters do not go to {self.dead} after {MAX_RECEIVES}")
        return problems

    async def apply(self, clients: AwsClients) -> None:
        wanted = dict(self.attributes)
        if self.dead:
            dead = await _attributes(clients, self.dead)
            target = {"deadLetterTargetArn": dead["QueueArn"], "maxReceiveCount": MAX_RECEIVES}
            wanted["RedrivePolicy"] = json.dumps(target)
        try:
            url = await queue_url(clients, self.name)
        except NotFoundError:
            with aws_errors(f"making the queue {self.name}"):
                await clients.sqs.create_queue(QueueName=self.name, Attributes=wanted)
            return
        del wanted["FifoQueue"]  # fixed when it was made, and part of the name
        with aws_errors(f"setting up the queue {self.name}"):
            await clients.sqs.set_queue_attributes(QueueUrl=url, Attributes=wanted)


@dataclass(frozen=True, slots=True)
class ScheduleGroupResource:
    """A group of EventBridge Scheduler."""

    name: str
    kind: str = field(default="schedule group", init=False)

    async def wrong(self, clients: AwsClients) -> list[str]:
        try:
            with aws_errors(f"looking at the schedule group {self.name}"):
                found = await clients.scheduler.get_schedule_group(Name=self.name)
        except NotFoundError:
            return ["it is missing"]
        return [] if found["State"] == "ACTIVE" else [f"it is {found['State']}"]

    async def apply(self, clients: AwsClients) -> None:
        with aws_errors(f"making the schedule group {self.name}"):
            try:
                await clients.scheduler.create_schedule_group(Name=self.name)
            except ClientError as error:
                if error_code(error) != "ConflictException":
                    raise


@dataclass(frozen=True, slots=True)
class SecretResource:
    """A secret of Secrets Manager, made empty: its value is nobody's but the operator's."""

    name: str
    description: str
    kind: str = field(default="secret", init=False)

    async def wrong(self, clients: AwsClients) -> list[str]:
        try:
            with aws_errors(f"looking at the secret {self.name}"):
                found = await clients.secrets.describe_secret(SecretId=self.name)
        except NotFoundError:
            return ["it is missing"]
        return ["it is marked to be deleted"] if found.get("DeletedDate") else []

    async def apply(self, clients: AwsClients) -> None:
        with aws_errors(f"making the secret {self.name}"):
            try:
                await clients.secrets.create_secret(Name=self.name, Description=self.description)
            except ClientError as error:
                if error_code(error) != "ResourceExistsException":
                    raise


def queue_name(prefix: str, queue: str) -> str:
    """The SQS name of one of our queues."""
    return f"{prefix}-{queue}.fifo"


def dead_letter_queue_name(prefix: str, queue: str) -> str:
    """The SQS name of the queue for its dead letters."""
    return f"{prefix}-{queue}-dead.fifo"


def queue_resources(prefix: str, queues: Sequence[str]) -> tuple[QueueResource, ...]:
    """Every queue after its dead-letter queue, which it needs."""
    return tuple(
        resource
        for queue in queues
        for resource in (
            QueueResource(dead_letter_queue_name(prefix, queue), FIFO),
            QueueResource(
                queue_name(prefix, queue), LIVE, dead=dead_letter_queue_name(prefix, queue)
            ),
        )
    )


def differing(found: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """Which attributes of a queue are not as ``wanted``, in words."""
    return [
        f"{name} is {found.get(name, 'not set')}, not {value}"
        for name, value in wanted.items()
        if found.get(name) != value
    ]


async def queue_url(clients: AwsClients, name: str) -> str:
    """Where the queue of this SQS name is. Raises ``NotFoundError``."""
    with aws_errors(f"looking for the queue {name}"):
        url: str = (await clients.sqs.get_queue_url(QueueName=name))["QueueUrl"]
    return url


async def _attributes(clients: AwsClients, name: str) -> dict[str, str]:
    return await attributes_at(await queue_url(clients, name), clients.sqs)


def _redrives(found: Mapping[str, str], dead: str) -> bool:
    policy = json.loads(found.get("RedrivePolicy", "{}"))
    target = policy.get("deadLetterTargetArn", "").rpartition(":")[2]
    return bool(target == dead and int(policy.get("maxReceiveCount", 0)) == MAX_RECEIVES)
