"""Receives what people do in the chat: finds who handles it, sees that the person may, and tells
them how it went.

Not here: what any command or action does, or how the chat delivers it.
"""

from dataclasses import replace

import structlog

from incident_response.blocks.command_form import CommandForm, command_form
from incident_response.blocks.help import unknown_command
from incident_response.blocks.refusals import could_not, failed
from incident_response.domain.errors import (
    IncidentResponseError,
    NotAllowedError,
    NotFoundError,
    PermanentError,
    RefusedError,
    WrongStateError,
)
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json
from incident_response.ports.chat import Message
from incident_response.ports.inbox import Envelope, EnvelopeKind, Prepared
from incident_response.routing.action import Action, ActionRegistry
from incident_response.routing.command import (
    Command,
    CommandRegistry,
    Scope,
    UnknownCommandError,
)
from incident_response.routing.requests import Request, as_typed, read_request
from incident_response.routing.telling import answer
from incident_response.routing.workflows import Workflows
from incident_response.telemetry import annotate, note_incident

log = structlog.get_logger(__name__)


class Reception:
    """The front desk."""

    def __init__(
        self, *, commands: CommandRegistry, actions: ActionRegistry, workflows: Workflows
    ) -> None:
        self._commands = commands
        self._actions = actions
        self._workflows = workflows

    @staticmethod
    def place_of(envelope: Envelope) -> str:
        """What must stay in order: things done in one channel, or by one person elsewhere.

        What people merely say there has an order of its own: it may have to be judged by a model,
        and no click or command waits for that.
        """
        request = read_request(envelope)
        if request.kind is EnvelopeKind.EVENT and request.name == "message":
            return f"{request.channel_id} messages"
        return request.channel_id or request.user_id

    async def prepare(self, envelope: Envelope) -> Prepared:
        """What cannot wait until after the acknowledgement: opening a modal, checking a modal's
        input.
        """
        try:
            request = as_typed(read_request(envelope))
            if request.kind is EnvelopeKind.EVENT:
                return Prepared(keep=self._actions.knows(request.kind, request.name))
            return await self._prepare(request)
        except PermanentError:
            return Prepared()  # the handler will meet it again, and tell the person

    async def _prepare(self, request: Request) -> Prepared:
        if request.kind is EnvelopeKind.COMMAND:
            return await self._prepare_command(request)
        action = self._actions.find(request.kind, request.name)
        if action.opens_modal:
            await self._open_now(action, request)
            return Prepared(keep=False)
        errors = action.check(request.view) if action.check else {}
        return _field_errors(errors) if errors else Prepared()

    async def _prepare_command(self, request: Request) -> Prepared:
        if not request.text:
            request = await self._with_incident(request)
        command, rest = self._find(request)
        if command.asks(rest) or command.opens_modal(rest):
            await self._open_now(command, replace(request, text=rest))
            return Prepared(keep=False)
        return Prepared()

    async def _open_now(self, spec: Command | Action, request: Request) -> None:
        try:
            reply = await self._open(spec, await self._with_incident(request))
        except IncidentResponseError as error:
            log.warning("cannot open modal", name=spec.name, reason=str(error))
            reply = _no_form(error)
        if reply is not None:
            await answer(self._workflows.chat, request, reply)

    async def _open(self, spec: Command | Action, request: Request) -> Message | None:
        if isinstance(spec, Action):
            return await spec.handle(request, self._workflows)
        if (refusal := _out_of_place(spec, request)) is not None:
            return refusal
        if not spec.asks(request.text):
            return await spec.handle(request, self._workflows)
        await self._workflows.chat.open_view(request.trigger_id, _form_of(spec, request))
        return None

    async def handle(self, envelope: Envelope) -> None:
        """Do it and tell the person. Raises what should be tried again."""
        request = read_request(envelope)
        try:
            request = await self._with_incident(as_typed(request))
            _note(request)
            reply = await self._dispatch(request)
        except UnknownCommandError as error:
            reply = unknown_command(error.word, error.nearest, request.name)
        except (RefusedError, NotFoundError) as error:
            log.info("refused", name=request.name, reason=str(error))
            reply = failed("do that", error)
        if reply is not None:
            await answer(self._workflows.chat, request, reply)

    async def on_buried(self, envelope: Envelope, reason: str) -> None:
        """Tell the person that it did not work, and why; for what nobody did, the operators."""
        if envelope.kind is EnvelopeKind.EVENT:
            await self._workflows.operators.envelope_buried(envelope, reason)
        else:
            reply = could_not("do that", reason, "Please try again.")
            await answer(self._workflows.chat, read_request(envelope), reply)

    async def _with_incident(self, request: Request) -> Request:
        if not request.channel_id:
            return request
        incident = await self._workflows.store.by_channel(request.channel_id)
        return replace(request, incident=incident)

    async def _dispatch(self, request: Request) -> Message | None:
        if request.kind is EnvelopeKind.COMMAND:
            return await self._command(request)
        action = self._actions.find(request.kind, request.name)
        if request.kind is not EnvelopeKind.EVENT:
            await self._require_member(request)
        return await action.handle(request, self._workflows)

    async def _command(self, request: Request) -> Message | None:
        command, rest = self._find(request)
        if (refusal := _out_of_place(command, request)) is not None:
            return refusal
        await self._require_member(request)
        return await command.handle(replace(request, text=rest), self._workflows)

    def _find(self, request: Request) -> tuple[Command, str]:
        here = Scope.ANYWHERE if request.incident is None else Scope.IN_ROOM
        return self._commands.find(request.text, here=here)

    async def _require_member(self, request: Request) -> None:
        """Guests, bots and people of other workspaces may look, and do nothing."""
        user = await self._workflows.chat.user(request.user_id)
        if user is None or not user.may_respond:
            raise NotAllowedError("Only full members of this workspace can do that.")


def _note(request: Request) -> None:
    """For logs and traces: what is asked for, and of which incident."""
    annotate(request=request.name)
    if request.incident is not None:
        note_incident(request.incident.incident_id)


def _no_form(error: IncidentResponseError) -> Message:
    if isinstance(error, (NotAllowedError, WrongStateError)):
        return failed("do that", error)  # another try would be answered the same
    return could_not("open the form", str(error), "Please try again.")


def _out_of_place(command: Command, request: Request) -> Message | None:
    if command.scope is not Scope.IN_ROOM or request.incident is not None:
        return None
    return could_not(
        f"do “{command.name}” here",
        "this channel is no war room",
        f"Use it in a war room; {request.name} list shows them.",
    )


def _form_of(command: Command, request: Request) -> Json:
    line = f"{request.name} {command.name}"
    asked = CommandForm(line=line, usage=command.usage, channel_id=request.channel_id)
    return command_form(asked, title=command.label or command.name, summary=command.summary)


def room_of(request: Request) -> Incident:
    """The incident of the room; for commands that work only in one."""
    if request.incident is None:
        raise NotAllowedError("This works only in a war room.")
    return request.incident


def _field_errors(errors: dict[str, str]) -> Prepared:
    answer: Json = {"response_action": "errors", "errors": dict(errors)}
    return Prepared(keep=False, answer=answer)
