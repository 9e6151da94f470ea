"""``incident-response audit verify``: is every ledger whole, and was every publication approved?

Only reads, beside a processor that is at work. Not here: the rules (domain.audit).
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from incident_response.bootstrap.backend import backend_of
from incident_response.bootstrap.telemetry import conceal_secrets
from incident_response.domain.audit import Finding
from incident_response.domain.model import IncidentId
from incident_response.entrypoints.lifetime import live
from incident_response.settings import Settings
from incident_response.telemetry import configure_logging
from incident_response.workflows.auditor import audit_ledger

Verdicts = dict[IncidentId, tuple[Finding, ...]]
"""What is wrong with each ledger, in the order in which they began."""


def main(options: argparse.Namespace) -> int:
    """Exit code 0 if every ledger holds, else 1 with the first bad entry."""
    configure_logging(level="ERROR", form="console")

    async def life(_stop: asyncio.Event) -> int:
        return await _verify(options)

    return live(life)


async def _verify(options: argparse.Namespace) -> int:
    settings = Settings()
    conceal_secrets(settings)
    if options.state_dir:
        settings = settings.model_copy(update={"state_dir": Path(options.state_dir)})
    async with backend_of(settings).open_ledgers(settings) as ledgers:
        verdicts: Verdicts = {
            incident_id: await audit_ledger(ledgers.ledger, ledgers.seal, incident_id)
            for incident_id in await ledgers.ledger.heads()
        }
    findings = [finding for found in verdicts.values() for finding in found]
    text = _as_json(verdicts, findings) if options.json else _as_lines(verdicts, findings)
    sys.stdout.write(f"{text}\n")
    return 1 if findings else 0


def _as_json(verdicts: Verdicts, findings: Sequence[Finding]) -> str:
    told = [finding.model_dump(mode="json") for finding in findings]
    return json.dumps({"ok": not findings, "ledgers": len(verdicts), "findings": told})


def _as_lines(verdicts: Verdicts, findings: Sequence[Finding]) -> str:
    lines = [f"{name}  {_verdict(found)}" for name, found in verdicts.items()]
    if findings:
        first = findings[0]
        lines.append(
            f"The first bad entry is {first.seq} of {first.incident_id}: {first.why}."
            " Keep a copy of the store before anything else."
        )
    else:
        count = "1 ledger" if len(verdicts) == 1 else f"{len(verdicts)} ledgers"
        lines.append(f"{count}, all whole; every publication was approved.")
    return "\n".join(lines)


def _verdict(findings: Sequence[Finding]) -> str:
    if not findings:
        return "holds"
    return "DOES NOT HOLD: " + "; ".join(f"entry {f.seq}: {f.why}" for f in findings)
