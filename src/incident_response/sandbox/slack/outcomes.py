"""Where people click, and how it goes for them."""

from dataclasses import dataclass, field
from typing import Literal

from incident_response.sandbox.slack.model import Json, Message, View


@dataclass(frozen=True, slots=True)
class Container:
    """Where somebody clicks: a message (`channel`, `ts`), or a view."""

    channel: str | None = None
    ts: str | None = None
    is_ephemeral: bool = False
    view_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an interaction went for the one who did it.

    `error` is what Slack would show (`operation_timeout`, `app_unreachable`, or the code of a
    malformed answer); `message` what the app wrote with its acknowledgement.
    """

    ok: bool
    error: str | None = None
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class SubmitOutcome:
    """How submitting a view went; `errors` is block id -> text, `view` the one now in front."""

    kind: Literal["closed", "errors", "updated", "pushed", "cleared", "failed"]
    errors: dict[str, str] = field(default_factory=dict)
    view: View | None = None
    error: str | None = None

    @property
    def ok(self) -> bool:
        return self.kind not in {"errors", "failed"}


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What an external select may be set to."""

    options: list[Json] = field(default_factory=list)
    option_groups: list[Json] = field(default_factory=list)
    error: str | None = None
