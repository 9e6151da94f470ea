"""``incident-response postmortem``: an incident's postmortem as Markdown, from the store alone.

It reads beside a running processor, asks no chat, vendor or model, and changes nothing: what only
they know says that it was not asked. Not here: what a postmortem says (domain.postmortem).
"""

import argparse
import asyncio
import sys
from pathlib import Path

from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.backend import Records, backend_of
from incident_response.bootstrap.policy import load_policy
from incident_response.bootstrap.telemetry import conceal_secrets
from incident_response.domain.errors import InvalidConfigurationError
from incident_response.domain.policy import Policy
from incident_response.entrypoints.lifetime import live
from incident_response.settings import Settings
from incident_response.telemetry import configure_logging
from incident_response.workflows.find_incident import find_incident
from incident_response.workflows.postmortem import PostmortemWriter
from incident_response.workflows.postmortem_evidence import EvidenceDesk
from incident_response.workflows.war_room import Sources

NOT_ASKED = "it was not asked: this was written from the store alone"


def main(options: argparse.Namespace) -> int:
    """Exit code 0 once it is written, else 1 with the reason."""
    configure_logging(level="ERROR", form="console")

    async def life(_stop: asyncio.Event) -> int:
        text = await _written(options.incident)
        return _deliver(text, options.output)

    return live(life)


async def _written(named: str) -> str:
    settings = Settings()
    conceal_secrets(settings)
    policy = load_policy(settings)
    async with backend_of(settings).open_records(settings, SystemClock()) as records:
        return await _markdown(records, policy, named)


async def _markdown(records: Records, policy: Policy, named: str) -> str:
    clock = SystemClock()
    incident = await find_incident(records.incidents, named)
    evidence = EvidenceDesk(
        store=records.incidents, chat=None, sources=Sources(), clock=clock, absent=NOT_ASKED
    )
    writer = PostmortemWriter(
        ledger=records.ledger, evidence=evidence, policy=policy, chat=None, clock=clock
    )
    return (await writer.preview(incident)).markdown()


def _deliver(text: str, output: str) -> int:
    if not output:
        sys.stdout.write(text)
        return 0
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidConfigurationError(f"--output {output}: {error.strerror}") from error
    return 0
