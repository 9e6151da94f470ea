import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from incident_response.adapters.grafana_cloud.explore import Explore

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
END = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def explore(kind: str, ui_url: str = "https://grafana.example/") -> Explore:
    return Explore(ui_url=ui_url, datasource_uid="the-uid", datasource_type=kind)


def test_the_address_opens_the_query_over_its_time() -> None:
    query = 'sum(rate(a{service="x"}[5m])) / 2 + 1'
    address = urlsplit(explore("prometheus").url(query, start=START, end=END))
    assert (address.netloc, address.path) == ("grafana.example", "/explore")
    pane = json.loads(parse_qs(address.query)["panes"][0])["incident"]
    assert pane["datasource"] == "the-uid"
    assert pane["queries"][0]["expr"] == query
    assert pane["range"] == {"from": "1772434800000", "to": "1772442000000"}


def test_traces_are_asked_for_in_traceql() -> None:
    address = urlsplit(explore("tempo").url("{ }", start=START, end=END))
    asked = json.loads(parse_qs(address.query)["panes"][0])["incident"]["queries"][0]
    assert (asked["query"], asked["queryType"]) == ("{ }", "traceql")
    assert "expr" not in asked


def test_without_a_ui_there_is_no_address() -> None:
    assert explore("loki", ui_url="").url("{}", start=START, end=END) == ""
