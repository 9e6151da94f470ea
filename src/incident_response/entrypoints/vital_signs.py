"""Shows, every few seconds, what can only be looked at: sockets that are live, messages that wait.

Not here: what happens, which is counted when it does (``adapters.telling_store``).
"""

from collections.abc import Callable, Sequence

import structlog

from incident_response.domain.errors import IncidentResponseError
from incident_response.ports.clock import Clock
from incident_response.ports.event_queue import EventQueue
from incident_response.telemetry import measure_queue_depth, measure_sockets

LOOK_SECONDS = 5.0
"""Metrics are sent every 30 seconds: what is sent then is not older than this."""

log = structlog.get_logger(__name__)


async def show_vital_signs(
    live_sockets: Callable[[], int], queues: Sequence[EventQueue], clock: Clock
) -> None:
    """Look until cancelled."""
    while True:
        measure_sockets(live_sockets())
        for queue in queues:
            try:
                measure_queue_depth(await queue.depth(), queue=queue.name)
            except IncidentResponseError as error:
                log.warning("cannot measure queue", queue=queue.name, reason=str(error))
        await clock.sleep(LOOK_SECONDS)
