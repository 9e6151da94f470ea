"""``drill --backend aws``: the same life on a local AWS, and clear words where there is none."""

import json
import os
import sys
import venv
from pathlib import Path

import incident_response
from tests.aws.ministack import Ministack
from tests.entrypoints.processes import run

DRILL = ("drill", "--local", "--json", "--backend", "aws")


async def test_the_whole_life_is_lived_on_a_ministack_of_its_own() -> None:
    code, said = await run(*DRILL, "--full")
    assert said.count("\n") == 1, said
    verdict = json.loads(said)
    assert verdict["missing"] == []
    assert (code, verdict["ok"]) == (0, True)
    assert verdict["ledger"] == {
        "ok": True,
        "said": "1 ledger, all whole; every publication was approved.",
    }


async def test_a_room_stands_on_an_aws_that_runs_already(punctual_ministack: Ministack) -> None:
    code, said = await run(*DRILL, "--endpoint-url", punctual_ministack.url)
    verdict = json.loads(said)
    assert (code, verdict["ok"], verdict["missing"]) == (0, True, [])
    assert set(verdict["steps"].values()) == {"done"}


async def test_it_makes_nothing_on_an_aws_elsewhere() -> None:
    code, said = await run(*DRILL, "--endpoint-url", "https://dynamodb.eu-west-1.amazonaws.com")
    assert (code, said.count("\n")) == (1, 1)
    assert "--endpoint-url https://dynamodb.eu-west-1.amazonaws.com: a drill makes tables" in said
    assert "only on this machine" in said


async def test_an_address_of_an_aws_is_for_the_aws_backend_alone() -> None:
    code, said = await run("drill", "--local", "--endpoint-url", "http://127.0.0.1:9")
    assert (code, said.splitlines()[-1:]) == (
        1,
        ["incident-response: --endpoint-url is for --backend aws"],
    )
    assert "Traceback" not in said


async def test_an_address_where_nothing_answers_is_told_in_one_line() -> None:
    code, said = await run(*DRILL, "--endpoint-url", "http://127.0.0.1:9")
    assert (code, said.count("\n")) == (1, 1), said
    assert "http://127.0.0.1:9" in said


async def test_without_any_ministack_it_says_how_to_get_one(tmp_path: Path) -> None:
    code, said = await run(*DRILL, command=elsewhere(tmp_path), env=ours())
    assert (code, said.count("\n")) == (1, 1), said
    assert "there is no ministack: run scripts/setup" in said
    assert "--endpoint-url" in said


def elsewhere(folder: Path) -> tuple[str, ...]:
    """The program in an environment that has no ministack beside it."""
    made = folder / "env"
    venv.create(made, symlinks=True)
    return str(made / "bin" / "python"), "-m", "incident_response.entrypoints.main"


def ours() -> dict[str, str]:
    """What that environment lacks: this one's packages, and the program."""
    packages = Path(os.__file__).parent.name, "site-packages"
    source = Path(incident_response.__file__).parents[1]
    return {"PYTHONPATH": f"{Path(sys.prefix, 'lib', *packages)}:{source}"}
