"""Builds the processor: everything that turns accepted alerts and clicks into war rooms.

Not here: running and stopping it (entrypoints.processor).
"""

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from incident_response.actions import ACTIONS
from incident_response.adapters.anthropic_drafter import AnthropicDrafter
from incident_response.adapters.http import vendor_session
from incident_response.adapters.slack.chat import SlackChat
from incident_response.adapters.slack.client import SlackAccess, SlackClient
from incident_response.adapters.slack.receiver import SlackReceiver
from incident_response.bootstrap.backend import Backend
from incident_response.bootstrap.policy import load_policy
from incident_response.bootstrap.vendors import Connection, Outside, connect_vendors
from incident_response.bootstrap.workflows import build_workflows
from incident_response.commands import COMMANDS
from incident_response.domain.errors import InvalidConfigurationError
from incident_response.domain.policy import Policy
from incident_response.domain.queues import QUEUES
from incident_response.durable.consumer import QueueConsumer
from incident_response.durable.inbox_worker import InboxWorker
from incident_response.durable.runner import PlanRunner
from incident_response.events import EVENTS
from incident_response.ports.clock import Clock
from incident_response.ports.event_queue import Delivery
from incident_response.routing.action import ActionRegistry
from incident_response.routing.command import CommandRegistry
from incident_response.routing.event import EventRegistry
from incident_response.routing.reception import Reception
from incident_response.routing.workflows import Workflows
from incident_response.settings import Settings
from incident_response.workflows.accept_alert import AlertIntake
from incident_response.workflows.room_board import RoomBoard


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
    backend: Backend
    warm_up: Callable[[], Coroutine[Any, Any, None]]
    """Does what the first draft would wait for; run once, beside the loops."""


async def build_processor(
    settings: Settings,
    *,
    backend: Backend,
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


def _consumers(backend: Backend, workflows: Workflows, clock: Clock) -> tuple[QueueConsumer, ...]:
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
