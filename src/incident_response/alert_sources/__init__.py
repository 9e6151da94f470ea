"""Alert webhooks, one a file: a sender's JSON in, a domain Alert out; pure, no I/O.

To add one, write its file and name it in ``ALERT_SOURCES``. Beside them lie the two steps that
come before any of them: ``authentication`` and ``strict_json``. Not here: HTTP, storing.
"""

from collections.abc import Iterable

from incident_response.alert_sources import alertmanager, generic, grafana_oncall
from incident_response.routing.alert_source import AlertSource
from incident_response.routing.table import unique_table

ALERT_SOURCES: tuple[AlertSource, ...] = (
    grafana_oncall.source,
    alertmanager.source,
    generic.source,
)


def by_name(sources: Iterable[AlertSource]) -> dict[str, AlertSource]:
    """The sources by name.

    Raises ``InvalidConfigurationError`` if two share a name or answer on one path.
    """
    known = tuple(sources)
    unique_table("alert path", ((path, source) for source in known for path in source.all_paths))
    return unique_table("alert source", ((source.name, source) for source in known))


by_name(ALERT_SOURCES)
