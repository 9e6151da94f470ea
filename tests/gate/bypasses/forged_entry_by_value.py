# as: workflows/resolution.py
# rule: entry

from incident_response.domain.ledger import EntryKind

def kind(name):
    return EntryKind("STATUSPAGE_" + name)
