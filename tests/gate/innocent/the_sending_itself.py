# as: workflows/publishing.py

from incident_response.domain.approval import ApprovedDraft


class Publisher:
    async def _post(self, approved: ApprovedDraft):
        try:
            published = await self._page.publish(approved)
        except TimeoutError:
            return None
        return published
