"""``incident-response drill --local``: one P1 on a throw-away stack, timed, and told as a story or
as JSON.

The verdict is taken from the workspace, over what the people in it would see, not from what the
program says of itself.
"""

import argparse
import asyncio
import importlib
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from incident_response.domain.errors import InvalidConfigurationError, UnavailableError
from incident_response.domain.incident import Incident
from incident_response.domain.model import IncidentId, Json
from incident_response.entrypoints.drill_life import (
    PATIENCE_SECONDS,
    STAGES,
    Life,
    Stage,
    live_through,
)
from incident_response.entrypoints.drill_people import Person
from incident_response.entrypoints.lifetime import live
from incident_response.entrypoints.local_stack import LocalStack, Place, Ports, local_stack
from incident_response.ports.incident_store import PlanState, StepRecord, StepState
from incident_response.sandbox.alerts import AlertOrder
from incident_response.telemetry import configure_logging
from incident_response.workflows.briefing import LABELS
from incident_response.workflows.fold_alerts import ASSEMBLE

POLL_SECONDS = 0.02
INTERRUPTED = 130
"""Exit code of a drill that was stopped, as of any program ended by Ctrl-C."""
ACCEPTED = 202


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the drill found."""

    incident: Incident | None
    steps: dict[str, StepRecord]
    problems: tuple[str, ...]
    assembled_seconds: float | None
    life: Life | None = None
    """What was lived after the room stood, if that was asked for."""

    def as_json(self) -> Json:
        """The line that other programs read."""
        room = self.incident.room if self.incident else None
        found: Json = {
            "ok": not self.problems,
            "incident_id": self.incident.incident_id if self.incident else None,
            "channel": room.name if room else None,
            "invited": list(self.incident.responders) if self.incident else [],
            "missing": list(self.problems),
            "assembled_seconds": self.assembled_seconds,
            "steps": {name: record.state.value for name, record in self.steps.items()},
        }
        return found | self._of_life() if self.life else found

    def _of_life(self) -> Json:
        assert self.life is not None
        seconds = {"assembled": self.assembled_seconds, **self.life.seconds}
        return {"seconds": {**seconds}, "ids": {**self.life.ids}, "ledger": self.life.ledger}


def main(options: argparse.Namespace) -> int:
    """Exit code 0 only if the whole room stood in time; 130 if it was stopped."""
    configure_logging(level="ERROR", form="console")
    return live(lambda stop: _drill(options, stop))


async def _drill(options: argparse.Namespace, stop: asyncio.Event) -> int:
    tell = _silent if options.json else _tell
    with tempfile.TemporaryDirectory(prefix="incident-drill-") as folder:
        tell("Starting a throw-away stack ...")
        async with (
            _place(options) as place,
            local_stack(Path(folder), Ports(), place=place) as stack,
        ):
            verdict = await drill(stack, options.deadline, tell, stop=stop)
            if options.full and not verdict.problems:
                verdict = await live_on(stack, verdict, tell, stop=stop)
    if options.json:
        sys.stdout.write(json.dumps(verdict.as_json()) + "\n")
    else:
        _tell(_ending(verdict))
    if stop.is_set():
        return INTERRUPTED
    return 1 if verdict.problems else 0


@asynccontextmanager
async def _place(options: argparse.Namespace) -> AsyncIterator[Place | None]:
    """Where the stack keeps what it has to keep; None: in its folder."""
    if options.backend == "aws":
        aws = importlib.import_module("incident_response.entrypoints.drill_aws")
        async with aws.aws_place(options.endpoint_url) as place:
            yield place
    elif options.endpoint_url:
        raise InvalidConfigurationError("--endpoint-url is for --backend aws")
    else:
        yield None


async def drill(
    stack: LocalStack, deadline: float, tell: "Tell", *, stop: asyncio.Event
) -> Verdict:
    """Fire one P1 at ``stack`` and wait ``deadline`` seconds, or until ``stop``, for its room;
    ``tell`` hears each step.
    """
    clock = stack.processor.workflows.clock
    watch = _Watch(stack, tell)
    began = clock.monotonic()
    delivery = await stack.sandbox.alerts.fire(AlertOrder())
    if delivery.status != ACCEPTED:
        reason = delivery.error or f"the webhook answered {delivery.status}"
        return Verdict(incident=None, steps={}, problems=(reason,), assembled_seconds=None)
    tell(f"A signed P1 was accepted by the webhook after {clock.monotonic() - began:.3f} s.")
    try:
        async with asyncio.timeout(deadline):
            incident = await watch.until_assembled(stop)
    except (TimeoutError, UnavailableError) as error:
        reason = str(error) or f"the room did not stand within {deadline:g} seconds"
        steps = await watch.steps()
        return Verdict(
            incident=await watch.incident(),
            steps=steps,
            problems=(reason,),
            assembled_seconds=None,
        )
    steps = await watch.steps()
    seconds = (incident.assembled_at or incident.created_at) - incident.created_at
    return Verdict(
        incident=incident,
        steps=steps,
        problems=(*_given_up(steps), *_unseen(stack, incident)),
        assembled_seconds=round(seconds.total_seconds(), 3),
    )


async def live_on(
    stack: LocalStack,
    verdict: Verdict,
    tell: "Tell",
    *,
    stop: asyncio.Event,
    stages: tuple[Stage, ...] = STAGES,
) -> Verdict:
    """The verdict after the whole life of the incident whose room stands."""
    assert verdict.incident is not None
    user = verdict.incident.proposed_commander or verdict.incident.responders[0]
    clock = stack.processor.workflows.clock
    me = Person(sandbox=stack.sandbox, clock=clock, user=user, patience=PATIENCE_SECONDS)
    life = Life(stack=stack, incident=verdict.incident, commander=me)
    tell(f"The room stands. <@{user}> takes over:")
    problems = await live_through(life, stages, tell, stop=stop)
    return replace(
        verdict, incident=await life.now(), life=life, problems=(*verdict.problems, *problems)
    )


class _Watch:
    """Looks at the stack until the room stands, and tells each step as it ends."""

    def __init__(self, stack: LocalStack, tell: "Tell") -> None:
        self._store = stack.processor.workflows.store
        self._clock = stack.processor.workflows.clock
        self._began = self._clock.monotonic()
        self._tell = tell
        self._inner = stack.processor.runner.on_progress
        stack.processor.runner.on_progress = self._progress

    async def incident(self) -> Incident | None:
        found = await self._store.recent(open_only=False, limit=1)
        return found[0] if found else None

    async def steps(self) -> dict[str, StepRecord]:
        incident = await self.incident()
        return await self._store.journal(incident.incident_id, ASSEMBLE) if incident else {}

    async def until_assembled(self, stop: asyncio.Event) -> Incident:
        """The incident once its plan has ended.

        Raises ``UnavailableError`` if the person stops the drill.
        """
        while not stop.is_set():
            incident = await self.incident()
            if incident is not None and await self._has_ended(incident.incident_id):
                return await self.incident() or incident
            await self._clock.sleep(POLL_SECONDS)
        raise UnavailableError("the drill was stopped")

    async def _has_ended(self, incident_id: IncidentId) -> bool:
        plan = await self._store.plan(incident_id, ASSEMBLE)
        return plan is not None and plan.state is not PlanState.OPEN

    def _progress(self, incident_id: IncidentId, record: StepRecord) -> None:
        self._inner(incident_id, record)
        if record.state in (StepState.DONE, StepState.FAILED):
            seconds = self._clock.monotonic() - self._began
            mark = "ok  " if record.state is StepState.DONE else "FAIL"
            label = LABELS.get(record.step, record.step.replace("_", " ").capitalize())
            self._tell(f"  {seconds:6.3f} s  {mark}  {label}  {record.error}".rstrip())


def _given_up(steps: dict[str, StepRecord]) -> tuple[str, ...]:
    failed = (r for r in steps.values() if r.state is not StepState.DONE)
    return tuple(f"{LABELS.get(r.step, r.step)}: {r.error or r.state.value}" for r in failed)


def _unseen(stack: LocalStack, incident: Incident) -> list[str]:
    """What people in the workspace would miss."""
    workspace = stack.sandbox.workspace
    channel = workspace.channels.by_name(incident.room.name) if incident.room else None
    if channel is None or incident.room is None:
        return ["the room is not in the workspace"]
    missing = []
    if not incident.responders:
        missing.append("nobody was invited")
    if absent := set(incident.responders) - set(channel.members):
        missing.append(f"invited, but not in the room: {', '.join(sorted(absent))}")
    if not workspace.pins.of(channel.id):
        missing.append("nothing is pinned")
    for name in ("facts", "checklist", "announcement", "proposal"):
        ref = incident.messages.get(name)
        if ref is None or workspace.messages.find(ref.channel_id, ref.ts) is None:
            missing.append(f"the {name} message is not there")
    return missing


def _ending(verdict: Verdict) -> str:
    if verdict.problems:
        lines = "\n".join(f"  - {problem}" for problem in verdict.problems)
        return f"The drill failed:\n{lines}"
    assert verdict.incident is not None
    room = verdict.incident.room
    people = len(verdict.incident.responders)
    if verdict.life is not None:
        return "The whole life was lived, and the ledger proves it. All is well."
    return (
        f"#{room.name if room else '?'} stood {verdict.assembled_seconds:.3f} s after the alert, "
        f"with {people} people, facts, pinned checklist and announcement. All is well."
    )


Tell = Callable[[str], None]


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _silent(_line: str) -> None:
    """For ``--json``: one line at the end, nothing else."""
