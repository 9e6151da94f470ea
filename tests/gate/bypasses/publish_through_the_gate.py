# as: workflows/resolution.py
# rule: name

async def close(gate, draft, approved):
    await gate._publisher.find(draft.incident_id, draft)
