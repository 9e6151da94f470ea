"""Ends a server of a test with all its connections. Not here: the servers."""

import asyncio

from aiohttp import web

TURNS = 4
"""Of the loop, from a connection's being accepted until the server knows of it, and one more."""


async def close(runner: web.AppRunner) -> None:
    """Also connections that are just being accepted, as by a thread that goes on trying: aiohttp
    would leave those open, and the loop would end with them.
    """
    for site in tuple(runner.sites):
        await site.stop()
    for _ in range(TURNS):
        await asyncio.sleep(0)
    await runner.cleanup()
