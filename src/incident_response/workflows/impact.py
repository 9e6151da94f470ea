"""Raises an incident because of whom it hurts: several customers, security, revenue.

Each impact is raised once. It calls the next step of the ladder at once; a security impact makes
it a P0. Not here: what a severity or a step means (severity, escalation).
"""

from incident_response.domain.errors import NotAllowedError
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.domain.model import IncidentId
from incident_response.domain.policy import Policy
from incident_response.domain.response import Impact
from incident_response.domain.severity import Severity
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.ports.ledger import Ledger
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.escalation import EscalationLadder
from incident_response.workflows.roles import Asked
from incident_response.workflows.severity import SeverityDesk

WORDS = {
    Impact.CUSTOMERS: "Several customers are affected.",
    Impact.SECURITY: "Security is affected.",
    Impact.REVENUE: "Revenue is affected.",
}
"""Why people are called, in one sentence."""


class ImpactDesk:
    """Raises impacts."""

    def __init__(
        self,
        *,
        store: IncidentStore,
        ledger: Ledger,
        severity: SeverityDesk,
        escalation: EscalationLadder,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._severity = severity
        self._escalation = escalation
        self._policy = policy
        self._clock = clock

    async def raise_(self, incident_id: IncidentId, impact: Impact, *, asked: Asked) -> Incident:
        """The incident with this impact, and the next people called; an impact that was raised
        before changes nothing.

        Asked again under the same key, what an interrupted try left undone is done. Raises
        ``NotAllowedError`` for a closed incident or one that has no ladder to climb.
        """
        incident = await change_incident(
            self._store, incident_id, lambda now: self._decide(now, impact, asked)
        )
        if not await self._is_ours(incident_id, impact, asked.key):
            return incident
        if impact is Impact.SECURITY and Severity.P0.is_worse_than(incident.severity):
            raised = Asked(by=asked.by, at=asked.at, key=f"{asked.key}:severity")
            await self._severity.change(
                incident_id, Severity.P0, reason=WORDS[impact], asked=raised
            )
        return await self._escalation.escalate(incident_id, reason=WORDS[impact], asked=asked)

    def _decide(self, incident: Incident, impact: Impact, asked: Asked) -> Decision:
        if incident.is_closed:
            raise NotAllowedError("This incident is closed.")
        if impact in incident.impacts:
            return Decision(incident, ())
        of = self._policy.of(incident.severity)
        if impact is not Impact.SECURITY and len(of.ladder) < 2:
            raise NotAllowedError(
                f"The policy has nobody else to call for {incident.severity}; raise the severity."
            )
        entry = NewEntry(
            kind=EntryKind.IMPACT_RAISED,
            at=self._clock.now(),
            actor=asked.by,
            details={"impact": impact.value, "key": asked.key},
        )
        impacts = (*incident.impacts, impact)
        return Decision(incident.model_copy(update={"impacts": impacts}), (entry,))

    async def _is_ours(self, incident_id: IncidentId, impact: Impact, key: str) -> bool:
        """Whether it was raised by this very click, perhaps in an earlier try."""
        entries = await self._ledger.entries(incident_id)
        raised = (e for e in entries if e.kind is EntryKind.IMPACT_RAISED)
        mine = (e for e in raised if e.details.get("key") == key)
        return any(e.details.get("impact") == impact.value for e in mine)
