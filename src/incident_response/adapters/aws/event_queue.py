"""``ports.event_queue`` on an SQS FIFO queue with a dead-letter queue.

Where SQS differs from the embedded queue: once a message's visibility has ended, its delivery can
no longer finish it, even if nobody else got it; and the dead letters that somebody is looking at
can for some seconds be neither seen nor redriven by another. Not here: the queues' attributes
(resources), the dead letters' own work (dead_letters).
"""

import asyncio
import hashlib
import math
import re
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from incident_response.adapters.aws.dead_letters import DeadLetterQueue
from incident_response.adapters.aws.errors import aws_errors
from incident_response.adapters.aws.queue_address import QueueAddress
from incident_response.adapters.aws.session import LONGEST_POLL_SECONDS, AwsClients
from incident_response.domain.errors import RefusedError, RetryableError, UnavailableError
from incident_response.ports.event_queue import (
    DeadLetter,
    Delivery,
    QueueMessage,
    encode,
    trace_of,
)

log = structlog.get_logger(__name__)

BATCH = 10
"""Messages that SQS takes in one request."""
AT_ONCE = timedelta()
TRACE = "traceparent"
"""The message attribute that others, too, look for a W3C trace context in."""
_DEDUP_ID = re.compile(r"[A-Za-z0-9_.#-]{1,128}")
_SHOWN = ["MessageGroupId", "ApproximateReceiveCount", "SentTimestamp"]
COUNTED = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
"""Attributes of a queue whose sum is how many messages it holds, about."""


class SqsQueue:
    """``ports.event_queue.EventQueue``."""

    def __init__(self, name: str, url: str, clients: AwsClients) -> None:
        self.name = name
        self.address = QueueAddress(url, clients.sqs)
        self._url = url
        self._sqs = clients.sqs
        self._polling = clients.sqs_polling
        self._dead = DeadLetterQueue(name, self.address, clients.sqs)

    async def send(self, messages: Sequence[QueueMessage]) -> None:
        for message in messages:
            if not _DEDUP_ID.fullmatch(message.dedup_id):
                raise ValueError(f"no deduplication id: {message.dedup_id!r}")
        for batch in _batches(messages):
            await self._send_batch(batch)

    async def send_text(self, text: str, *, group: str) -> None:
        """Enqueue ``text`` as it is, unless the same text was sent within the window: as
        EventBridge Scheduler does.
        """
        with aws_errors(f"sending to the queue {self.name}"):
            await self._sqs.send_message(
                QueueUrl=self._url,
                MessageBody=text,
                MessageGroupId=group,
                MessageDeduplicationId=hashlib.sha256(text.encode()).hexdigest(),
            )

    async def receive(
        self, *, limit: int, wait: timedelta, visibility: timedelta
    ) -> list[Delivery]:
        # One by one: a request for ten may answer with ten of one group, and each that has to wait
        # for the one before it would have lost a delivery of the few it has.
        deliveries: list[Delivery] = []
        try:
            while len(deliveries) < limit:
                found = await self._receive_one(AT_ONCE if deliveries else wait, visibility)
                if found is None:
                    break
                deliveries.append(found)
        except RetryableError as error:
            if not deliveries:
                raise
            log.warning("received less than there may be", queue=self.name, reason=str(error))
        except asyncio.CancelledError:
            await self._give_back(deliveries)
            raise
        return deliveries

    async def delete(self, delivery: Delivery) -> None:
        with aws_errors(f"deleting from the queue {self.name}"):
            await self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=delivery.receipt)

    async def extend(self, delivery: Delivery, visibility: timedelta) -> None:
        with aws_errors(f"keeping a message of the queue {self.name}"):
            await self._sqs.change_message_visibility(
                QueueUrl=self._url,
                ReceiptHandle=delivery.receipt,
                VisibilityTimeout=_seconds(visibility),
            )

    async def bury(self, delivery: Delivery, reason: str) -> None:
        # Only who still has it may bury it. If we die before it is deleted, it comes again and is
        # buried again under the same deduplication id.
        await self.extend(delivery, timedelta(seconds=30))
        await self._dead.add(delivery, reason)
        await self.delete(delivery)
        log.warning("message buried", queue=self.name, message_id=delivery.message_id)

    async def dead_letters(self, *, limit: int) -> list[DeadLetter]:
        return await self._dead.newest(limit)

    async def redrive(self, *, limit: int) -> int:
        return await self._dead.redrive(limit)

    async def depth(self) -> int:
        with aws_errors(f"counting the queue {self.name}"):
            answer = await self._sqs.get_queue_attributes(
                QueueUrl=self._url, AttributeNames=list(COUNTED)
            )
        return sum(int(answer["Attributes"].get(name, 0)) for name in COUNTED)

    async def _send_batch(self, batch: Sequence[QueueMessage]) -> None:
        entries = [
            {
                "Id": str(number),
                "MessageBody": encode(message),
                "MessageGroupId": message.group,
                "MessageDeduplicationId": message.dedup_id,
                "MessageAttributes": _trace_attribute(message.trace),
            }
            for number, message in enumerate(batch)
        ]
        with aws_errors(f"sending to the queue {self.name}"):
            answer = await self._sqs.send_message_batch(QueueUrl=self._url, Entries=entries)
        for failed in answer.get("Failed", ()):
            words = f"the queue {self.name} did not take a message: {failed['Code']}"
            if failed.get("SenderFault"):
                raise RefusedError(words, reason=failed["Code"])
            raise UnavailableError(words)

    async def _receive_one(self, wait: timedelta, visibility: timedelta) -> Delivery | None:
        with aws_errors(f"receiving from the queue {self.name}"):
            answer = await self._polling.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=1,
                WaitTimeSeconds=min(_seconds(wait), LONGEST_POLL_SECONDS),
                VisibilityTimeout=_seconds(visibility),
                MessageSystemAttributeNames=_SHOWN,
                MessageAttributeNames=[TRACE],
                # A try of the SDK whose answer was lost is answered again with the same message.
                ReceiveRequestAttemptId=uuid.uuid4().hex,
            )
        messages = answer.get("Messages", ())
        return _delivery(messages[0]) if messages else None

    async def _give_back(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            try:
                await self.extend(delivery, AT_ONCE)
            except RetryableError as error:  # it comes again when its visibility ends
                log.warning("cannot give back", queue=self.name, reason=str(error))


def _batches(messages: Sequence[QueueMessage]) -> Iterator[list[QueueMessage]]:
    """In order, and never two of a group together: SQS may take one of a batch and not another."""
    batch: list[QueueMessage] = []
    for message in messages:
        if len(batch) == BATCH or any(other.group == message.group for other in batch):
            yield batch
            batch = []
        batch.append(message)
    if batch:
        yield batch


def _delivery(message: dict[str, Any]) -> Delivery:
    attributes = message["Attributes"]
    return Delivery(
        message_id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        raw=message["Body"],
        group=attributes["MessageGroupId"],
        receive_count=int(attributes["ApproximateReceiveCount"]),
        sent_at=datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC),
        trace=_trace(message),
    )


def _trace_attribute(trace: str) -> dict[str, Any]:
    return {TRACE: {"DataType": "String", "StringValue": trace}} if trace else {}


def _trace(message: dict[str, Any]) -> str:
    """Of the attribute, else of the text: what was redriven has no attributes."""
    told: str = message.get("MessageAttributes", {}).get(TRACE, {}).get("StringValue", "")
    return told or trace_of(message["Body"])


def _seconds(length: timedelta) -> int:
    """SQS counts whole seconds; a part of one counts as one."""
    return math.ceil(length.total_seconds())
