"""What Grafana Cloud's Mimir, Loki and Tempo have in common: who may ask, and how times are
written.

What belongs here: authentication and time arguments. What does not: any one product's answers.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from incident_response.sandbox.vendors.desk import Refusal, basic, bearer, same
from incident_response.sandbox.vendors.world import epoch_of

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w|y)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}


@dataclass(frozen=True, slots=True)
class GrafanaAccess:
    """Instance id (also the tenant) and access policy token, as Grafana Cloud hands them out."""

    instance_id: str
    token: str


def refusal(access: GrafanaAccess, error: Callable[[int, str], web.Response]) -> Refusal:
    """Return the check of all three products: basic `id:token`, bearer `id:token`, or tenant
    header.

    The last is a self-hosted installation behind a token-checking proxy: `Authorization: Bearer
    token` with the tenant in `X-Scope-OrgID`. `error` writes the product's own error.
    """
    expected = f"{access.instance_id}:{access.token}"

    def check(request: web.Request) -> web.Response | None:
        token, tenant = bearer(request), request.headers.get("X-Scope-OrgID", "")
        if same(basic(request), expected) or same(token, expected):
            return None
        if same(token, access.token):
            return None if same(tenant, access.instance_id) else error(401, "no org id")
        return error(401, "authentication error: invalid authentication credentials")

    return check


def seconds_of_time(text: str) -> float:
    """Return epoch seconds of a decimal number or an RFC 3339 time. Raises `ValueError`."""
    try:
        return _finite(text)
    except ValueError:
        return epoch_of(text)


def seconds_of_duration(text: str) -> float:
    """Return the seconds of `15`, `15s` or `1h30m`. Raises `ValueError`."""
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text):
        return _finite(text)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"not a finite number: {text[:20]!r}")
    return number
