"""The front desk of a running house: what people do there, from the envelope to what they see."""

from dataclasses import dataclass, field

from incident_response.actions import ACTIONS
from incident_response.commands import COMMANDS
from incident_response.domain.incident import Incident
from incident_response.domain.model import ChannelId, Json, UserId
from incident_response.ports.inbox import Envelope, EnvelopeKind
from incident_response.routing.action import ActionRegistry
from incident_response.routing.command import CommandRegistry
from incident_response.routing.reception import Reception
from tests.blocks.reading import buttons
from tests.workflows.house import ADA, House

ANSWERS = "https://slack.test/answer"


@dataclass
class Front:
    """The front desk of a running house."""

    house: House
    incident: Incident
    count: int = field(default=0)

    def __post_init__(self) -> None:
        self.reception = Reception(
            commands=CommandRegistry(COMMANDS),
            actions=ActionRegistry(ACTIONS),
            workflows=self.house.workflows,
        )

    @property
    def room(self) -> str:
        assert self.incident.room is not None
        return self.incident.room.channel_id

    def envelope(self, kind: EnvelopeKind, payload: Json) -> Envelope:
        self.count += 1
        return Envelope(
            key=f"key{self.count}",
            kind=kind,
            payload=payload,
            received_at=self.house.world.clock.now(),
        )

    async def type(
        self, text: str, *, by: UserId = ADA, channel: str | None = None, answers: str = ANSWERS
    ) -> str:
        """Type a command; what the person alone is told."""
        payload: Json = {
            "command": "/inc",
            "text": text,
            "user_id": by,
            "channel_id": self.room if channel is None else channel,
            "response_url": answers,
            "trigger_id": f"trigger{self.count}",
        }
        await self.do(self.envelope(EnvelopeKind.COMMAND, payload))
        return self.told()

    async def click(self, action: Json, *, by: UserId = ADA) -> str:
        payload: Json = {
            "user": {"id": by},
            "channel": {"id": self.room},
            "response_url": ANSWERS,
            "trigger_id": f"trigger{self.count}",
            "actions": [action],
        }
        await self.do(self.envelope(EnvelopeKind.ACTION, payload))
        return self.told()

    async def press(self, label: str, *, by: UserId = ADA) -> str:
        """Click the button of this label in the newest message only ``by`` was answered with."""
        answer = self.house.world.chat.responses[-1][1]
        action_id, value = next((a, v) for shown, a, v in buttons(answer) if shown == label)
        return await self.click({"action_id": action_id, "value": value}, by=by)

    def form(self) -> Json:
        """The modal that was opened last."""
        views = list(self.house.world.chat.views.values())
        assert views, "no form is open"
        return views[-1]

    async def submit(self, values: dict[str, Json], *, by: UserId = ADA) -> None:
        """Send the modal that was opened last; ``values`` by block, whose element has its name."""
        state: Json = {"values": {block: {block: value} for block, value in values.items()}}
        view: Json = {**self.form(), "state": state}
        payload: Json = {"user": {"id": by}, "view": view, "trigger_id": f"trigger{self.count}"}
        await self.do(self.envelope(EnvelopeKind.VIEW, payload))

    def private(self, user: UserId = ADA) -> list[str]:
        """What only ``user`` was told in the room, oldest first."""
        posted = self.house.world.chat.channels[ChannelId(self.room)].posted
        return [p.message.text for p in posted if p.private_to == user]

    async def now(self) -> Incident:
        """The incident as it is stored."""
        found = await self.house.workflows.store.get(self.incident.incident_id)
        assert found is not None
        return found

    async def do(self, envelope: Envelope) -> None:
        prepared = await self.reception.prepare(envelope)
        if prepared.keep:
            await self.reception.handle(envelope)

    def told(self) -> str:
        responses = self.house.world.chat.responses
        return str(responses[-1][1].text) if responses else ""


async def open_front(h: House) -> Front:
    return Front(h, await h.assembled())
