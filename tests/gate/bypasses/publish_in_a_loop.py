# as: workflows/publishing.py
# rule: publish

class Publisher:
    async def _post(self, approved: ApprovedDraft):
        for _ in range(3):
            try:
                return await self._page.publish(approved)
            except TimeoutError:
                continue
