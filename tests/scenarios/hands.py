"""What a person in the workspace does with their hands, and sees; nothing reaches behind it."""

import json
from dataclasses import dataclass

from incident_response.entrypoints.local_stack import LocalStack
from incident_response.sandbox.slack.model import Json, Message, View
from incident_response.sandbox.slack.outcomes import Container, Outcome, SubmitOutcome
from tests.scenarios.rooms import eventually, text_of

MAYA = "U07MAYA0KAF"
"""First on call for payments."""
JONAS = "U07J0NASL1N"
PRIYA = "U07PR1YARAM"
TOMAS = "U07T0MASHER"
DEREK = "U07DEREKVAU"
"""Left the company; still named in an escalation chain."""
HANA = "U07HANAWATA"
ROSA = "U07R0SAK1MM"
"""A guest."""
SAMIR = "U07SAM1RHAD"
INES = "U07INESCARV"
"""Head of support, on no escalation chain."""
PAYMENTS = {MAYA, JONAS, PRIYA, TOMAS}
"""Everybody who is to be called when checkout fails."""


@dataclass(frozen=True, slots=True)
class Hands:
    """One person at the keyboard."""

    stack: LocalStack
    user: str

    async def types(self, channel: str, line: str) -> Outcome:
        """A slash command, with its slash, where they are."""
        command, _, text = line.partition(" ")
        people = self.stack.sandbox.people
        return await people.slash(user=self.user, channel=channel, command=command, text=text)

    async def asks(self, channel: str, line: str) -> str:
        """A slash command; what only they are told then."""
        before = {m.ts for m in self.notes(channel)}
        outcome = await self.types(channel, line)
        assert outcome.ok, outcome
        return await self.told(channel, besides=before)

    def notes(self, channel: str) -> list[Message]:
        """What only they see in a channel, oldest first."""
        return self.stack.sandbox.people.ephemerals_for(self.user, channel)

    async def told(self, channel: str, *, besides: set[str]) -> str:
        """The first note in the channel that is not one of ``besides``, once it is there."""

        async def news() -> list[Message]:
            return [m for m in self.notes(channel) if m.ts not in besides]

        return text_of((await eventually(news))[0])

    async def clicks(self, message: Message, action_id: str, *, block: str = "") -> Outcome:
        """A button of a message; ``block`` tells twins apart by the end of their block's id."""
        element = element_of(message, action_id, block=block)
        return await self._act(message, element)

    async def ticks(self, message: Message, *keys: str, off: bool = False) -> Outcome:
        """Boxes of one group of the checklist, as the message shows them to this person."""
        boxes = next(
            e
            for e in elements(message)
            if {*keys} <= {option["value"] for option in e.get("options", [])}
        )
        chosen = boxes.get("initial_options", [])
        if off:
            chosen = [option for option in chosen if option["value"] not in keys]
        else:
            chosen = [*chosen, *(o for o in boxes["options"] if o["value"] in keys)]
        return await self._act(message, {**boxes, "selected_options": chosen})

    async def _act(self, message: Message, action: Json) -> Outcome:
        where = Container(
            channel=message.channel,
            ts=message.ts,
            is_ephemeral=message.ephemeral_to is not None,
        )
        people = self.stack.sandbox.people
        return await people.click(user=self.user, container=where, action=action)

    async def form(self) -> View:
        """The form in front of them, once it is open."""

        async def views() -> list[View]:
            return self.stack.sandbox.people.views_for(self.user)

        return (await eventually(views))[-1]

    async def submits(
        self, view: View, *, title: str, severity: str = "P2", description: str = ""
    ) -> SubmitOutcome:
        """The declare form, filled in."""
        values: Json = {
            "title": {"title": {"type": "plain_text_input", "value": title}},
            "severity": {
                "severity": {"type": "static_select", "selected_option": option(view, severity)}
            },
            "description": {
                "description": {"type": "plain_text_input", "value": description or None}
            },
        }
        people = self.stack.sandbox.people
        return await people.submit(user=self.user, view_id=view.id, values=values)


def elements(message: Message) -> list[Json]:
    """Every interactive element with the id of its block in it, as a client holds them."""
    found = []
    for block in message.blocks:
        inside = [*block.get("elements", []), block.get("accessory") or {}]
        found += [{**e, "block_id": block["block_id"]} for e in inside if e.get("action_id")]
    return found


def element_of(message: Message, action_id: str, *, block: str = "") -> Json:
    return next(
        e
        for e in elements(message)
        if e["action_id"] == action_id and e["block_id"].endswith(block)
    )


def option(view: View, value: str) -> Json:
    """An option of the only select of a form."""
    inputs = (block.get("element", {}) for block in view.blocks)
    options = [o for element in inputs for o in element.get("options", [])]
    found: Json = next(o for o in options if o["value"] == value)
    return found


def drawn(message: Message) -> str:
    """What its blocks alone say."""
    return json.dumps(message.blocks, ensure_ascii=False)
