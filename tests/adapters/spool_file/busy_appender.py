"""A process for the spool's tests: appends and tells what was acknowledged, until it is killed.

Usage: busy_appender.py FILE NAME. Prints the group key of each acknowledged record.
"""

import asyncio
import os
import sys
from pathlib import Path

from incident_response.adapters.spool_file.spool import FileSpool
from tests.ports import samples


async def append(spool: FileSpool, name: str) -> None:
    for number in range(1_000_000):
        await spool.append(samples.record(f"{name}-{number}"))
        os.write(sys.stdout.fileno(), f"{name}-{number}\n".encode())


async def main(path: Path, name: str) -> None:
    spool = FileSpool(path)
    async with asyncio.TaskGroup() as tasks:
        for number in range(4):
            tasks.create_task(append(spool, f"{name}-{number}"))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
