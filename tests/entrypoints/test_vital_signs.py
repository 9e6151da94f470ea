import asyncio

from structlog.testing import capture_logs

from incident_response.domain.errors import UnavailableError
from incident_response.entrypoints.vital_signs import LOOK_SECONDS, show_vital_signs
from incident_response.ports.event_queue import EventQueue, QueueMessage
from incident_response.telemetry import metrics
from tests.durable.desk import Desk
from tests.telemetry_reading import attributes, counted


class Broken:
    """A queue that does not answer."""

    name = "broken"

    async def depth(self) -> int:
        raise UnavailableError("down")


async def test_sockets_and_queues_are_looked_at_whatever_one_of_them_says() -> None:
    desk, live = Desk(), iter((0, 2))
    broken: EventQueue = Broken()  # type: ignore[assignment]
    signs = show_vital_signs(lambda: next(live), (broken, desk.queue), desk.clock)
    async with asyncio.TaskGroup() as tasks:
        with capture_logs() as logs:
            looking = tasks.create_task(signs)
            await desk.clock.sleeping()
            assert counted(metrics.SOCKETS) == {attributes(): 0}
            await desk.queue.send([QueueMessage(type="a", group="a", dedup_id="a")])
            desk.clock.advance(LOOK_SECONDS)
            await desk.clock.sleeping()
            looking.cancel()
    assert counted(metrics.SOCKETS) == {attributes(): 2}
    assert counted(metrics.QUEUE_DEPTH)[attributes(queue="incident-events")] == 1
    assert [(e["event"], e["queue"]) for e in logs] == [("cannot measure queue", "broken")] * 2
