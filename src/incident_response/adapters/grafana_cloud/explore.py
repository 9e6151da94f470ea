"""Addresses of Grafana's Explore page, where a person goes on asking.

Not here: the queries themselves.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True, kw_only=True)
class Explore:
    """Explore of one data source; no address when no ``ui_url`` is configured."""

    ui_url: str
    datasource_uid: str
    datasource_type: str
    """``prometheus``, ``loki`` or ``tempo``."""

    def url(self, query: str, *, start: datetime, end: datetime) -> str:
        """The address that shows ``query`` from ``start`` to ``end``; empty without a UI."""
        if not self.ui_url:
            return ""
        source = {"type": self.datasource_type, "uid": self.datasource_uid}
        # Tempo's editor takes TraceQL (or a bare trace id) as `query`, the others `expr`.
        asked = (
            {"query": query, "queryType": "traceql"}
            if self.datasource_type == "tempo"
            else {"expr": query}
        )
        pane = {
            "datasource": self.datasource_uid,
            "queries": [{"refId": "A", "datasource": source, **asked}],
            "range": {"from": _milliseconds(start), "to": _milliseconds(end)},
        }
        panes = json.dumps({"incident": pane}, separators=(",", ":"))
        arguments = urlencode({"schemaVersion": 1, "orgId": 1, "panes": panes})
        return f"{self.ui_url.rstrip('/')}/explore?{arguments}"


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))
