# as: workflows/nudge.py
# rule: dynamic

async def close(page, approved):
    await getattr(page, "publish")(approved)
