# as: workflows/nudge.py
# rule: publish

async def later(page, scheduler):
    await scheduler.at("noon", page.publish)
