# as: workflows/nudge.py
# rule: dynamic

async def close(page, approved):
    await eval("page.publish(approved)")
