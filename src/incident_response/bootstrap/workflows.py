"""Builds the workflows: every capability, over any backend, any chat and any outside.

Tests enter here. Each function builds the capabilities of one concern; what they share is
``_Ground``. Not here: connecting vendors (vendors), the processor's loops (processor).
"""

import uuid
from dataclasses import dataclass

from incident_response.adapters.telling_store import TellingStore
from incident_response.adapters.template_drafter import TemplateDrafter
from incident_response.bootstrap.backend import Backend
from incident_response.bootstrap.vendors import Outside
from incident_response.commands import COMMANDS
from incident_response.domain.known_names import KnownNames
from incident_response.domain.model import IncidentId
from incident_response.domain.policy import Policy
from incident_response.domain.queues import QUEUES
from incident_response.durable.runner import PlanRunner
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore, StepRecord, StepState
from incident_response.ports.ledger import Ledger
from incident_response.routing.workflows import Workflows
from incident_response.settings import Settings
from incident_response.workflows.accept_alert import AlertIntake
from incident_response.workflows.aftercare import Aftercare
from incident_response.workflows.approval_gate import StatuspageApprovalGate
from incident_response.workflows.auditor import Auditor
from incident_response.workflows.backup import BackupDesk
from incident_response.workflows.briefing import CONTEXT_STEPS
from incident_response.workflows.calling import CallPlan
from incident_response.workflows.catch_up import CatchUpDesk
from incident_response.workflows.checklist import ChecklistDesk
from incident_response.workflows.closing_message import ClosingMessage
from incident_response.workflows.dead_letters import DeadLetters
from incident_response.workflows.declare_incident import Declarations
from incident_response.workflows.draft_material import DraftMaterial
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
from incident_response.workflows.postmortem_evidence import EvidenceDesk
from incident_response.workflows.publishing import Publisher
from incident_response.workflows.pulse import PulseDesk
from incident_response.workflows.reminders import Reminders
from incident_response.workflows.resolution import IncidentResolver
from incident_response.workflows.roles import RoleDesk
from incident_response.workflows.room_board import RoomBoard
from incident_response.workflows.room_members import RoomMembers
from incident_response.workflows.room_notices import RoomNotices
from incident_response.workflows.rung_people import RungPeople
from incident_response.workflows.severity import SeverityDesk
from incident_response.workflows.source_changes import SourceChanges
from incident_response.workflows.timeline import Timeline
from incident_response.workflows.updates import UpdateDesk
from incident_response.workflows.war_room import WarRoomAssembler


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What every capability stands on."""

    settings: Settings
    backend: Backend
    store: IncidentStore
    chat: Chat
    outside: Outside
    policy: Policy
    clock: Clock
    page: KnownPage
    board: RoomBoard
    operators: OperatorNotices

    @property
    def ledger(self) -> Ledger:
        return self.backend.ledger

    @property
    def page_id(self) -> str:
        """The one page that is published to; empty if none is connected."""
        return self.settings.statuspage_page_id if self.outside.status_page is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Callers:
    """Whatever calls people by itself."""

    nudges: NudgeScheduler
    backup: BackupDesk
    page_reminder: PageReminder
    calls: CallPlan
    escalation: EscalationLadder
    severity: SeverityDesk
    reminders: Reminders


@dataclass(frozen=True, slots=True, kw_only=True)
class _Endings:
    """Whatever ends an incident, and what comes after."""

    resolver: IncidentResolver
    ending: IncidentEnding
    lifecycle: IncidentLifecycle
    aftercare: Aftercare
    postmortems: PostmortemWriter
    members: RoomMembers


def build_workflows(
    settings: Settings,
    *,
    backend: Backend,
    chat: Chat,
    outside: Outside,
    policy: Policy,
    intake: AlertIntake,
    clock: Clock,
) -> Workflows:
    """Everything the program can do."""
    on = _ground(settings, backend=backend, chat=chat, outside=outside, policy=policy, clock=clock)
    drafting = _drafting(on)
    callers = _callers(on, drafting)
    gate = _gate(on)
    pages = _pages(on, gate, drafting)
    endings = _endings(
        on,
        callers,
        closing=ClosingMessage(pages=pages, writer=drafting),
        drafting=drafting,
    )
    assembler = _assembler(on, callers)
    runner = PlanRunner(
        plans=(
            assembler.plan,
            callers.calls.plan,
            callers.backup.plan,
            endings.ending.plan,
            gate.plan,
        ),
        store=on.store,
        leases=backend.leases,
        clock=clock,
        owner=_owner(),
    )
    _connect(runner, on, callers, gate)
    folder = AlertFolder(intake=backend.intake, store=on.store, policy=policy, clock=clock)
    timeline = Timeline(store=on.store, ledger=on.ledger, clock=clock)
    return Workflows(
        clock=clock,
        policy=policy,
        chat=chat,
        store=on.store,
        intake=backend.intake,
        runner=runner,
        gate=gate,
        page=on.page,
        pages=pages,
        page_reminder=callers.page_reminder,
        auditor=Auditor(ledger=on.ledger, seal=backend.seal, operators=on.operators, clock=clock),
        folder=folder,
        board=on.board,
        notices=RoomNotices(
            store=on.store, ledger=on.ledger, chat=chat, board=on.board, clock=clock
        ),
        operators=on.operators,
        dead_letters=_dead_letters(on),
        roles=RoleDesk(store=on.store, chat=chat, board=on.board, policy=policy, clock=clock),
        checklist=ChecklistDesk(store=on.store, board=on.board, clock=clock),
        members=endings.members,
        drafting=drafting,
        declarations=Declarations(intake=intake, folder=folder, store=on.store),
        nudges=callers.nudges,
        updates=UpdateDesk(store=on.store, ledger=on.ledger, chat=chat, nudges=callers.nudges),
        severity=callers.severity,
        impact=_impact(on, callers),
        escalation=callers.escalation,
        timeline=timeline,
        catch_up=CatchUpDesk(timeline=timeline, writer=drafting),
        postmortems=endings.postmortems,
        resolver=endings.resolver,
        ending=endings.ending,
        lifecycle=endings.lifecycle,
        source_changes=_source_changes(on, endings),
        aftercare=endings.aftercare,
        pulse=PulseDesk(store=on.store, chat=chat),
        commands=COMMANDS,
    )


def _ground(
    settings: Settings,
    *,
    backend: Backend,
    chat: Chat,
    outside: Outside,
    policy: Policy,
    clock: Clock,
) -> _Ground:
    page = KnownPage(page_board=outside.page_board, clock=clock)
    store = TellingStore(backend.incidents)
    return _Ground(
        settings=settings,
        backend=backend,
        store=store,
        chat=chat,
        outside=outside,
        policy=policy,
        clock=clock,
        page=page,
        board=RoomBoard(chat=chat, store=store, policy=policy, page=page, clock=clock),
        operators=OperatorNotices(
            chat=chat, channel_name=settings.operators_channel or settings.incidents_channel
        ),
    )


def _connect(
    runner: PlanRunner, on: _Ground, callers: _Callers, gate: StatuspageApprovalGate
) -> None:
    """Whoever opens a plan has it begun at once; the board shows what a plan finds out."""
    callers.severity.kick = callers.escalation.kick = callers.nudges.kick = runner.kick
    gate.on_approved = runner.kick
    runner.on_progress = lambda incident_id, record: _show(on.board, incident_id, record)


# Calling people


def _callers(on: _Ground, drafting: Drafting) -> _Callers:
    people = RungPeople(chat=on.chat, on_call=on.outside.sources.on_call, policy=on.policy)
    nudges = NudgeScheduler(
        scheduler=on.backend.scheduler,
        store=on.store,
        ledger=on.ledger,
        chat=on.chat,
        drafting=drafting,
        policy=on.policy,
        clock=on.clock,
    )
    page_reminder = PageReminder(
        has_page=bool(on.page_id),
        scheduler=on.backend.scheduler,
        store=on.store,
        chat=on.chat,
        policy=on.policy,
        clock=on.clock,
    )
    escalation = _escalation(on, people)
    reminders = Reminders(nudges, page_reminder, ladder=escalation)
    return _Callers(
        nudges=nudges,
        backup=BackupDesk(chat=on.chat, people=people, policy=on.policy, clock=on.clock),
        page_reminder=page_reminder,
        calls=_calls(on),
        escalation=escalation,
        severity=_severity(on, reminders, escalation),
        reminders=reminders,
    )


def _escalation(on: _Ground, people: RungPeople) -> EscalationLadder:
    return EscalationLadder(
        scheduler=on.backend.scheduler,
        store=on.store,
        chat=on.chat,
        board=on.board,
        people=people,
        policy=on.policy,
        clock=on.clock,
        has_pager=on.outside.pager is not None,
    )


def _calls(on: _Ground) -> CallPlan:
    return CallPlan(
        chat=on.chat,
        board=on.board,
        pager=on.outside.pager,
        operators=on.operators,
        policy=on.policy,
        clock=on.clock,
    )


def _severity(on: _Ground, reminders: Reminders, escalation: EscalationLadder) -> SeverityDesk:
    return SeverityDesk(
        store=on.store,
        ledger=on.ledger,
        chat=on.chat,
        board=on.board,
        reminders=reminders,
        escalation=escalation,
        policy=on.policy,
        clock=on.clock,
    )


def _impact(on: _Ground, callers: _Callers) -> ImpactDesk:
    return ImpactDesk(
        store=on.store,
        ledger=on.ledger,
        severity=callers.severity,
        escalation=callers.escalation,
        policy=on.policy,
        clock=on.clock,
    )


# The room


def _assembler(on: _Ground, callers: _Callers) -> WarRoomAssembler:
    return WarRoomAssembler(
        chat=on.chat,
        board=on.board,
        nudges=callers.nudges,
        page_reminder=callers.page_reminder,
        escalation=callers.escalation,
        sources=on.outside.sources,
        policy=on.policy,
        clock=on.clock,
        incidents_channel=on.settings.incidents_channel,
    )


def _dead_letters(on: _Ground) -> DeadLetters:
    return DeadLetters(
        queues=tuple(map(on.backend.queue, QUEUES)),
        intake=on.backend.intake,
        operators=on.operators,
        clock=on.clock,
    )


# Telling customers


def _drafting(on: _Ground) -> Drafting:
    material = DraftMaterial(
        store=on.store,
        ledger=on.ledger,
        chat=on.chat,
        page=on.page,
        clock=on.clock,
        names=KnownNames(
            domains=on.settings.internal_domains, id_prefixes=on.settings.customer_id_prefixes
        ),
    )
    return Drafting(
        material=material,
        template=TemplateDrafter(),
        model=on.outside.drafter,
        budget_usd=on.settings.model_budget_usd,
    )


def _gate(on: _Ground) -> StatuspageApprovalGate:
    publisher = Publisher(
        status_page=on.outside.status_page,
        page_id=on.page_id,
        store=on.store,
        ledger=on.ledger,
        seal=on.backend.seal,
        chat=on.chat,
        board=on.board,
        operators=on.operators,
        clock=on.clock,
    )
    return StatuspageApprovalGate(
        publisher=publisher,
        page_id=on.page_id,
        policy=on.policy,
        store=on.store,
        ledger=on.ledger,
        chat=on.chat,
        board=on.board,
        clock=on.clock,
    )


def _pages(on: _Ground, gate: StatuspageApprovalGate, drafting: Drafting) -> PageDesk:
    return PageDesk(
        gate=gate,
        writer=drafting,
        page=on.page,
        store=on.store,
        chat=on.chat,
        board=on.board,
        policy=on.policy,
        clock=on.clock,
    )


# The end


def _endings(
    on: _Ground, callers: _Callers, *, closing: ClosingMessage, drafting: Drafting
) -> _Endings:
    aftercare = _aftercare(on)
    postmortems = _postmortems(on, drafting)
    members = RoomMembers(store=on.store, chat=on.chat, board=on.board, clock=on.clock)
    return _Endings(
        resolver=IncidentResolver(store=on.store, ledger=on.ledger, chat=on.chat, clock=on.clock),
        ending=IncidentEnding(
            store=on.store,
            chat=on.chat,
            board=on.board,
            reminders=callers.reminders,
            aftercare=aftercare,
            postmortems=postmortems,
            closing=closing,
            clock=on.clock,
            incidents_channel=on.settings.incidents_channel,
        ),
        lifecycle=IncidentLifecycle(
            store=on.store,
            ledger=on.ledger,
            chat=on.chat,
            board=on.board,
            members=members,
            reminders=callers.reminders,
            aftercare=aftercare,
            clock=on.clock,
        ),
        aftercare=aftercare,
        postmortems=postmortems,
        members=members,
    )


def _aftercare(on: _Ground) -> Aftercare:
    return Aftercare(
        scheduler=on.backend.scheduler,
        store=on.store,
        ledger=on.ledger,
        chat=on.chat,
        tracker=on.outside.tracker,
        policy=on.policy,
        clock=on.clock,
    )


def _postmortems(on: _Ground, drafting: Drafting) -> PostmortemWriter:
    evidence = EvidenceDesk(
        store=on.store, chat=on.chat, sources=on.outside.sources, clock=on.clock
    )
    return PostmortemWriter(
        ledger=on.ledger,
        evidence=evidence,
        policy=on.policy,
        chat=on.chat,
        clock=on.clock,
        tracker=on.outside.tracker,
        labels=on.settings.linear_labels,
        prose=drafting,
    )


def _source_changes(on: _Ground, endings: _Endings) -> SourceChanges:
    return SourceChanges(
        store=on.store,
        ledger=on.ledger,
        policy=on.policy,
        resolver=endings.resolver,
        lifecycle=endings.lifecycle,
        clock=on.clock,
    )


def _show(board: RoomBoard, incident_id: IncidentId, record: StepRecord) -> None:
    """Context that has arrived, or will not, is shown at once; the rest when the plan ends."""
    if record.step in CONTEXT_STEPS and record.state in (StepState.DONE, StepState.FAILED):
        board.touch(incident_id)


def _owner() -> str:
    """Who holds our leases: this run of this process and no other."""
    return f"processor-{uuid.uuid4()}"
