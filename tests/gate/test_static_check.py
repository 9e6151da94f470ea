"""The check that finds ways around the gate finds them all, and nothing else."""

from pathlib import Path

import pytest

from tests.gate.static_check import ALLOWED, breaches, breaches_in, main

HERE = Path(__file__).parent
SRC = HERE.parents[1] / "src" / "incident_response"
BYPASSES = sorted((HERE / "bypasses").glob("*.py"))
INNOCENT = sorted((HERE / "innocent").glob("*.py"))


def told(source: str, what: str) -> str:
    """What a sample says of itself: the module it would be, or the rule it breaks."""
    begin = f"# {what}: "
    return next(line for line in source.splitlines() if line.startswith(begin))[len(begin) :]


def test_there_is_no_way_to_the_status_page_but_the_gate() -> None:
    assert [str(breach) for breach in breaches(SRC)] == []


@pytest.mark.parametrize("sample", BYPASSES, ids=lambda path: path.stem)
def test_a_way_around_the_gate_is_caught_by_the_rule_that_is_there_for_it(sample: Path) -> None:
    source = sample.read_text()
    found = breaches_in(told(source, "as"), source)
    assert told(source, "rule") in {breach.rule for breach in found}


@pytest.mark.parametrize("sample", INNOCENT, ids=lambda path: path.stem)
def test_innocent_code_is_let_through(sample: Path) -> None:
    source = sample.read_text()
    assert breaches_in(told(source, "as"), source) == []


def test_there_are_enough_samples_and_each_rule_has_one() -> None:
    assert len(BYPASSES) >= 20
    assert len(INNOCENT) >= 5
    rules = {told(sample.read_text(), "rule") for sample in BYPASSES}
    assert rules == {
        "address",
        "dynamic",
        "entry",
        "http",
        "import",
        "mint",
        "name",
        "permit",
        "private",
        "publish",
        "subclass",
    }


def test_every_exception_has_a_reason() -> None:
    assert all(len(reason) > 10 for reason in ALLOWED.values())


def test_the_check_fails_the_build_and_names_the_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "bad.py").write_text(
        "\nasync def f(page):\n    await page.publish(1)\n"
    )
    assert main([str(tmp_path)]) == 1
    assert f"{tmp_path}/workflows/bad.py:3: [publish] only" in capsys.readouterr().out
    assert main([str(SRC)]) == 0
    assert capsys.readouterr().out == "No way to the status page but the gate.\n"
