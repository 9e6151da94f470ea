"""How bad an alert is by a policy, and what a policy may not say."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from incident_response.adapters.policy_yaml import shipped_policy
from incident_response.domain.alert import Alert, AlertState
from incident_response.domain.checklist import ChecklistItem
from incident_response.domain.policy import Policy, Rule, Rung, SeverityPolicy, faults
from incident_response.domain.roles import Role
from incident_response.domain.severity import Severity

P0, P1, P2, P3, P4 = Severity
SHIPPED = shipped_policy()
MINUTE = timedelta(minutes=1)


def alert(**changes: object) -> Alert:
    return Alert.model_validate(
        {
            "source": "alertmanager",
            "group_key": "g",
            "state": AlertState.FIRING,
            "changed_at": datetime(2026, 3, 2, tzinfo=UTC),
            "occurrence": "1",
            "title": "Disk full",
            "team": "Payments",
            "service": "search-api",
            "labels": {"tier": "critical", "env": "production"},
        }
        | changes
    )


def ruled(*rules: Rule) -> Policy:
    return SHIPPED.model_copy(update={"rules": rules})


def test_a_rule_wins_over_the_alerts_own_word_and_the_first_one_counts() -> None:
    policy = ruled(
        Rule(severity=P3, team="discovery"),
        Rule(severity=P0, team="payments", labels={"tier": "CRITICAL"}),
        Rule(severity=P4, source="alertmanager"),
    )
    judged = policy.judge(alert(severity=P2))
    assert judged.severity is P0
    assert judged.why == "rule 2 of the policy says so: team is payments, label tier is CRITICAL"


def test_without_a_rule_the_alerts_own_word_counts_and_without_one_it_is_taken_as_bad() -> None:
    assert SHIPPED.judge(alert(severity=P3)).severity is P3
    unknown = SHIPPED.judge(alert())
    assert unknown.severity is P1
    assert "taken as bad" in unknown.why


def test_what_a_person_chose_is_not_overruled() -> None:
    policy = ruled(Rule(severity=P0, source="declared"))
    declared = alert(source="declared", severity=P3, declared_by="U0ADA")
    assert policy.judge(declared).severity is P3


@pytest.mark.parametrize(
    ("rule", "is_match"),
    [
        (Rule(severity=P0, service="search-*"), True),
        (Rule(severity=P0, service="SEARCH-API"), True),
        (Rule(severity=P0, service="search"), False),
        (Rule(severity=P0, labels={"tier": "*"}), True),
        (Rule(severity=P0, labels={"region": "*"}), False),
        (Rule(severity=P0, labels={"tier": "critical", "env": "staging*"}), False),
        (Rule(severity=P0, source="alertmanager", team="Payments"), True),
    ],
)
def test_a_rule_matches_only_what_is_all_it_asks_for(rule: Rule, is_match: bool) -> None:
    assert rule.matches(alert()) is is_match


rules = st.builds(
    Rule,
    severity=st.sampled_from(Severity),
    source=st.sampled_from(["", "alertmanager", "x*"]),
    team=st.sampled_from(["", "payments", "*"]),
    service=st.sampled_from(["", "search-*"]),
    labels=st.dictionaries(st.sampled_from(["tier", "env"]), st.sampled_from(["critical", "*"])),
)


@given(
    given_rules=st.lists(rules, max_size=6).map(tuple),
    severity=st.none() | st.sampled_from(Severity),
    team=st.text(max_size=10),
)
def test_every_alert_gets_the_severity_of_its_first_rule_or_its_word_or_p1(
    given_rules: tuple[Rule, ...], severity: Severity | None, team: str
) -> None:
    judged = ruled(*given_rules).judge(alert(severity=severity, team=team))
    first = next((r for r in given_rules if r.matches(alert(team=team))), None)
    expected = first.severity if first is not None else severity or P1
    assert judged.severity is expected
    assert judged.why


def test_the_shipped_policy_answers_for_every_severity_and_role() -> None:
    for severity in Severity:
        assert SHIPPED.of(severity).meaning
        assert SHIPPED.opens_room(severity) is (severity is not P4)
    for role in Role:
        assert SHIPPED.duty(role) == role.duty, "the shipped file and the built-in line agree"
    without = SHIPPED.model_copy(update={"duties": {Role.SCRIBE: "You write."}})
    assert without.duty(Role.SCRIBE) == "You write."
    assert without.duty(Role.COMMANDER) == Role.COMMANDER.duty


def rung(level: str = "L2", minutes: int = 5, who: tuple[str, ...] = ("ic",)) -> Rung:
    return Rung(level=level, after=minutes * MINUTE, who=who)


FIRST = rung("L1", 0)


@pytest.mark.parametrize(
    ("change", "path", "why"),
    [
        ({"ladder": (FIRST, rung(), rung("L3"))}, ("ladder", 2, "after"), "later than"),
        ({"ladder": (rung("L1", 1),)}, ("ladder", 0, "after"), "write 0m"),
        ({"ladder": (FIRST, rung("L1"))}, ("ladder", 1, "level"), "another 'L1'"),
        ({"ladder": (FIRST, rung(who=()))}, ("ladder", 1, "who"), "at least one"),
        ({"ladder": (FIRST, rung(who=("boss",)))}, ("ladder", 1, "who", 0), "know 'boss'"),
        ({"meaning": " "}, ("meaning",), "plain words"),
        ({"opens_room": False}, ("ladder",), "opens no room"),
        ({"resolve_within": MINUTE}, ("resolve_within",), "sooner than"),
        ({"checklist": (ChecklistItem(key="a b", text="t"),)}, ("checklist", "a b"), "a key is"),
        ({"checklist": (ChecklistItem(key="a", text=""),)}, ("checklist", "a"), "characters"),
        (
            {"checklist": tuple(ChecklistItem(key=f"k{n}", text="t") for n in range(11))},
            ("checklist",),
            "at most 10",
        ),
    ],
)
def test_what_a_severity_cannot_mean_is_told_with_its_place(
    change: dict[str, object], path: tuple[str | int, ...], why: str
) -> None:
    of = SHIPPED.of(P1).model_copy(update=change)
    found = faults({**SHIPPED.severities, P1: of}, (), SHIPPED.contacts)
    assert (("severities", "P1", *path), True) in [(f.path, why in f.why) for f in found]


@pytest.mark.parametrize(
    ("given_rules", "contacts", "path"),
    [
        ((Rule(severity=P1),), {}, ("rules", 0)),
        (
            (Rule(severity=P1, team="a"), Rule(severity=P2, team="A")),
            {},
            ("rules", 1),
        ),
        ((), {"ic": "a@x.test"}, ("contacts", "ic")),
        ((), {"on_call": ""}, ("contacts", "on_call")),
        ((), {"boss": "boss at x"}, ("contacts", "boss")),
        ((), {"boss": "a@b@c"}, ("contacts", "boss")),
    ],
)
def test_what_rules_and_contacts_cannot_mean_is_told_with_its_place(
    given_rules: tuple[Rule, ...], contacts: dict[str, str], path: tuple[str | int, ...]
) -> None:
    named = {**SHIPPED.contacts, **contacts}
    assert [f.path for f in faults(SHIPPED.severities, given_rules, named)] == [path]


def test_a_policy_with_a_fault_is_never_made() -> None:
    with pytest.raises(ValidationError, match="all of P0 to P4 are needed"):
        Policy(severities={P0: SeverityPolicy(meaning="bad")})


def test_a_lower_number_is_worse() -> None:
    assert P0.is_worse_than(P1)
    assert not P1.is_worse_than(P1)
    assert not P4.is_worse_than(P0)
