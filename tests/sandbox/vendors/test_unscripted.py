import json

import pytest

from incident_response.sandbox.vendors.anthropic.unscripted import unscripted

FACTS = """\
page status: {status}
affected: Checkout
began: 2026-11-21 12:05 UTC
severity: P1 (High)
state: assembled
minutes so far: 7
since: 12:05 UTC

<material-1 from="alert">
Payments fail
</material-1>
<material-1 from="what happened">
12:05 the alert fired
12:06 the room was assembled
</material-1>
"""


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("investigating", "investigating"),
        ("identified", "fix"),
        ("monitoring", "watching"),
        ("resolved", "resolved"),
    ],
)
def test_a_message_to_customers_names_the_part_and_fits_the_status(status: str, word: str) -> None:
    said = json.loads(unscripted('keys "title" and "body"\n' + FACTS.format(status=status)))
    assert set(said) == {"title", "body"}
    assert said["title"].startswith("Checkout")
    assert word in said["body"]


def test_a_title_on_the_page_is_kept() -> None:
    asked = f'"title" and "body"\ntitle on the page: Payments are failing\n{FACTS}'
    assert json.loads(unscripted(asked))["title"] == "Payments are failing"


def test_texts_for_the_room_tell_what_happened() -> None:
    update = unscripted(f"a status update for the war room\n{FACTS}")
    assert update.startswith("P1, assembled for 7 minutes.\nSince 12:05 UTC: the alert fired; ")
    summary = unscripted(f"for somebody who joins the incident late\n{FACTS}")
    assert summary.startswith("\u2022 Payments fail\n")


def test_sections_are_asked_for_by_name() -> None:
    said = json.loads(unscripted(f'"action_items" ...\n{FACTS}'))
    assert said["summary"].startswith("Payments fail. It began 2026-11-21 12:05 UTC")
    assert len(said["action_items"]) == 3


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("we have rolled back the deployment now", "yes"),
        ("thanks!", "no"),
        ("can you look?", "no"),
    ],
)
def test_a_message_is_an_update_or_not(message: str, answer: str) -> None:
    asked = f'the one word yes or the one word no\n<m-1 from="message">\n{message}\n</m-1>'
    assert unscripted(asked) == answer
