"""What the services were doing when: the requests behind the log lines and the traces.

What belongs here: which request was sampled in which five seconds, and how it ended. What does
not: how Loki and Tempo show it. A request is a function of service and time alone, so a log line
and the trace it names agree, and asking twice gives the same answer.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from incident_response.sandbox.company import Service
from incident_response.sandbox.vendors.world import World, wobble

Level = Literal["error", "warn", "info"]

_SLOT = 5  # seconds; one request is sampled in each
_ERRORS_IN_TROUBLE = (
    0.6  # share of sampled requests: sampling prefers errors, as tail sampling does
)
_ERRORS_IN_HEALTH = 0.01

_ROUTES = {
    "checkout-api": ("POST /v1/checkout", "POST /v1/payments", "GET /v1/basket"),
    "search-api": ("GET /v2/search", "GET /v2/suggest"),
    "edge-gateway": ("POST /v1/checkout", "GET /v2/search", "GET /healthz"),
}
_FAILURES = {
    "checkout-api": (
        "payment authorisation failed: psp-gateway timed out after 3000 ms",
        "could not acquire a database connection within 2000 ms (pool 40/40 busy)",
        "order not placed: deadline exceeded while reserving stock",
    ),
    "search-api": (
        "shard products-3 did not answer within 800 ms",
        "circuit open for ranking-model, serving unranked results",
    ),
    "edge-gateway": (
        "no healthy upstream for cluster checkout-api",
        "upstream connect error: connection timeout after 5000 ms",
    ),
}
_OTHER_ROUTES = ("GET /",)
_OTHER_FAILURES = ("request failed: deadline exceeded",)


@dataclass(frozen=True, slots=True)
class Happening:
    """One sampled request: when (epoch seconds), of what, how long (seconds), how it ended."""

    at: float
    service: Service
    level: Level
    route: str
    status: int
    duration: float
    message: str
    trace_id: str
    span_id: str


def newest_first(
    world: World, service: Service, start: float, *, end: float
) -> Iterator[Happening]:
    """Yield the service's requests with `start` <= at < `end`, newest first, none in the future.

    Nothing for a service without telemetry.
    """
    if service.telemetry is None:
        return
    trouble = world.trouble(service.name)
    end = min(end, world.clock.now())
    for slot in range(int(end // _SLOT), int(start // _SLOT) - 1, -1):
        at = (slot + wobble(service.name, slot, "at")) * _SLOT
        if start <= at < end:
            yield _happening(service, slot, at, troubled=trouble[0] <= at <= trouble[1])


def _happening(service: Service, slot: int, at: float, *, troubled: bool) -> Happening:
    name, telemetry = service.name, service.telemetry
    assert telemetry is not None
    failed = wobble(name, slot) < (_ERRORS_IN_TROUBLE if troubled else _ERRORS_IN_HEALTH)
    p99 = telemetry.p99_in_trouble if troubled else telemetry.p99
    trace = hashlib.blake2b(f"{name}|{slot}".encode(), digest_size=24).hexdigest()
    route = _pick(_ROUTES.get(name, _OTHER_ROUTES), name, slot, "route")
    failure = _pick(_FAILURES.get(name, _OTHER_FAILURES), name, slot, "failure")
    slow = not failed and troubled and wobble(name, slot, "slow") < 0.5
    return Happening(
        at=at,
        service=service,
        level="error" if failed else "warn" if slow else "info",
        route=route,
        status=503 if failed else 200,
        duration=p99 * (1.05 if failed else 0.9 if slow else 0.2 + 0.3 * wobble(name, slot, "d")),
        message=failure if failed else f"{route} was slow" if slow else f"{route} served",
        trace_id=trace[:32],
        span_id=trace[32:],
    )


def _pick(choices: tuple[str, ...], *key: object) -> str:
    return choices[int(wobble(*key) * len(choices))]
