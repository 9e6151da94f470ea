"""Reading a policy: the shipped one holds the tables of the procedures, and every mistake is told
with its line and what to do.
"""

import random
from datetime import timedelta

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_response.adapters.policy_yaml import read_policy, shipped_policy
from incident_response.adapters.policy_yaml.reader import MAX_CHARACTERS, shipped_text
from incident_response.domain.checklist import STANDARD_CHECKLIST
from incident_response.domain.errors import InvalidConfigurationError
from incident_response.domain.policy import Policy
from incident_response.domain.roles import Role
from incident_response.domain.severity import Severity

TEXT = shipped_text()
M, H = timedelta(minutes=1), timedelta(hours=1)
P0, P1, P2, P3, P4 = Severity
NONE = timedelta()


def refusal(text: str) -> list[str]:
    with pytest.raises(InvalidConfigurationError) as raised:
        read_policy(text, name="p.yaml")
    return str(raised.value).splitlines()


def changed(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def line_of(words: str, text: str = TEXT) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if words in line)


@pytest.mark.parametrize(
    ("severity", "respond", "resolve", "first", "updates", "told", "nudge"),
    [
        (P0, 15 * M, 2 * H, NONE, 30 * M, 15 * M, 15 * M),
        (P1, 30 * M, 4 * H, 30 * M, H, 30 * M, 15 * M),
        (P2, 2 * H, 24 * H, 2 * H, 4 * H, 24 * H, H),
        (P3, 8 * H, 72 * H, None, None, None, 4 * H),
        (P4, None, None, None, None, None, None),
    ],
)
def test_the_shipped_targets_and_cadences_are_those_of_the_procedures(
    severity: Severity,
    respond: timedelta | None,
    resolve: timedelta | None,
    first: timedelta | None,
    updates: timedelta | None,
    told: timedelta | None,
    nudge: timedelta | None,
) -> None:
    of = shipped_policy().of(severity)
    assert (of.respond_within, of.resolve_within) == (respond, resolve)
    assert (of.first_update_within, of.updates_every) == (first, updates)
    assert (of.resolution_told_within, of.nudge_every) == (told, nudge)


@pytest.mark.parametrize(
    ("severity", "times"),
    [
        (P0, (NONE, 15 * M, H, 2 * H, 4 * H)),
        (P1, (NONE, 30 * M, 2 * H, 4 * H, 8 * H)),
        (P2, (NONE, 2 * H, 8 * H, 24 * H)),
        (P3, (NONE, 8 * H, 72 * H)),
        (P4, ()),
    ],
)
def test_the_shipped_ladders_climb_as_the_procedures_say(
    severity: Severity, times: tuple[timedelta, ...]
) -> None:
    ladder = shipped_policy().of(severity).ladder
    assert tuple(rung.after for rung in ladder) == times
    chain = (
        ("on_call",),
        ("tech", "ic", "technical_lead", "commander"),
        ("engineering_manager",),
        ("cto",),
        ("ceo",),
    )
    assert tuple(rung.who for rung in ladder) == chain[: len(times)]
    assert [rung.level for rung in ladder] == [f"L{n}" for n in range(1, len(times) + 1)]


def test_the_shipped_rest_is_modest() -> None:
    policy = shipped_policy()
    assert set(policy.contacts.values()) == {""}
    assert policy.rules == ()
    assert policy.archive_after == timedelta(days=7)
    assert policy.approver_group == ""
    assert set(policy.duties) == set(Role)
    for severity in Severity:
        assert policy.of(severity).checklist == STANDARD_CHECKLIST
        assert policy.of(severity).approvals == 1
    assert policy.of(P0).page_draft_within == policy.of(P1).page_draft_within == 15 * M


def test_the_shipped_examples_of_rules_can_be_used() -> None:
    beginning = TEXT.index("# rules:")
    end = TEXT.index("\n\n", beginning)
    example = "\n".join(line.removeprefix("# ") for line in TEXT[beginning:end].splitlines())
    text = TEXT.replace("rules: []\n", "").replace(TEXT[beginning:end], example)
    assert len(read_policy(text).rules) == 4


@pytest.mark.parametrize(
    ("old", "new", "words", "why"),
    [
        (
            "respond_within: 30m",
            "respond_within: soon",
            "soon",
            "15m, 2h, 7d or 1h30m, not 'soon'",
        ),
        ("resolve_within: 2h", "resolve_within: 0m", "resolve_within: 0m", "from 1s to 366d"),
        ("resolve_within: 2h", "resolve_within: 999d", "999d", "from 1s to 366d"),
        ("opens_room: false", "opens_room: maybe", "maybe", "write true or false, not 'maybe'"),
        ("approvals: 1 ", "approvals: 3 ", "approvals: 3", "write 1 or 2, not '3'"),
        ("  P3:", "  P7:", "P7:", "known are P0, P1, P2, P3, P4"),
        ("nudge_every: 4h", "nudge_evry: 4h", "nudge_evry", "did you mean nudge_every?"),
        ("nudge_every: 4h", "nudge_every: [4h]", "[4h]", "7d or 1h30m, not a list"),
        ("nudge_every: 4h", "nudge_every:", "nudge_every:\n", "there is nothing here"),
        ("who: [ceo]", "who: [ceo, cfo]", "cfo", "I do not know 'cfo'"),
        ("after: 72h", "after: 7h", "after: 7h", "later than the one before it (L2)"),
        ('cto: ""', "cto: me", "cto: me", "one e-mail address"),
        ("mitigated: Impact", "Mit!: Impact", "Mit!", "a key is 1 to 20 of a-z"),
        ('ceo: ""', 'ceo: ""\n  cto: ""', '  cto: ""', "this key stands twice"),
        ("archive_after: 7d", "archive_after: [never]", "[never]", "not a list"),
        ("  scribe:", "  king:", "king:", "known are ic, tech, comms, scribe"),
        ("rules: []", "rules: [{team: a}]", "rules: [", "a rule needs a severity"),
        ("rules: []", "rules: [{severity: P1}]", "rules: [", "at least one of source"),
        ("rules: []", "rules: [{severity: X, team: a}]", "rules: [", "one of P0 to P4, not 'X'"),
        ("rules: []", "rules: {a: b}", "rules: {", "write a list, not a mapping"),
        ("level: L3, after: 1h, ", "level: L3, ", "level: L3, who", "needs level, after, who"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_do(
    old: str, new: str, words: str, why: str
) -> None:
    text = changed(old, new)
    told = refusal(text)
    lines = {int(line.split(":")[1]) for line in told if why in line}
    starts = [n for n, line in enumerate(text.splitlines(keepends=True), 1) if words in line]
    assert lines & set(starts), told


@pytest.mark.parametrize("meaning", ["x" * 501, '"bell \\a"'])
def test_a_text_nobody_can_read_in_one_line_is_refused(meaning: str) -> None:
    text = changed('meaning: "For the record: no user is affected"', f"meaning: {meaning}")
    assert any("at most 500 characters" in line for line in refusal(text))


def test_several_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = changed("respond_within: 30m", "respond_within: soon")
    text = text.replace("nudge_every: 4h", "nudge_every: often").replace('cto: ""', "cto: x", 1)
    told = refusal(text)
    assert [line.split(": ")[1] for line in told] == [
        "severities.P1.respond_within",
        "severities.P3.nudge_every",
        "contacts.cto",
    ]
    assert [int(line.split(":")[1]) for line in told] == sorted(
        int(line.split(":")[1]) for line in told
    )


def test_a_missing_severity_is_told_by_name() -> None:
    (told,) = refusal("severities: {P0: {meaning: x}, P1: {meaning: x}}")
    assert "say what follows from P2, P3, P4" in told


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the file is empty"),
        ("# nothing", "the file is empty"),
        ("a: [", "this is no YAML"),
        ("a: 1\n---\nb: 2", "this is no YAML"),
        ("a: *b", "this is no YAML"),
        ('a: "\\UFFFFFFFF"', "this is no YAML"),
        ("a: \x00", "this is no YAML"),
        ("[" * 5_000, "nested too deeply"),
        ("just words", "write a mapping (key: value), not 'just words'"),
        ("? [a, b]\n: c", "a key must be a plain word"),
        ("x" * (MAX_CHARACTERS + 1), "this is no policy"),
        ("<<: {severities: {}}", "I do not know this key"),
    ],
)
def test_what_is_no_policy_at_all_is_told_in_one_line(text: str, why: str) -> None:
    assert why in "\n".join(refusal(text))


def test_an_alias_that_contains_itself_ends() -> None:
    refusal("severities: &a\n  P0: *a\n  P1: *a\n")


def test_a_checklist_for_all_that_is_wrong_is_told_once() -> None:
    long = "x" * 76
    (told,) = refusal(changed("mitigated: Impact mitigated", f"mitigated: {long}"))
    assert "checklist.mitigated: write 1 to 75 characters" in told


def test_a_severity_may_have_a_checklist_of_its_own() -> None:
    text = changed("    nudge_every: 4h", "    checklist: {look: Look at it}\n    nudge_every: 4h")
    policy = read_policy(text)
    assert [item.key for item in policy.of(P3).checklist] == ["look"]
    assert len(policy.of(P0).checklist) == 11


def test_never_archiving_and_an_approver_group_can_be_said() -> None:
    text = changed("archive_after: 7d", "archive_after: never")
    text = text.replace('approver_group: ""', 'approver_group: "@approvers"')
    policy = read_policy(text)
    assert policy.archive_after is None
    assert policy.approver_group == "approvers"


def mutated(seed: int) -> str:
    """The shipped text with a few characters, words or lines changed."""
    chance = random.Random(seed)
    lines = TEXT.splitlines()
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(lines))
        match chance.randrange(6):
            case 0:
                lines[at] = lines[at][: chance.randint(0, len(lines[at]))]
            case 1:
                lines.insert(at, lines[chance.randrange(len(lines))])
            case 2:
                del lines[at]
            case 3:
                lines[at] = lines[at].replace(": ", chance.choice([":", ": [", ": {", ": &a "]), 1)
            case 4:
                where = chance.randint(0, len(lines[at]))
                lines[at] = (
                    lines[at][:where] + chance.choice("{}[]:,#&*!|>'\"%@`\t ") + lines[at][where:]
                )
            case _:
                lines[at] = " " * chance.randint(0, 3) + lines[at]
    return "\n".join(lines)


@settings(max_examples=400, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_any_mutation_is_a_policy_or_a_clear_error_with_lines(seed: int) -> None:
    text = mutated(seed)
    try:
        policy = read_policy(text, name="p.yaml")
    except InvalidConfigurationError as error:
        for line in str(error).splitlines():
            _name, number, column, *_rest = line.split(":")
            assert 1 <= int(number) <= len(text.splitlines()) + 1
            assert int(column) >= 1
        return
    assert isinstance(policy, Policy)


@settings(max_examples=200, deadline=None)
@given(
    content=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["severities", "P0", "ladder", "rules", "checklist", "labels", "who"]
                )
                | st.text(max_size=5),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
def test_any_yaml_at_all_is_a_clear_error(content: object) -> None:
    assert refusal(yaml.safe_dump(content))
