"""Where one of the three products is, and how it knows who asks. Not here: what is asked."""

from dataclasses import dataclass, field

import aiohttp

from incident_response.adapters.http import Bounds, Credentials, Vendor, VendorHttp
from incident_response.ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class GrafanaAccess:
    """One product of Grafana Cloud, or a self-hosted one."""

    base_url: str
    token: str = field(repr=False)
    http: aiohttp.ClientSession
    clock: Clock
    instance_id: str = ""
    """Grafana Cloud's id of the product, beside the token."""
    tenant: str = ""
    """For a self-hosted product with tenants."""
    ui_url: str = ""
    """Grafana itself, for links that people open; none are made where it is empty."""

    def client(self, vendor: Vendor, bounds: Bounds) -> VendorHttp:
        """A client that asks within ``bounds``.

        Raises ``InvalidConfigurationError`` for an address that makes no sense.
        """
        return VendorHttp(
            vendor,
            base_url=self.base_url,
            credentials=self.credentials,
            http=self.http,
            clock=self.clock,
            bounds=bounds,
        )

    @property
    def credentials(self) -> Credentials:
        """Grafana Cloud: basic ``<instance id>:<token>``.

        Self-hosted: the ``tenant``, with the token as a bearer where a gateway asks for one.
        Nothing at all where nobody asks.
        """
        headers = {}
        if self.tenant:
            headers["X-Scope-OrgID"] = self.tenant
        if self.token and self.tenant:
            headers["Authorization"] = f"Bearer {self.token}"
        elif self.token:
            headers["Authorization"] = aiohttp.encode_basic_auth(self.instance_id, self.token)
        return Credentials(headers=headers, secrets=(self.token,))
