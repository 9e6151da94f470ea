# as: adapters/linear/tracker.py

from incident_response.adapters.http import VendorHttp


class Tracker:
    def __init__(self, http):
        self._http = VendorHttp("Linear", http=http)

    async def create(self, body):
        return await self._http.write("POST", "/graphql", body, shape=None)
