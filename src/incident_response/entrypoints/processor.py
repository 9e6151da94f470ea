"""The processor's life: start its loops together, stop them in order, lose nothing.

On SIGTERM nothing new is taken in, every plan goes on to its next step boundary, leases and claims
are given back, and what stays undone is taken up by whoever starts next. It takes five seconds at
most. Not here: what the loops do (bootstrap.processor).
"""

import asyncio
from collections.abc import Mapping

import structlog

from incident_response.bootstrap.processor import Processor
from incident_response.domain.errors import UnavailableError
from incident_response.domain.queues import QUEUES
from incident_response.entrypoints.vital_signs import show_vital_signs
from incident_response.entrypoints.webhook.health import Probe
from incident_response.workflows.accept_alert import AlertIntake

DRAIN_SECONDS = 2.0
"""How long steps, messages and clicks under way may take to end. What takes longer is cut off, as
in a crash: the next process finds out what came of it.
"""
SHOW_SECONDS = 0.7
"""How long rooms may then take to be redrawn; the next process redraws what it works on."""

log = structlog.get_logger(__name__)


async def run_processor(
    processor: Processor, intake: AlertIntake | None, stop: asyncio.Event
) -> None:
    """Run until ``stop`` is set, then drain.

    ``intake`` is run too where no webhook of this process runs it. Raises an ``ExceptionGroup`` if
    a loop breaks.
    """
    async with asyncio.TaskGroup() as tasks:
        await processor.receiver.start(tasks)
        watching = processor.workflows.dead_letters.watch()
        endless: list[asyncio.Task[None]] = [
            tasks.create_task(processor.backend.work(), name="backend"),
            tasks.create_task(processor.chat.keep_people_warm(), name="people"),
            tasks.create_task(watching, name="dead letters"),
            tasks.create_task(processor.warm_up(), name="warm up"),
            tasks.create_task(processor.workflows.page.keep_learned(), name="status page"),
            tasks.create_task(processor.workflows.auditor.run(), name="auditor"),
            tasks.create_task(_vital_signs(processor), name="vital signs"),
        ]
        if intake is not None:
            endless.append(tasks.create_task(intake.run(), name="intake"))
        working = [
            tasks.create_task(processor.runner.run(), name="plans"),
            tasks.create_task(processor.inbox_worker.run(), name="inbox"),
            *(tasks.create_task(consumer.run()) for consumer in processor.consumers),
        ]
        board = tasks.create_task(processor.board.run(), name="board")
        log.info("processor started")
        await stop.wait()
        tasks.create_task(processor.receiver.stop(), name="receiver")
        await _drain(processor, working, board)
        for task in endless:
            task.cancel()
    log.info("processor stopped")


async def _vital_signs(processor: Processor) -> None:
    queues = tuple(map(processor.backend.queue, QUEUES))
    clock = processor.workflows.clock
    await show_vital_signs(lambda: processor.receiver.state.live_sockets, queues, clock)


async def _drain(
    processor: Processor, working: list[asyncio.Task[None]], board: asyncio.Task[None]
) -> None:
    log.info("draining")
    for consumer in processor.consumers:
        consumer.drain()
    processor.inbox_worker.drain()
    processor.runner.drain()
    await _ended(working, DRAIN_SECONDS)
    processor.board.drain()
    await _ended([board], SHOW_SECONDS)


async def _ended(tasks: list[asyncio.Task[None]], seconds: float) -> None:
    """Wait for ``tasks``; what takes longer is cut off."""
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        log.warning("cut off while draining", task=task.get_name())
        task.cancel()


def processor_probes(processor: Processor) -> Mapping[str, Probe]:
    """What has to hold for the processor to be ready, by name."""

    async def slack() -> None:
        state = processor.receiver.state
        if not state.is_ready:
            raise UnavailableError("; ".join(state.problems) or "no socket is live")

    async def store() -> None:
        await processor.backend.ping()

    return {"slack": slack, "store": store}
