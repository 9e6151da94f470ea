"""How the two processes run: as whom, how they are watched, replaced, spread and drained."""

from typing import Any

import helm_python as helm
import pytest

from incident_response.adapters.spool_file.spool import MAX_BYTES
from incident_response.entrypoints.main import PROCESSES as COMMANDS
from incident_response.entrypoints.processor import DRAIN_SECONDS
from incident_response.entrypoints.webhook.health import PROBE_SECONDS
from tests.chart.rendering import (
    ENVIRONMENTS,
    PROCESSES,
    container,
    environment_of,
    of_kind,
    one,
    pod,
    render,
)

WEBHOOK_DRAIN_SECONDS = 10
"""``WebhookServer.stop``'s own."""
both = pytest.mark.parametrize("process", PROCESSES)


@both
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_process_may_do_more_than_it_needs(environment: str, process: str) -> None:
    objects = render(environment)
    spec, inner = pod(objects, process), container(objects, process)
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 10001
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert inner["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    for absent in ("hostNetwork", "hostPID", "hostIPC", "initContainers"):
        assert absent not in spec


@both
def test_it_can_write_where_it_has_to_and_nowhere_else(process: str) -> None:
    objects = render()
    volumes = {volume["name"]: volume for volume in pod(objects, process)["volumes"]}
    mounts = {m["mountPath"]: m for m in container(objects, process)["volumeMounts"]}
    state = environment_of(objects, process)["STATE_DIR"]
    assert set(mounts) == {state, "/tmp"}
    for mount in mounts.values():
        assert volumes[mount["name"]]["emptyDir"]["sizeLimit"]


def test_a_full_spool_fits_its_volume() -> None:
    (state,) = (v for v in pod(render(), "webhook")["volumes"] if v["name"] == "state")
    size = state["emptyDir"]["sizeLimit"]
    assert size.endswith("Mi")
    assert int(size.removesuffix("Mi")) * 2**20 >= 2 * MAX_BYTES, "it is rewritten beside itself"


@both
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_cpu_and_memory_are_asked_for_and_bounded(environment: str, process: str) -> None:
    resources = container(render(environment), process)["resources"]
    assert {"cpu", "memory"} == set(resources["requests"]) == set(resources["limits"])


@both
def test_probes_are_on_a_port_of_their_own_that_the_process_listens_on(process: str) -> None:
    objects = render()
    inner = container(objects, process)
    ports = {port["name"]: str(port["containerPort"]) for port in inner["ports"]}
    variables = environment_of(objects, process)
    assert ports["probes"] == variables[f"{process.upper()}_HEALTH_PORT"]
    assert variables["LISTEN_HOST"] == "0.0.0.0"
    paths = {
        name: inner[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")
    }
    assert paths == {
        "startup": {"path": "/livez", "port": "probes"},
        "liveness": {"path": "/livez", "port": "probes"},
        "readiness": {"path": "/readyz", "port": "probes"},
    }
    assert inner["readinessProbe"]["timeoutSeconds"] > PROBE_SECONDS
    if process == "webhook":
        assert ports["http"] == variables["WEBHOOK_PORT"]
    else:
        assert set(ports) == {"probes"}


@both
def test_it_starts_a_process_that_there_is(process: str) -> None:
    assert container(render(), process)["args"] == [process]
    assert process in COMMANDS


def test_a_stop_lasts_long_enough_for_what_is_under_way() -> None:
    objects = render()
    wait = container(objects, "webhook")["lifecycle"]["preStop"]["sleep"]["seconds"]
    webhook = pod(objects, "webhook")["terminationGracePeriodSeconds"]
    assert webhook >= wait + WEBHOOK_DRAIN_SECONDS + 10
    # First what works, then what is shown in rooms, each so long at most; telemetry comes last.
    processor = pod(objects, "processor")["terminationGracePeriodSeconds"]
    assert processor >= 2 * DRAIN_SECONDS + 10


def test_the_webhook_is_replaced_without_a_moment_of_fewer() -> None:
    for environment in ("staging", "production"):
        spec = one(render(environment), "Deployment", "webhook")["spec"]
        assert spec["replicas"] >= 2
        assert spec["strategy"] == {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
        }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_one_processor_is_replaced_as_a_whole(environment: str) -> None:
    objects = render(environment)
    spec = one(objects, "Deployment", "processor")["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}
    assert "incident-response-processor" not in of_kind(objects, "PodDisruptionBudget")
    assert "topologySpreadConstraints" not in pod(objects, "processor")


def test_two_processors_are_replaced_one_after_the_other_and_stand_apart() -> None:
    objects = render(processor__replicas=2)
    spec = one(objects, "Deployment", "processor")["spec"]
    assert spec["strategy"]["type"] == "RollingUpdate"
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert one(objects, "PodDisruptionBudget", "processor")["spec"]["maxUnavailable"] == 1
    assert pod(objects, "processor")["topologySpreadConstraints"]


@pytest.mark.parametrize(
    ("replicas", "sockets", "fits"),
    [(2, "3", True), (2, "4", False), (4, "2", True), (1, "10", True)],
)
def test_processors_never_ask_slack_for_more_sockets_than_it_gives(
    replicas: int, sockets: str, fits: bool
) -> None:
    changes: dict[str, Any] = {
        "processor__replicas": replicas,
        "processor__settings__SLACK_SOCKETS": sockets,
    }
    if fits:
        assert environment_of(render(**changes), "processor")["SLACK_SOCKETS"] == sockets
        return
    with pytest.raises(helm.HelmRenderError, match="more than the ten sockets"):
        render(**changes)


def test_webhooks_stand_apart_and_are_not_drained_together() -> None:
    objects = render()
    budget = one(objects, "PodDisruptionBudget", "webhook")["spec"]
    labels = one(objects, "Deployment", "webhook")["spec"]["template"]["metadata"]["labels"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"]["matchLabels"].items() <= labels.items()
    spread = {s["topologyKey"]: s for s in pod(objects, "webhook")["topologySpreadConstraints"]}
    assert spread["kubernetes.io/hostname"]["whenUnsatisfiable"] == "DoNotSchedule"
    assert spread["topology.kubernetes.io/zone"]["whenUnsatisfiable"] == "ScheduleAnyway"
    for constraint in spread.values():
        assert constraint["labelSelector"]["matchLabels"].items() <= labels.items()
    assert "incident-response-webhook" not in of_kind(render("development"), "PodDisruptionBudget")


@both
def test_each_process_has_an_account_with_a_role_of_its_own(process: str) -> None:
    objects = render()
    account = pod(objects, process)["serviceAccountName"]
    annotations = of_kind(objects, "ServiceAccount")[account]["metadata"]["annotations"]
    assert annotations == {
        "eks.amazonaws.com/role-arn": (
            f"arn:aws:iam::111122223333:role/incident-response-production-{process}"
        )
    }


def test_the_images_digest_wins_over_its_tag() -> None:
    repository = "ghcr.io/example/incident-response"
    digest = f"sha256:{'0' * 64}"
    for image, expected in (
        ({}, f"{repository}:0.1.0"),
        ({"tag": "1.2.3"}, f"{repository}:1.2.3"),
        ({"tag": "1.2.3", "digest": digest}, f"{repository}@{digest}"),
    ):
        assert container(render(image=image), "processor")["image"] == expected


@pytest.mark.parametrize(
    ("process", "value", "variable"),
    [
        ("webhook", "webhook__genericMapping", "GENERIC_MAPPING_FILE"),
        ("processor", "processor__policy", "POLICY_FILE"),
    ],
)
def test_a_file_of_its_own_is_mounted_where_its_variable_says(
    process: str, value: str, variable: str
) -> None:
    text = "first:\n  second: 2\n"
    objects = render(**{value: text})
    path = environment_of(objects, process)[variable]
    (mount,) = (m for m in container(objects, process)["volumeMounts"] if m["name"] == "files")
    (volume,) = (v for v in pod(objects, process)["volumes"] if v["name"] == "files")
    data = of_kind(objects, "ConfigMap")[volume["configMap"]["name"]]["data"]
    folder, _, name = path.rpartition("/")
    assert (folder, mount["readOnly"]) == (mount["mountPath"], True)
    assert data == {name: text}
    assert variable not in environment_of(render(), process)


def test_a_changed_file_replaces_the_pods_that_read_it_and_no_others() -> None:
    def sums(**changes: Any) -> dict[str, str]:
        deployments = of_kind(render(**changes), "Deployment")
        return {
            name: found["spec"]["template"]["metadata"]["annotations"]["checksum/files"]
            for name, found in deployments.items()
        }

    before, after = sums(processor__policy="a: 1"), sums(processor__policy="a: 2")
    assert before["incident-response-processor"] != after["incident-response-processor"]
    assert before["incident-response-webhook"] == after["incident-response-webhook"]


def test_a_new_version_of_the_chart_alone_replaces_no_pod() -> None:
    for found in of_kind(render(), "Deployment").values():
        assert "helm.sh/chart" not in found["spec"]["template"]["metadata"]["labels"]
