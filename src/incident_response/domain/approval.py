"""The proof that somebody approved exactly these bytes: nothing is published without it.

An ``ApprovedDraft`` can only be had from a sealed ledger that holds the approval: whoever wants
one must show the entries and the seal. Not here: giving an approval (workflows.approval_gate),
sending (workflows.publishing), checking afterwards that it all went right (audit).
"""

from collections.abc import Sequence

from incident_response.domain.draft import Draft, PageMessage
from incident_response.domain.errors import AutoPublishNotPermittedError
from incident_response.domain.ledger import EntryKind, LedgerEntry, Seal
from incident_response.domain.model import IncidentId, Json

_MINT = object()


class ApprovedDraft:
    """A message that may be published, as it was approved.

    Made by ``approved_to_send`` and ``approved_and_sent`` only; anything else raises
    ``AutoPublishNotPermittedError``.
    """

    __slots__ = ("incident_id", "key", "message")

    incident_id: IncidentId
    key: str
    """``<draft>.<revision>.<attempt>``: with the incident's id, its mark on the page."""
    message: PageMessage

    def __init__(
        self, mint: object, incident_id: IncidentId, key: str, message: PageMessage
    ) -> None:
        if mint is not _MINT:
            raise AutoPublishNotPermittedError
        object.__setattr__(self, "incident_id", incident_id)
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "message", message)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an approved message never changes")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("an approved message never changes")

    def __init_subclass__(cls) -> None:
        raise TypeError("nothing else is an approved message")


def marks(draft: Draft, *, attempt: int | None = None) -> Json:
    """What an entry about this draft carries, so that approval and publication can be matched.

    ``attempt``: another than the draft's own, for an approval of the next one.
    """
    return {
        "draft": draft.number,
        "revision": draft.revision,
        "attempt": draft.attempt if attempt is None else attempt,
        "digest": draft.message.digest,
    }


def approved_to_send(
    incident_id: IncidentId, draft: Draft, entries: Sequence[LedgerEntry], seal: Seal
) -> ApprovedDraft:
    """The draft as something that may be sent now.

    ``entries`` is the incident's whole ledger. Raises ``AutoPublishNotPermittedError`` unless an
    approval of exactly these bytes is in it and was not used yet, ``LedgerBrokenError`` for a
    ledger that does not hold.
    """
    seal.verify(incident_id, entries)
    if _standing(draft, entries) is not EntryKind.STATUSPAGE_DRAFT_APPROVED:
        raise AutoPublishNotPermittedError(
            "The ledger holds no unused approval of exactly this message, so it is not published."
        )
    return ApprovedDraft(_MINT, incident_id, draft.key, draft.message)


def approved_and_sent(
    incident_id: IncidentId, draft: Draft, entries: Sequence[LedgerEntry], seal: Seal
) -> ApprovedDraft:
    """The draft as something that was sent and may be looked for.

    Raises as ``approved_to_send``, unless the ledger says that exactly this was approved and sent.
    """
    seal.verify(incident_id, entries)
    if _standing(draft, entries) not in _SENT:
        raise AutoPublishNotPermittedError("The ledger does not say that this message was sent.")
    return ApprovedDraft(_MINT, incident_id, draft.key, draft.message)


_SENT = frozenset(
    {
        EntryKind.STATUSPAGE_SENDING,
        EntryKind.STATUSPAGE_UNCERTAIN,
        EntryKind.STATUSPAGE_NEEDS_HUMAN,
    }
)
_STEPS: dict[EntryKind, frozenset[EntryKind | None]] = {
    EntryKind.STATUSPAGE_DRAFT_APPROVED: frozenset({None}),
    EntryKind.STATUSPAGE_SENDING: frozenset({EntryKind.STATUSPAGE_DRAFT_APPROVED}),
    EntryKind.STATUSPAGE_UNCERTAIN: frozenset({EntryKind.STATUSPAGE_SENDING}),
    EntryKind.STATUSPAGE_REFUSED: frozenset(
        {EntryKind.STATUSPAGE_SENDING, EntryKind.STATUSPAGE_UNCERTAIN}
    ),
    EntryKind.STATUSPAGE_NEEDS_HUMAN: frozenset({EntryKind.STATUSPAGE_UNCERTAIN}),
    EntryKind.STATUSPAGE_PUBLISHED: _SENT,
    EntryKind.STATUSPAGE_REJECTED: frozenset(),
}
"""Each entry of an approval's life, and what the newest one before it may be; None: there is none.

A sending that the page refused gives the approval back; a rejection ends it whatever came before.
"""
_OUT_OF_ORDER = EntryKind.STATUSPAGE_APPROVAL_REFUSED
"""How an approval stands whose entries make no sense: it allows nothing any more."""


def _standing(draft: Draft, entries: Sequence[LedgerEntry]) -> EntryKind | None:
    """What the newest entry about exactly this approval of exactly this message says."""
    wanted = marks(draft)
    standing: EntryKind | None = None
    for entry in entries:
        if entry.kind in _STEPS and all(entry.details.get(k) == v for k, v in wanted.items()):
            standing = _after(standing, entry.kind)
    return standing


def _after(standing: EntryKind | None, kind: EntryKind) -> EntryKind:
    if standing not in _STEPS[kind]:
        return _OUT_OF_ORDER
    if kind is EntryKind.STATUSPAGE_REFUSED:
        return EntryKind.STATUSPAGE_DRAFT_APPROVED
    return kind
