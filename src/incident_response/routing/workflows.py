"""Everything a command, action or event may use, handed over as one frozen value.

Built once by the composition root. Not here: anything a handler should not reach, such as adapters
or settings.
"""

from dataclasses import dataclass
from typing import Protocol

from incident_response.domain.policy import Policy
from incident_response.durable.runner import PlanRunner
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.ports.intake import Intake
from incident_response.workflows.aftercare import Aftercare
from incident_response.workflows.approval_gate import StatuspageApprovalGate
from incident_response.workflows.auditor import Auditor
from incident_response.workflows.catch_up import CatchUpDesk
from incident_response.workflows.checklist import ChecklistDesk
from incident_response.workflows.dead_letters import DeadLetters
from incident_response.workflows.declare_incident import Declarations
from incident_response.workflows.drafting import Drafting
from incident_response.workflows.ending import IncidentEnding
from incident_response.workflows.escalation import EscalationLadder
from incident_response.workflows.fold_alerts import AlertFolder
from incident_response.workflows.impact import ImpactDesk
from incident_response.workflows.known_page import KnownPage
from incident_response.workflows.lifecycle import IncidentLifecycle
from incident_response.workflows.nudge import NudgeScheduler
from incident_response.workflows.operator_notices import OperatorNotices
from incident_response.workflows.page_desk import PageDesk
from incident_response.workflows.page_reminder import PageReminder
from incident_response.workflows.postmortem import PostmortemWriter
from incident_response.workflows.pulse import PulseDesk
from incident_response.workflows.resolution import IncidentResolver
from incident_response.workflows.roles import RoleDesk
from incident_response.workflows.room_board import RoomBoard
from incident_response.workflows.room_members import RoomMembers
from incident_response.workflows.room_notices import RoomNotices
from incident_response.workflows.severity import SeverityDesk
from incident_response.workflows.source_changes import SourceChanges
from incident_response.workflows.timeline import Timeline
from incident_response.workflows.updates import UpdateDesk


class CommandRow(Protocol):
    """What ``help`` and the tray say of a command; ``routing.command.Command`` is one."""

    @property
    def name(self) -> str: ...
    @property
    def usage(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def scope(self) -> str: ...
    @property
    def topic(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def needs_text(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflows:
    """What the program can do."""

    clock: Clock
    policy: Policy
    chat: Chat
    store: IncidentStore
    intake: Intake
    runner: PlanRunner
    gate: StatuspageApprovalGate
    page: KnownPage
    pages: PageDesk
    page_reminder: PageReminder
    auditor: Auditor
    folder: AlertFolder
    board: RoomBoard
    notices: RoomNotices
    operators: OperatorNotices
    dead_letters: DeadLetters
    roles: RoleDesk
    checklist: ChecklistDesk
    members: RoomMembers
    declarations: Declarations
    drafting: Drafting
    nudges: NudgeScheduler
    updates: UpdateDesk
    severity: SeverityDesk
    impact: ImpactDesk
    escalation: EscalationLadder
    timeline: Timeline
    catch_up: CatchUpDesk
    postmortems: PostmortemWriter
    resolver: IncidentResolver
    ending: IncidentEnding
    lifecycle: IncidentLifecycle
    source_changes: SourceChanges
    aftercare: Aftercare
    pulse: PulseDesk
    commands: tuple[CommandRow, ...]
    """What ``help`` and the tray list."""
