"""Drafts for customers: who writes the first text, which components it may name, and the card.

Nothing here reaches a customer: every text goes through the approval gate. Not here: approving and
sending (approval_gate, publishing), what a card looks like (blocks.page_card).
"""

from typing import Protocol

from incident_response.blocks.page_card import page_card
from incident_response.domain.draft import (
    Author,
    Component,
    Draft,
    DraftContent,
    PageImpact,
    PageStatus,
)
from incident_response.domain.errors import NotFoundError, RefusedError
from incident_response.domain.incident import Incident
from incident_response.domain.model import IncidentId
from incident_response.domain.policy import Policy
from incident_response.ports.chat import Chat
from incident_response.ports.clock import Clock
from incident_response.ports.incident_store import IncidentStore
from incident_response.workflows.approval_gate import StatuspageApprovalGate
from incident_response.workflows.change_incident import Decision, change_incident
from incident_response.workflows.known_page import KnownPage
from incident_response.workflows.roles import Asked
from incident_response.workflows.room_board import RoomBoard, card_name


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
    def author(self) -> Author: ...
    @property
    def note(self) -> str: ...


class Writer(Protocol):
    """``workflows.drafting.Drafting`` is one."""

    async def status_message(self, incident: Incident) -> DraftedText: ...

    async def plain_message(self, incident: Incident) -> DraftedText: ...


class PageDesk:
    """Makes drafts and keeps their cards standing in the room."""

    def __init__(
        self,
        *,
        gate: StatuspageApprovalGate,
        writer: Writer,
        page: KnownPage,
        store: IncidentStore,
        chat: Chat,
        board: RoomBoard,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._gate = gate
        self._writer = writer
        self._page = page
        self._store = store
        self._chat = chat
        self._board = board
        self._policy = policy
        self._clock = clock

    async def draft(self, incident: Incident, text: str, *, asked: Asked) -> tuple[Draft, str]:
        """A draft of ``text``, or without one of what the writer makes of the incident, and why
        no model wrote that; its card stands in the room when this returns.

        Raises what the gate refuses, and ``RefusedError`` while there is no room.
        """
        if incident.room is None:
            raise RefusedError("The room is still being set up; try again in a moment.")
        content, author, note = await self._content(incident, text)
        changed = await self.write(incident.incident_id, content, asked=asked, author=author)
        draft = changed.page.draft
        assert draft is not None, "it was just made"
        return draft, note

    async def write(
        self, incident_id: IncidentId, content: DraftContent, *, asked: Asked, author: Author
    ) -> Incident:
        """A draft of exactly this; its card stands in the room when this returns.

        Done twice under one key it is one draft. Raises what the gate refuses.
        """
        # The card of the message before it is drawn to its end: nobody will draw it later.
        await self.show(incident_id)
        changed = await self._gate.draft(
            incident_id,
            content,
            asked=asked,
            author=author,
            subscribers=self._page.subscribers,
        )
        await self.show(incident_id)
        return changed

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
                message = page_card(incident, policy=self._policy, page=self._page.info)
                ref = await self._chat.post(channel, message, key=key)
                self._board.is_shown(incident_id, name, message)
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
        known = (*self._page.components, *page.components, *drafted)
        return tuple({component.component_id: component for component in known}.values())

    async def _content(self, incident: Incident, text: str) -> tuple[DraftContent, Author, str]:
        """What is to be told, what wrote it, and why no model did."""
        writer = self._writer
        drafted = await (
            writer.plain_message(incident) if text else writer.status_message(incident)
        )
        content = DraftContent(
            title=drafted.title,
            body=text or drafted.body,
            status=drafted.status,
            impact=drafted.impact,
            components=incident.page.components,
        )
        return (content, Author.PERSON, "") if text else (content, drafted.author, drafted.note)
