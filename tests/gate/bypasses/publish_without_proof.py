# as: workflows/publishing.py
# rule: publish

class Publisher:
    async def _post(self, approved):
        return await self._page.publish(approved)
