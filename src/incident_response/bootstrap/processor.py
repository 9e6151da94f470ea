"""Builds the processor: everything that turns accepted alerts and clicks into war rooms.

Not here: running and stopping it (entrypoints.processor).
"""

import uuid
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from incident_response.actions import ACTIONS
from incident_response.adapters.anthropic_drafter import AnthropicDrafter
from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.adapters.http import vendor_session
from incident_response.adapters.slack.chat import SlackChat
from incident_response.adapters.slack.client import SlackAccess, SlackClient
from incident_response.adapters.slack.receiver import SlackReceiver
from incident_response.adapters.template_drafter import TemplateDrafter
from incident_response.bootstrap.backend import INCIDENT_QUEUE
from incident_response.bootstrap.policy import load_policy
from incident_response.bootstrap.vendors import Connection, Outside, connect_vendors
from incident_response.commands import COMMANDS
from incident_response.domain.errors import InvalidConfigurationError
from incident_response.domain.known_names import KnownNames
from incident_response.domain.model import IncidentId
from incident_response.domain.policy import Policy
from incident_response.durable.consumer import QueueConsumer
from incident_response.durable.inbox_worker import InboxWorker
from incident_response.durable.runner import PlanRunner
from incident_response.events import EVENTS
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.event_queue import Delivery
from incident_response.ports.incident_store import StepRecord, StepState
from incident_response.routing.action import ActionRegistry
from incident_response.routing.command import CommandRegistry
from incident_response.routing.event import EventRegistry
from incident_response.routing.reception import Reception
from incident_response.routing.workflows import Workflows
from incident_response.settings import Settings
from incident_response.workflows.accept_alert import AlertIntake
from incident_response.workflows.aftercare import AFTERCARE_QUEUE, Aftercare
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
from incident_response.workflows.nudge import NUDGE_QUEUE, NudgeScheduler
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

QUEUES = (INCIDENT_QUEUE, NUDGE_QUEUE, AFTERCARE_QUEUE)
"""What is worked off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """The built processor: its loops, to be run together."""

    workflows: Workflows
    reception: Reception
    receiver: SlackReceiver
    chat: SlackChat
    runner: PlanRunner
    board: RoomBoard
    consumers: tuple[QueueConsumer, ...]
    inbox_worker: InboxWorker
    backend: EmbeddedBackend
    warm_up: Callable[[], Coroutine[Any, Any, None]]
    """Does what the first draft would wait for; run once, beside the loops."""


async def build_processor(
    settings: Settings,
    *,
    backend: EmbeddedBackend,
    intake: AlertIntake,
    clock: Clock,
    stack: AsyncExitStack,
    policy: Policy | None = None,
) -> Processor:
    """Connect everything; what must be closed is pushed on ``stack``.

    ``policy`` takes the place of the one that the settings name. Raises
    ``InvalidConfigurationError`` if a Slack token is missing, the policy has faults or a vendor's
    address makes no sense.
    """
    slack = SlackClient(_slack_access(settings))
    stack.push_async_callback(slack.close)
    http = await stack.enter_async_context(vendor_session())
    chat = SlackChat(slack, clock)
    outside = connect_vendors(settings, Connection(http=http, clock=clock, stack=stack))
    workflows = build_workflows(
        settings,
        backend=backend,
        chat=chat,
        policy=policy or load_policy(settings),
        outside=outside,
        intake=intake,
        clock=clock,
    )
    commands = CommandRegistry(COMMANDS)
    reception = Reception(commands=commands, actions=ActionRegistry(ACTIONS), workflows=workflows)
    receiver = SlackReceiver(
        slack,
        inbox=backend.inbox,
        prepare=reception.prepare,
        clock=clock,
        commands=_commands(settings),
        sockets=settings.slack_sockets,
    )
    return Processor(
        workflows=workflows,
        reception=reception,
        receiver=receiver,
        chat=chat,
        runner=workflows.runner,
        board=workflows.board,
        consumers=_consumers(backend, workflows, clock),
        inbox_worker=InboxWorker(
            inbox=backend.inbox,
            handle=reception.handle,
            on_buried=reception.on_buried,
            place_of=reception.place_of,
            clock=clock,
        ),
        backend=backend,
        warm_up=_warming(outside),
    )


def _warming(outside: Outside) -> Callable[[], Coroutine[Any, Any, None]]:
    async def nothing() -> None:
        """No model is configured."""

    drafter = outside.drafter
    return drafter.warm_up if isinstance(drafter, AnthropicDrafter) else nothing


def build_workflows(
    settings: Settings,
    *,
    backend: EmbeddedBackend,
    chat: Chat,
    outside: Outside,
    policy: Policy,
    intake: AlertIntake,
    clock: Clock,
) -> Workflows:
    """Everything the program can do, over any chat and any outside: tests enter here."""
    store = backend.incidents
    page = KnownPage(page_board=outside.page_board, clock=clock)
    board = RoomBoard(chat=chat, store=store, policy=policy, page=page, clock=clock)
    drafting = _drafting(
        settings, backend=backend, chat=chat, outside=outside, page=page, clock=clock
    )
    nudges = NudgeScheduler(
        scheduler=backend.scheduler,
        store=store,
        ledger=backend.ledger,
        chat=chat,
        drafting=drafting,
        policy=policy,
        clock=clock,
    )
    operators = OperatorNotices(
        chat=chat, channel_name=settings.operators_channel or settings.incidents_channel
    )
    calls = CallPlan(
        chat=chat,
        board=board,
        pager=outside.pager,
        operators=operators,
        policy=policy,
        clock=clock,
    )
    people = RungPeople(chat=chat, on_call=outside.sources.on_call, policy=policy)
    backup = BackupDesk(chat=chat, people=people, policy=policy, clock=clock)
    escalation = EscalationLadder(
        scheduler=backend.scheduler,
        store=store,
        chat=chat,
        board=board,
        people=people,
        policy=policy,
        clock=clock,
        has_pager=outside.pager is not None,
    )
    page_id = settings.statuspage_page_id if outside.status_page is not None else ""
    page_reminder = PageReminder(
        has_page=bool(page_id),
        scheduler=backend.scheduler,
        store=store,
        chat=chat,
        policy=policy,
        clock=clock,
    )
    reminders = Reminders(nudges, page_reminder, ladder=escalation)
    severity = SeverityDesk(
        store=store,
        ledger=backend.ledger,
        chat=chat,
        board=board,
        reminders=reminders,
        escalation=escalation,
        policy=policy,
        clock=clock,
    )
    assembler = WarRoomAssembler(
        chat=chat,
        board=board,
        nudges=nudges,
        page_reminder=page_reminder,
        escalation=escalation,
        sources=outside.sources,
        policy=policy,
        clock=clock,
        incidents_channel=settings.incidents_channel,
    )
    gate = StatuspageApprovalGate(
        publisher=Publisher(
            status_page=outside.status_page,
            page_id=page_id,
            store=store,
            ledger=backend.ledger,
            seal=backend.seal,
            chat=chat,
            board=board,
            operators=operators,
            clock=clock,
        ),
        page_id=page_id,
        policy=policy,
        store=store,
        ledger=backend.ledger,
        chat=chat,
        board=board,
        clock=clock,
    )
    aftercare = Aftercare(
        scheduler=backend.scheduler,
        store=store,
        ledger=backend.ledger,
        chat=chat,
        tracker=outside.tracker,
        policy=policy,
        clock=clock,
    )
    members = RoomMembers(store=store, chat=chat, board=board, clock=clock)
    resolver = IncidentResolver(store=store, ledger=backend.ledger, chat=chat, clock=clock)
    postmortems = _postmortems(
        settings,
        backend=backend,
        chat=chat,
        outside=outside,
        prose=drafting,
        policy=policy,
        clock=clock,
    )
    pages = PageDesk(
        gate=gate,
        writer=drafting,
        page=page,
        store=store,
        chat=chat,
        board=board,
        policy=policy,
        clock=clock,
    )
    ending = IncidentEnding(
        store=store,
        chat=chat,
        board=board,
        reminders=reminders,
        aftercare=aftercare,
        postmortems=postmortems,
        closing=ClosingMessage(gate=gate, writer=drafting, cards=pages),
        clock=clock,
        incidents_channel=settings.incidents_channel,
    )
    lifecycle = IncidentLifecycle(
        store=store,
        ledger=backend.ledger,
        chat=chat,
        board=board,
        members=members,
        reminders=reminders,
        aftercare=aftercare,
        clock=clock,
    )
    runner = PlanRunner(
        plans=(assembler.plan, calls.plan, backup.plan, ending.plan, gate.plan),
        store=store,
        leases=backend.leases,
        clock=clock,
        owner=_owner(),
    )
    timeline = Timeline(store=store, ledger=backend.ledger, clock=clock)
    folder = AlertFolder(intake=backend.intake, store=store, policy=policy, clock=clock)
    severity.kick = escalation.kick = nudges.kick = runner.kick
    gate.on_approved = runner.kick
    runner.on_progress = lambda incident_id, record: _show(board, incident_id, record)
    return Workflows(
        clock=clock,
        policy=policy,
        chat=chat,
        store=store,
        intake=backend.intake,
        runner=runner,
        gate=gate,
        page=page,
        pages=pages,
        page_reminder=page_reminder,
        auditor=Auditor(
            ledger=backend.ledger, seal=backend.seal, operators=operators, clock=clock
        ),
        folder=folder,
        board=board,
        notices=RoomNotices(
            store=store, ledger=backend.ledger, chat=chat, board=board, clock=clock
        ),
        operators=operators,
        dead_letters=DeadLetters(
            queues=tuple(map(backend.queue, QUEUES)),
            intake=backend.intake,
            operators=operators,
            clock=clock,
        ),
        roles=RoleDesk(store=store, chat=chat, board=board, policy=policy, clock=clock),
        checklist=ChecklistDesk(store=store, board=board, clock=clock),
        members=members,
        drafting=drafting,
        declarations=Declarations(intake=intake, folder=folder, store=store),
        nudges=nudges,
        updates=UpdateDesk(store=store, ledger=backend.ledger, chat=chat, nudges=nudges),
        severity=severity,
        impact=ImpactDesk(
            store=store,
            ledger=backend.ledger,
            severity=severity,
            escalation=escalation,
            policy=policy,
            clock=clock,
        ),
        escalation=escalation,
        timeline=timeline,
        catch_up=CatchUpDesk(timeline=timeline, writer=drafting),
        postmortems=postmortems,
        resolver=resolver,
        ending=ending,
        lifecycle=lifecycle,
        source_changes=SourceChanges(
            store=store,
            ledger=backend.ledger,
            policy=policy,
            resolver=resolver,
            lifecycle=lifecycle,
            clock=clock,
        ),
        aftercare=aftercare,
        pulse=PulseDesk(store=store, chat=chat),
        commands=COMMANDS,
    )


def _postmortems(
    settings: Settings,
    *,
    backend: EmbeddedBackend,
    chat: Chat,
    outside: Outside,
    prose: Drafting,
    policy: Policy,
    clock: Clock,
) -> PostmortemWriter:
    return PostmortemWriter(
        ledger=backend.ledger,
        evidence=EvidenceDesk(
            store=backend.incidents, chat=chat, sources=outside.sources, clock=clock
        ),
        policy=policy,
        chat=chat,
        clock=clock,
        tracker=outside.tracker,
        labels=settings.linear_labels,
        prose=prose,
    )


def _drafting(
    settings: Settings,
    *,
    backend: EmbeddedBackend,
    chat: Chat,
    outside: Outside,
    page: KnownPage,
    clock: Clock,
) -> Drafting:
    material = DraftMaterial(
        store=backend.incidents,
        ledger=backend.ledger,
        chat=chat,
        page=page,
        clock=clock,
        names=KnownNames(
            domains=settings.internal_domains, id_prefixes=settings.customer_id_prefixes
        ),
    )
    return Drafting(
        material=material,
        template=TemplateDrafter(),
        model=outside.drafter,
        budget_usd=settings.model_budget_usd,
    )


def _consumers(
    backend: EmbeddedBackend, workflows: Workflows, clock: Clock
) -> tuple[QueueConsumer, ...]:
    events = EventRegistry(EVENTS)

    async def handle(delivery: Delivery) -> None:
        await events.handle(delivery, workflows)

    def consumer(name: str) -> QueueConsumer:
        async def on_dead(delivery: Delivery, reason: str) -> None:
            await workflows.dead_letters.tell(delivery, queue=name, reason=reason)

        return QueueConsumer(
            queue=backend.queue(name), handle=handle, on_dead=on_dead, clock=clock
        )

    return tuple(map(consumer, QUEUES))


def _show(board: RoomBoard, incident_id: IncidentId, record: StepRecord) -> None:
    """Context that has arrived, or will not, is shown at once; the rest when the plan ends."""
    if record.step in CONTEXT_STEPS and record.state in (StepState.DONE, StepState.FAILED):
        board.touch(incident_id)


def _owner() -> str:
    """Who holds our leases: this run of this process and no other."""
    return f"processor-{uuid.uuid4()}"


def _slack_access(settings: Settings) -> SlackAccess:
    if settings.slack_bot_token is None or settings.slack_app_token is None:
        raise InvalidConfigurationError(
            "set SLACK_BOT_TOKEN (xoxb-…) and SLACK_APP_TOKEN (xapp-…, with connections:write)"
        )
    return SlackAccess(
        bot_token=settings.slack_bot_token.get_secret_value(),
        app_token=settings.slack_app_token.get_secret_value(),
        base_url=settings.slack_api_url,
    )


def _commands(settings: Settings) -> tuple[str, ...]:
    return tuple(filter(None, (settings.slack_command, settings.slack_command_alias)))
