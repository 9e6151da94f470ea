"""``scripts/prove gate``: the people's campaign in full, and one line of what came of it.

Usage: scripts/prove gate [--runs 2000] [--steps 40] [--seed N]
"""

import argparse
import random
import sys
import time
import traceback

from tests.gate.people import People, campaign


def main(arguments: list[str]) -> int:
    """Exit code 1 if anything was violated; the seed makes the same runs again."""
    parser = argparse.ArgumentParser(prog="scripts/prove gate")
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--steps", type=int, default=40, help="at most so many in one run")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    options = parser.parse_args(arguments)
    began, violations = time.monotonic(), 0
    try:
        campaign(runs=options.runs, steps=options.steps, seed=options.seed)
    except Exception:  # noqa: BLE001 - whatever it is, it is what was looked for
        violations = 1
        traceback.print_exc()
    _tell(options.seed, violations, time.monotonic() - began)
    return violations


def _tell(seed: int, violations: int, seconds: float) -> None:
    found = People.tally
    head = (
        "| runs | clicks | faults | crashes | sendings | published | NEEDS_HUMAN | violations"
        " | seconds | seed |"
    )
    row = (
        f"| {found.runs:,} | {found.clicks:,} | {found.faults:,} | {found.crashes:,}"
        f" | {found.sendings:,} | {found.published:,} | {found.needs_human:,} | {violations}"
        f" | {seconds:.0f} | {seed} |"
    )
    sys.stdout.write(f"{head}\n|{'---|' * 10}\n{row}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
