"""The alert groups this sandbox has fired: what OnCall lists and what the dashboards agree with.

What belongs here: the groups and their keeping, in a table of their own in the sandbox's file.
What does not: how an alert is written and sent (`alerts.py`), and how OnCall shows a group.
"""

import json
import sqlite3
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

State = Literal["firing", "acknowledged", "silenced", "resolved"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS alert_groups (
  id TEXT PRIMARY KEY, started_at REAL NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class AlertGroup:
    """One group of alerts about one service; times are epoch seconds, None for not yet."""

    id: str
    service: str
    title: str
    message: str
    severity: str
    state: State
    started_at: float
    changed_at: float
    resolved_at: float | None = None
    acknowledged_at: float | None = None
    silenced_at: float | None = None
    alerts_count: int = 1

    def moved(self, state: State, at: float) -> "AlertGroup":
        """Return the group as it is after changing to `state` at epoch `at`."""
        moved = replace(self, state=state, changed_at=at)
        match state:
            case "firing":
                return replace(moved, resolved_at=None, alerts_count=self.alerts_count + 1)
            case "acknowledged":
                return replace(moved, acknowledged_at=at)
            case "silenced":
                return replace(moved, silenced_at=at)
            case "resolved":
                return replace(moved, resolved_at=at)


class AlertGroups:
    """Every group fired so far. With `path` None they live as long as the process.

    A write reaches the file before the call returns, safe against the death of the process (WAL,
    `synchronous=NORMAL`). Reads come from memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=5.0)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(_SCHEMA)
        rows = self._db.execute("SELECT body FROM alert_groups ORDER BY started_at").fetchall()
        self._groups: dict[str, AlertGroup] = {}
        self._latest: dict[str, AlertGroup] = {}
        for (body,) in rows:
            self._remember(AlertGroup(**json.loads(body)))

    def put(self, group: AlertGroup) -> None:
        """Keep a group, replacing the one with the same id."""
        self._db.execute(
            "INSERT INTO alert_groups VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            (group.id, group.started_at, json.dumps(asdict(group))),
        )
        self._remember(group)

    def get(self, group_id: str) -> AlertGroup | None:
        """Return the group with this id, or None."""
        return self._groups.get(group_id)

    def newest_first(self) -> list[AlertGroup]:
        """Return all groups, the one that started last first."""
        return sorted(self._groups.values(), key=lambda group: group.started_at, reverse=True)

    def latest_of(self, service: str) -> AlertGroup | None:
        """Return the service's group that started last, or None."""
        return self._latest.get(service)

    def _remember(self, group: AlertGroup) -> None:
        self._groups[group.id] = group
        latest = self._latest.get(group.service)
        if latest is None or latest.id == group.id or latest.started_at <= group.started_at:
            self._latest[group.service] = group

    def close(self) -> None:
        """Close the file."""
        self._db.close()
