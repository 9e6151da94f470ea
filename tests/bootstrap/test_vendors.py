from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import fields

import pytest

from incident_response.adapters.anthropic_drafter import AnthropicDrafter
from incident_response.adapters.http import vendor_session
from incident_response.bootstrap.vendors import (
    VENDORS,
    Connection,
    Outside,
    Vendor,
    connect_vendors,
)
from incident_response.domain.errors import InvalidConfigurationError
from incident_response.entrypoints.local_stack import sandbox_settings
from incident_response.settings import Settings
from incident_response.workflows.war_room import Sources
from tests.fakes.clock import FakeClock

EVERYTHING = sandbox_settings("http://127.0.0.1:1")
ALTERNATIVES: dict[str, dict[str, object]] = {
    "Anthropic on Bedrock": {"bedrock_region": "eu-central-1", "anthropic_api_key": None}
}
"""What stands behind the same port instead of what the sandbox has."""
ADDRESSES = {name for name in EVERYTHING if name.endswith("_url")} - {"slack_api_url"}


@pytest.fixture
async def connection() -> AsyncIterator[Connection]:
    async with vendor_session() as http, AsyncExitStack() as stack:
        yield Connection(http=http, clock=FakeClock(), stack=stack)


def off(outside: Outside) -> set[str]:
    """The needs nobody stands behind."""
    sources = {f.name for f in fields(Sources) if getattr(outside.sources, f.name) is None}
    return sources | {f.name for f in fields(Outside) if getattr(outside, f.name) is None}


def test_every_source_has_one_vendor() -> None:
    provided = [name for vendor in VENDORS for name in vendor.provides]
    assert {f.name for f in fields(Sources)} <= set(provided)
    assert all(provided.count(f.name) == 1 for f in fields(Sources))


async def test_with_nothing_set_every_vendor_is_off(connection: Connection) -> None:
    assert connect_vendors(Settings.isolated(), connection) == Outside()


async def test_with_everything_set_every_vendor_is_connected(connection: Connection) -> None:
    outside = connect_vendors(Settings.isolated(**EVERYTHING), connection)
    provided = {name for vendor in VENDORS for name in vendor.provides}
    assert not off(outside) & provided


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda v: v.name)
async def test_a_vendor_without_one_of_its_needs_is_off_and_the_others_are_on(
    connection: Connection, vendor: Vendor
) -> None:
    configured = {**EVERYTHING, **ALTERNATIVES.get(vendor.name, {})}
    everything = connect_vendors(Settings.isolated(**configured), connection)
    for need in vendor.needs:
        settings = Settings.isolated(**{k: v for k, v in configured.items() if k != need})
        if getattr(settings, need):
            continue  # it has a default
        outside = connect_vendors(settings, connection)
        assert off(outside) - off(everything) == set(vendor.provides), need


async def test_where_both_ways_to_the_model_are_set_bedrock_is_taken(
    connection: Connection,
) -> None:
    outside = connect_vendors(
        Settings.isolated(**EVERYTHING, bedrock_region="eu-central-1"), connection
    )
    assert isinstance(outside.drafter, AnthropicDrafter)
    assert outside.drafter.breaker.name == "Anthropic on Bedrock"


@pytest.mark.parametrize(
    "name",
    [
        "grafana_oncall_url",
        "workos_url",
        "mimir_url",
        "loki_url",
        "tempo_url",
        "github_url",
        "anthropic_url",
        "statuspage_url",
    ],
)
@pytest.mark.parametrize("address", ["nowhere", "ftp://127.0.0.1", "http://"])
async def test_an_address_that_makes_no_sense_is_refused_by_name(
    connection: Connection, name: str, address: str
) -> None:
    settings = Settings.isolated(**{**EVERYTHING, name: address})
    with pytest.raises(InvalidConfigurationError, match=name.upper()):
        connect_vendors(settings, connection)
