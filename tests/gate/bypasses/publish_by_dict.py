# as: workflows/nudge.py
# rule: dynamic

async def close(page, approved):
    await type(page).__dict__["pub" "lish"](page, approved)
