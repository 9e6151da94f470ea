"""The spec of a button, modal, shortcut or chat event, and the registry that finds one.

Not here: what an action does (actions).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from incident_response.domain.errors import NotFoundError
from incident_response.domain.model import Json
from incident_response.ports.chat import Message
from incident_response.ports.inbox import EnvelopeKind
from incident_response.routing.requests import Request
from incident_response.routing.table import unique_table
from incident_response.routing.workflows import Workflows

Handle = Callable[[Request, Workflows], Awaitable[Message | None]]
"""Does it, and returns what the person alone is told."""
Check = Callable[[Json], dict[str, str]]
"""A submitted modal's field errors by block id; empty if all is well. Pure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing a person can do with the mouse, or that can happen in the chat."""

    name: str
    """The button's action id (up to a colon: buttons of one block differ behind it), the modal's
    or shortcut's callback id, or the event's type.
    """
    kind: EnvelopeKind
    handle: Handle
    verb: str = ""
    """The command that does the same, such as ``role ic``: a click can be lost. Where it takes
    two, a bar stands between them. Empty for a modal that a command opens, and for events.
    """
    check: Check | None = None
    opens_modal: bool = False
    """Whether ``handle`` opens a modal and so must run at once, while the trigger lives."""

    @property
    def verbs(self) -> tuple[str, ...]:
        """What can be typed instead, each as it is typed."""
        return tuple(verb.strip() for verb in self.verb.split("|") if verb.strip())


class ActionRegistry:
    """Finds actions by kind and name."""

    def __init__(self, actions: Sequence[Action]) -> None:
        self.actions = tuple(actions)
        self._by_name = unique_table("action", ((f"{a.kind}:{a.name}", a) for a in actions))

    def find(self, kind: EnvelopeKind, name: str) -> Action:
        """Raises ``NotFoundError`` if there is none."""
        found = self._by_name.get(f"{kind}:{name}")
        if found is None:
            raise NotFoundError(f"I do not know the {kind} “{name[:60]}”.")
        return found

    def knows(self, kind: EnvelopeKind, name: str) -> bool:
        """Whether there is one."""
        return f"{kind}:{name}" in self._by_name
