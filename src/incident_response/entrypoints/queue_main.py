"""``incident-response queue show`` and ``queue redrive``: what waits, what was given up and why.

It works beside a running processor, which takes up what was put back. Not here: what a message
means; its handler looks at the state then, because a message put back may be of any age.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence

from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.backend import backend_of
from incident_response.domain.errors import NotFoundError
from incident_response.entrypoints.lifetime import live
from incident_response.ports.event_queue import DeadLetter, EventQueue
from incident_response.settings import Settings
from incident_response.telemetry import configure_logging

SHOWN = 20
"""Dead letters of a queue that are shown."""


def main(options: argparse.Namespace) -> int:
    """Exit code 0 once it is done, else 1 with the reason."""
    configure_logging(level="ERROR", form="console")
    doing = _show if options.what == "show" else _redrive

    async def life(_stop: asyncio.Event) -> int:
        settings = Settings()
        async with backend_of(settings).open_queues(settings, SystemClock()) as queues:
            for queue in _chosen(queues, options.queue):
                await doing(queue, options)
        return 0

    return live(life)


def _chosen(queues: Mapping[str, EventQueue], named: Sequence[str]) -> list[EventQueue]:
    for name in named:
        if name not in queues:
            raise NotFoundError(f"there is no queue {name}, only {', '.join(queues)}")
    return [queues[name] for name in named or queues]


async def _show(queue: EventQueue, _options: argparse.Namespace) -> None:
    dead = await queue.dead_letters(limit=SHOWN + 1)
    more = "+" if len(dead) > SHOWN else ""
    count = min(len(dead), SHOWN)
    _tell(f"{queue.name}: {await queue.depth()} waiting or in work, {count}{more} dead")
    for letter in dead[:SHOWN]:
        _tell(f"  {_line(letter)}")


async def _redrive(queue: EventQueue, options: argparse.Namespace) -> None:
    count = await queue.redrive(limit=options.limit)
    letters = "1 dead letter" if count == 1 else f"{count} dead letters"
    _tell(f"{queue.name}: put back {letters}")


def _line(letter: DeadLetter) -> str:
    at = f"{letter.died_at:%Y-%m-%d %H:%M:%SZ}"
    # What others wrote may hold anything, also what a terminal would obey.
    group, reason = json.dumps(letter.group), json.dumps(letter.reason)
    return f"{at}  {group}  {reason}"


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
