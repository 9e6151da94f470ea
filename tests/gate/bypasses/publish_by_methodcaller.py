# as: workflows/nudge.py
# rule: import

from operator import methodcaller

async def close(page, approved):
    await methodcaller("publish", approved)(page)
