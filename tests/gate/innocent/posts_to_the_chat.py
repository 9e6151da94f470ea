# as: workflows/room_notices.py

class Notices:
    async def tell(self, channel, message, key):
        await self._chat.post(channel, message, key=key)
        await self._post(message, key=key)
