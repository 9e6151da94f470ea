"""The vendors' stand-ins against their vendors' own machine-readable contracts.

Grafana OnCall, Loki, Tempo and GitHub have none here; their tests say what they were written from.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import ClientSession, encode_basic_auth, web
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from incident_response.sandbox.tidewater import TIDEWATER
from incident_response.sandbox.vendors import mimir, workos
from incident_response.sandbox.vendors.workos import DIRECTORY_ID
from tests.sandbox.vendors.serving import ACCESS, serving, still_world

CONTRACTS = Path(__file__).resolve().parents[3] / "shared" / "contracts"

if not CONTRACTS.is_dir():
    pytest.skip(f"did not run: no contracts at {CONTRACTS}", allow_module_level=True)

GRAFANA = {"Authorization": encode_basic_auth(ACCESS.instance_id, ACCESS.token)}
WORKOS = {"Authorization": "Bearer sk_test"}
GROUP = TIDEWATER.team("payments").directory_group_id
MAYA = TIDEWATER.person("maya").directory_id


class Contract:
    """One OpenAPI document: its paths, and validation of bodies against its schemas."""

    def __init__(self, folder: str) -> None:
        text = (CONTRACTS / folder / "openapi.yaml").read_text()
        self.document: Any = yaml.load(text, Loader=yaml.CSafeLoader)
        resource = DRAFT202012.create_resource(self.document)
        self._registry: Registry[Any] = Registry().with_resource("urn:contract", resource)

    def operation(self, method: str, path: str) -> Any:
        return self.document["paths"][path][method]

    def parameters(self, method: str, path: str) -> dict[str, bool]:
        """Return the query parameters' names and whether they are required."""
        listed = self.operation(method, path).get("parameters", [])
        return {p["name"]: p.get("required", False) for p in listed if p["in"] == "query"}

    def check(self, body: Any, method: str, path: str, *, status: str) -> None:
        """Assert that a body fits what the contract says of this answer."""
        pointer = f"/paths/{path.replace('/', '~1')}/{method}/responses/{status}"
        schema = {"$ref": f"urn:contract#{pointer}/content/application~1json/schema"}
        Draft202012Validator(schema, registry=self._registry).validate(body)


@pytest.fixture(scope="module")
def prometheus() -> Contract:
    return Contract("prometheus")


@pytest.fixture(scope="module")
def directory_sync() -> Contract:
    return Contract("workos")


@pytest.fixture
async def server() -> AsyncIterator[ClientSession]:
    world = still_world()
    routes: list[web.RouteDef] = [*mimir.routes(world, ACCESS), *workos.routes(world, "sk_test")]
    async with serving(routes) as session:
        yield session


def served(routes: list[web.RouteDef], prefix: str) -> set[tuple[str, str]]:
    return {(route.method.lower(), route.path.removeprefix(prefix)) for route in routes}


def test_every_path_served_for_mimir_is_in_the_contract(prometheus: Contract) -> None:
    for method, path in served(mimir.routes(still_world(), ACCESS), mimir.PREFIX):
        assert prometheus.operation(method, path)


def test_every_path_served_for_workos_is_in_the_contract(directory_sync: Contract) -> None:
    for method, path in served(workos.routes(still_world(), "sk_test"), workos.PREFIX):
        assert directory_sync.operation(method, path)


@pytest.mark.parametrize(
    ("path", "arguments"),
    [
        ("/query", {"query": "up", "time": "1795262400", "limit": "1"}),
        ("/query", {"query": "sum(rate(http_requests_total[5m]))"}),
        ("/query", {"query": "1"}),
        ("/query", {"query": "nothing_like_it"}),
        ("/query_range", {"query": "up", "start": "1", "end": "9", "step": "2", "limit": "1"}),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
async def test_answers_of_mimir_fit(
    server: ClientSession,
    prometheus: Contract,
    method: str,
    path: str,
    arguments: dict[str, str],
) -> None:
    assert set(arguments) <= set(prometheus.parameters("get", path))
    given: dict[str, Any] = {"params" if method == "get" else "data": arguments}
    url = mimir.PREFIX + path
    async with server.request(method, url, headers=GRAFANA, **given) as reply:
        assert reply.status == 200
        prometheus.check(await reply.json(), method, path, status="200")


@pytest.mark.parametrize("path", ["/query", "/query_range"])
async def test_mimir_insists_on_what_the_contract_requires_and_on_nothing_else(
    server: ClientSession, prometheus: Contract, path: str
) -> None:
    sample = {"query": "up", "start": "1", "end": "9", "step": "2"}
    required = {n for n, needed in prometheus.parameters("get", path).items() if needed}
    full = {name: sample[name] for name in required}
    async with server.get(mimir.PREFIX + path, params=full, headers=GRAFANA) as reply:
        assert reply.status == 200
    for missing in required:
        rest = {name: value for name, value in full.items() if name != missing}
        async with server.get(mimir.PREFIX + path, params=rest, headers=GRAFANA) as reply:
            assert reply.status == 400
            prometheus.check(await reply.json(), "get", path, status="default")


@pytest.mark.parametrize(
    ("path", "url", "query"),
    [
        ("/directories", "/directories", "search=tide"),
        ("/directories/{id}", f"/directories/{DIRECTORY_ID}", ""),
        ("/directory_groups", "/directory_groups", f"directory={DIRECTORY_ID}"),
        ("/directory_groups", "/directory_groups", f"user={MAYA}&order=asc"),
        ("/directory_groups/{id}", f"/directory_groups/{GROUP}", ""),
        ("/directory_users", "/directory_users", f"directory={DIRECTORY_ID}&limit=3"),
        ("/directory_users", "/directory_users", f"group={GROUP}"),
        ("/directory_users/{id}", f"/directory_users/{MAYA}", ""),
    ],
)
async def test_answers_of_workos_fit(
    server: ClientSession, directory_sync: Contract, path: str, url: str, query: str
) -> None:
    names = {pair.partition("=")[0] for pair in query.split("&") if pair}
    assert names <= set(directory_sync.parameters("get", path))
    async with server.get(f"{workos.PREFIX}{url}?{query}", headers=WORKOS) as reply:
        assert reply.status == 200
        directory_sync.check(await reply.json(), "get", path, status="200")


@pytest.mark.parametrize(
    ("path", "url", "status"),
    [
        ("/directory_users", "/directory_users", 422),
        ("/directory_groups", "/directory_groups?directory=none", 404),
        ("/directory_users", f"/directory_users?directory={DIRECTORY_ID}&limit=101", 422),
        ("/directory_users/{id}", "/directory_users/none", 404),
    ],
)
async def test_errors_of_workos_fit(
    server: ClientSession, directory_sync: Contract, path: str, url: str, status: int
) -> None:
    async with server.get(f"{workos.PREFIX}{url}", headers=WORKOS) as reply:
        assert reply.status == status
        directory_sync.check(await reply.json(), "get", path, status=str(status))


async def test_the_limit_of_a_page_is_the_contracts(
    server: ClientSession, directory_sync: Contract
) -> None:
    listed = directory_sync.operation("get", "/directory_users")["parameters"]
    limit = next(p for p in listed if p["name"] == "limit")["schema"]
    url = f"{workos.PREFIX}/directory_users?directory={DIRECTORY_ID}"
    async with server.get(url, headers=WORKOS) as reply:
        assert len((await reply.json())["data"]) == limit["default"]
    for outside in (limit["minimum"] - 1, limit["maximum"] + 1):
        async with server.get(f"{url}&limit={outside}", headers=WORKOS) as reply:
            assert reply.status == 422
