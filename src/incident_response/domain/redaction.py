"""What must not leave: finding it in a text and putting a token in its place.

Not here: what is written (workflows.drafting), who writes it (ports.drafter).
"""

from enum import StrEnum

from incident_response.domain.model import Value


class Task(StrEnum):
    """What is to be written."""

    STATUS_MESSAGE = "status_message"
    """For customers: a JSON object of ``title`` and ``body``."""
    ROOM_UPDATE = "room_update"
    POSTMORTEM = "postmortem"
    CATCHUP = "catchup"
    CLASSIFY = "classify"
    """Whether a message is a status update: ``yes`` or ``no``."""


class Material(Value):
    """Something the writer may use, with our name for it; the text is untrusted."""

    label: str
    text: str


class Brief(Value):
    """What is to be written, from what."""

    task: Task
    material: tuple[Material, ...] = ()
    longest: int = 2_000
    """Characters."""


class RedactedBrief:
    """A brief that may leave. Only ``redact`` makes one."""

    __slots__ = ("brief", "replaced")

    brief: Brief
    replaced: dict[str, str]
    """Token to what it stands for, to be put back into what stays inside."""
