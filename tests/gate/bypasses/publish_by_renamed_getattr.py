# as: workflows/nudge.py
# rule: dynamic

look_up = getattr

async def close(page, approved):
    await look_up(page, "publish")(approved)
