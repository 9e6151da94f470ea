# as: actions/approve_draft.py

async def handle(request, workflows):
    return await workflows.gate.approve(request.incident_id, code=request.code, asked=request)
