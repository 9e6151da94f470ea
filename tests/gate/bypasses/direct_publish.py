# as: workflows/resolution.py
# rule: publish

async def close(outside, approved):
    await outside.status_page.publish(approved)
