"""A process for the durability tests: writes while its files may not grow, then while they may.

Usage: cramped_writer.py FILE. Its last line is JSON: the event ids ``stored`` and ``refused`` (for
certain), and the names of the ``errors`` it met.
"""

import asyncio
import json
import resource
import sys
from pathlib import Path

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.adapters.system_clock import SystemClock
from incident_response.domain.errors import RetryableError, UnavailableError
from tests.ports import samples

ROOM = 200_000
"""Bytes a file may have: the first few dozen records fit."""


def limit_files(size: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))


class Report:
    """What became of every put."""

    def __init__(self) -> None:
        self.stored: list[str] = []
        self.refused: list[str] = []
        self.errors: list[str] = []

    async def put(self, backend: EmbeddedBackend, key: str) -> None:
        record = samples.record(key)
        try:
            await backend.intake.put(record)
        except RetryableError as error:
            self.errors.append(type(error).__name__)
            if isinstance(error, UnavailableError):
                self.refused.append(record.event_id)
        else:
            self.stored.append(record.event_id)


async def main(path: Path) -> None:
    backend, report = EmbeddedBackend.open(path, clock=SystemClock()), Report()
    limit_files(ROOM)
    for number in range(40):
        async with asyncio.TaskGroup() as tasks:
            for place in range(8):
                tasks.create_task(report.put(backend, f"cramped-{number}-{place}"))
    limit_files(resource.RLIM_INFINITY)
    met = len(report.errors)
    for number in range(20):
        await report.put(backend, f"roomy-{number}")
    assert len(report.errors) == met, "there is room again"
    await backend.close()
    print(json.dumps(vars(report)))  # noqa: T201 - how it reports


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
