"""A process for the durability tests: writes to a backend and tells what was acknowledged.

Usage: busy_writer.py FILE ROUND. Prints one line per acknowledged write, ``intake EVENT_ID``,
``commit INCIDENT_ID SEQ`` or ``send N``, until it is killed.
"""

import asyncio
import os
import sys
from pathlib import Path

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.adapters.system_clock import SystemClock
from incident_response.ports.incident_store import Change
from tests.ports import samples


def tell(line: str) -> None:
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


async def put_alerts(backend: EmbeddedBackend, name: str) -> None:
    for number in range(1_000_000):
        record = samples.record(f"{name}-{number}")
        await backend.intake.put(record)
        tell(f"intake {record.event_id}")


async def commit_entries(backend: EmbeddedBackend, number: int) -> None:
    own = samples.incident_id(number)
    seq, _ = await backend.ledger.head(own)
    stored = await backend.incidents.get(own)
    version = 0 if stored is None else stored.version
    while True:
        seq, version = seq + 2, version + 1
        await backend.incidents.commit(
            Change(
                incident_id=own,
                incident=samples.incident(number, version=version),
                entries=(samples.entry(seq - 1), samples.entry(seq)),
            )
        )
        tell(f"commit {own} {seq}")


async def send_messages(backend: EmbeddedBackend, name: str) -> None:
    for number in range(1_000_000):
        await backend.queue("q").send([samples.message(f"{name}-{number}", group=name)])
        tell("send 1")


async def main(path: Path, name: str) -> None:
    backend = EmbeddedBackend.open(path, clock=SystemClock())
    async with asyncio.TaskGroup() as tasks:
        for number in range(1, 5):
            tasks.create_task(put_alerts(backend, f"{name}-{number}"))
            tasks.create_task(commit_entries(backend, number))
        tasks.create_task(send_messages(backend, name))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
