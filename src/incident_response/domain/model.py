"""The frozen base of every stored domain value, and the identifiers all of them share.

Not here: any particular value.
"""

from typing import NewType

from pydantic import BaseModel, ConfigDict, JsonValue

IncidentId = NewType("IncidentId", str)
"""``inc-`` and twelve lower-case hex digits; the first six also end the room's name."""
EventId = NewType("EventId", str)
"""64 hex digits: what one change of one alert group is, derived from its content."""
UserId = NewType("UserId", str)
"""A chat user, such as ``U0A1B2C3``."""
ChannelId = NewType("ChannelId", str)
"""A chat channel, such as ``C0A1B2C3``."""

Json = dict[str, JsonValue]
"""A JSON object."""


class Value(BaseModel):
    """A frozen value that can be stored as JSON; unknown fields of a newer version are passed
    over.
    """

    # Built when it is first used: a process that needs few of them starts sooner. So no module may
    # make one while it is imported, not even as another's default (use ``default_factory``).
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)
