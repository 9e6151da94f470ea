# as: adapters/statuspage.py
# rule: subclass

from incident_response.adapters.http import VendorHttp

class Free(VendorHttp):
    async def write(self, method, path, body, *, shape, permit=None):
        return await super().read(path, shape)
