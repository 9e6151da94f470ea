"""How a queue that the settings name by its URL stands: its attributes, and its dead letters.

Not here: queues by their names, making them (resources), reading the letters (dead_letters).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from incident_response.adapters.aws.event_queue import COUNTED
from incident_response.adapters.aws.queue_address import QueueAddress, attributes_at
from incident_response.adapters.aws.resources import FIFO, LIVE, differing
from incident_response.adapters.aws.session import AwsClient
from incident_response.ports.event_queue import MAX_RECEIVES


@dataclass(frozen=True, slots=True)
class QueueHealth:
    """What one look found."""

    problems: tuple[str, ...]
    """What is not as it should be, in words."""
    dead: int
    """Letters in its dead-letter queue, about."""


async def queue_health(address: QueueAddress, sqs: AwsClient) -> QueueHealth:
    """Raises ``NotFoundError`` if the queue or its dead-letter queue is not there,
    ``InvalidConfigurationError`` if it has none.
    """
    found = await attributes_at(address.url, sqs)
    problems = differing(found, LIVE)
    if (receives := _receives(found)) != MAX_RECEIVES:
        problems.append(f"a message dies after {receives} deliveries, not {MAX_RECEIVES}")
    dead = await attributes_at(await address.dead_letters_url(), sqs)
    problems += [f"dead letters: {problem}" for problem in differing(dead, FIFO)]
    return QueueHealth(tuple(problems), sum(int(dead.get(name, 0)) for name in COUNTED))


def _receives(found: Mapping[str, str]) -> int:
    policy = json.loads(found.get("RedrivePolicy", "{}"))
    return int(policy.get("maxReceiveCount", 0))
