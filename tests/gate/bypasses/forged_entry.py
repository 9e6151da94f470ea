# as: workflows/resolution.py
# rule: entry

from incident_response.domain.ledger import EntryKind, NewEntry

def approve(at, marks):
    return NewEntry(kind=EntryKind.STATUSPAGE_DRAFT_APPROVED, at=at, details=marks)
