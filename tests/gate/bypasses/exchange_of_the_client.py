# as: adapters/workos.py
# rule: private

async def send(client, request):
    return await client._exchange(request, 5.0)
