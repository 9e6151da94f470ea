"""``drill --local --full``: the whole life over the real wire, and its line of JSON."""

import json

from tests.entrypoints.processes import run

STAGES = {"assembled", "approved", "published", "resolved", "postmortem"}


async def test_the_whole_life_is_lived_and_the_ledger_proves_it() -> None:
    code, said = await run("drill", "--local", "--full", "--json")
    assert said.count("\n") == 1, said
    verdict = json.loads(said)
    assert verdict["missing"] == []
    assert (code, verdict["ok"]) == (0, True)
    assert verdict["seconds"].keys() == STAGES
    assert all(0 < seconds < 60 for seconds in verdict["seconds"].values())
    assert verdict["ids"].keys() == {"page_incident_id", "issue"}
    assert verdict["ledger"]["ok"] is True
