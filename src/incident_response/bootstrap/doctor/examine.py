"""Runs the checks beside one another, each with a deadline; one that breaks is a finding too.

Not here: the checks (the table), how findings are shown (entrypoints.doctor_main).
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import structlog
from pydantic import SecretStr

from incident_response.adapters.http import vendor_session
from incident_response.adapters.slack.client import SlackAccess, SlackClient
from incident_response.bootstrap.doctor.check import Check, Found, Health, Patient, Process, wrong
from incident_response.bootstrap.vendors import Connection
from incident_response.domain.errors import IncidentResponseError
from incident_response.ports.clock import Clock
from incident_response.settings import Settings

CHECK_SECONDS = 40.0
"""For one check: a little more than the longest deadline of a vendor (Statuspage's 30 s)."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found."""

    check: str
    found: Found


async def examine(
    settings: Settings,
    *,
    checks: Sequence[Check],
    processes: frozenset[Process],
    clock: Clock,
    check_seconds: float = CHECK_SECONDS,
) -> tuple[Finding, ...]:
    """What every check found that one of ``processes`` needs, in the order of ``checks``."""
    wanted = [c for c in checks if c.processes & processes and c.applies(settings)]
    async with AsyncExitStack() as stack:
        patient = await _patient(settings, clock, stack)
        found = await asyncio.gather(*(_looked(c, patient, check_seconds) for c in wanted))
    return tuple(Finding(check.name, result) for check, result in zip(wanted, found, strict=True))


async def _patient(settings: Settings, clock: Clock, stack: AsyncExitStack) -> Patient:
    http = await stack.enter_async_context(vendor_session())
    slack = None
    if settings.slack_bot_token is not None:
        slack = SlackClient(
            SlackAccess(
                bot_token=settings.slack_bot_token.get_secret_value(),
                app_token=_text(settings.slack_app_token),
                base_url=settings.slack_api_url,
            )
        )
        stack.push_async_callback(slack.close)
    connection = Connection(http=http, clock=clock, stack=stack)
    return Patient(settings=settings, slack=slack, connection=connection)


async def _looked(check: Check, patient: Patient, seconds: float) -> Found:
    try:
        async with asyncio.timeout(seconds):
            found = await check.look(patient)
    except TimeoutError:
        return wrong(f"it took longer than {seconds:g} s", check.remedy)
    except IncidentResponseError as error:
        return wrong(str(error), check.remedy)
    except Exception as error:  # one broken check must not hide the others
        log.exception("a check broke", check=check.name)
        return wrong(f"the check itself broke: {type(error).__name__}", "report it, with the log")
    if found.health is Health.WRONG and not found.remedy:
        return replace(found, remedy=check.remedy)
    return found


def _text(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
