"""Who may call the pods, and whom they may call."""

from typing import Literal

import pytest

from tests.chart.network import End, is_let_through
from tests.chart.rendering import ENVIRONMENTS, PROCESSES, Object, of_kind, one, render

INGRESS_NAMESPACE = {"kubernetes.io/metadata.name": "ingress-nginx"}
SYSTEM = {"kubernetes.io/metadata.name": "kube-system"}
OBSERVABILITY = {"kubernetes.io/metadata.name": "observability"}
CONTROLLER = End({"app.kubernetes.io/name": "ingress-nginx"}, INGRESS_NAMESPACE)
DNS = End({"k8s-app": "kube-dns"}, SYSTEM)
COLLECTOR = End({"app.kubernetes.io/name": "opentelemetry-collector"}, OBSERVABILITY)
AWS = End(address="52.95.110.1")

both = pytest.mark.parametrize("process", PROCESSES)


def end(objects: list[Object], process: str) -> End:
    return End(one(objects, "Deployment", process)["spec"]["template"]["metadata"]["labels"])


def may(
    process: str,
    other: End,
    port: int | str,
    protocol: str = "TCP",
    *,
    way: Literal["ingress", "egress"] = "egress",
    objects: list[Object] | None = None,
) -> bool:
    found = objects or render()
    policies = list(of_kind(found, "NetworkPolicy").values())
    return is_let_through(policies, end(found, process), other, way=way, port=(port, protocol))


def test_the_ingress_controller_reaches_the_webhook_and_nobody_else_does() -> None:
    assert may("webhook", CONTROLLER, "http", way="ingress")
    neighbour = End({"app.kubernetes.io/name": "debug"}, INGRESS_NAMESPACE)
    impostor = End(CONTROLLER.labels, {"kubernetes.io/metadata.name": "elsewhere"})
    for other in (neighbour, impostor, End({"app": "x"}), AWS):
        assert not may("webhook", other, "http", way="ingress")
    assert not may("webhook", CONTROLLER, "probes", way="ingress")


def test_nobody_reaches_the_processor() -> None:
    for other in (CONTROLLER, End({"app": "x"}), AWS):
        assert not may("processor", other, "probes", way="ingress")


@both
def test_outward_there_are_dns_https_and_the_collector(process: str) -> None:
    assert may(process, DNS, 53, "UDP")
    assert may(process, DNS, 53, "TCP")
    assert may(process, AWS, 443)
    assert may(process, COLLECTOR, 4318)


@both
def test_outward_there_is_nothing_more(process: str) -> None:
    other_system_pod = End({"k8s-app": "metrics-server"}, SYSTEM)
    impostor = End(DNS.labels, {"kubernetes.io/metadata.name": "elsewhere"})
    assert not may(process, other_system_pod, 53, "UDP"), "DNS, not all of kube-system"
    assert not may(process, impostor, 53, "UDP")
    assert not may(process, End({"app": "x"}, OBSERVABILITY), 4318)
    assert not may(process, AWS, 80)
    assert not may(process, End(address="169.254.169.254"), 80)
    assert not may(process, End(address="169.254.169.254"), 443)
    assert not may(process, End(address="169.254.170.23"), 80)


@both
def test_pod_identity_opens_a_way_to_its_agent_alone(process: str) -> None:
    objects = render(networkPolicy={"podIdentity": True})
    assert may(process, End(address="169.254.170.23"), 80, objects=objects)
    assert not may(process, End(address="169.254.169.254"), 80, objects=objects)


def test_a_node_local_dns_can_be_asked_where_it_is_named() -> None:
    cache = End(address="169.254.20.10")
    assert not may("webhook", cache, 53, "UDP")
    objects = render(networkPolicy={"dns": {"cidrs": ["169.254.20.10/32"]}})
    assert may("webhook", cache, 53, "UDP", objects=objects)


def test_a_collector_elsewhere_needs_no_way_to_the_one_here() -> None:
    objects = render(telemetry={"endpoint": "https://otlp.example.com"})
    assert not may("webhook", COLLECTOR, 4318, objects=objects)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_alerts_come_in_by_the_ingress_and_probes_do_not(environment: str) -> None:
    objects = render(environment)
    ingress = one(objects, "Ingress", "webhook")["spec"]
    (rule,) = ingress["rules"]
    assert [path["path"] for path in rule["http"]["paths"]] == ["/alerts", "/webhook"]
    service = one(objects, "Service", "webhook")["spec"]
    for path in rule["http"]["paths"]:
        backend = path["backend"]["service"]
        assert backend == {"name": "incident-response-webhook", "port": {"name": "http"}}
    assert [port["targetPort"] for port in service["ports"]] == ["http"]
    assert service["selector"].items() <= end(objects, "webhook").labels.items()
    assert not service["selector"].items() <= end(objects, "processor").labels.items()


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_ingress_has_a_certificate_and_a_class(environment: str) -> None:
    ingress = one(render(environment), "Ingress", "webhook")["spec"]
    assert ingress["tls"] == [
        {"hosts": [ingress["rules"][0]["host"]], "secretName": "incident-response-tls"}
    ]
    assert ingress["ingressClassName"] == "nginx"
