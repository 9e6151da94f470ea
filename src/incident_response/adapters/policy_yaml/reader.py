"""Makes a policy of a YAML text, or says everything that is wrong with it, line by line.

Not here: what must hold between a policy's parts (domain.policy), where the file is (bootstrap).
"""

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TypeVar

from incident_response.adapters.policy_yaml.nodes import At, Reading, complaint_line
from incident_response.domain.checklist import STANDARD_CHECKLIST, ChecklistItem
from incident_response.domain.errors import InvalidConfigurationError
from incident_response.domain.policy import Policy, Rule, Rung, SeverityPolicy, faults
from incident_response.domain.roles import Role
from incident_response.domain.severity import Severity

T = TypeVar("T")

MAX_CHARACTERS = 500_000
"""Of a whole file; a policy is a few thousand."""
SHIPPED_NAME = "policy.yaml"

_SECTIONS = (
    "severities",
    "rules",
    "contacts",
    "roles",
    "checklist",
    "approver_group",
    "archive_after",
)
_DURATIONS = (
    "respond_within",
    "resolve_within",
    "updates_every",
    "resolution_told_within",
    "nudge_every",
    "page_draft_within",
)
_FLAGS = ("opens_room", "closes_with_source")
_SEVERITY_KEYS = (
    "meaning",
    "examples",
    *_FLAGS,
    *_DURATIONS,
    "first_update_within",
    "ladder",
    "approvals",
    "checklist",
)
_RUNG_KEYS = ("level", "after", "who")
_RULE_KEYS = ("severity", "source", "team", "service", "labels")
_APPROVALS = {"1": 1, "2": 2}
_SEVERITIES = {severity.value: severity for severity in Severity}


def read_policy(text: str, *, name: str = SHIPPED_NAME) -> Policy:
    """The policy written in ``text``.

    Raises ``InvalidConfigurationError`` with one line for each fault, first to last:
    ``<name>:<line>:<column>: <place>: <what is wrong and what to do>``.
    """
    reading = Reading()
    policy = _policy(reading, text)
    if policy is not None:
        return policy
    lines = (complaint_line(name, complaint) for complaint in sorted(set(reading.complaints)))
    raise InvalidConfigurationError("\n".join(lines))


@cache
def shipped_policy() -> Policy:
    """The policy that comes with the program."""
    return read_policy(shipped_text())


def shipped_text() -> str:
    """The text of the policy that comes with the program: the beginning of one's own."""
    return files(__package__).joinpath(SHIPPED_NAME).read_text(encoding="utf-8")


def _policy(reading: Reading, text: str) -> Policy | None:
    """None if anything was complained of."""
    if len(text) > MAX_CHARACTERS:
        reading.complain((), f"this is no policy: it has more than {MAX_CHARACTERS:,} characters")
        return None
    root = reading.root(text)
    if root is None:
        return None
    found = reading.section(root, _SECTIONS)
    checklist = _checklist(reading, found) or STANDARD_CHECKLIST
    severities = _severities(reading, found, checklist)
    contacts = _contacts(reading, found)
    duties = _duties(reading, found)
    rules = _rules(reading, found)
    group = reading.optional(found, "approver_group", lambda at: _group(reading, at))
    archive_after = Policy.model_fields["archive_after"].default
    if "archive_after" in found:
        archive_after = _or_never(reading, found["archive_after"])
    _complain_of_the_whole(reading, severities, rules, contacts=contacts)
    if reading.complaints:
        return None
    return Policy(
        severities=severities,
        rules=rules,
        contacts=contacts,
        approver_group=group or "",
        archive_after=archive_after,
        duties=duties,
    )


def _complain_of_the_whole(
    reading: Reading,
    severities: dict[Severity, SeverityPolicy],
    rules: tuple[Rule, ...],
    *,
    contacts: dict[str, str],
) -> None:
    """What the parts make of each other, but for parts whose own words are wrong already."""
    wrong = {complaint.path[:2] for complaint in reading.complaints}
    for fault in faults(severities, rules, contacts):
        path = fault.path
        if path[2:3] == ("checklist",) and path[:3] not in reading.spots:
            path = path[2:]  # the severity has none of its own: it is the one for all
        if path[:2] not in wrong:
            reading.complain(path, fault.why)


def _severities(
    reading: Reading, found: dict[str, At], checklist: tuple[ChecklistItem, ...]
) -> dict[Severity, SeverityPolicy]:
    if "severities" not in found:
        return {}
    sections = reading.section(found["severities"], _SEVERITIES)
    return {_SEVERITIES[name]: _severity(reading, at, checklist) for name, at in sections.items()}


def _severity(reading: Reading, at: At, checklist: tuple[ChecklistItem, ...]) -> SeverityPolicy:
    found = reading.section(at, _SEVERITY_KEYS)
    values: dict[str, object] = {
        "meaning": reading.optional(found, "meaning", reading.text) or "",
        "examples": _each(reading, found, "examples", reading.text),
        "ladder": _each(reading, found, "ladder", lambda at: _rung(reading, at)),
        "approvals": reading.optional(found, "approvals", lambda at: _approvals(reading, at)) or 1,
        "checklist": _checklist(reading, found) or checklist,
    }
    for name in (name for name in _DURATIONS if name in found):
        values[name] = reading.duration(found[name])
    if "first_update_within" in found:
        values["first_update_within"] = reading.duration(
            found["first_update_within"], may_be_zero=True
        )
    for name in (name for name in _FLAGS if name in found):
        values[name] = reading.flag(found[name])
    return SeverityPolicy.model_validate(values)


def _rung(reading: Reading, at: At) -> Rung:
    found = reading.section(at, _RUNG_KEYS)
    for name in (name for name in _RUNG_KEYS if name not in found):
        reading.complain((*at.path, name), f"a step of a ladder needs {', '.join(_RUNG_KEYS)}")
    after = reading.optional(found, "after", lambda a: reading.duration(a, may_be_zero=True))
    return Rung.model_validate(
        {
            "level": reading.optional(found, "level", reading.text) or "",
            "after": after or 0,
            "who": _each(reading, found, "who", reading.text),
        }
    )


def _approvals(reading: Reading, at: At) -> int:
    return reading.choice(at, _APPROVALS, "1 or 2", default=1)


def _rules(reading: Reading, found: dict[str, At]) -> tuple[Rule, ...]:
    return _each(reading, found, "rules", lambda at: _rule(reading, at))


def _rule(reading: Reading, at: At) -> Rule:
    found = reading.section(at, _RULE_KEYS)
    if "severity" not in found:
        reading.complain((*at.path, "severity"), "a rule needs a severity, P0 to P4")
    severity = reading.optional(found, "severity", lambda at: _named_severity(reading, at))
    labels = reading.entries(found["labels"]) if "labels" in found else {}
    texts = {name: found[name] for name in ("source", "team", "service") if name in found}
    return Rule(
        severity=severity or Severity.P1,
        labels={name: reading.text(at) for name, at in labels.items()},
        **{name: reading.text(at) for name, at in texts.items()},
    )


def _named_severity(reading: Reading, at: At) -> Severity:
    return reading.choice(at, _SEVERITIES, "one of P0 to P4", default=Severity.P1)


def _contacts(reading: Reading, found: dict[str, At]) -> dict[str, str]:
    if "contacts" not in found:
        return {}
    entries = reading.entries(found["contacts"])
    return {name: reading.text(at, may_be_empty=True) for name, at in entries.items()}


def _duties(reading: Reading, found: dict[str, At]) -> dict[Role, str]:
    if "roles" not in found:
        return {}
    entries = reading.section(found["roles"], [role.value for role in Role])
    return {Role(name): reading.text(at) for name, at in entries.items()}


def _checklist(reading: Reading, found: dict[str, At]) -> tuple[ChecklistItem, ...]:
    """Key and text of each item, in order; empty if the policy or severity has none."""
    if "checklist" not in found:
        return ()
    entries = reading.entries(found["checklist"])
    return tuple(ChecklistItem(key=key, text=reading.text(at)) for key, at in entries.items())


def _group(reading: Reading, at: At) -> str:
    return reading.text(at, may_be_empty=True).removeprefix("@")


def _or_never(reading: Reading, at: At) -> object:
    if at.node.value == "never":
        return None
    return reading.duration(at)


def _each(
    reading: Reading, found: dict[str, At], name: str, read: Callable[[At], T]
) -> tuple[T, ...]:
    return tuple(read(at) for at in reading.items(found[name])) if name in found else ()
