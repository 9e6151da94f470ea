# as: workflows/resolution.py
# rule: private

async def close(sender, incident_id, draft, approved):
    await sender._post(incident_id, draft, approved)
