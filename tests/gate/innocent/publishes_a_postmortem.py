# as: workflows/ending.py

class Ending:
    async def end(self, incident, document):
        return await self._postmortems.publish(incident, document)
