"""Writes an incident's postmortem from everything that is on record, and files it once.

Each source that fails costs its own part, never the document. Not here: the document (domain),
when it is written and what else ends an incident (resolution), the words of a writer (drafting).
"""

from typing import Protocol

from incident_response.domain.incident import Incident
from incident_response.domain.postmortem import PostmortemDocument, Prose
from incident_response.domain.redaction import Material
from incident_response.domain.response import Postmortem
from incident_response.ports.issue_tracker import IssueTracker, NewIssue


class ProseWriter(Protocol):
    """Writes a postmortem's prose; ``workflows.drafting.Drafting`` is one."""

    async def postmortem(self, incident: Incident, material: tuple[Material, ...]) -> Prose:
        """Never raises for a model's trouble: then ``is_template`` is set, and ours is used."""
        ...


class PostmortemWriter:
    """Gathers, writes and files postmortems."""

    def __init__(self, *, tracker: IssueTracker | None = None) -> None:
        self._tracker = tracker

    @property
    def has_tracker(self) -> bool:
        """Whether there is a place to file it."""
        return self._tracker is not None

    async def write(self, incident: Incident) -> PostmortemDocument:
        """The postmortem as it stands now. Raises only what the store or ledger raise."""
        raise NotImplementedError

    async def issue_for(self, incident: Incident, document: PostmortemDocument) -> NewIssue:
        """The issue that ``publish`` files: its id is the same at every try of one resolving."""
        raise NotImplementedError

    async def publish(self, incident: Incident, document: PostmortemDocument) -> Postmortem:
        """Filed when this returns, once, however often it is called for one resolving.

        Raises ``InvalidConfigurationError`` if no tracker is connected, else what
        ``IssueTracker.create`` raises.
        """
        raise NotImplementedError
