# as: workflows/publishing.py
# rule: publish

class Publisher:
    async def _post(self, approved: ApprovedDraft, other):
        approved = other
        return await self._page.publish(approved)
