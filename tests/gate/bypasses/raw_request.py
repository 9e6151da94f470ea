# as: adapters/workos.py
# rule: http

class Directory:
    async def close(self, where, body):
        async with self._http.request("PATCH", where, json=body) as reply:
            return reply.status
