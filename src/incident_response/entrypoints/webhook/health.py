"""Probes on a port of their own: ``/livez`` says whether the process beats, ``/readyz`` whether it
can work. Used by every long-running process; not here: what any probe asks.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web

from incident_response.domain.errors import IncidentResponseError, InvalidConfigurationError
from incident_response.entrypoints.webhook.answers import HEADERS
from incident_response.ports.clock import Clock

BEAT_SECONDS = 1.0
MAX_SILENCE = 10.0
"""Seconds without a beat after which the process counts as hung."""
PROBE_SECONDS = 2.0
"""A probe that takes longer has failed."""

Probe = Callable[[], Awaitable[None]]
"""Returns if all is well; raises otherwise."""

_log = structlog.get_logger(__name__)


class HealthServer:
    """Answers probes with JSON: 200, or 503 with the names of what fails, never with the reason.

    ``probes`` by the name that is shown. ``beat`` must be running beside it.
    """

    def __init__(self, *, clock: Clock, probes: Mapping[str, Probe]) -> None:
        self._clock = clock
        self._probes = dict(probes)
        self._beat_at = clock.monotonic()
        self._runner: web.AppRunner | None = None
        self.is_draining = False
        """Once set, the process is not ready for anything new."""

    async def start(self, *, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen; port 0 takes a free one. Returns ``url``."""
        app = web.Application()
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        return self.url

    @property
    def url(self) -> str:
        """Where it listens; only after ``start``."""
        if self._runner is None or not self._runner.addresses:
            raise InvalidConfigurationError("the health server is not started")
        host, port = self._runner.addresses[0][:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def stop(self) -> None:
        """Close at once."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def beat(self) -> None:
        """Show that the event loop turns, until cancelled."""
        while True:
            self._beat_at = self._clock.monotonic()
            await self._clock.sleep(BEAT_SECONDS)

    async def failing(self) -> list[str]:
        """The names of the probes that fail now; all are asked at the same time."""
        answers = await asyncio.gather(*map(self._is_well, self._probes))
        return [name for name, is_well in zip(self._probes, answers, strict=True) if not is_well]

    async def _livez(self, _request: web.Request) -> web.Response:
        silence = self._clock.monotonic() - self._beat_at
        status = "hung" if silence > MAX_SILENCE else "alive"
        return _answer(200 if status == "alive" else 503, {"status": status})

    async def _readyz(self, _request: web.Request) -> web.Response:
        if self.is_draining:
            return _answer(503, {"status": "draining", "failing": []})
        failing = await self.failing()
        status = "unready" if failing else "ready"
        return _answer(503 if failing else 200, {"status": status, "failing": failing})

    async def _is_well(self, name: str) -> bool:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self._probes[name]()
        except (IncidentResponseError, TimeoutError) as error:
            _log.warning("probe failed", probe=name, error=type(error).__name__)
            return False
        except Exception:  # noqa: BLE001 - a probe that breaks is one that fails
            _log.exception("probe broke", probe=name)
            return False
        return True


def _answer(status: int, content: dict[str, object]) -> web.Response:
    headers = {name: value for name, value in HEADERS.items() if name != "Content-Type"}
    return web.json_response(content, status=status, headers=headers)
