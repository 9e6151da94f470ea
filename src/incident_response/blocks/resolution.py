"""Tells that an incident is over: who ended it, its room with all that worked and did not, and
everybody else.

Not here: other changes of an incident's life (lifecycle).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from incident_response.blocks import action_ids, kit, words
from incident_response.blocks.life_buttons import reopen_button
from incident_response.blocks.text import Safe, bold, excerpt, join, link, mention, say, when
from incident_response.domain.briefing import Part, PartState
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json
from incident_response.ports.chat import Message

SUMMARY = 600
TITLE = 300
REASON = 200

_OFF: Final = {
    "write_postmortem": "",  # said once, with the issue
    "create_issue": "no issue tracker is connected",
    "draft_closing": "not needed, customers read of nothing open",
    "schedule_archive": "never, by the policy",
    "schedule_review": "",
}
"""What is said of a part there was no reason or no way to do; empty: nothing."""
_SHOWN: Final = frozenset({"create_issue", "draft_closing", "stop_reminders"})
"""Parts of which people would not see by themselves that they are done."""
KEPT: Final = "kept"
"""Reason of a part that an earlier resolving did."""


def resolving(incident: Incident) -> Message:
    """Tells who asked for it what is certain: it is recorded, and nobody is called any more."""
    if incident.is_closed:
        return kit.paragraph(say("✅ It is resolved."), block_id="resolving")
    text = say(
        "⏳ Resolving: it is recorded, and nobody is reminded or paged from now on."
        " The room is told within two minutes what worked and what did not."
    )
    return kit.paragraph(text, block_id="resolving")


def resolved_in_room(
    incident: Incident, parts: Sequence[Part], *, run: str, archive_at: datetime | None
) -> Message:
    """What worked, what did not and how to ask for it again; ``run`` is the run of the plan."""
    head = _head(incident)
    blocks = [kit.section(head, block_id="resolved"), *_parts(incident, parts, run)]
    blocks += [kit.context(_archived(archive_at), block_id="archive")] if archive_at else []
    reopen = reopen_button(incident)
    blocks += [kit.actions(reopen, block_id="resolved.actions")] if reopen else []
    failed = [part.label for part in parts if part.state is PartState.FAILED]
    missing = say("Not done: {parts}", parts=", ".join(failed)) if failed else Safe()
    return kit.message(join([head, missing]), blocks)


def room_not_told(incident: Incident, reason: str) -> Message:
    """Tells who resolved it that the room could not be told how it went."""
    text = say(
        "⚠️ {title} is resolved, but its room could not be told: {reason}.",
        title=excerpt(words.title(incident), TITLE),
        reason=excerpt(reason.rstrip(". "), REASON) or say("no reason was given"),
    )
    return kit.paragraph(text, block_id="room_not_told")


def resolved_in_public(incident: Incident) -> Message:
    """The same for everybody, in a line or two."""
    title = say(
        "{badge} {title}",
        badge=words.badge(incident),
        title=bold(excerpt(words.title(incident), TITLE)),
    )
    text = say("✅ {title} is over{took}.", title=title, took=_took(incident))
    summary = excerpt(incident.resolution.summary, SUMMARY) if incident.resolution else Safe()
    return kit.paragraph(join([text, summary], "\n"), block_id="resolved")


def _head(incident: Incident) -> Safe:
    by = say(" by {who}", who=mention(incident.resolution.by)) if incident.resolution else Safe()
    head = say("✅ *Resolved*{by}{took}.", by=by, took=_took(incident))
    summary = excerpt(incident.resolution.summary, SUMMARY) if incident.resolution else Safe()
    return join([head, summary], "\n")


def _took(incident: Incident) -> Safe:
    if incident.resolved_at is None:
        return Safe()
    return say(" after {t}", t=words.duration(incident.resolved_at - incident.started_at))


def _parts(incident: Incident, parts: Sequence[Part], run: str) -> list[Json]:
    lines = [line for part in parts if (line := _line(incident, part))]
    told = [kit.section(join(lines, "\n"), block_id="parts")] if lines else []
    failed = [part for part in parts if part.state is PartState.FAILED]
    return [*told, *(_failed(incident, part, run) for part in failed)]


def _line(incident: Incident, part: Part) -> Safe:
    match part.state:
        case PartState.READY:
            return _done(incident, part)
        case PartState.OFF:
            why = _OFF.get(part.step, "")
            return say("▫️ {label}: {why}", label=part.label, why=why) if why else Safe()
        case PartState.PENDING:
            return say("⏳ {label}: still being tried", label=part.label)
        case PartState.EMPTY:
            return say("▫️ {label}: waits for “{other}”", label=part.label, other=part.reason)
        case PartState.FAILED:
            return Safe()


def _done(incident: Incident, part: Part) -> Safe:
    if part.step not in _SHOWN:
        return Safe()
    if part.step == "create_issue":
        return _issue(incident, part)
    if part.step == "draft_closing":
        return say("✅ {label}: proposed above, for approval", label=part.label)
    return say("✅ {label}: stopped", label=part.label)


def _issue(incident: Incident, part: Part) -> Safe:
    postmortem = incident.postmortem
    if postmortem is None:
        return say("✅ Postmortem: filed")
    label = postmortem.identifier or "filed"
    text = say("✅ Postmortem: {issue}", issue=link(postmortem.url, label, foreign=False))
    if part.reason == KEPT:
        text = join([text, say("kept from when it was resolved before")], ", ")
    if postmortem.is_template:
        text = join([text, say("written by a template, since no model did")], ", ")
    if postmortem.left_out:
        without = excerpt("; ".join(postmortem.left_out), REASON)
        text = join([text, say("filed without {what}", what=without)], ", ")
    return join([text, say("review due {at}", at=when(postmortem.review_due_at))], ", ")


def _failed(incident: Incident, part: Part, run: str) -> Json:
    reason = excerpt(part.reason, REASON) or say("no answer")
    value = action_ids.encode_value(incident.incident_id, step=part.step, plan=run)
    return kit.section(
        say("⚠️ *{label}*: {reason}", label=part.label, reason=reason),
        block_id=f"failed.{part.step}",
        accessory=kit.button("Retry", action_id=action_ids.RETRY_STEP, value=value),
    )


def _archived(archive_at: datetime) -> Safe:
    return say("This room is archived {at}, unless it is reopened.", at=when(archive_at))
