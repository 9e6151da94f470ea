"""Tells whether something a person did has been decided already: it may be worked off again after
a crash. Not here: messages (post_once).
"""

from incident_response.domain.model import IncidentId
from incident_response.ports.ledger import Ledger

KEY = "key"
"""Where an entry's details hold the key of what was asked."""


async def is_decided(ledger: Ledger, incident_id: IncidentId, key: str) -> bool:
    """Whether an entry of this incident was stored for the request of this key."""
    entries = await ledger.entries(incident_id)
    return any(entry.details.get(KEY) == key for entry in entries)
