"""``ports.ledger`` on DynamoDB, and what a transaction appends to it.

Not here: the seal itself (domain.ledger), writing (incident_store). Nothing here can change or
delete an entry, nor may the processor's role.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from incident_response.adapters.aws.forms import IS_NEW, Condition, Item, at, key_of
from incident_response.adapters.aws.items import Items
from incident_response.adapters.aws.tables import (
    EXPIRES_AT,
    INCIDENTS,
    LEDGER_INDEX,
    LEDGERS,
    WORK_INDEX,
    Key,
    entry_key,
    head_key,
)
from incident_response.adapters.aws.transaction import Check, Put
from incident_response.domain.ledger import GENESIS, LedgerEntry, NewEntry, Seal
from incident_response.domain.model import IncidentId

LAST_SEQ = 10**10 - 1


class DynamoLedger:
    """``ports.ledger.Ledger``."""

    def __init__(self, audit: Items, incidents: Items) -> None:
        self._audit = audit
        self._incidents = incidents

    async def entries(
        self, incident_id: IncidentId, *, after: int = 0, limit: int | None = None
    ) -> list[LedgerEntry]:
        first, last = entry_key(incident_id, after + 1), entry_key(incident_id, LAST_SEQ)
        items = await self._audit.within(first, last.sort, limit=limit)
        return [LedgerEntry.model_validate_json(item["entry"]) for item in items]

    async def head(self, incident_id: IncidentId) -> tuple[int, str]:
        head, _ = await self.end(incident_id)
        return head

    async def end(self, incident_id: IncidentId) -> tuple[tuple[int, str], Item]:
        """The head, and until when all of the ledger is kept (empty: for ever)."""
        item = await self._audit.get(head_key(incident_id))
        if item is None:
            return (0, GENESIS), {}
        return _end(item), {name: item[name] for name in (EXPIRES_AT,) if name in item}

    async def heads(self) -> dict[IncidentId, tuple[int, str]]:
        # What an index does not show yet it shows at the next look.
        found = await self._audit.find(LEDGER_INDEX, LEDGERS)
        for kind in INCIDENTS:
            found += await self._incidents.find(WORK_INDEX, kind)
        known = list(dict.fromkeys(_incident_of(one.key) for one in found))
        items = await self._audit.get_many([head_key(incident_id) for incident_id in known])
        heads = {_incident_of(key_of(item)): _end(item) for item in items}
        return {incident_id: heads.get(incident_id, (0, GENESIS)) for incident_id in known}


@dataclass(frozen=True, slots=True)
class Appending:
    """What a transaction has to hold so that entries follow the ledger's last one."""

    tail: Check | None
    """That the last one is there and is the one the head names; None: there is none yet."""
    head: Put
    entries: tuple[Put, ...]


def appending(
    audit: str,
    seal: Seal,
    *,
    incident_id: IncidentId,
    entries: Sequence[NewEntry],
    head: tuple[int, str],
    life: Item,
) -> Appending:
    """``entries`` (at least one) sealed onto ``head``; ``life`` is when all of it may expire."""
    seq, previous = head
    tail = _tail(audit, incident_id, head) if seq else None
    puts = []
    for entry in entries:
        seq += 1
        sealed = seal.append(entry, incident_id=incident_id, seq=seq, previous=previous)
        puts.append(Put(audit, _entry(sealed, life), IS_NEW))
        previous = sealed.hash
    is_on = IS_NEW if not head[0] else Condition("#hash = :before", {"before": head[1]})
    return Appending(
        tail, Put(audit, _head(incident_id, (seq, previous), life), is_on), tuple(puts)
    )


def _tail(audit: str, incident_id: IncidentId, head: tuple[int, str]) -> Check:
    seq, last = head
    return Check(audit, entry_key(incident_id, seq), Condition("#hash = :last", {"last": last}))


def _entry(entry: LedgerEntry, life: Item) -> Item:
    key = entry_key(entry.incident_id, entry.seq)
    text = entry.model_dump_json()
    return at(key, hash=entry.hash, kind=entry.kind.value, entry=text, **life)


def _head(incident_id: IncidentId, head: tuple[int, str], life: Item) -> Item:
    seq, last = head
    key = head_key(incident_id)
    return at(key, seq=seq, hash=last, ledger=LEDGERS.name, incident_id=incident_id, **life)


def _end(head: Item) -> tuple[int, str]:
    return head["seq"], head["hash"]


def _incident_of(key: Key) -> IncidentId:
    return IncidentId(key.partition.partition("#")[2])
