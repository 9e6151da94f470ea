"""Drafts for customers: who writes the first text, which components there are, and the card.

Nothing here reaches a customer: every text goes through the approval gate. Not here: approving and
sending (approval_gate, publishing), what a card looks like (blocks.page_card).
"""

import asyncio
from typing import Protocol

import structlog

from incident_response.blocks.page_card import page_card
from incident_response.domain.draft import Component, Draft, DraftContent, PageImpact, PageStatus
from incident_response.domain.errors import IncidentResponseError, NotFoundError, RefusedError
from incident_response.domain.incident import Incident
from incident_response.domain.model import IncidentId
from incident_response.domain.policy import Policy
from incident_response.domain.severity import Severity
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.ports.page_board import PageBoard
from incident_response.workflows.approval_gate import StatuspageApprovalGate
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.roles import Asked
from incident_response.workflows.room_board import RoomBoard, card_name

LOOK_SECONDS = 3.0
"""How long a draft waits for the number of subscribers: it can be read and approved without it."""
LEARN_SECONDS = 900.0
LEARN_AGAIN_SECONDS = 30.0
IMPACTS = {
    Severity.P0: PageImpact.CRITICAL,
    Severity.P1: PageImpact.MAJOR,
    Severity.P2: PageImpact.MINOR,
    Severity.P3: PageImpact.MINOR,
    Severity.P4: PageImpact.NONE,
}

log = structlog.get_logger(__name__)


class DraftedText(Protocol):
    """``workflows.drafting.DraftedMessage`` is one."""

    @property
    def title(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def status(self) -> PageStatus: ...
    @property
    def impact(self) -> PageImpact: ...
    @property
    def is_template(self) -> bool: ...
    @property
    def note(self) -> str: ...


class Writer(Protocol):
    """``workflows.drafting.Drafting`` is one."""

    async def status_message(self, incident: Incident) -> DraftedText: ...


class PageDesk:
    """Makes drafts and keeps their cards standing in the room."""

    def __init__(
        self,
        *,
        gate: StatuspageApprovalGate,
        writer: Writer,
        page_board: PageBoard | None,
        store: IncidentStore,
        chat: Chat,
        board: RoomBoard,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._gate = gate
        self._writer = writer
        self._page_board = page_board
        self._store = store
        self._chat = chat
        self._board = board
        self._policy = policy
        self._clock = clock
        self._components: tuple[Component, ...] = ()

    async def draft(self, incident: Incident, text: str, *, asked: Asked) -> tuple[Draft, str]:
        """A draft of ``text``, or without one of what the writer makes of the incident, and why
        no model wrote that; its card stands in the room when this returns.

        Raises what the gate refuses, and ``RefusedError`` while there is no room.
        """
        if incident.room is None:
            raise RefusedError("The room is still being set up; try again in a moment.")
        async with asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(self._subscribers())
            writing = tasks.create_task(self._content(incident, text))
        content, is_template, note = writing.result()
        changed = await self._gate.draft(
            incident.incident_id,
            content,
            asked=asked,
            is_template=is_template,
            subscribers=looking.result(),
        )
        await self.show(incident.incident_id)
        draft = changed.page.draft
        assert draft is not None, "it was just made"
        return draft, note

    async def edit(
        self, incident_id: IncidentId, code: str, content: DraftContent, *, asked: Asked
    ) -> Incident:
        """Another text in the place of the one that ``code`` names. Raises what the gate
        refuses.
        """
        changed = await self._gate.edit(incident_id, code=code, content=content, asked=asked)
        await self.show(incident_id)
        return changed

    async def show(self, incident_id: IncidentId) -> None:
        """Have the card of the newest draft stand in the room, once, as the draft is now."""
        incident = await self._store.get(incident_id)
        if incident is None:
            raise NotFoundError(f"there is no incident {incident_id}")
        draft = incident.page.draft
        if draft is None or incident.room is None:
            return
        name = card_name(draft)
        if name not in incident.messages:
            key, channel = f"{incident_id}:{name}", incident.room.channel_id
            since = draft.drafted_at
            ref = await self._chat.find_message(channel, key=key, since=since)
            if ref is None:
                message = page_card(incident, policy=self._policy, page=self._board.page)
                ref = await self._chat.post(channel, message, key=key)
            posted = ref

            def decide(now: Incident) -> Decision:
                messages = {**now.messages, name: posted}
                return Decision(now.model_copy(update={"messages": messages}), ())

            await change_incident(self._store, incident_id, decide)
        await self._board.redraw(incident_id)

    def components(self, incident: Incident) -> tuple[Component, ...]:
        """The page's components as last learned, with those of the draft and the thread: at once,
        for a form.
        """
        page = incident.page
        drafted = page.draft.message.components if page.draft is not None else ()
        known = (*self._components, *page.components, *drafted)
        return tuple({component.component_id: component for component in known}.values())

    async def _content(self, incident: Incident, text: str) -> tuple[DraftContent, bool, str]:
        page = incident.page
        if text:
            content = DraftContent(
                title=page.title or incident.title,
                body=text,
                status=page.status or PageStatus.INVESTIGATING,
                impact=page.impact if page.status else IMPACTS[incident.severity],
                components=page.components,
            )
            return content, False, ""
        drafted = await self._writer.status_message(incident)
        content = DraftContent(
            title=drafted.title,
            body=drafted.body,
            status=drafted.status,
            impact=drafted.impact,
            components=page.components,
        )
        return content, drafted.is_template, drafted.note

    async def keep_learned(self) -> None:
        """Know the page's components and its name before they are needed: asked for at start and
        every quarter of an hour.

        Runs until cancelled; while the page does not answer, forms offer what is known.
        """
        while self._page_board is not None:
            try:
                self._components = await self._page_board.components()
                self._board.page = await self._page_board.about()
                pause = LEARN_SECONDS
            except IncidentResponseError as error:
                log.warning("page not learned", reason=str(error))
                pause = LEARN_AGAIN_SECONDS
            await self._clock.sleep(pause)

    async def _subscribers(self) -> int | None:
        if self._page_board is None:
            return None
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                return await self._page_board.subscribers()
        except (IncidentResponseError, TimeoutError) as error:
            log.warning("page subscribers not known", reason=str(error) or "no answer in time")
            return None
