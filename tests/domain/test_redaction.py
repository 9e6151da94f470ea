import html
import pickle
import re
import time
import unicodedata
from pathlib import Path
from urllib.parse import unquote

import pytest

from incident_response.domain.known_names import KnownNames
from incident_response.domain.leaks import LeakKind, find_leaks
from incident_response.domain.redaction import (
    MAX_INPUT,
    Brief,
    Material,
    RedactedBrief,
    Task,
    redact,
    withheld,
)
from tests.domain.canaries import KNOWN, canaries

ORDINARY = Path(__file__).parents[1] / "data" / "ordinary_incident.txt"
MOST_FALSE_FINDS = 0
"""What a page of ordinary incident text loses; measured, and not to become more."""


def brief(*texts: str, **facts: str) -> Brief:
    material = tuple(Material(label="log", text=text) for text in texts)
    return Brief(task=Task.CATCHUP, facts=facts, material=material)


def redacted(text: str, known: KnownNames = KNOWN) -> str:
    return redact(brief(text), known=known).brief.material[0].text


def bare(text: str) -> str:
    """Letters and digits as anybody can read them, by other means than the product's."""
    for _ in range(3):
        text = html.unescape(unquote(text))
        text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    letters = (c for c in unicodedata.normalize("NFKC", text) if c.isalnum())
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in letters).casefold()


def test_two_thousand_canaries_are_taken_out_and_no_part_of_a_secret_stays() -> None:
    escaped = []
    for canary in canaries(2_000):
        left, core = bare(redacted(canary.line)), bare(canary.core)
        parts = [core]
        if canary.kind is LeakKind.SECRET:
            parts += [core[n : n + 8] for n in range(len(core) - 7)]
        if any(part in left for part in parts):
            escaped.append(canary)
    assert escaped == []


def test_a_page_of_ordinary_incident_text_loses_next_to_nothing() -> None:
    page = ORDINARY.read_text(encoding="utf-8")
    found = find_leaks(page, known=KNOWN)
    print(f"{len(found)} false finds in {len(page.split())} words")  # noqa: T201 - the report
    print([leak.text for leak in found])  # noqa: T201
    assert len(found) <= MOST_FALSE_FINDS
    assert redacted(page) == page


@pytest.mark.parametrize(
    "kept",
    [
        "trace 4bf92f3577b34da6a3ce929d0e0e4736",
        "commit 3e1a7c20b9d84f6e5a2c1d0b9e8f7a6b5c4d3e2f",
        "version 10.0.19045.3570 and v1.2.3.4",
        "p99 1834.221 ms, 14.2 %, 12:05:31.123",
        "port 8443 of checkout-api is closed",
        "127.0.0.1:5000 and [::1]:9090",
        "epoch 1795262400000, offset 998877665544",
        "std::vector, dead::beef",
        "2026-11-21 11:58:03.123456+00:00",
        "+1000 2026-11-21 07:41",
        "phone 2026-11-21 0741",
        "request 7d3f0a52-9c1b-4e8f-a2d6-5b7c9e0f1a23",
        "token expired, password: incorrect, auth: failed",
        "4111 1111 1111 1112 is no card number",
        "Will it hold? Grace period 30 s.",
        "git@github.com:tidewater/checkout-api.git",
    ],
)
def test_what_tells_nothing_private_is_kept(kept: str) -> None:
    assert redacted(kept) == kept


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("10.1.2.3:8443 refused", "[IP_1]:8443 refused"),
        ("::ffff:10.1.2.3 and fe80::1%eth0", "[IP_1] and [IP_2]%eth0"),
        ("https://u:p4ss@db.example/x", "https://[SECRET_1]/x"),
        ("password=hunter2;user=x", "password=[SECRET_1];user=x"),
        ("a@b.io, A@B.io, c@b.io", "[EMAIL_1], [EMAIL_1], [EMAIL_2]"),
        ("Okafor, Maya (maya_okafor)", "[PERSON_1] ([PERSON_2])"),
        ("Maya restarted it", "[PERSON_1] restarted it"),
        ("db-7.prod.internal.", "[HOST_1]."),
        ("eth0_10.1.2.3-prod, x10.1.2.4", "eth0_[IP_1]-prod, x[IP_2]"),
        ("tokenxoxb-123456789-abcDEF is bad", "token[SECRET_1] is bad"),
        (
            "customer cus_A1b2C3d4 of account 12345678",
            "customer [ACCOUNT_1] of account [ACCOUNT_2]",
        ),
    ],
)
def test_only_the_private_part_is_replaced(text: str, left: str) -> None:
    assert redacted(text) == left


def test_a_card_over_two_lines_and_a_key_whose_end_is_cut_off_are_found() -> None:
    assert redacted("paid with 4111 1111\n1111 1111 today") == "paid with [CARD_1] today"
    cut = redacted("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC")
    assert cut == "[SECRET_1]"


def test_configured_ends_of_hosts_and_prefixes_of_ids_count() -> None:
    known = KnownNames(domains=("tidewater.example",), id_prefixes=("tw",))
    assert (
        redacted("db.tidewater.example tw_1234 cus_12345", known)
        == "[HOST_1] [ACCOUNT_1] cus_12345"
    )
    none = KnownNames(domains=(), id_prefixes=())
    assert redacted("db.internal cus_12345", none) == "db.internal cus_12345"


def test_the_same_thing_has_the_same_token_everywhere_and_can_be_put_back() -> None:
    made = redact(brief("ask a@b.io", "a@b.io and c@d.io"), known=KNOWN)
    assert [m.text for m in made.brief.material] == ["ask [EMAIL_1]", "[EMAIL_1] and [EMAIL_2]"]
    assert made.kinds == {LeakKind.EMAIL: 2}
    assert (
        made.restore("[EMAIL_2] told [EMAIL_1] and [EMAIL_3]")
        == "c@d.io told a@b.io and [EMAIL_3]"
    )


def test_facts_and_labels_are_redacted_too() -> None:
    made = redact(
        Brief(
            task=Task.CATCHUP,
            facts={"began": "12:05", "by": "a@b.io"},
            material=(Material(label="chat of Maya Okafor", text=""),),
        ),
        known=KNOWN,
    )
    assert made.brief.facts == {"began": "12:05", "by": "[EMAIL_1]"}
    assert made.brief.material[0].label == "chat of [PERSON_1]"


def test_a_token_written_by_somebody_else_stands_for_nothing() -> None:
    made = redact(brief("[EMAIL_1] wrote a@b.io"), known=KNOWN)
    assert made.brief.material[0].text == "(EMAIL_1) wrote [EMAIL_1]"


def test_material_beyond_the_limit_is_cut_at_a_line_and_said_to_be() -> None:
    line = "0123456789 is what we saw\n"
    made = redact(brief(line * 2_000, line * 2_000, "last"), known=KNOWN)
    texts = [m.text for m in made.brief.material]
    assert texts[0] == line * 2_000
    assert texts[1].count("\n") < 2_000
    assert re.search(r"saw\n\(\d+ more characters were left out\)$", texts[1])
    assert made.cut == sum(map(len, (line * 4_000, "last"))) - sum(
        len(re.sub(r"\n\(\d+ more.*", "", t)) for t in texts
    )
    assert sum(map(len, texts)) <= MAX_INPUT + 200


def test_nothing_else_makes_a_brief_that_may_leave() -> None:
    with pytest.raises(TypeError, match="only redact"):
        RedactedBrief(object(), brief("x"), replaced={}, cut=0)
    made = redact(brief("a@b.io"), known=KNOWN)
    with pytest.raises(AttributeError):
        made.brief = brief("a@b.io")
    with pytest.raises(TypeError, match="stays in memory"):
        pickle.dumps(made)
    with pytest.raises(TypeError):
        type("Mine", (RedactedBrief,), {})
    assert "a@b.io" not in repr(made)


def test_a_withheld_brief_keeps_the_facts_alone() -> None:
    left = withheld(brief("a@b.io", state="open")).brief
    assert (left.facts, left.material) == ({"state": "open"}, ())


def test_a_find_does_not_show_itself_when_printed() -> None:
    (leak,) = find_leaks("mail a@b.io now")
    assert (leak.kind, leak.text, leak.start, leak.end) == (LeakKind.EMAIL, "a@b.io", 5, 11)
    assert "a@b.io" not in repr(leak)


@pytest.mark.parametrize(
    "evil",
    [
        "a@", "1 ", "1", "password=", 'password="', "-----BEGIN A-----", "eyJaaaaaaaaa.", "f:",
        "://a:", "%41", "a\n", "1\n", "a_", "xoxb-", "arn:aws:", "account ", "(020) ", "+1", " ",
        "aB3/", "0123456789abcdef", "Maya ", "\N{FULLWIDTH DIGIT ONE}", "\ufdfa", "a1", "token ",
    ],
)  # fmt: skip
def test_no_text_takes_long(evil: str) -> None:
    text = (evil * MAX_INPUT)[:MAX_INPUT]
    begun = time.process_time()
    redacted(text)
    assert time.process_time() - begun < 5.0, "64 kB take well under a second each when alone"
