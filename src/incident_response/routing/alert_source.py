"""The shape of an alert source: its name, its paths, and how its JSON becomes an Alert.

Not here: the sources themselves (alert_sources), authentication, HTTP.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from incident_response.domain.alert import Alert
from incident_response.domain.model import Json
from incident_response.routing.alert_mapping import AlertMapping


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseContext:
    """What a source may know beside the JSON itself."""

    source: str
    """The name the alert is filed under; the same source may be configured under several."""
    received_at: datetime
    """When the request arrived; aware, UTC. Never part of an alert's identity."""
    raw: bytes
    """The body as it was signed."""
    mapping: AlertMapping | None = None
    """Which field means what, for sources that have to be told."""


Parse = Callable[[Json, ParseContext], Alert]
"""Pure: no I/O, no clock.

Raises ``InvalidAlertError`` (422) with the pointers at fault; an authentic state it does not know
becomes ``AlertState.UNKNOWN``, a field that is too long is cut.
"""


@dataclass(frozen=True, slots=True)
class AlertSource:
    """One kind of alert webhook; one request is one change of one alert group."""

    name: str
    """Answers on ``/alerts/<name>``."""
    parse: Parse
    paths: tuple[str, ...] = ()
    """Further paths it answers on."""

    @property
    def all_paths(self) -> tuple[str, ...]:
        """Every path it answers on."""
        return (f"/alerts/{self.name}", *self.paths)
