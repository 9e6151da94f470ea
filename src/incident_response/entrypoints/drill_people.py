"""A person at the keyboard of the drill's workspace: types, clicks, fills in forms and reads.

Everything goes over the real wire and takes as long as it takes; what does not come in time, or
is refused, is an error that says what the person waited for. Not here: what is drilled
(drill_main).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from incident_response.domain.errors import RefusedError, UnavailableError
from incident_response.ports.clock import Clock
from incident_response.sandbox.app import Sandbox
from incident_response.sandbox.slack.errors import SlackError
from incident_response.sandbox.slack.model import Json, Message, View
from incident_response.sandbox.slack.outcomes import Container, Outcome

POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button as it was drawn when somebody looked: clicked later, it sends what it held then."""

    channel: str
    ts: str
    is_private: bool
    element: Json

    @property
    def value(self) -> str:
        """What it carries."""
        return str(self.element.get("value") or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person in the workspace; ``patience`` is the longest they wait, in seconds."""

    sandbox: Sandbox
    clock: Clock
    user: str
    patience: float = 30.0

    # --- doing -------------------------------------------------------------------------------

    async def type(self, channel: str, line: str) -> None:
        """Type a slash command, with its slash.

        Raises ``RefusedError`` if Slack shows an error.
        """
        command, _, text = line.partition(" ")
        try:
            outcome = await self.sandbox.people.slash(
                user=self.user, channel=channel, command=command, text=text
            )
        except SlackError as error:
            raise RefusedError(f"Slack refused {line}", reason=error.code) from error
        _require_ok(outcome, line)

    async def click(self, button: Button) -> None:
        """Click it. Raises ``RefusedError`` if Slack shows an error, or its message is gone."""
        where = Container(channel=button.channel, ts=button.ts, is_ephemeral=button.is_private)
        what = f"the button {_label(button.element)}"
        try:
            outcome = await self.sandbox.people.click(
                user=self.user, container=where, action=button.element
            )
        except SlackError as error:
            raise RefusedError(f"Slack refused {what}", reason=error.code) from error
        _require_ok(outcome, what)

    async def submit(self, view: View, answers: Mapping[str, str]) -> None:
        """Send a form; ``answers`` by a part of the question: text to type, or the option's words.

        What is not answered stays as the form suggests. Raises ``RefusedError`` with what the form
        complains of, or if it does not ask that.
        """
        values = _filled(view, answers)
        sent = await self.sandbox.people.submit(user=self.user, view_id=view.id, values=values)
        if not sent.ok:
            why = "; ".join(sent.errors.values()) or sent.error or sent.kind
            raise RefusedError(f"the form was not accepted: {why}")

    # --- seeing ------------------------------------------------------------------------------

    async def sees(self, channel: str, *words: str, button: str = "", since: str = "") -> Message:
        """The newest message in the channel with all of ``words`` and a button of that label, once
        there is one; ``since``: only those newer than this timestamp.

        Raises ``UnavailableError`` after ``patience``.
        """
        deadline = self.clock.monotonic() + self.patience
        while self.clock.monotonic() < deadline:
            for message in reversed(self._visible(channel)):
                if message.ts > since and _holds(message, words, button):
                    return message
            await self.clock.sleep(POLL_SECONDS)
        wanted = ", ".join([*words, *([f"the button {button}"] if button else [])])
        raise UnavailableError(f"nobody saw {wanted} within {self.patience:g} seconds")

    async def form(self, *, besides: str = "") -> View:
        """The form in front, once one is open that has not the id ``besides``.

        Raises ``UnavailableError`` after ``patience``.
        """
        deadline = self.clock.monotonic() + self.patience
        while self.clock.monotonic() < deadline:
            views = self.sandbox.people.views_for(self.user)
            if views and views[-1].id != besides:
                return views[-1]
            await self.clock.sleep(POLL_SECONDS)
        raise UnavailableError(f"no form came within {self.patience:g} seconds")

    def button(self, message: Message, label: str) -> Button:
        """The button of this label, or with this action id, as it is drawn now.

        Raises ``RefusedError`` if there is none.
        """
        for element in _elements(message):
            if label in (_label(element), element.get("action_id")):
                return Button(
                    channel=message.channel,
                    ts=message.ts,
                    is_private=message.ephemeral_to is not None,
                    element=element,
                )
        raise RefusedError(f"the message has no button {label}")

    def newest(self, channel: str) -> str:
        """The timestamp of the newest message they see there; empty if there is none."""
        return max((message.ts for message in self._visible(channel)), default="")

    def _visible(self, channel: str) -> list[Message]:
        """What they see there, oldest first; nothing where they may not look."""
        workspace = self.sandbox.workspace
        try:
            place = workspace.channels.seen_by(self.user, channel)
        except SlackError:
            return []
        private = self.sandbox.people.ephemerals_for(self.user, channel)
        return sorted(
            [*workspace.messages.top_level(place.id), *private], key=lambda message: message.ts
        )


def text_of(message: Message) -> str:
    """All that a message says, its fall-back included."""
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


def _holds(message: Message, words: tuple[str, ...], button: str) -> bool:
    text, labels = text_of(message), {_label(element) for element in _elements(message)}
    return all(word in text for word in words) and (not button or button in labels)


def _elements(message: Message) -> list[Json]:
    """Its elements, each with the id of its block, as a client holds them."""
    return [
        {**element, "block_id": block["block_id"]}
        for block in message.blocks
        for element in (*block.get("elements", []), block.get("accessory") or {})
        if element.get("action_id")
    ]


def _label(element: Json) -> str:
    text = element.get("text")
    return str(text.get("text")) if isinstance(text, dict) else ""


def _require_ok(outcome: Outcome, what: str) -> None:
    if not outcome.ok:
        raise RefusedError(f"Slack showed an error for {what}", reason=outcome.error or "")


def _filled(view: View, answers: Mapping[str, str]) -> Json:
    values: Json = {}
    for question, answer in answers.items():
        block = _question(view, question)
        element = block["element"]
        values[block["block_id"]] = {element["action_id"]: _answered(element, answer)}
    return values


def _question(view: View, question: str) -> Json:
    for block in view.blocks:
        label = block.get("label")
        if isinstance(label, dict) and question.casefold() in str(label["text"]).casefold():
            return block
    raise RefusedError(f"the form does not ask “{question}”")


def _answered(element: Json, answer: str) -> Json:
    kind = str(element["type"])
    if kind == "plain_text_input":
        return {"type": kind, "value": answer}
    for option in element.get("options", []):
        if answer == option["value"] or answer in str(option["text"]["text"]):
            return {"type": kind, "selected_option": option}
    raise RefusedError(f"“{answer}” cannot be chosen")
