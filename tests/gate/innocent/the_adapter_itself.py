# as: adapters/statuspage.py

from incident_response.adapters.http import VendorHttp
from incident_response.domain.approval import ApprovedDraft


class Page:
    def __init__(self, http):
        self._http = VendorHttp("Statuspage", http=http, permit=ApprovedDraft)

    async def publish(self, approved: ApprovedDraft):
        return await self._http.write("POST", "/incidents", {}, shape=None, permit=approved)
