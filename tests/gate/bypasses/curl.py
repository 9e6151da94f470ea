# as: workflows/resolution.py
# rule: dynamic

import asyncio

async def close(*words):
    await asyncio.create_subprocess_exec("curl", *words)
