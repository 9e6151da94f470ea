"""Proposes to tell customers that it is over. Only people publish it, through the approval gate.

Not here: the text (drafting), approving and sending it (approval_gate), when it is proposed
(ending).
"""

from typing import Protocol

from incident_response.domain.draft import (
    Author,
    Component,
    ComponentStatus,
    DraftContent,
    PageImpact,
    PageStatus,
)
from incident_response.domain.incident import Incident
from incident_response.domain.model import IncidentId
from incident_response.workflows.roles import Asked


class Text(Protocol):
    """A text for customers; ``workflows.drafting.DraftedMessage`` is one."""

    @property
    def title(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def impact(self) -> PageImpact: ...
    @property
    def author(self) -> Author: ...


class Writer(Protocol):
    """``workflows.drafting.Drafting`` is one."""

    async def closing_message(self, incident: Incident) -> Text: ...


class Pages(Protocol):
    """``workflows.page_desk.PageDesk`` is one."""

    async def write(
        self, incident_id: IncidentId, content: DraftContent, *, asked: Asked, author: Author
    ) -> Incident: ...


class ClosingMessage:
    """Makes the draft and shows its card."""

    def __init__(self, *, pages: Pages, writer: Writer) -> None:
        self._pages = pages
        self._writer = writer

    async def propose(self, incident: Incident, *, asked: Asked) -> None:
        """A draft that says that it is over, with every component well again; people may change
        all of it.

        Done twice under one key it is one draft. Raises what the gate refuses, as while another
        message is on its way.
        """
        text = await self._writer.closing_message(incident)
        content = DraftContent(
            title=text.title,
            body=text.body,
            status=PageStatus.RESOLVED,
            impact=text.impact,
            components=tuple(map(_well, incident.page.components)),
        )
        await self._pages.write(incident.incident_id, content, asked=asked, author=text.author)


def _well(component: Component) -> Component:
    return component.model_copy(update={"status": ComponentStatus.OPERATIONAL})
