"""How the model is reached: Anthropic's own API, or Bedrock in one AWS region.

The environment's proxies are not used, like for every other vendor. Not here: what is asked.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from incident_response.domain.errors import InvalidConfigurationError

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic, AsyncAnthropicBedrock

    Client = AsyncAnthropic | AsyncAnthropicBedrock

BEDROCK_VERSION = "bedrock-2023-05-31"
"""What ``bedrock-runtime`` takes; the SDK would send the version of Anthropic's own API."""
_NO_PROXIES = {"http://": None, "https://": None, "all://": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One way to the model; ``connect`` imports the SDK and must run in a thread."""

    name: str
    """For people."""
    url_setting: str
    credential_setting: str
    connect: Callable[[], "Client"] = field(repr=False)
    model_id: Callable[[str], str]
    """What this way calls the model of a setting."""
    extra_body: Mapping[str, str] = field(default_factory=dict)


def direct(*, api_key: str, base_url: str) -> Access:
    """Anthropic's own API. Raises ``InvalidConfigurationError`` for an address or key that makes
    no sense.
    """
    _check_address(base_url, "ANTHROPIC_URL")
    if not api_key.isprintable():
        raise InvalidConfigurationError("ANTHROPIC_API_KEY holds an unprintable character")

    def connect() -> "Client":
        sdk = importlib.import_module("anthropic")
        client: Client = sdk.AsyncAnthropic(api_key=api_key, base_url=base_url, **_options(sdk))
        return client

    return Access(
        name="Anthropic",
        url_setting="ANTHROPIC_URL",
        credential_setting="ANTHROPIC_API_KEY",
        connect=connect,
        model_id=lambda model: model,
    )


def bedrock(*, region: str, base_url: str = "") -> Access:
    """Bedrock with the process's own AWS credentials. Raises as ``direct``."""
    if base_url:
        _check_address(base_url, "BEDROCK_URL")

    def connect() -> "Client":
        sdk = importlib.import_module("anthropic")
        importlib.import_module("boto3")  # or the first request would import it, in its own time
        address = base_url or f"https://bedrock-runtime.{region}.amazonaws.com"
        client: Client = sdk.AsyncAnthropicBedrock(
            aws_region=region, base_url=address, **_options(sdk)
        )
        return client

    return Access(
        name="Anthropic on Bedrock",
        url_setting="BEDROCK_REGION",
        credential_setting="the AWS credentials and their right to bedrock:InvokeModel",
        connect=connect,
        model_id=lambda model: inference_profile(model, region),
        extra_body={"anthropic_version": BEDROCK_VERSION},
    )


def inference_profile(model: str, region: str) -> str:
    """The id of the profile that serves ``model`` from this region; a name with a dot, or an ARN,
    is one already.
    """
    if "." in model or model.startswith("arn:"):
        return model
    return f"{_geography(region)}.anthropic.{_BEDROCK_NAMES.get(model, model)}"


_BEDROCK_NAMES = {
    "claude-haiku-4-5": "claude-haiku-4-5-20251001-v1:0",
    "claude-sonnet-4-5": "claude-sonnet-4-5-20250929-v1:0",
}
"""Models that Bedrock knows under a dated name; from Sonnet 4.6 on the names are the same."""


def _geography(region: str) -> str:
    """Where a region's requests may be served: within it where there is such a profile."""
    if region.startswith(("us-gov-", "us-", "eu-")):
        return "us-gov" if region.startswith("us-gov-") else region[:2]
    if region in ("ap-northeast-1", "ap-northeast-3"):
        return "jp"
    return "au" if region in ("ap-southeast-2", "ap-southeast-4") else "global"


def _options(sdk: Any) -> dict[str, Any]:
    """What both clients share: no retries of its own, no proxies, no redirects, no spans (their
    content would be ours to keep clean).
    """
    return {
        "max_retries": 0,
        "http_client": sdk.DefaultAsyncHttpxClient(mounts=_NO_PROXIES, follow_redirects=False),
        "open_telemetry": False,
    }


def _check_address(url: str, setting: str) -> None:
    try:
        parts = urlsplit(url)
        is_fit = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_fit = False
    if not is_fit or "@" in parts.netloc or any(c.isspace() for c in url):
        raise InvalidConfigurationError(f"{setting} must be an http or https address")
