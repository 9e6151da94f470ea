"""The chart as it is installed: rendered by Helm's own library, with a values file and changes to
it, and read as Kubernetes would read it.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import helm_python as helm
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "chart"
ENVIRONMENTS = ("development", "staging", "production")
PROCESSES = ("webhook", "processor")
NAMESPACE = "tenants-incident-response"

Object = dict[str, Any]
"""A Kubernetes object."""


@cache
def loaded() -> helm.Chart:
    return helm.Chart.load(CHART)


def file_values(environment: str) -> Object:
    """What the environment's values file says."""
    text = (CHART / f"values-{environment}.yaml").read_text(encoding="utf-8")
    values: Object = yaml.safe_load(text)
    return values


def render(environment: str = "production", **changes: Any) -> list[Object]:
    """Every object of an installation; ``changes`` by dotted value, dots as two underscores.

    Raises ``helm.HelmValuesError`` or ``helm.HelmRenderError`` for what the chart refuses.
    """
    values = file_values(environment)
    for path, value in changes.items():
        _set(values, path.split("__"), value)
    return _objects(loaded().render(values, name="incident-response", namespace=NAMESPACE))


def _set(values: Object, path: list[str], value: object) -> None:
    *parents, last = path
    for parent in parents:
        values = values.setdefault(parent, {})
    values[last] = value


def _objects(rendered: Mapping[str, str]) -> list[Object]:
    texts = [text for name, text in rendered.items() if name.endswith(".yaml")]
    return [found for text in texts for found in yaml.safe_load_all(text) if found]


def of_kind(objects: list[Object], kind: str) -> dict[str, Object]:
    """Those of a kind, by name."""
    return {found["metadata"]["name"]: found for found in objects if found["kind"] == kind}


def one(objects: list[Object], kind: str, name: str = "") -> Object:
    """The object of a kind and name, ``incident-response`` left out of it."""
    full = f"incident-response-{name}" if name else "incident-response"
    return of_kind(objects, kind)[full]


def pod(objects: list[Object], process: str) -> Object:
    """The pod's specification of one process."""
    found: Object = one(objects, "Deployment", process)["spec"]["template"]["spec"]
    return found


def container(objects: list[Object], process: str) -> Object:
    """Its one container."""
    (found,) = pod(objects, process)["containers"]
    assert isinstance(found, dict)
    return found


def environment_of(objects: list[Object], process: str) -> dict[str, str]:
    """The variables that are written in its container; those of its Secret are not among them."""
    named = [(each["name"], each["value"]) for each in container(objects, process)["env"]]
    assert len(named) == len(dict(named)), "a variable is set twice"
    return dict(named)
