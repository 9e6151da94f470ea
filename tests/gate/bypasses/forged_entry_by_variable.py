# as: workflows/resolution.py
# rule: entry

from incident_response.domain.ledger import EntryKind

KIND = EntryKind.STATUSPAGE_DRAFT_APPROVED
