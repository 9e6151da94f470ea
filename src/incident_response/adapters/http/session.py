"""The HTTP session the vendors share, and the addresses it is allowed to ask.

Not here: requests (client).
"""

import functools
import ssl
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

import aiohttp

from incident_response.adapters.http.vendor import Vendor
from incident_response.domain.errors import InvalidConfigurationError, RefusedError

USER_AGENT = "incident-response"


def vendor_session(*, trust_env: bool = False) -> aiohttp.ClientSession:
    """A session fit to be shared by vendors: it keeps no cookies and names us.

    ``trust_env`` takes proxies from the environment; a session that does so is refused for
    addresses of this machine. Call it inside the event loop, and close what it returns.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=_trusting()),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": USER_AGENT},
        trust_env=trust_env,
    )


@functools.cache
def _trusting() -> ssl.SSLContext:
    """Who may vouch for a vendor: this machine's certificate authorities, or those in the file
    that ``SSL_CERT_FILE`` names. aiohttp's own context may know none (``entrypoints.main``).
    """
    context = ssl.create_default_context()
    context.set_alpn_protocols(("http/1.1",))  # as aiohttp's own does
    return context


def vendor_address(base_url: str, *, vendor: Vendor, http: aiohttp.ClientSession) -> str:
    """``base_url`` without its last slash; ``InvalidConfigurationError`` says what is wrong."""
    try:
        parts = urlsplit(base_url)
        host = parts.hostname if parts.scheme in ("http", "https") else None
        _ = parts.port  # raises if it is none
    except ValueError:
        host = None
    if not host or any(character.isspace() for character in base_url):
        raise InvalidConfigurationError(f"{vendor.url_setting} must be an http or https address")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise InvalidConfigurationError(
            f"{vendor.url_setting} must hold no user, password, query or fragment"
        )
    if http.trust_env and _is_this_machine(host):
        raise InvalidConfigurationError(
            f"{vendor.url_setting} is an address of this machine, which must not be asked through"
            " a proxy: give it a session that takes none from the environment"
        )
    return base_url.rstrip("/")


def path_segment(text: str) -> str:
    """``text`` as one segment of a path: quoted, so that it can reach nothing else.

    Raises ``RefusedError`` for what no quoting makes safe (empty, ``.``, ``..``).
    """
    if text in ("", ".", ".."):
        raise RefusedError("An id that is no id cannot be asked for", reason="unsafe_id")
    return quote(text, safe="")


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
