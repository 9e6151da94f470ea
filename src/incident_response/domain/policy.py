"""What follows from a severity: who is called when, how often people are told, who approves.

The shapes of ``policy.yaml``, checked. Not here: reading it (adapters.policy_yaml), acting on it
(workflows).
"""

from datetime import timedelta

from pydantic import Field

from incident_response.domain.alert import Alert
from incident_response.domain.checklist import STANDARD_CHECKLIST, ChecklistItem
from incident_response.domain.model import Value
from incident_response.domain.roles import Role
from incident_response.domain.severity import Severity


class Rung(Value):
    """One step of an escalation ladder."""

    level: str
    """For people: ``L2``."""
    after: timedelta
    """Since the incident was opened, unless somebody acknowledged."""
    who: tuple[str, ...]
    """``on_call``, a role (``ic``, ``tech``, ``comms``, ``scribe``) or a contact's key."""


class SeverityPolicy(Value):
    """What one severity means and asks for; None: not at all."""

    meaning: str
    opens_room: bool = True
    respond_within: timedelta | None = None
    resolve_within: timedelta | None = None
    updates_every: timedelta | None = None
    """How often stakeholders are promised to hear."""
    nudge_every: timedelta | None = None
    """How often the commander is reminded while nothing is said."""
    page_draft_within: timedelta | None = None
    """When the commander is reminded that customers have been told nothing."""
    ladder: tuple[Rung, ...] = ()
    approvals: int = Field(default=1, ge=1, le=2)
    """How many different people must approve a message to customers."""
    closes_with_source: bool = False
    """Whether it is resolved by itself when the source resolves; else that is only proposed."""
    checklist: tuple[ChecklistItem, ...] = STANDARD_CHECKLIST


class Rule(Value):
    """An alert that matches everything given here has this severity; the first rule counts."""

    severity: Severity
    source: str = ""
    team: str = ""
    service: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    """A value may end in ``*``."""


class Judgement(Value):
    """An alert's severity, and why in plain words."""

    severity: Severity
    why: str


class Policy(Value):
    """The whole policy."""

    severities: dict[Severity, SeverityPolicy]
    rules: tuple[Rule, ...] = ()
    contacts: dict[str, str] = Field(default_factory=dict)
    """Key (``engineering_manager``) to e-mail address."""
    approver_group: str = ""
    """Handle of the chat's user group whose members may approve beside the commander."""
    archive_after: timedelta | None = timedelta(days=7)
    """After resolving; None: never."""
    duties: dict[Role, str] = Field(default_factory=dict)
    """One line a role; the built-in line where there is none."""

    def of(self, severity: Severity) -> SeverityPolicy:
        """What this severity asks for."""
        return self.severities[severity]

    def judge(self, alert: Alert) -> Judgement:
        """How bad an alert is: by the first rule that matches, else by its own word, else P1."""
        raise NotImplementedError
