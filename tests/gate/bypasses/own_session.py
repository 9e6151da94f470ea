# as: workflows/resolution.py
# rule: http

async def close(aiohttp, where, body):
    async with aiohttp.ClientSession() as page:
        await page.patch(where, json=body)
