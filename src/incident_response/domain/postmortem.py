"""What a postmortem says. Not here: gathering it and writing it down (workflows.postmortem)."""

from enum import StrEnum

from incident_response.domain.model import Value


class ActionType(StrEnum):
    """What an action item is to change."""

    PREVENTION = "prevention"
    DETECTION = "detection"
    PROCESS = "process"
    DOCUMENTATION = "documentation"


class Priority(StrEnum):
    """How soon an action item should be done."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ActionItem(Value):
    """Something to be done so that it goes better next time; the texts are plain and untrusted."""

    type: ActionType
    title: str
    detail: str = ""
    priority: Priority = Priority.MEDIUM
    owner: str = ""
    """A name; empty if it is to be assigned."""


class Prose(Value):
    """The part of a postmortem that somebody writes: plain text, no markup; untrusted."""

    summary: str = ""
    """A paragraph or two: what happened, as far as the facts say."""
    impact: str = ""
    """What customers felt, and for how long."""
    went_well: tuple[str, ...] = ()
    lessons: tuple[str, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    is_template: bool = False
    """Whether no model wrote it."""
    note: str = ""
    """Why no model wrote it, for people; empty if that needs no reason."""
