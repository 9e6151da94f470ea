"""Severities for people: what each means and asks for, choosing another, and telling the room that
it was changed.

Not here: changing it (workflows).
"""

from incident_response.blocks import action_ids, kit, words
from incident_response.blocks.escalation import acknowledge_button, step_time
from incident_response.blocks.text import Safe, bold, escape, excerpt, join, mention, say
from incident_response.domain.incident import Incident
from incident_response.domain.ledger import LedgerEntry
from incident_response.domain.model import Json
from incident_response.domain.policy import Policy, SeverityPolicy
from incident_response.domain.severity import Severity
from incident_response.ports.chat import Message

REASON = 300
MEANING = 300


def severities(incident: Incident, *, policy: Policy) -> Message:
    """Every severity with its meaning, the one it has marked, and a list to choose from."""
    rows = [_row(incident, severity, policy) for severity in Severity]
    blocks = [kit.section(join(rows, "\n"), block_id="severities")]
    if not incident.is_closed:
        blocks.append(kit.actions(severity_select(incident, policy=policy), block_id="choose"))
    return kit.message(join(rows, "\n"), blocks)


def severity_select(incident: Incident, *, policy: Policy) -> Json:
    """A list of severities to choose another from."""
    options = [
        kit.option(
            f"{words.MARKS[severity]} {severity} {policy.of(severity).meaning}",
            action_ids.encode_value(incident.incident_id, choice=severity.value),
        )
        for severity in Severity
    ]
    return kit.select("Change severity", options, action_id=action_ids.SET_SEVERITY)


def severity_changed(incident: Incident, entry: LedgerEntry, *, policy: Policy) -> Message:
    """Tells the room who changed it and why, what it means, and who is called next."""
    was, now = _named(entry, "from"), _named(entry, "to")
    reason = entry.details.get("reason")
    head = say(
        "{mark} *{was} → {now}* by {who}: {meaning}.",
        mark=words.MARKS[now],
        was=was,
        now=now,
        who=mention(entry.actor),
        meaning=excerpt(policy.of(now).meaning.rstrip("."), MEANING),
    )
    why = Safe()
    if isinstance(reason, str) and reason:
        why = say("Reason: {reason}", reason=excerpt(reason, REASON))
    following = step_time(incident, policy)
    next_ = say("{step}.", step=following) if following else Safe()
    rows = [head, why, promises(policy.of(now)), next_]
    button = acknowledge_button(incident) if following else None
    return kit.paragraph(join(rows, "\n"), block_id="severity_changed", accessory=button)


def already(incident: Incident) -> Message:
    """Tells one person that nothing had to be changed."""
    text = say("It is {badge} already.", badge=words.badge(incident))
    return kit.paragraph(text, block_id="severity_already")


def promises(of: SeverityPolicy) -> Safe:
    """What is promised for a severity, in one line; empty if nothing is."""
    told = (
        ("respond within {length}", of.respond_within),
        ("resolve within {length}", of.resolve_within),
        ("updates every {length}", of.updates_every),
    )
    parts = [
        Safe() if length is None else _promise(template, words.duration(length))
        for template, length in told
    ]
    return join(parts)


def _promise(template: str, length: str) -> Safe:
    return escape(template.format(length=length))


def _row(incident: Incident, severity: Severity, policy: Policy) -> Safe:
    of = policy.of(severity)
    is_now = severity is incident.severity
    head = say(
        "{mark} {name} {meaning}",
        mark=words.MARKS[severity],
        name=bold(severity),
        meaning=excerpt(of.meaning, MEANING),
    )
    head = say("{head} *(now)*", head=head) if is_now else head
    record = Safe() if of.opens_room else say("only recorded, no room")
    details = join([promises(of), record])
    return say("{head}\n        {details}", head=head, details=details) if details else head


def _named(entry: LedgerEntry, name: str) -> Severity:
    return Severity(str(entry.details[name]))
