"""How long a start takes, against what no start can do without: Python with aiohttp's server.

What is compared is taken by turns, and each turn compared by itself: a machine that is slow for a
while slows its neighbours alike. Held to a bound is processor time, which waits for nobody; the
clock's is recorded beside it. ``-o junit_family=xunit1 --junit-xml FILE`` shows both.
"""

import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.entrypoints.processes import COMMAND, webhook_settings

TURNS = 15
HELP = 0.35
"""Help may take this part of the import at most; it takes 0.12."""
WEBHOOK = 1.4
"""The webhook may take so many times the import until it is ready; it takes 1.1 to 1.3."""
NOT_NEEDED = (
    "aioboto3",
    "anthropic",
    "botocore",
    "incident_response.adapters.embedded.processing",
    "incident_response.domain.incident",
    "incident_response.domain.policy",
    "incident_response.workflows.war_room",
    "linear_api",
    "opentelemetry.metrics",
    "opentelemetry.sdk",
    "rich",
    "slack_bolt",
    "slack_sdk",
    "yaml",
)
"""What the webhook leaves to others, or to the first alert that needs it."""
PATH = {"PATH": "/usr/bin:/bin"}
RUN = "import sys; from incident_response.entrypoints.main import main; sys.exit(main())"
RecordProperty = Callable[[str, object], None]


class Spent(NamedTuple):
    """Seconds."""

    processor: float
    clock: float


def importing() -> Spent:
    return ended(sys.executable, "-c", "from aiohttp import web")


def helping() -> Spent:
    return ended(*COMMAND, "--help")


def ended(*command: str) -> Spent:
    """Until it ends."""
    began = time.perf_counter()
    spawned = subprocess.Popen(command, env=PATH, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(spawned.pid, 0)
    passed = time.perf_counter() - began
    spawned.returncode = os.waitstatus_to_exitcode(status)
    assert spawned.returncode == 0
    return Spent(used.ru_utime + used.ru_stime, passed)


def ready(state_dir: Path) -> Spent:
    """Until the webhook listens, and its probe says that it can work."""
    began = time.perf_counter()
    with listening(state_dir) as (pid, lines):
        probe = next(json.loads(line)["url"] for line in lines if '"probes listen"' in line)
        with urllib.request.urlopen(f"{probe}/readyz", timeout=10) as answer:
            assert answer.status == 200
        passed = time.perf_counter() - began
        its_clock = (~pid << 3) | 2  # as clock_getcpuclockid(3), which Python does not have
        return Spent(time.clock_gettime(its_clock), passed)


@contextmanager
def listening(state_dir: Path, *options: str) -> Iterator[tuple[int, list[str]]]:
    """A webhook that has just begun to listen: its process, and what it said until then."""
    spawned = subprocess.Popen(
        [sys.executable, *options, "-c", RUN, "webhook"],
        env=PATH | webhook_settings(state_dir, "a key of this test"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert spawned.stdout is not None
    lines: list[str] = []
    try:
        for line in spawned.stdout:
            lines.append(line)
            if '"webhook listens"' in line:
                break
        yield spawned.pid, lines
    finally:
        spawned.kill()
        spawned.communicate()


def times_the_import(measure: Callable[[], Spent]) -> Spent:
    """What it takes as a multiple of the import, the median of all turns."""
    importing(), measure()  # whatever is done only once, such as compiling, is done here
    turns = [(importing(), measure()) for _ in range(TURNS)]
    return Spent(
        processor=statistics.median(it.processor / base.processor for base, it in turns),
        clock=statistics.median(it.clock / base.clock for base, it in turns),
    )


def test_help_takes_a_third_of_what_importing_a_server_takes(
    record_property: RecordProperty,
) -> None:
    taken = times_the_import(helping)
    record_property("ratio", taken._asdict())
    assert taken.processor < HELP, taken


def test_the_webhook_is_ready_in_a_small_multiple_of_importing_a_server(
    tmp_path: Path, record_property: RecordProperty
) -> None:
    taken = times_the_import(lambda: ready(tmp_path))
    record_property("ratio", taken._asdict())
    assert taken.processor < WEBHOOK, taken


def test_the_webhook_imports_nothing_that_it_can_do_without(tmp_path: Path) -> None:
    with listening(tmp_path, "-v") as (_, lines):
        imported = {line.split("'")[1] for line in lines if line.startswith("import '")}
    assert "incident_response.entrypoints.webhook.server" in imported
    assert not imported.intersection(NOT_NEEDED)
