"""What a postmortem says. Not here: gathering it and writing it down (workflows.postmortem)."""

from incident_response.domain.model import Value


class ActionItem(Value):
    """Something to be done so that it does not happen again."""

    type: str = "prevention"
    """``prevention``, ``detection``, ``mitigation``, ``process`` or ``documentation``."""
    title: str
    priority: str = "medium"
    """``high``, ``medium`` or ``low``."""
    owner: str = ""
    """A name or role; empty while nobody was named."""


class Prose(Value):
    """The written parts of a postmortem, as drafted."""

    summary: str
    impact: str
    went_well: tuple[str, ...] = ()
    lessons: tuple[str, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
