"""The dead-letter queue beside an SQS queue: adding, looking, putting back.

A letter that we buried carries why; one that SQS moved was delivered too often. Not here: the
queue itself (event_queue).
"""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

from incident_response.adapters.aws.errors import aws_errors
from incident_response.adapters.aws.queue_address import QueueAddress
from incident_response.adapters.aws.session import AwsClient
from incident_response.ports.event_queue import MAX_RECEIVES, DeadLetter, Delivery

DEATH = "incident-response.death"
"""Message attribute of a letter that we buried: its id, deliveries and reason, as ASCII JSON."""
REASON_LIMIT = 500
BATCH = 10
LOOK_LIMIT = 500
"""Letters looked at to find the newest: SQS shows them oldest first, if at all in order."""
LOOK_SECONDS = 30
"""How long a letter that is being looked at is hidden from others, at most."""
MOVE_SECONDS = 60
"""The same for one that is being put back."""

Letter = dict[str, Any]


class DeadLetterQueue:
    """The dead letters of one queue."""

    def __init__(self, name: str, source: QueueAddress, sqs: AwsClient) -> None:
        self._name = name
        self._source = source
        self._sqs = sqs

    async def add(self, delivery: Delivery, reason: str) -> None:
        """Bury a copy of ``delivery``; the same again within five minutes changes nothing."""
        death = {
            "message_id": delivery.message_id,
            "receive_count": delivery.receive_count,
            "reason": reason[:REASON_LIMIT],
        }
        url = await self._source.dead_letters_url()
        with aws_errors(f"burying a message of the queue {self._name}"):
            await self._sqs.send_message(
                QueueUrl=url,
                MessageBody=delivery.raw,
                MessageGroupId=delivery.group,
                MessageDeduplicationId=delivery.message_id,
                MessageAttributes={
                    DEATH: {"DataType": "String", "StringValue": json.dumps(death)}
                },
            )

    async def newest(self, limit: int) -> list[DeadLetter]:
        """Newest first, of the oldest ``LOOK_LIMIT`` that SQS shows."""
        url = await self._source.dead_letters_url()
        found: dict[str, Letter] = {}  # by id: if looking takes long, the first come by again
        try:
            async with aclosing(self._received(url, LOOK_LIMIT, LOOK_SECONDS)) as letters:
                async for letter in letters:
                    found[letter["MessageId"]] = letter
        finally:
            await self._show_again(url, list(found.values()))
        dead = [_dead_letter(letter) for letter in reversed(found.values())]
        return sorted(dead, key=lambda letter: letter.died_at, reverse=True)[:limit]

    async def redrive(self, limit: int) -> int:
        """Put up to ``limit`` back, oldest first; how many. Interrupted, it can be done again."""
        url = await self._source.dead_letters_url()
        count = 0
        async with aclosing(self._received(url, limit, MOVE_SECONDS)) as letters:
            async for letter in letters:
                await self._put_back(letter)
                with aws_errors(f"redriving the queue {self._name}"):
                    await self._sqs.delete_message(
                        QueueUrl=url, ReceiptHandle=letter["ReceiptHandle"]
                    )
                count += 1
        return count

    async def _received(self, url: str, limit: int, seconds: int) -> AsyncGenerator[Letter, None]:
        """Up to ``limit`` letters, hidden from others for ``seconds``."""
        left = limit
        while left > 0:
            with aws_errors(f"looking at the dead letters of the queue {self._name}"):
                answer = await self._sqs.receive_message(
                    QueueUrl=url,
                    MaxNumberOfMessages=min(BATCH, left),
                    VisibilityTimeout=seconds,
                    MessageSystemAttributeNames=["All"],
                    MessageAttributeNames=[DEATH],
                )
            letters = answer.get("Messages", ())
            if not letters:
                return
            for letter in letters:
                yield letter
            left -= len(letters)

    async def _put_back(self, letter: Letter) -> None:
        with aws_errors(f"redriving the queue {self._name}"):
            await self._sqs.send_message(
                QueueUrl=self._source.url,
                MessageBody=letter["Body"],
                MessageGroupId=letter["Attributes"]["MessageGroupId"],
                # Not its first id, which SQS may still remember and would pass over.
                MessageDeduplicationId=f"redriven#{letter['MessageId']}",
            )

    async def _show_again(self, url: str, letters: list[Letter]) -> None:
        for start in range(0, len(letters), BATCH):
            entries = [
                {"Id": str(n), "ReceiptHandle": letter["ReceiptHandle"], "VisibilityTimeout": 0}
                for n, letter in enumerate(letters[start : start + BATCH])
            ]
            with aws_errors(f"looking at the dead letters of the queue {self._name}"):
                await self._sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)


def _dead_letter(letter: Letter) -> DeadLetter:
    death = _death(letter)
    return DeadLetter(
        message_id=death["message_id"],
        raw=letter["Body"],
        group=letter["Attributes"]["MessageGroupId"],
        receive_count=death["receive_count"],
        reason=death["reason"],
        died_at=datetime.fromtimestamp(int(letter["Attributes"]["SentTimestamp"]) / 1000, UTC),
    )


def _death(letter: Letter) -> dict[str, Any]:
    told = letter.get("MessageAttributes", {}).get(DEATH)
    if told is not None:
        death: dict[str, Any] = json.loads(told["StringValue"])
        return death
    return {
        "message_id": letter["MessageId"],
        "receive_count": MAX_RECEIVES,
        "reason": f"delivered {MAX_RECEIVES} times and never finished",
    }
