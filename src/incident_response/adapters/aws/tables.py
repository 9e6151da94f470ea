"""The two tables and their indexes, as data, and the keys of every item.

Incidents and what is at work on them lie in one table, the ledgers in another that nobody may
change or delete from. No index decides anything: ``work-index`` finds what may have work,
``slack-channel-index`` is for people and dashboards, ``ledger-index`` lists the ledgers. Not here:
what a table is besides (table_form), what an item holds beside its keys (the adapter that writes
it).
"""

from dataclasses import dataclass

from incident_response.domain.model import ChannelId, EventId, IncidentId

PARTITION, SORT = "pk", "sk"
"""Names of the key attributes of both tables."""
EXPIRES_AT = "expires_at"
"""Attribute with the second (Unix time) after which DynamoDB may delete the item."""


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index that holds only keys: what is found by it is read again from the
    table. It is sparse, as an item without the index's keys is not in it.
    """

    name: str
    partition: str
    """A text attribute."""
    sort: str
    """A text attribute."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; what else holds of every one of ours says ``table_form``."""

    name: str
    indexes: tuple[Index, ...]
    keys: tuple[str, str] = (PARTITION, SORT)
    """Partition and sort key, both text."""
    expires_at: str = EXPIRES_AT


@dataclass(frozen=True, slots=True)
class Key:
    """Where one item lies."""

    partition: str
    sort: str


@dataclass(frozen=True, slots=True)
class Kind:
    """Items that lie together in an index."""

    name: str
    """Value of the index's partition key."""
    partition: str
    """What their own partition key begins with. An item that lies elsewhere is none of them,
    whatever it says of itself: a role can be held to partitions, but not to what it writes there.
    """


WORK_INDEX = Index("work-index", "work", "work_at")
"""What may have work, under its kind, in the order it is due."""
CHANNEL_INDEX = Index("slack-channel-index", "slack_channel_id", "created_at")
LEDGER_INDEX = Index("ledger-index", "ledger", "incident_id")
"""The head of every ledger."""


ALERTS_PENDING = Kind("intake#pending", "INTAKE#")
ALERTS_TROUBLED = Kind("intake#troubled", "INTAKE#")
ENVELOPES_OPEN = Kind("inbox#open", "ENVELOPE#")
ENVELOPES_BURIED = Kind("inbox#buried", "ENVELOPE#")
INCIDENTS_OPEN = Kind("incident#open", "INCIDENT#")
INCIDENTS_CLOSED = Kind("incident#closed", "INCIDENT#")
INCIDENTS = (INCIDENTS_OPEN, INCIDENTS_CLOSED)
PLANS_OPEN = Kind("plan#open", "INCIDENT#")
LEDGERS = Kind("LEDGER", "INCIDENT#")
PROBE = Key("PROBE", "PROBE")
"""An item that means nothing: it is written to see whether anything can be."""


def incidents_table(name: str) -> Table:
    """Incidents, alert groups, plans and steps, alerts taken in, envelopes, leases."""
    return Table(name, (WORK_INDEX, CHANNEL_INDEX))


def audit_table(name: str) -> Table:
    """The ledgers."""
    return Table(name, (LEDGER_INDEX,))


def incident_key(incident_id: IncidentId) -> Key:
    """The incident as it stands."""
    return Key(f"INCIDENT#{incident_id}", "STATE")


def channel_key(channel_id: ChannelId) -> Key:
    """Which incident's room a channel is: an item of its own, written with the incident."""
    return Key(f"CHANNEL#{channel_id}", "INCIDENT")


def group_key(group_id: str) -> Key:
    """An alert group."""
    return Key(f"GROUP#{group_id}", "STATE")


def plan_key(incident_id: IncidentId, plan: str) -> Key:
    """The head of a plan of an incident."""
    return Key(f"INCIDENT#{incident_id}", f"PLAN#{plan}")


def step_key(incident_id: IncidentId, plan: str, step: str) -> Key:
    """One step of it."""
    return Key(f"INCIDENT#{incident_id}", f"STEP#{plan}#{step}")


def intake_key(event_id: EventId) -> Key:
    """An alert that was taken in."""
    return Key(f"INTAKE#{event_id}", "RECORD")


def envelope_key(key: str) -> Key:
    """What a person did."""
    return Key(f"ENVELOPE#{key}", "ENVELOPE")


def lease_key(name: str) -> Key:
    """Who works on something."""
    return Key(f"LEASE#{name}", "LEASE")


def head_key(incident_id: IncidentId) -> Key:
    """The number and hash of a ledger's last entry, beside the entries: a cut-off tail shows."""
    return Key(f"INCIDENT#{incident_id}", "HEAD")


def entry_key(incident_id: IncidentId, seq: int) -> Key:
    """Of an entry: ten digits, so that they sort as numbers."""
    return Key(f"INCIDENT#{incident_id}", f"ENTRY#{seq:010d}")
