"""What a policy does with an alert: how bad it is and why, and everything that follows from it.

Pure: nothing is opened and nobody is called. Not here: reading alerts or policies, the command
line (entrypoints).
"""

from dataclasses import dataclass

from incident_response.domain.alert import Alert, AlertState
from incident_response.domain.model import Json
from incident_response.domain.policy import ON_CALL, Judgement, Policy, Rung, SeverityPolicy
from incident_response.domain.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """An alert under a policy."""

    alert: Alert
    judgement: Judgement
    policy: Policy

    @property
    def of(self) -> SeverityPolicy:
        """What its severity asks for."""
        return self.policy.of(self.judgement.severity)

    @property
    def opens_incident(self) -> bool:
        """Whether the alert opens an incident at all (if its group has none open)."""
        return self.alert.state is AlertState.FIRING

    @property
    def opens_room(self) -> bool:
        """Whether it opens a room by itself."""
        return self.opens_incident and self.of.opens_room

    def who(self, rung: Rung) -> tuple[str, ...]:
        """Whom a step of the ladder means, in words, with what is missing."""
        return tuple(self._who(name) for name in rung.who)

    def _who(self, name: str) -> str:
        if name == ON_CALL:
            names = (("team", self.alert.team), ("service", self.alert.service))
            known = " and ".join(f"{kind} {value}" for kind, value in names if value)
            return f"whoever is on call for {known}" if known else "whoever is on call"
        if name in self.policy.contacts:
            label, address = name.replace("_", " "), self.policy.contacts[name]
            return f"the {label} ({address or 'nobody is named'})"
        role = Role.parse(name)
        label = role.label.lower() if role else name
        return f"the incident's {label}" if role is not Role.COMMANDER else f"the {label}"

    def as_json(self) -> Json:
        """For other programs; lengths of time in seconds."""
        of = self.of
        lengths = (
            "respond_within",
            "resolve_within",
            "first_update_within",
            "updates_every",
            "resolution_told_within",
            "nudge_every",
            "page_draft_within",
        )
        seconds = {name: getattr(of, name) for name in lengths}
        return {
            "source": self.alert.source,
            "title": self.alert.title,
            "state": self.alert.state.value,
            "severity": self.judgement.severity.value,
            "why": self.judgement.why,
            "meaning": of.meaning,
            "opens_incident": self.opens_incident,
            "opens_room": self.opens_room,
            **{name: d.total_seconds() if d is not None else None for name, d in seconds.items()},
            "ladder": [
                {
                    "level": rung.level,
                    "after_seconds": rung.after.total_seconds(),
                    "who": list(rung.who),
                }
                for rung in of.ladder
            ],
            "approvals": of.approvals,
            "approver_group": self.policy.approver_group,
            "closes_with_source": of.closes_with_source,
        }


def explain(alert: Alert, policy: Policy) -> Explanation:
    """What ``policy`` does with ``alert``."""
    return Explanation(alert=alert, judgement=policy.judge(alert), policy=policy)


def silent_steps(policy: Policy) -> tuple[str, ...]:
    """Contacts that ladders name and that have no address: for whoever checks a policy."""
    named = {who for of in policy.severities.values() for rung in of.ladder for who in rung.who}
    return tuple(key for key, address in policy.contacts.items() if key in named and not address)
