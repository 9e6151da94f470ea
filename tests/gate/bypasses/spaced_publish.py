# as: workflows/resolution.py
# rule: publish

async def close(page, approved):
    await page . publish (
        approved
    )
