"""Alerts a second on the AWS backend, against the plain handler, over one stub and in one run.

``scripts/bench ingest-aws [--json FILE]``. Ratios decide: two processes take turns on a machine
that others may use too. Not here: the stub, the servers.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import IO
from urllib.parse import urlsplit

CONNECTIONS = 32
ROUNDS, ALERTS = 5, 2_000
GOAL, CPU_GOAL = 2.0, 0.5
KEY = "a key of the bench"
BODY_BYTES = 2_048
ACCEPTED = b"HTTP/1.1 202"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Figure:
    """One server's medians over the rounds."""

    per_second: float
    cpu_microseconds: float
    """Of the server's process, a request."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was measured."""

    ours: Figure
    plain: Figure

    @property
    def speed(self) -> float:
        """How many times as many requests a second."""
        return self.ours.per_second / self.plain.per_second

    @property
    def cpu(self) -> float:
        """What part of the CPU a request."""
        return self.ours.cpu_microseconds / self.plain.cpu_microseconds


@dataclass(frozen=True, slots=True)
class Server:
    """A server under load."""

    pid: int
    url: str

    def cpu_seconds(self) -> float:
        """Used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def alerts(run: str, count: int) -> list[bytes]:
    """Signed requests, each for a group of its own."""
    return [_request(f"{run}-{number}") for number in range(count)]


def _request(group: str) -> bytes:
    alert = {
        "event": {"type": "escalation", "time": "2026-11-21T03:00:00Z"},
        "alert_group_id": group,
        "alert_group": {"id": group, "title": "checkout fails", "state": "firing"},
        "alert_payload": {"message": ""},
    }
    alert["alert_payload"] = {"message": "x" * (BODY_BYTES - len(json.dumps(alert)))}
    body = json.dumps(alert).encode()
    signature = hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()
    head = (
        "POST /webhook/grafana-oncall HTTP/1.1\r\nHost: bench\r\n"
        "Content-Type: application/json\r\n"
        f"X-Grafana-OnCall-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Sender(asyncio.Protocol):
    """A connection that sends the next alert when the one before was answered."""

    def __init__(self, waiting: Iterator[bytes], done: asyncio.Future[None]) -> None:
        self._waiting = waiting
        self._done = done
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(self._buffer) < end + 4 + length:
            return
        if not self._buffer.startswith(ACCEPTED) and not self._done.done():
            self._done.set_exception(AssertionError(self._buffer[:400].decode()))
        self._buffer = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or AssertionError("the server closed a connection"))

    def _send(self) -> None:
        assert self._transport is not None
        request = next(self._waiting, None)
        if request is not None:
            self._transport.write(request)
        elif not self._done.done():
            self._done.set_result(None)
            self._transport.close()


async def load(url: str, requests: list[bytes]) -> float:
    """Seconds until all were answered."""
    loop = asyncio.get_running_loop()
    parts, waiting = urlsplit(url), iter(requests)
    ends: list[asyncio.Future[None]] = [loop.create_future() for _ in range(CONNECTIONS)]
    began = loop.time()
    assert parts.hostname
    assert parts.port
    for end in ends:
        await loop.create_connection(partial(Sender, waiting, end), parts.hostname, parts.port)
    await asyncio.gather(*ends)
    return loop.time() - began


@contextmanager
def process(*arguments: str) -> Iterator[tuple[int, str]]:
    """A process of the bench: its pid and the first line it says."""
    with subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        out: IO[str] | None = started.stdout
        assert out is not None
        try:
            yield started.pid, out.readline().strip()
        finally:
            assert started.stdin is not None
            started.stdin.close()
            started.wait(20)


def measure(*, rounds: int = ROUNDS, count: int = ALERTS) -> Comparison:
    """Both servers in turn, a first round of each not counted."""
    speeds: dict[str, list[float]] = {"ours": [], "plain": []}
    costs: dict[str, list[float]] = {"ours": [], "plain": []}
    with ExitStack() as stack:
        _, port = stack.enter_context(process("tests.bench.stub_aws", KEY))
        stub = f"http://127.0.0.1:{port}"
        servers = {
            kind: Server(*stack.enter_context(process("tests.bench.ingest_server", kind, stub)))
            for kind in speeds
        }
        for number in range(rounds + 1):
            for kind, server in servers.items():
                requests = alerts(f"{kind}-{number}", count)
                before = server.cpu_seconds()
                seconds = asyncio.run(load(server.url, requests))
                if number:
                    speeds[kind].append(count / seconds)
                    costs[kind].append((server.cpu_seconds() - before) / count * 1e6)
    return Comparison(*(Figure(median(speeds[k]), median(costs[k])) for k in ("ours", "plain")))


def main() -> int:
    """Exit code 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="scripts/bench ingest-aws", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    found = measure()
    told = {**asdict(found), "speed": found.speed, "cpu": found.cpu}
    if options.json:
        options.json.write_text(json.dumps(told) + "\n", encoding="utf-8")
    for name, figure in (("ours", found.ours), ("plain aioboto3", found.plain)):
        speed, cpu = figure.per_second, figure.cpu_microseconds
        sys.stdout.write(f"{name:<16}{speed:8.0f} requests/s {cpu:8.0f} µs CPU\n")
    sys.stdout.write(f"requests/s {found.speed:.2f}x (goal {GOAL}x), CPU {found.cpu:.2f}x\n")
    return 0 if found.speed >= GOAL and found.cpu <= CPU_GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
