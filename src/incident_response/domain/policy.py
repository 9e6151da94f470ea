"""What follows from a severity: who is called when, how often people are told, who approves.

The shapes of ``policy.yaml``, and what must hold between its parts. Not here: reading it
(adapters.policy_yaml), acting on it (workflows).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from incident_response.domain.alert import Alert
from incident_response.domain.checklist import STANDARD_CHECKLIST, ChecklistItem
from incident_response.domain.model import Value
from incident_response.domain.roles import Role
from incident_response.domain.severity import Severity

ON_CALL = "on_call"
"""Stands in a rung's ``who`` for whoever is on call for the incident's team and service."""
WORST_IF_UNKNOWN = Severity.P1
"""What an alert is that nobody understands: alerts fail open."""

MAX_ITEM = 75
"""Characters of a checklist's item: what a box's label may have (Slack)."""
MAX_OWN_ITEMS = 10
"""Items beside the standard ones: the boxes of one group (Slack)."""

Path = tuple[str | int, ...]
"""Where in the policy: keys, and indices from 0."""

_KEY = re.compile(r"[a-z0-9_]{1,20}")
_STANDARD_KEYS = frozenset(item.key for item in STANDARD_CHECKLIST)


class Rung(Value):
    """One step of an escalation ladder."""

    level: str
    """For people: ``L2``."""
    after: timedelta
    """Since the incident was opened, unless somebody acknowledged."""
    who: tuple[str, ...]
    """``on_call``, a role (``ic``, ``tech``, ``comms``, ``scribe``) or a contact's key."""


class SeverityPolicy(Value):
    """What one severity means and asks for; None: not at all."""

    meaning: str
    """One plain line for the point of choice."""
    examples: tuple[str, ...] = ()
    opens_room: bool = True
    respond_within: timedelta | None = None
    resolve_within: timedelta | None = None
    first_update_within: timedelta | None = None
    """When stakeholders are promised the first word; zero: at once."""
    updates_every: timedelta | None = None
    """How often stakeholders are promised to hear."""
    resolution_told_within: timedelta | None = None
    """How soon after the fix stakeholders are promised to know."""
    nudge_every: timedelta | None = None
    """How often the commander is reminded while nothing is said."""
    page_draft_within: timedelta | None = None
    """When the commander is reminded that customers have been told nothing."""
    ladder: tuple[Rung, ...] = ()
    """The first rung is who the room is assembled with."""
    approvals: int = Field(default=1, ge=1, le=2)
    """How many different people must approve a message to customers."""
    closes_with_source: bool = False
    """Whether it is resolved by itself when the source resolves; else that is only proposed."""
    checklist: tuple[ChecklistItem, ...] = STANDARD_CHECKLIST


class Rule(Value):
    """An alert that matches everything given here has this severity; the first rule counts.

    Letter case is passed over; every text may end in ``*``.
    """

    severity: Severity
    source: str = ""
    team: str = ""
    service: str = ""
    labels: dict[str, str] = Field(default_factory=dict)

    @property
    def conditions(self) -> dict[str, str]:
        """What it asks for, by name: ``source``, ``team``, ``service``, ``label <name>``."""
        named = {"source": self.source, "team": self.team, "service": self.service}
        labels = {f"label {name}": wanted for name, wanted in self.labels.items()}
        return {name: wanted for name, wanted in (named | labels).items() if wanted}

    def matches(self, alert: Alert) -> bool:
        """Whether the alert is all of what is asked for."""
        named = ((self.source, alert.source), (self.team, alert.team))
        labels = ((wanted, alert.labels.get(name, "")) for name, wanted in self.labels.items())
        pairs = (*named, (self.service, alert.service), *labels)
        return all(_is_like(text, wanted) for wanted, text in pairs if wanted)


class Judgement(Value):
    """An alert's severity, and why in plain words."""

    severity: Severity
    why: str


class Fault(Value):
    """Something in a policy that cannot be meant."""

    path: Path
    why: str
    """What is wrong and what to do, for whoever wrote it."""


class Policy(Value):
    """The whole policy.

    Made only if ``faults`` finds nothing: raises ``ValueError`` (pydantic's) otherwise.
    """

    severities: dict[Severity, SeverityPolicy]
    rules: tuple[Rule, ...] = ()
    contacts: dict[str, str] = Field(default_factory=dict)
    """Key (``engineering_manager``) to e-mail address; empty while nobody has been named."""
    approver_group: str = ""
    """Handle of the chat's user group whose members may approve beside the commander."""
    archive_after: timedelta | None = timedelta(days=7)
    """After resolving; None: never."""
    duties: dict[Role, str] = Field(default_factory=dict)
    """One line a role; the built-in line where there is none."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        found = faults(self.severities, self.rules, self.contacts)
        if found:
            raise ValueError("; ".join(f"{dotted(fault.path)}: {fault.why}" for fault in found))
        return self

    def of(self, severity: Severity) -> SeverityPolicy:
        """What this severity asks for."""
        return self.severities[severity]

    def opens_room(self, severity: Severity) -> bool:
        """Whether an incident of this severity has a war room; else it is only recorded."""
        return self.of(severity).opens_room

    def duty(self, role: Role) -> str:
        """One line that says what the person in this role does."""
        return self.duties.get(role) or role.duty

    def judge(self, alert: Alert) -> Judgement:
        """How bad an alert is: a person's own word, else the first rule that matches, else the
        alert's word, else P1.
        """
        if alert.declared_by and alert.severity is not None:
            return Judgement(severity=alert.severity, why="whoever declared it chose it")
        for number, rule in enumerate(self.rules, start=1):
            if rule.matches(alert):
                told = ", ".join(f"{name} is {wanted}" for name, wanted in rule.conditions.items())
                return Judgement(
                    severity=rule.severity, why=f"rule {number} of the policy says so: {told}"
                )
        if alert.severity is not None:
            return Judgement(severity=alert.severity, why="the alert itself says so")
        return Judgement(
            severity=WORST_IF_UNKNOWN,
            why="neither a rule nor the alert says how bad it is, so it is taken as bad",
        )


def faults(
    severities: Mapping[Severity, SeverityPolicy],
    rules: Iterable[Rule],
    contacts: Mapping[str, str],
) -> tuple[Fault, ...]:
    """Everything in these parts of a policy that cannot be meant, with where it stands."""
    known = {ON_CALL, *(role.value for role in Role), *contacts}
    return (
        *_missing_severities(severities),
        *(fault for s, of in severities.items() for fault in _severity_faults(s, of, known)),
        *_rule_faults(tuple(rules)),
        *_contact_faults(contacts),
    )


def dotted(path: Path) -> str:
    """A path for people: ``severities.P0.ladder[2].after``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def _missing_severities(severities: Mapping[Severity, SeverityPolicy]) -> Iterator[Fault]:
    missing = [severity.value for severity in Severity if severity not in severities]
    if missing:
        why = f"say what follows from {', '.join(missing)}: all of P0 to P4 are needed"
        yield Fault(path=("severities",), why=why)


def _severity_faults(severity: Severity, of: SeverityPolicy, known: set[str]) -> Iterator[Fault]:
    here: Path = ("severities", severity.value)
    if not of.meaning.strip():
        yield Fault(path=(*here, "meaning"), why="say in plain words what this severity means")
    if not of.opens_room:
        yield from _roomless_faults(here, of)
    if of.respond_within and of.resolve_within and of.resolve_within < of.respond_within:
        why = "this is sooner than respond_within: nobody resolves before they respond"
        yield Fault(path=(*here, "resolve_within"), why=why)
    yield from _checklist_faults((*here, "checklist"), of.checklist)
    yield from _ladder_faults((*here, "ladder"), of.ladder, known)


def _roomless_faults(here: Path, of: SeverityPolicy) -> Iterator[Fault]:
    for name in ("ladder", "nudge_every", "page_draft_within"):
        if getattr(of, name):
            why = "this severity opens no room, so this would never happen: remove it, or set "
            yield Fault(path=(*here, name), why=why + "opens_room: true")


def _checklist_faults(here: Path, items: tuple[ChecklistItem, ...]) -> Iterator[Fault]:
    keys = [item.key for item in items]
    for item in items:
        if not _KEY.fullmatch(item.key) or keys.count(item.key) > 1:
            why = "a key is 1 to 20 of a-z, 0-9 and _, and stands once"
            yield Fault(path=(*here, item.key), why=why)
        if not 0 < len(item.text) <= MAX_ITEM:
            yield Fault(path=(*here, item.key), why=f"write 1 to {MAX_ITEM} characters")
    if len(set(keys) - _STANDARD_KEYS) > MAX_OWN_ITEMS:
        why = f"at most {MAX_OWN_ITEMS} items beside the standard ones"
        yield Fault(path=here, why=why)


def _ladder_faults(here: Path, ladder: tuple[Rung, ...], known: set[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, rung in enumerate(ladder):
        if rung.level in seen or not rung.level:
            why = f"give every step a name of its own; there is another {rung.level!r}"
            yield Fault(path=(*here, index, "level"), why=why)
        seen.add(rung.level)
        if not rung.who:
            yield Fault(path=(*here, index, "who"), why="name at least one")
        for place, who in enumerate(rung.who):
            if who not in known:
                why = f"I do not know {who!r}; write one of {', '.join(sorted(known))}"
                yield Fault(path=(*here, index, "who", place), why=f"{why}, or add a contact")
    yield from _ladder_time_faults(here, ladder)


def _ladder_time_faults(here: Path, ladder: tuple[Rung, ...]) -> Iterator[Fault]:
    if ladder and ladder[0].after:
        why = "the first step is who the room is assembled with: write 0m"
        yield Fault(path=(*here, 0, "after"), why=why)
    for index in range(1, len(ladder)):
        if ladder[index].after <= ladder[index - 1].after:
            why = f"a step must come later than the one before it ({ladder[index - 1].level})"
            yield Fault(path=(*here, index, "after"), why=why)


def _rule_faults(rules: tuple[Rule, ...]) -> Iterator[Fault]:
    seen: dict[tuple[tuple[str, str], ...], int] = {}
    for index, rule in enumerate(rules):
        asked = tuple(sorted((n, w.casefold()) for n, w in rule.conditions.items()))
        if not asked:
            why = "say which alerts it is for: at least one of source, team, service, labels"
            yield Fault(path=("rules", index), why=why)
        elif asked in seen:
            why = f"it is never reached: rule {seen[asked]} asks for the same"
            yield Fault(path=("rules", index), why=why)
        seen.setdefault(asked, index + 1)


def _contact_faults(contacts: Mapping[str, str]) -> Iterator[Fault]:
    taken = {ON_CALL, *(role.value for role in Role)}
    for key, address in contacts.items():
        if key in taken:
            why = f"{key} has a meaning of its own in a ladder: choose another name"
            yield Fault(path=("contacts", key), why=why)
        if address and not _is_address(address):
            why = 'write one e-mail address, or "" while there is nobody'
            yield Fault(path=("contacts", key), why=why)


def _is_address(text: str) -> bool:
    name, _, host = text.partition("@")
    return bool(name and host) and "@" not in host and not any(c.isspace() for c in text)


def _is_like(text: str, wanted: str) -> bool:
    text, wanted = text.casefold(), wanted.casefold()
    if wanted.endswith("*"):
        return text != "" and text.startswith(wanted[:-1])
    return text == wanted
