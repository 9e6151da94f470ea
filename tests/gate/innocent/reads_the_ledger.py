# as: workflows/timeline.py

from incident_response.domain.ledger import EntryKind

WORDS = {EntryKind.STATUSPAGE_PUBLISHED: "customers told"}
QUIET = {EntryKind.STATUSPAGE_SENDING, EntryKind.STATUSPAGE_UNCERTAIN}


def count(kinds, entry):
    match entry.kind:
        case EntryKind.STATUSPAGE_DRAFT_APPROVED:
            return kinds.count(EntryKind.STATUSPAGE_PUBLISHED)
    return entry.kind is EntryKind.STATUSPAGE_REFUSED
