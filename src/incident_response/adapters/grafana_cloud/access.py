"""How the three products know who asks. Not here: what is asked."""

import aiohttp

from incident_response.adapters.http import Credentials


def access(*, instance_id: str, token: str, tenant: str) -> Credentials:
    """Grafana Cloud: basic ``<instance id>:<token>``. Self-hosted: the ``tenant``, with the token
    as a bearer where a gateway asks for one. Nothing at all where nobody asks.
    """
    headers = {}
    if tenant:
        headers["X-Scope-OrgID"] = tenant
    if token and tenant:
        headers["Authorization"] = f"Bearer {token}"
    elif token:
        headers["Authorization"] = aiohttp.encode_basic_auth(instance_id, token)
    return Credentials(headers=headers, secrets=(token,))
