"""What the tests of an incident's end share: asking, waiting for the plan, reading the ledger."""

from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, LedgerEntry
from incident_response.domain.model import UserId
from incident_response.domain.roles import Role
from incident_response.durable.plan import StepContext
from incident_response.ports.incident_store import PlanState
from incident_response.workflows.ending import ClosingMessage, IncidentEnding
from incident_response.workflows.reminders import Reminders
from incident_response.workflows.resolution import resolve_run
from incident_response.workflows.roles import Asked
from tests.fakes.chat import FakeChannel, Posted
from tests.workflows.house import ADA, House, eventually


def asked(h: House, by: UserId = ADA, key: str = "click") -> Asked:
    return Asked(by=by, at=h.world.clock.now(), key=key)


async def commanded(h: House, by: UserId = ADA, **changes: object) -> Incident:
    """An assembled incident with somebody in command."""
    incident = await h.assembled(**changes)
    return await h.workflows.roles.assign(
        incident.incident_id, Role.COMMANDER, to=by, asked=asked(h, by, "command")
    )


async def now(h: House, incident: Incident) -> Incident:
    """The incident as it is stored now."""
    found = await h.workflows.store.get(incident.incident_id)
    assert found is not None
    return found


async def resolve(
    h: House, incident: Incident, summary: str = "Rolled back", *, by: UserId = ADA
) -> Incident:
    """Resolve it, and wait until nothing of that is left to do."""
    key = f"resolve{incident.resolutions}"
    incident = await h.workflows.resolver.resolve(
        incident.incident_id, summary=summary, asked=asked(h, by, key)
    )
    h.workflows.runner.kick(incident.incident_id, resolve_run(incident))
    return await ended(h, incident)


async def ended(h: House, incident: Incident) -> Incident:
    """The incident once its resolving has nothing left to do."""

    async def has_ended() -> bool:
        plan = await h.workflows.store.plan(incident.incident_id, resolve_run(incident))
        return plan is not None and plan.state is not PlanState.OPEN

    await eventually(has_ended)
    return await now(h, incident)


def ending_of(
    h: House, *, reminders: Reminders | None = None, closing: ClosingMessage | None = None
) -> IncidentEnding:
    """The plan over the same house, with one of its partners exchanged: to run single steps."""
    return IncidentEnding(
        store=h.workflows.store,
        chat=h.world.chat,
        board=h.workflows.board,
        reminders=reminders or Reminders(h.workflows.nudges),
        aftercare=h.workflows.aftercare,
        postmortems=h.workflows.postmortems,
        closing=closing,
        clock=h.world.clock,
        incidents_channel="incidents",
    )


def context_of(h: House, incident: Incident, step: str) -> StepContext:
    """What a step of the incident's resolving is told at its first try."""
    return StepContext(
        incident=incident,
        plan=resolve_run(incident),
        step=step,
        attempt=1,
        first_started_at=h.world.clock.now(),
        results={},
        failures={},
        previous=None,
    )


async def entries(h: House, incident: Incident) -> list[LedgerEntry]:
    return list(await h.world.backend.ledger.entries(incident.incident_id))


async def kinds(h: House, incident: Incident) -> list[EntryKind]:
    return [entry.kind for entry in await entries(h, incident)]


def said(channel: FakeChannel, text: str) -> list[Posted]:
    """What everybody in the channel can read that holds ``text``."""
    posted = (p for p in channel.posted if p.private_to is None)
    return [p for p in posted if text in str(p.message)]
