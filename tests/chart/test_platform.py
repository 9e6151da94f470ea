"""What the platform and ArgoCD are given."""

from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
import yaml

from tests.chart.inventory import ROOT
from tests.chart.rendering import CHART, NAMESPACE, PROCESSES, Object, file_values, one, render
from tests.chart.vendor_schemas import SCHEMAS


def read(path: Path) -> dict[str, Object]:
    """The objects of a file by kind."""
    return {found["kind"]: found for found in yaml.safe_load_all(path.read_text("utf-8"))}


PLATFORM = read(ROOT / "platform.yaml")
(ENTRY,) = read(ROOT / "artifacts" / "gitops" / "applicationset.yaml").values()


def test_both_files_are_what_their_owners_take() -> None:
    assert set(PLATFORM) == {"Platform", "BudgetPolicy"}
    for found in (*PLATFORM.values(), ENTRY):
        jsonschema.validate(found, SCHEMAS[found["kind"]])


def test_the_platform_and_its_budget_name_each_other() -> None:
    platform, budget = PLATFORM["Platform"], PLATFORM["BudgetPolicy"]
    assert platform["spec"]["budget"]["name"] == budget["metadata"]["name"]
    assert budget["spec"]["platformRef"]["name"] == platform["metadata"]["name"]
    assert platform["metadata"]["namespace"] == budget["metadata"]["namespace"]
    assert platform["metadata"]["namespace"] == f"tenants-{platform['spec']['tenant']}"


def test_the_budget_is_the_specifications() -> None:
    spec = PLATFORM["BudgetPolicy"]["spec"]
    assert spec["monthlyUsd"] == "2500"
    assert spec["alertThresholdsPercent"] == [50, 80, 100]
    assert spec["killSwitchEnabled"] is True
    assert PLATFORM["Platform"]["spec"]["identity"]["allowedModelFamilies"] == ["anthropic"]


def test_argocd_installs_the_chart_with_a_values_file_an_environment() -> None:
    (generator,) = ENTRY["spec"]["generators"]
    elements = generator["list"]["elements"]
    assert [element["environment"] for element in elements] == ["staging", "production"]
    source = ENTRY["spec"]["template"]["spec"]["source"]
    assert (ROOT / source["path"]).resolve() == CHART
    assert source["helm"]["valueFiles"] == ["values-{{ .environment }}.yaml"]
    for element in elements:
        assert file_values(element["environment"])["environment"] == element["environment"]
    fields = {name for element in elements for name in element}
    used = {name for name in fields if f"{{{{ .{name} }}}}" in yaml.safe_dump(ENTRY, width=1000)}
    assert used == fields


def test_production_follows_a_version_that_somebody_chose() -> None:
    (generator,) = ENTRY["spec"]["generators"]
    revisions = {e["environment"]: e["revision"] for e in generator["list"]["elements"]}
    version = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))["version"]
    assert revisions == {"staging": "main", "production": f"v{version}"}


def test_it_is_installed_in_the_tenants_namespace_which_argocd_does_not_make() -> None:
    spec = ENTRY["spec"]["template"]["spec"]
    name = PLATFORM["Platform"]["metadata"]["name"]
    assert spec["destination"]["namespace"] == f"tenants-{name}" == NAMESPACE
    assert spec["project"] == name
    assert "CreateNamespace=false" in spec["syncPolicy"]["syncOptions"]


def test_what_argocd_passes_over_is_nothing_that_the_chart_writes() -> None:
    written = {
        name
        for process in PROCESSES
        for each in one(render(), "ExternalSecret", process)["spec"]["data"]
        for name in each["remoteRef"]
    }
    (passed_over,) = ENTRY["spec"]["template"]["spec"]["ignoreDifferences"]
    assert passed_over["kind"] == "ExternalSecret"
    paths = passed_over["jqPathExpressions"]
    assert not {path.rpartition(".")[2] for path in paths} & written


@pytest.mark.parametrize("kind", ["Platform", "BudgetPolicy"])
def test_a_misspelt_field_would_be_seen(kind: str) -> None:
    wrong = {**PLATFORM[kind], "spec": {**PLATFORM[kind]["spec"], "kilSwitch": True}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMAS[kind])
