"""``incident-response doctor``: would this installation work? One line each, with what to do.

It may be run beside a processor that is at work: it asks, and changes nothing but, on AWS, one
schedule that never fires, which it makes and deletes. Not here: what is looked at
(bootstrap.doctor).
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence

from pydantic import ValidationError

from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.doctor import CHECKS, Finding, Found, Health, Process, examine
from incident_response.entrypoints.lifetime import live
from incident_response.settings import Settings
from incident_response.telemetry import configure_logging

SETTINGS = "Settings"


def main(options: argparse.Namespace) -> int:
    """Exit code 0 if nothing is wrong, else 1."""
    configure_logging(level="ERROR", form="console")

    async def life(_stop: asyncio.Event) -> int:
        findings = await _findings(options.only)
        sys.stdout.write(_as_json(findings) if options.json else _as_lines(findings))
        return 1 if _wrong(findings) else 0

    return live(life)


async def _findings(only: str) -> tuple[Finding, ...]:
    try:
        settings = Settings()
    except ValidationError as error:
        return _of_settings(error)
    processes = frozenset({Process(only)}) if only else frozenset(Process)
    found = await examine(settings, checks=CHECKS, processes=processes, clock=SystemClock())
    return (Finding(SETTINGS, Found(Health.OK, "every one makes sense")), *found)


def _of_settings(error: ValidationError) -> tuple[Finding, ...]:
    """What is wrong with each, without its value; nothing else can be looked at then."""
    return tuple(
        Finding(
            SETTINGS,
            Found(
                Health.WRONG,
                f"{'.'.join(map(str, fault['loc'])).upper()}: {fault['msg']}",
                "docs/configuration.md says what it takes; nothing else was looked at",
            ),
        )
        for fault in error.errors(include_input=False, include_url=False)
    )


def _wrong(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.found.health is Health.WRONG]


def _as_json(findings: Sequence[Finding]) -> str:
    told = [
        {
            "check": finding.check,
            "health": finding.found.health.value,
            "found": finding.found.text,
            "remedy": finding.found.remedy,
        }
        for finding in findings
    ]
    return json.dumps({"ok": not _wrong(findings), "checks": told}, ensure_ascii=False) + "\n"


def _as_lines(findings: Sequence[Finding]) -> str:
    width = max(len(finding.check) for finding in findings)
    lines = [_line(finding, width) for finding in findings]
    count = len(_wrong(findings))
    lines.append(f"\n{count} wrong." if count else "\nAll is well.")
    return "\n".join(lines) + "\n"


def _line(finding: Finding, width: int) -> str:
    found = finding.found
    mark = found.health.upper() if found.health is Health.WRONG else found.health
    told = f"{found.text}: {found.remedy}" if found.remedy else found.text
    return f"{mark:<5}  {finding.check:<{width}}  {told}"
