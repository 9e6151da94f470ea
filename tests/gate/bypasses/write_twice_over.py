# as: adapters/statuspage.py
# rule: permit

class Page:
    async def publish(self, approved: ApprovedDraft):
        while True:
            await self._http.write("POST", "/", {}, shape=None, permit=approved)
