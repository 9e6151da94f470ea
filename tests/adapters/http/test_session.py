import pytest

from incident_response.adapters.http import Vendor, vendor_session
from incident_response.adapters.http.session import vendor_address
from incident_response.domain.errors import InvalidConfigurationError

ACME = Vendor(name="Acme", url_setting="ACME_URL", credential_setting="ACME_KEY")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "acme.example",
        "ftp://acme.example",
        "file:///etc/passwd",
        "http://",
        "http://[::1",
        "http://acme example",
        "http://acme.example/\n",
        "http://acme.example:port",
        "https://user:password@acme.example",
        "https://acme.example/?a=1",
        "https://acme.example/#a",
    ],
)
async def test_an_address_that_makes_no_sense_names_its_setting(url: str) -> None:
    async with vendor_session() as http:
        with pytest.raises(InvalidConfigurationError, match="ACME_URL"):
            vendor_address(url, vendor=ACME, http=http)


async def test_an_address_loses_its_last_slash_only() -> None:
    async with vendor_session() as http:
        address = vendor_address("https://acme.example:8443/api/", vendor=ACME, http=http)
    assert address == "https://acme.example:8443/api"


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://127.0.0.1", "http://127.9.9.9:80", "http://[::1]:80"]
)
async def test_this_machine_is_never_asked_through_a_proxy_of_the_environment(url: str) -> None:
    async with vendor_session(trust_env=True) as http:
        with pytest.raises(InvalidConfigurationError, match="proxy"):
            vendor_address(url, vendor=ACME, http=http)
        assert vendor_address("https://acme.example", vendor=ACME, http=http)
    async with vendor_session() as http:
        assert vendor_address(url, vendor=ACME, http=http) == url
