"""Keeps the room's standing messages true: facts, checklist, announcement and topic are redrawn
from the stored state.

Redrawing is always whole, so it can be repeated, skipped or done late without harm. Not here:
posting them first (war_room), what they look like (blocks).
"""

import asyncio
import hashlib
import json
from collections import OrderedDict
from weakref import WeakValueDictionary

import structlog

from incident_response.blocks.announcement import announcement
from incident_response.blocks.checklist import checklist
from incident_response.blocks.escalation import called
from incident_response.blocks.facts import facts
from incident_response.blocks.page_card import page_card
from incident_response.blocks.proposal import proposal
from incident_response.blocks.room import topic
from incident_response.domain.briefing import Briefing
from incident_response.domain.draft import Draft
from incident_response.domain.errors import IncidentResponseError
from incident_response.domain.incident import Incident
from incident_response.domain.model import IncidentId
from incident_response.domain.policy import Policy
from incident_response.domain.response import Call
from incident_response.ports.chat import Chat, Message
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.workflows.briefing import briefing_of
from incident_response.workflows.fold_alerts import ASSEMBLE
from incident_response.workflows.known_page import KnownPage

FACTS = "facts"
CHECKLIST = "checklist"
ANNOUNCEMENT = "announcement"
PROPOSAL = "proposal"


def call_message(call: Call) -> str:
    """Name of the message that tells the room of a call."""
    return f"call.{call.number}"


def card_name(draft: Draft) -> str:
    """The name of the message that is this draft's card, whatever its revision."""
    return f"page_card.{draft.number}"


GATHER_SECONDS = 0.25
"""How long touches are gathered before one redraw (chat.update allows about 50 a minute)."""
REMEMBERED = 2_000
"""Messages whose last drawn content is remembered, so that nothing is sent twice."""

log = structlog.get_logger(__name__)


class RoomBoard:
    """Draws what is standing in a room."""

    def __init__(
        self,
        *,
        chat: Chat,
        store: IncidentStore,
        policy: Policy,
        page: KnownPage,
        clock: Clock,
    ) -> None:
        self._chat = chat
        self._store = store
        self._policy = policy
        self._clock = clock
        self._page = page
        self._touched: dict[IncidentId, None] = {}
        self._woken = asyncio.Event()
        self._drawing = WeakValueDictionary[IncidentId, asyncio.Lock]()
        """Kept only while somebody draws or waits to draw."""
        self._shown: OrderedDict[str, str] = OrderedDict()
        self._is_draining = False

    def touch(self, incident_id: IncidentId) -> None:
        """Have it redrawn soon; many touches make one redraw."""
        self._touched[incident_id] = None
        self._woken.set()

    def drain(self) -> None:
        """``run`` returns after the redraws already asked for."""
        self._is_draining = True
        self._woken.set()

    async def run(self) -> None:
        """Redraw what was touched, until drained."""
        while not self._is_draining or self._touched:
            await self._woken.wait()
            if not self._is_draining:
                await self._clock.sleep(GATHER_SECONDS)
            self._woken.clear()
            touched, self._touched = self._touched, {}
            async with asyncio.TaskGroup() as tasks:
                for incident_id in touched:
                    tasks.create_task(self._redraw_quietly(incident_id))

    async def _redraw_quietly(self, incident_id: IncidentId) -> None:
        try:
            await self.redraw(incident_id)
        except IncidentResponseError as error:
            log.warning("cannot redraw the room", incident_id=incident_id, reason=str(error))

    async def redraw(self, incident_id: IncidentId) -> None:
        """Redraw now whatever has changed. Raises what the chat or store raises."""
        lock = self._drawing.setdefault(incident_id, asyncio.Lock())
        async with lock:
            incident = await self._store.get(incident_id)
            if incident is None or incident.room is None:
                return
            if incident.room_archived_at is not None:
                return  # nothing in it can be changed any more
            await self._draw_facts(incident)
            await self._draw(incident, CHECKLIST, checklist(incident))
            await self._draw(incident, ANNOUNCEMENT, announcement(incident))
            await self._draw(incident, PROPOSAL, proposal(incident))
            for call in incident.escalation.calls:
                message = called(incident, call, policy=self._policy)
                await self._draw(incident, call_message(call), message)
            await self._draw_page_card(incident)
            if incident.assembled_at is not None:
                await self.set_topic(incident)

    def is_shown(self, incident_id: IncidentId, name: str, message: Message) -> None:
        """``message`` has just been posted under this name: it need not be drawn again."""
        self._remember(f"{incident_id}:{name}", _digest(message))

    async def _draw_page_card(self, incident: Incident) -> None:
        if (draft := incident.page.draft) is not None:
            card = page_card(incident, policy=self._policy, page=self._page.info)
            await self._draw(incident, card_name(draft), card)

    async def briefing(self, incident_id: IncidentId) -> Briefing:
        """What the room knows now."""
        return briefing_of(await self._store.journal(incident_id, ASSEMBLE))

    async def facts(self, incident: Incident) -> Message:
        """The facts message as it should stand now."""
        briefing = await self.briefing(incident.incident_id)
        return facts(incident, briefing, self._clock.now(), policy=self._policy)

    def remember(self, incident: Incident, name: str, message: Message) -> None:
        """Note that ``message`` has just been posted there, so that it is not drawn again."""
        self._remember(f"{incident.incident_id}:{name}", _digest(message))

    async def set_topic(self, incident: Incident) -> None:
        """Set the room's topic, unless it is what we set last."""
        assert incident.room is not None
        text, key = topic(incident), f"{incident.incident_id}:topic"
        if self._shown.get(key) != text:
            await self._chat.set_topic(incident.room.channel_id, text)
            self._remember(key, text)

    async def _draw_facts(self, incident: Incident) -> None:
        if FACTS not in incident.messages:
            return
        briefing, now = await self.briefing(incident.incident_id), self._clock.now()
        # The message names the minute it was drawn in, which alone is no reason to draw it again.
        timeless = _digest(facts(incident, briefing, incident.created_at, policy=self._policy))
        message = facts(incident, briefing, now, policy=self._policy)
        await self._draw(incident, FACTS, message, digest=timeless)

    async def _draw(
        self, incident: Incident, name: str, message: Message, *, digest: str = ""
    ) -> None:
        ref = incident.messages.get(name)
        key, digest = f"{incident.incident_id}:{name}", digest or _digest(message)
        if ref is None or self._shown.get(key) == digest:
            return
        await self._chat.update(ref, message)
        self._remember(key, digest)

    def _remember(self, key: str, digest: str) -> None:
        self._shown[key] = digest
        self._shown.move_to_end(key)
        while len(self._shown) > REMEMBERED:
            self._shown.popitem(last=False)


def _digest(message: Message) -> str:
    content = json.dumps([message.text, message.blocks], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
