"""Prometheus' own judgement of the alert rules: ``promtool`` on what the chart renders."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.chart.rendering import Object, one, render


def rules(**changes: Any) -> Object:
    """The file of rules that Prometheus gets."""
    spec: Object = one(render(**changes), "PrometheusRule")["spec"]
    return spec


def alerts(**changes: Any) -> list[Object]:
    """Every alert; one with two severities is there twice."""
    (group,) = rules(**changes)["groups"]
    found: list[Object] = group["rules"]
    return found


def promtool(*arguments: str, folder: Path) -> None:
    """Run it in ``folder``. Fails the test with what it says if it finds fault."""
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("the alert rules were not run: there is no promtool (.ci/promtool FOLDER)")
    done = subprocess.run(
        [tool, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def check_firing(
    series: Mapping[str, str],
    firing: Sequence[str],
    *,
    at: str,
    folder: Path,
    by: str = "outcome, queue",
    **changes: Any,
) -> None:
    """Fail unless exactly ``firing``, such as ``Name`` or ``Name/label value``, fire ``at`` a time
    such as ``10m``, told apart ``by`` these labels.

    ``series`` is in promtool's notation with a sample each 30 seconds: ``0x4 1+1x6 _x3``.
    """
    expected = [_sample(each) for each in firing]
    (folder / "rules.yaml").write_text(json.dumps(rules(**changes)), encoding="utf-8")
    test = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "30s",
        "tests": [
            {
                "interval": "30s",
                "input_series": [
                    {"series": name, "values": values} for name, values in series.items()
                ],
                "promql_expr_test": [
                    {
                        "expr": f'count by (alertname, {by}) (ALERTS{{alertstate="firing"}})',
                        "eval_time": at,
                        "exp_samples": expected,
                    }
                ],
            }
        ],
    }
    (folder / "test.yaml").write_text(json.dumps(test), encoding="utf-8")
    promtool("test", "rules", "test.yaml", folder=folder)


def _sample(named: str) -> Object:
    name, _, about = named.partition("/")
    label, _, value = about.partition(" ")
    labels = {"alertname": name, **({label: value} if label else {})}
    text = ", ".join(f'{key}="{each}"' for key, each in labels.items())
    return {"labels": f"{{{text}}}", "value": 1}
