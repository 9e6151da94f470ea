"""A ministack for the tests: AWS on this machine, with a clock that can be put forward.

Two processes a test session (with pytest-xdist: two a worker), the second one only where it is
needed. Not here: what runs inside them (ministack_process).
"""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import IO

import pytest

from tests.fakes.clock import LeapClock

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".ministack" / "bin" / "python"
REGION = "us-east-1"
END_SECONDS = 10.0
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""Any will do, but the SDK must not look for the machine's own."""


@dataclass
class Ministack:
    """A running ministack."""

    url: str
    _orders: IO[str]
    _answers: IO[str]
    clock: LeapClock = field(default_factory=LeapClock)
    """Tells the time that ministack has."""

    async def pass_time(self, seconds: float) -> None:
        """Let that many seconds pass; schedules that became due have fired when it returns."""
        self.clock.leap(timedelta(seconds=seconds))
        await asyncio.to_thread(self._order, f"advance {seconds}")

    def _order(self, order: str) -> None:
        self._orders.write(f"{order}\n")
        self._orders.flush()
        if not self._answers.readline():
            raise AssertionError("ministack has ended")


@pytest.fixture(scope="session")
def ministack() -> Iterator[Ministack]:
    """The session's ministack. Its state is shared: a test takes names of its own."""
    with running_ministack() as running:
        yield running


@pytest.fixture(scope="session")
def punctual_ministack() -> Iterator[Ministack]:
    """One that nobody puts forward: for whole programs, which have the machine's time."""
    with running_ministack() as running:
        yield running


@contextmanager
def running_ministack() -> Iterator[Ministack]:
    """A process, and the credentials it takes in the environment, until the context ends."""
    assert PYTHON.exists(), "there is no ministack: run scripts/setup"
    script = Path(__file__).with_name("ministack_process.py")
    with subprocess.Popen(
        [PYTHON, "-P", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready, "ministack did not start: see standard error"
        url = f"http://127.0.0.1:{json.loads(ready)['port']}"
        with pytest.MonkeyPatch.context() as patch:
            for name, value in CREDENTIALS.items():
                patch.setenv(name, value)
            yield Ministack(url, process.stdin, process.stdout)
        process.stdin.close()  # it ends then
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture(scope="session")
def ministack_url(ministack: Ministack) -> str:
    """Where it listens."""
    return ministack.url
