# as: workflows/publishing.py
# rule: publish

class Publisher:
    async def _post(self, approved: ApprovedDraft):
        try:
            return await self._page.publish(approved)
        except TimeoutError:
            return await self._page.publish(approved)
