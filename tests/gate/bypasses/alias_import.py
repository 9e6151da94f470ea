# as: workflows/roles.py
# rule: import

from incident_response.domain import approval as innocent

async def tell(page, draft, entries, seal):
    return innocent
