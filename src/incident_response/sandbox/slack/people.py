"""What a person in the workspace can do, as if they sat at Slack's own client.

Here: everything that reaches the app, and what comes of it. What people do among themselves is
in `residents`, which this completes.
"""

from collections.abc import Callable
from functools import partial

from incident_response.sandbox.slack.answers import Answers
from incident_response.sandbox.slack.drafts import checked_view
from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.events import Events
from incident_response.sandbox.slack.forms import completed_state, field_errors
from incident_response.sandbox.slack.interactions import ResponseUrls, Triggers
from incident_response.sandbox.slack.model import (
    Json,
    Message,
    ResponseUrl,
    Shortcut,
    SlashCommand,
    View,
)
from incident_response.sandbox.slack.outcomes import (
    Container,
    Outcome,
    SubmitOutcome,
    Suggestions,
)
from incident_response.sandbox.slack.payloads import Interaction
from incident_response.sandbox.slack.residents import Residents
from incident_response.sandbox.slack.socket_mode import SocketMode
from incident_response.sandbox.slack.typed import as_stored
from incident_response.sandbox.slack.workspace import Workspace

__all__ = ["Container", "Outcome", "People", "SubmitOutcome", "Suggestions"]


class People(Residents):
    """Everything takes `user`, who does it. What Slack would refuse raises `SlackError`.

    Interactions wait for the app: at most the queue time of Socket Mode plus three seconds.
    """

    def __init__(
        self,
        *,
        workspace: Workspace,
        sockets: SocketMode,
        triggers: Triggers,
        response_address: Callable[[ResponseUrl], str],
    ) -> None:
        super().__init__(workspace)
        self._sockets = sockets
        self._triggers = triggers
        self._events = Events(workspace)
        self._urls = ResponseUrls(workspace.state)
        self._answers = Answers(workspace)
        self._address = response_address

    # --- the app ---------------------------------------------------------------------------

    async def slash(self, *, user: str, channel: str, command: str, text: str) -> Outcome:
        """Run a slash command where one is."""
        place = self._seen(user, channel)
        known = self._command(command)
        sent = text
        if known.should_escape:
            sent = as_stored(self._workspace, user, text, with_labels=True)
        url = self._urls.issue(channel=place.id, user=user)

        def payload() -> Json:
            return self._interaction(user).slash(
                channel=place, command=command, text=sent, response_url=self._address(url)
            )

        ack = await self._sockets.deliver("slash_commands", payload)
        if ack.error is not None:
            return Outcome(ok=False, error=ack.error)
        return self._answered(url, ack.payload)

    async def click(
        self, *, user: str, container: Container, action: Json, state: Json | None = None
    ) -> Outcome:
        """Use an interactive element. `action` is the element with what was chosen in it.

        `state` is what the other elements of the message or view hold, by block and action id.
        """
        values = _values(state or {})
        if container.view_id is not None:
            return await self._click_in_view(user, container.view_id, action=action, values=values)
        message = self._clicked_message(user, container)
        place = self._workspace.channels.get(message.channel)
        url = self._url_for(message, user)

        def payload() -> Json:
            return self._interaction(user).actions_in_message(
                channel=place,
                message=message,
                action=action,
                state=completed_state(message.every_block, values),
                response_url=self._address(url),
            )

        ack = await self._sockets.deliver("interactive", payload)
        return Outcome(ok=ack.error is None, error=ack.error)

    async def open_shortcut(
        self,
        *,
        user: str,
        callback_id: str,
        channel: str | None = None,
        ts: str | None = None,
    ) -> Outcome:
        """Use a shortcut: on a message when `channel` and `ts` are given, else a global one."""
        shortcut = self._shortcut(callback_id, "global" if channel is None else "message")
        if channel is None:
            payload = partial(self._global_payload, user, shortcut)
        else:
            message = self._workspace.messages.get(self._seen(user, channel).id, ts or "")
            payload = partial(self._message_payload, user, shortcut, message=message)
        ack = await self._sockets.deliver("interactive", payload)
        return Outcome(ok=ack.error is None, error=ack.error)

    async def open_home(self, *, user: str) -> None:
        """Look at the app's Home; the app is told when it listens for that."""
        bot = self._workspace.app.bot_user_id
        direct = self._workspace.channels.open_direct([bot], actor=user)[0]
        payload = self._events.home_opened(user, direct.id)
        if payload is not None:
            self._sockets.announce(payload)

    # --- views -----------------------------------------------------------------------------

    async def submit(self, *, user: str, view_id: str, values: Json) -> SubmitOutcome:
        """Send a modal's form. What the client can refuse by itself never reaches the app."""
        view = self._own_view(user, view_id)
        state = completed_state(view.blocks, _values(values))
        errors = field_errors(view, state)
        if errors:
            return SubmitOutcome("errors", errors=errors, view=view)
        self._workspace.views.remember(view, state)
        ack = await self._sockets.deliver(
            "interactive", lambda: self._interaction(user).view_submission(view)
        )
        if ack.error is not None:
            return SubmitOutcome("failed", view=view, error=ack.error)
        try:
            return self._submitted(view, ack.payload)
        except SlackError as error:
            return SubmitOutcome("failed", view=view, error=error.code)

    async def close(self, *, user: str, view_id: str, cleared: bool = False) -> None:
        """Close a modal, or (`cleared`) its whole stack; the app hears of it where it asked to."""
        view = self._own_view(user, view_id)
        for gone in self._workspace.views.close(view, cleared=cleared):
            if gone.body.get("notify_on_close"):
                body = self._interaction(user).view_closed(gone, is_cleared=cleared)
                self._sockets.tell("interactive", body)

    async def suggest(
        self,
        *,
        user: str,
        container: Container,
        block_id: str,
        action_id: str,
        value: str,
    ) -> Suggestions:
        """Ask the app what an external select may be set to, for what was typed so far."""
        if container.view_id is not None:
            view = self._own_view(user, container.view_id)
            interaction = self._interaction(user)
            where = interaction.in_view(view)
        else:
            message = self._clicked_message(user, container)
            interaction = self._interaction(user)
            where = interaction.in_message(self._workspace.channels.get(message.channel), message)
        body = interaction.suggestion(
            action_id=action_id, block_id=block_id, value=value, where=where
        )
        ack = await self._sockets.deliver("interactive", lambda: body)
        return Suggestions(
            options=list(ack.payload.get("options") or []),
            option_groups=list(ack.payload.get("option_groups") or []),
            error=ack.error,
        )

    def views_for(self, user: str) -> list[View]:
        """The person's open modals, bottom first; the last one is in front."""
        return self._workspace.views.stack(user)

    def home_for(self, user: str) -> View | None:
        """The app's Home as the person sees it, when the app has published one."""
        return self._workspace.views.home(user)

    def ephemerals_for(self, user: str, channel: str) -> list[Message]:
        """What only this person sees in the channel."""
        return self._workspace.messages.ephemerals(channel, user)

    # --- behind ----------------------------------------------------------------------------

    def _own_view(self, user: str, view_id: str) -> View:
        view = self._workspace.views.get(view_id)
        if view.user != user:
            raise SlackError("not_found")
        return view

    def _command(self, name: str) -> SlashCommand:
        for command in self._workspace.app.commands:
            if command.name == name:
                return command
        raise SlackError("unknown_command")

    def _shortcut(self, callback_id: str, kind: str) -> Shortcut:
        for shortcut in self._workspace.app.shortcuts:
            if shortcut.callback_id == callback_id and shortcut.type == kind:
                return shortcut
        raise SlackError("unknown_shortcut")

    def _clicked_message(self, user: str, container: Container) -> Message:
        place = self._seen(user, container.channel or "")
        if container.is_ephemeral:
            return self._workspace.messages.ephemeral(place.id, user, container.ts or "")
        return self._workspace.messages.get(place.id, container.ts or "")

    def _interaction(self, user: str) -> Interaction:
        person = self._workspace.directory.user(user)
        return Interaction(self._workspace, person, self._triggers.issue(user))

    def _global_payload(self, user: str, shortcut: Shortcut) -> Json:
        return self._interaction(user).shortcut(shortcut)

    def _message_payload(self, user: str, shortcut: Shortcut, *, message: Message) -> Json:
        return self._interaction(user).message_action(
            channel=self._workspace.channels.get(message.channel),
            message=message,
            callback_id=shortcut.callback_id,
            response_url=self._address(self._url_for(message, user)),
        )

    def _url_for(self, message: Message, user: str) -> ResponseUrl:
        return self._urls.issue(
            channel=message.channel,
            user=user,
            message_ts=message.ts,
            is_ephemeral=message.ephemeral_to is not None,
            thread_ts=message.thread_ts,
        )

    def _answered(self, url: ResponseUrl, body: Json) -> Outcome:
        """What a command's acknowledgement says, shown where it was typed."""
        if not any(body.get(name) for name in ("text", "blocks", "attachments")):
            return Outcome(ok=True)
        try:
            return Outcome(ok=True, message=self._answers.say(url, body))
        except SlackError as error:
            return Outcome(ok=False, error=error.code)

    async def _click_in_view(
        self, user: str, view_id: str, *, action: Json, values: Json
    ) -> Outcome:
        view = self._own_view(user, view_id)
        self._workspace.views.remember(view, completed_state(view.blocks, values))
        ack = await self._sockets.deliver(
            "interactive",
            lambda: self._interaction(user).actions_in_view(view=view, action=action),
        )
        return Outcome(ok=ack.error is None, error=ack.error)

    def _submitted(self, view: View, answer: Json) -> SubmitOutcome:
        """Do what the answer's `response_action` says; without one the view closes."""
        views = self._workspace.views
        if not views.is_open(view):  # closed by its owner while the app was thinking
            return SubmitOutcome("closed", view=self._front(view.user))
        match answer.get("response_action"):
            case "errors":
                errors = {str(k): str(v) for k, v in (answer.get("errors") or {}).items()}
                return SubmitOutcome("errors", errors=errors, view=view)
            case "update":
                body = checked_view(answer.get("view"), "modal")
                return SubmitOutcome("updated", view=views.update(view, body))
            case "push":
                body = checked_view(answer.get("view"), "modal")
                return SubmitOutcome("pushed", view=views.push(body, user=view.user))
            case "clear":
                views.close(view, cleared=True)
                return SubmitOutcome("cleared")
            case _:
                views.close(view)
                return SubmitOutcome("closed", view=self._front(view.user))

    def _front(self, user: str) -> View | None:
        stack = self._workspace.views.stack(user)
        return stack[-1] if stack else None


def _values(state: Json) -> Json:
    """The values by block id, also out of Slack's `{"values": ...}`."""
    return state["values"] if set(state) == {"values"} else state
