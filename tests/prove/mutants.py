"""``scripts/prove mutants``: how many wrong changes of the gate and the ledger their tests notice.

Each mutant is tried in a process of its own, forked from one that has imported everything but us;
its source takes the module's place at import, so that no file is ever changed. Not in CI: it takes
many minutes. Not here: the changes (mutation).

Usage: scripts/prove mutants [--only PART_OF_A_PATH] [--jobs N]
"""

import argparse
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import aiohttp
import pydantic
import pytest

from tests.prove.mutation import Mutant, mutants

SRC = Path("src")
GOAL = 0.95
SECONDS = 120
"""A mutant that runs longer hangs, which the tests notice by their own limit as well."""
_GATE = ("tests/gate/test_approving.py", "tests/gate/test_publishing.py")
TARGETS = {
    "incident_response/domain/approval.py": ("tests/domain/test_approval.py",),
    "incident_response/domain/draft.py": ("tests/domain/test_draft.py", *_GATE),
    "incident_response/domain/ledger.py": (
        "tests/domain/test_ledger.py",
        "tests/ports/test_ledger.py",
    ),
    "incident_response/domain/audit.py": (
        "tests/domain/test_audit.py",
        "tests/gate/test_auditing.py",
    ),
    "incident_response/adapters/embedded/ledger.py": (
        "tests/ports/test_ledger.py",
        "tests/adapters/embedded",
        "tests/gate/test_auditing.py",
    ),
    "incident_response/workflows/approval_gate.py": _GATE,
    "incident_response/workflows/publishing.py": tuple(reversed(_GATE)),
    "incident_response/workflows/auditor.py": ("tests/gate/test_auditing.py",),
}
"""Modules under trial, and the tests that have to notice."""


@dataclass(frozen=True)
class Trial:
    """A mutant, or with None the module as it is."""

    path: str
    mutant: Mutant | None

    @property
    def name(self) -> str:
        if self.mutant is None:
            return f"{self.path} as it is"
        return f"{self.path}:{self.mutant.line} {self.mutant.what}"


class _Instead(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds one module, with another source."""

    def __init__(self, path: str, source: str) -> None:
        self._name = path.removesuffix(".py").replace("/", ".")
        self._source = source

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self) if name == self._name else None

    def get_source(self, fullname: str) -> str:
        return self._source


def main(arguments: list[str]) -> int:
    """Exit code 1 if the score is below the goal, or the tests fail without any change."""
    parser = argparse.ArgumentParser(prog="scripts/prove mutants")
    parser.add_argument("--only", default="", help="modules whose path holds this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    assert {aiohttp, pydantic}, "imported once, for all"
    paths = [path for path in TARGETS if options.only in path]
    broken = [trial for trial, is_killed in run(_plain(paths), options.jobs) if is_killed]
    if broken:
        sys.stdout.write("".join(f"the tests fail without any change: {t.name}\n" for t in broken))
        return 1
    return _report(paths, options.jobs)


def _report(paths: Sequence[str], jobs: int) -> int:
    killed, all_of = dict.fromkeys(paths, 0), dict.fromkeys(paths, 0)
    began = time.monotonic()
    for trial, is_killed in run(_mutated(paths), jobs):
        all_of[trial.path] += 1
        killed[trial.path] += is_killed
        if not is_killed:
            sys.stdout.write(f"survived  {trial.name}\n")
            sys.stdout.flush()
    sys.stdout.write("\n| module | mutants | killed | score |\n|---|---|---|---|\n")
    for path in paths:
        sys.stdout.write(_row(path, killed[path], all_of[path]))
    total, dead = sum(all_of.values()), sum(killed.values())
    sys.stdout.write(_row("all", dead, total))
    sys.stdout.write(f"{time.monotonic() - began:.0f} seconds\n")
    return 0 if dead >= GOAL * total else 1


def _row(name: str, dead: int, total: int) -> str:
    return f"| {name} | {total} | {dead} | {dead / max(total, 1):.1%} |\n"


def _plain(paths: Sequence[str]) -> Iterator[Trial]:
    yield from (Trial(path, None) for path in paths)


def _mutated(paths: Sequence[str]) -> Iterator[Trial]:
    for path in paths:
        source = (SRC / path).read_text(encoding="utf-8")
        yield from (Trial(path, mutant) for mutant in mutants(source))


def run(trials: Iterator[Trial], jobs: int) -> Iterator[tuple[Trial, bool]]:
    """Each trial with whether its tests failed, as they end."""
    running: dict[int, Trial] = {}
    for trial in trials:
        if len(running) >= jobs:
            yield _ended(running)
        running[_forked(trial)] = trial
    while running:
        yield _ended(running)


def _ended(running: dict[int, Trial]) -> tuple[Trial, bool]:
    process, status = os.wait()
    return running.pop(process), status != 0


def _forked(trial: Trial) -> int:
    process = os.fork()
    if process == 0:
        os._exit(_tested(trial))
    return process


def _tested(trial: Trial) -> int:
    """The tests' exit code, in this process, which ends with it."""
    if trial.mutant is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
    signal.alarm(SECONDS)
    if trial.mutant is not None:
        sys.meta_path.insert(0, _Instead(trial.path, trial.mutant.source))
    plugins = ("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:cov")
    return int(pytest.main(["-x", "-q", *plugins, *TARGETS[trial.path]]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
