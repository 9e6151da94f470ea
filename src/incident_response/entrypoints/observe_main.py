"""``incident-response observe``: how an incident stands now, from the store alone.

It reads beside a running processor and changes nothing. Not here: what happened before
(``incident-response postmortem``).
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator

from incident_response.adapters.system_clock import SystemClock
from incident_response.bootstrap.backend import backend_of
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json
from incident_response.entrypoints.lifetime import live
from incident_response.ports.incident_store import StepRecord, StepState
from incident_response.settings import Settings
from incident_response.telemetry import configure_logging
from incident_response.workflows.find_incident import find_incident
from incident_response.workflows.fold_alerts import ASSEMBLE


def main(options: argparse.Namespace) -> int:
    """Exit code 0 if the incident is there."""
    configure_logging(level="ERROR", form="console")

    async def life(_stop: asyncio.Event) -> int:
        incident, steps = await _read(options.incident)
        told = _seen(incident, steps)
        sys.stdout.write(json.dumps(told) + "\n" if options.json else _lines(told))
        return 0

    return live(life)


async def _read(named: str) -> tuple[Incident, dict[str, StepRecord]]:
    settings = Settings()
    async with backend_of(settings).open_records(settings, SystemClock()) as records:
        incident = await find_incident(records.incidents, named)
        return incident, await records.incidents.journal(incident.incident_id, ASSEMBLE)


def _seen(incident: Incident, steps: dict[str, StepRecord]) -> Json:
    assembled = incident.assembled_at
    seconds = (assembled - incident.created_at).total_seconds() if assembled else None
    return {
        "incident_id": incident.incident_id,
        "title": incident.title,
        "severity": incident.severity.value,
        "status": incident.status.value,
        "alert": incident.alert_state.value,
        "room": incident.room.name if incident.room else None,
        "assembled_seconds": seconds,
        "commander": incident.commander,
        "responders": len(incident.responders),
        "unfinished": [name for name, step in steps.items() if step.state is not StepState.DONE],
        "failed": {
            name: step.error for name, step in steps.items() if step.state is StepState.FAILED
        },
    }


def _lines(told: Json) -> str:
    return "".join(f"{line}\n" for line in _told(told))


def _told(told: Json) -> Iterator[str]:
    yield f"{told['incident_id']}  {told['severity']}  {told['status']}  {told['title']}"
    room, seconds = told["room"], told["assembled_seconds"]
    stands = f"stood after {seconds} s" if seconds is not None else "is being assembled"
    yield f"  room       {f'#{room}, {stands}' if room else 'none yet'}"
    yield f"  commander  {told['commander'] or 'nobody'}, {told['responders']} invited"
    yield f"  alert      {told['alert']}"
    failed = told["failed"]
    assert isinstance(failed, dict)
    for name, why in failed.items():
        yield f"  missing    {name}: {why}"
