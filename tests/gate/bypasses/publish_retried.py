# as: workflows/publishing.py
# rule: publish

from tenacity import retry

class Publisher:
    @retry
    async def _post(self, approved: ApprovedDraft):
        return await self._page.publish(approved)
