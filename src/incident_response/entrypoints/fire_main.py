"""``incident-response fire``: one drill alert at a running webhook that proves which environment
it is.

What it fires is marked as a drill, in its title for people and by a label for programs; the same
group can be resolved afterwards. Not here: the drill on a throw-away stack (drill_main).
"""

import argparse
import asyncio
import ipaddress
import json
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from pydantic import TypeAdapter

from incident_response.adapters.http import (
    Credentials,
    Vendor,
    VendorHttp,
    Wire,
    vendor_session,
)
from incident_response.adapters.system_clock import SystemClock
from incident_response.alert_sources.generic import source as generic
from incident_response.domain.errors import (
    InvalidConfigurationError,
    RefusedError,
    UnavailableError,
)
from incident_response.domain.incident import incident_id_for
from incident_response.domain.model import Json
from incident_response.entrypoints.lifetime import live
from incident_response.entrypoints.webhook.answers import ENVIRONMENT
from incident_response.ports.clock import Clock
from incident_response.routing.alert_source import ParseContext
from incident_response.telemetry import configure_logging

DRILL_LABEL = "drill"
"""Label of every alert fired here."""
PATH = "/alerts/generic"
_WEBHOOK = Vendor(name="The webhook", url_setting="--url", credential_setting="--key-file")
_TIMEOUT = aiohttp.ClientTimeout(total=10)


class _Answer(Wire):
    status: str


_ANSWER = TypeAdapter(_Answer)


@dataclass(frozen=True, slots=True)
class _Target:
    """A webhook, and what it has to be."""

    url: str
    environment: str
    key: str


def main(options: argparse.Namespace) -> int:
    """Exit code 0 once the alert is accepted, else 1 with the reason."""
    configure_logging(level="ERROR", form="console")

    async def life(_stop: asyncio.Event) -> int:
        target = _Target(
            _address(options.url, options.environment), options.environment, _key(options.key_file)
        )
        group = options.group or f"drill-{secrets.token_hex(6)}"
        alert = _alert(options, group, SystemClock())
        async with vendor_session() as http:
            await _prove(http, target)
            answer = await _send(http, target, alert)
        told = {"group": group, "incident_id": _incident(alert), "answer": answer}
        sys.stdout.write(json.dumps(told) + "\n")
        return 0

    return live(life)


def _alert(options: argparse.Namespace, group: str, clock: Clock) -> Json:
    return {
        "id": group,
        "status": "resolved" if options.resolve else "firing",
        "title": f"DRILL: {options.title}",
        "description": "A drill. Nothing is broken; respond as if it were.",
        "severity": options.severity,
        "service": options.service,
        "changed_at": clock.now().isoformat(),
        "labels": {DRILL_LABEL: "true"},
    }


def _incident(alert: Json) -> str:
    """The incident that the alert opens, or has opened, as the first of its group."""
    raw = json.dumps(alert).encode()
    context = ParseContext(source=generic.name, received_at=SystemClock().now(), raw=raw)
    return incident_id_for(generic.parse(alert, context).group_id, 1)


async def _prove(http: aiohttp.ClientSession, target: _Target) -> None:
    """Raises ``RefusedError`` unless the webhook itself says that it is what it should be."""
    try:
        async with http.get(f"{target.url}{PATH}", timeout=_TIMEOUT, allow_redirects=False) as got:
            told = got.headers.get(ENVIRONMENT, "")
    except (aiohttp.ClientError, TimeoutError) as error:
        raise _unreached(error) from error
    if told != target.environment:
        found = f"says that it is {told}" if told.isalpha() else "does not say what it is"
        raise RefusedError(
            f"nothing was fired: the webhook {found}, and --environment is {target.environment}"
        )


async def _send(http: aiohttp.ClientSession, target: _Target, alert: Json) -> str:
    webhook = VendorHttp(
        _WEBHOOK,
        base_url=target.url,
        credentials=Credentials(
            headers={"Authorization": f"Bearer {target.key}"}, secrets=(target.key,)
        ),
        http=http,
        clock=SystemClock(),
    )
    return (await webhook.write("POST", PATH, alert, shape=_ANSWER)).status


def _unreached(error: Exception) -> UnavailableError:
    return UnavailableError(f"the webhook did not answer: {type(error).__name__}; check --url")


def _address(url: str, environment: str) -> str:
    """The webhook's base. A key is sent in the clear to this machine only; and only on this
    machine is *development*, which a webhook says that was told nothing, taken for a proof.
    """
    try:
        parts = urlsplit(url)
        is_near = _is_loopback(parts.hostname or "")
        is_fit = bool(parts.hostname) and "@" not in parts.netloc and not parts.query
    except ValueError:
        is_near = is_fit = False
    if not is_fit or not (parts.scheme == "https" or (parts.scheme == "http" and is_near)):
        raise InvalidConfigurationError(
            "--url must be an https address, or an http address of this machine"
        )
    if environment == "development" and not is_near:
        raise InvalidConfigurationError(
            "--environment development is for this machine: set ENVIRONMENT there, and name it"
        )
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _key(file: str) -> str:
    try:
        key = Path(file).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidConfigurationError(f"--key-file cannot be read: {error}") from error
    if not key or not key.isprintable():
        raise InvalidConfigurationError("--key-file holds no key")
    return key
