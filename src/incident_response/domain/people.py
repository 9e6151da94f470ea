"""People we may call into a room, and how sure we are of the list.

Not here: where they were looked up (ports, adapters).
"""

from enum import StrEnum

from incident_response.domain.model import UserId, Value


class Origin(StrEnum):
    """Where a responder's name came from."""

    ON_CALL = "on_call"
    ESCALATION = "escalation"
    DIRECTORY = "directory"
    DECLARED = "declared"


class Person(Value):
    """Somebody a source named; ``user_id`` only if the source knows the chat identity."""

    name: str
    email: str = ""
    user_id: UserId | None = None
    origin: Origin
    level: int = 0
    """0 for who is on call now, then the escalation steps in order."""


class ChatUser(Value):
    """A user of the chat workspace."""

    user_id: UserId
    name: str
    email: str = ""
    is_bot: bool = False
    is_guest: bool = False
    """Restricted, or of another organisation."""
    is_deactivated: bool = False
    tz: str = ""

    @property
    def may_respond(self) -> bool:
        """Whether this is a full, living member of our workspace."""
        return not (self.is_bot or self.is_guest or self.is_deactivated)


class Roster(Value):
    """The people one source named, and whether that is all of them."""

    people: tuple[Person, ...] = ()
    unresolved: tuple[str, ...] = ()
    """Names that have no usable chat identity, with the reason: shown, never guessed."""
    is_partial: bool = False
    """Whether the source had more than it gave us."""
    total: int | None = None
    """How many there are in all, where the source says."""
    is_stale: bool = False
    """Whether this is a remembered answer because the source did not answer now."""
