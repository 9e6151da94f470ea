# as: adapters/workos.py
# rule: private

def free(client):
    client._permit = None
    return client
