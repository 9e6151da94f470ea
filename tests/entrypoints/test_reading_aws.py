"""``observe``, ``postmortem``, ``audit verify`` and ``join`` with BACKEND=aws, as operators run
them: beside whoever is at work, with the settings that each needs and no others.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from incident_response.adapters.aws.tables import entry_key
from incident_response.domain.ledger import EntryKind, NewEntry
from incident_response.ports.incident_store import Change, StepRecord, StepState
from incident_response.workflows.fold_alerts import ASSEMBLE
from tests.aws.harness import AwsPorts, aws_ports
from tests.aws.ministack import REGION, Ministack
from tests.entrypoints.processes import run
from tests.ports import samples
from tests.ports.backends import SEAL_KEY

ID = samples.incident_id(0xA1B2C3D4E5F)
NAMED = [ID, "0a1b2c", "inc-20260302-checkout-fails-0a1b2c"]


@dataclass
class Kept:
    """An incident in AWS, and the settings with which it can be read."""

    ports: AwsPorts
    env: dict[str, str]

    async def audit(self, *more: str, key: bytes = SEAL_KEY) -> tuple[int, str]:
        return await run("audit", "verify", *more, env={**self.env, "LEDGER_KEY": key.decode()})


@pytest.fixture
async def kept(ministack: Ministack) -> AsyncIterator[Kept]:
    async with aws_ports(ministack) as ports:
        incident = samples.incident(0xA1B2C3D4E5F, channel="C1")
        entries = (
            NewEntry(kind=EntryKind.INCIDENT_OPENED, at=samples.MOMENT),
            NewEntry(
                kind=EntryKind.UPDATE_POSTED,
                at=samples.at(60),
                actor="U0ADA",
                details={"text": "Hm."},
            ),
        )
        steps = (
            StepRecord(
                incident_id=ID,
                plan=ASSEMBLE,
                step="page",
                state=StepState.FAILED,
                error="no pager",
            ),
        )
        change = Change(incident_id=ID, incident=incident, entries=entries, steps=steps)
        await ports.incidents.commit(change)
        yield Kept(
            ports,
            {
                "BACKEND": "aws",
                "AWS_REGION": REGION,
                "AWS_ENDPOINT_URL": ministack.url,
                "INCIDENTS_TABLE": ports.incidents_table.name,
                "AUDIT_TABLE": ports.audit_table.name,
            },
        )


@pytest.mark.parametrize("named", NAMED)
async def test_an_incident_is_observed_by_its_id_its_code_and_its_room(
    kept: Kept, named: str
) -> None:
    code, said = await run("observe", named, "--json", env=kept.env)
    assert code == 0, said
    told = json.loads(said)
    assert (told["incident_id"], told["title"], told["room"]) == (ID, "Checkout fails", "room-C1")
    assert told["failed"] == {"page": "no pager"}


async def test_its_postmortem_is_written_from_the_tables_alone(kept: Kept) -> None:
    code, said = await run("postmortem", ID, env=kept.env)
    assert code == 0, said
    assert said.startswith("# Postmortem: Checkout fails\n")
    assert "Update by U0ADA: Hm." in said
    assert len(await kept.ports.ledger.entries(ID)) == 2, "reading writes nothing"


async def test_nobody_is_let_into_a_room_that_is_no_drill(kept: Kept) -> None:
    code, said = await run("join", ID, "--email", "maya@example.com", env=kept.env)
    assert (code, said) == (
        1,
        f"incident-response: {ID} is no drill: ask in its room to be invited\n",
    )


async def test_whole_ledgers_hold_and_one_that_was_changed_does_not(kept: Kept) -> None:
    code, said = await kept.audit()
    assert (code, said.splitlines()[0]) == (0, f"{ID}  holds"), said

    key = entry_key(ID, 2)
    await kept.ports.clients.dynamodb.update_item(
        TableName=kept.ports.audit_table.name,
        Key={"pk": {"S": key.partition}, "sk": {"S": key.sort}},
        UpdateExpression="SET entry = :forged",
        ExpressionAttributeValues={
            ":forged": {
                "S": (await kept.ports.ledger.entries(ID))[1]
                .model_copy(update={"actor": "U0EVE"})
                .model_dump_json()
            }
        },
    )
    code, said = await kept.audit("--json")
    told = json.loads(said)
    assert (code, told["ok"], told["ledgers"]) == (1, False, 1)
    assert told["findings"][0]["why"] == "entry 2 does not match its seal"


async def test_the_wrong_key_and_none_are_told_apart(kept: Kept) -> None:
    code, said = await kept.audit(key=b"c4n4ry-another-key")
    assert code == 1
    assert "entry 1 does not match its seal" in said
    code, said = await run("audit", "verify", env=kept.env)
    assert (code, said) == (
        1,
        "incident-response: LEDGER_KEY is not set: it seals the ledgers\n",
    )


OBSERVE, POSTMORTEM, VERIFY = ("observe", ID), ("postmortem", ID), ("audit", "verify")


@pytest.mark.parametrize(
    ("arguments", "setting", "value", "words"),
    [
        (OBSERVE, "INCIDENTS_TABLE", "none", "no table none in us-east-1: set INCIDENTS_TABLE"),
        (POSTMORTEM, "AUDIT_TABLE", "none", "no table none in us-east-1: set AUDIT_TABLE"),
        (VERIFY, "AUDIT_TABLE", "none", "no table none in us-east-1: set AUDIT_TABLE"),
        (OBSERVE, "AWS_REGION", "", "AWS_REGION is not set"),
        (VERIFY, "AWS_ENDPOINT_URL", "http://127.0.0.1:9", "Could not connect to the endpoint"),
    ],
)
async def test_what_is_wrong_is_one_line_with_what_to_set(
    kept: Kept, arguments: tuple[str, ...], *, setting: str, value: str, words: str
) -> None:
    """Without them it would look as if there were no incident, or no ledger to check."""
    env = {**kept.env, "LEDGER_KEY": SEAL_KEY.decode(), setting: value}
    code, said = await run(*arguments, env=env)
    assert code == 1
    assert said.startswith("incident-response: ")
    assert words in said
    assert said.count("\n") == 1
