# as: adapters/statuspage.py
# rule: permit

class Page:
    async def resolve(self, where, body):
        await self._http.write("PATCH", where, body, shape=None, permit=self._approved)
