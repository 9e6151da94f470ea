"""What a room does not have: parts that failed (with their retry), are pending, or are empty, and
people who could not be called.

Not here: the parts that came (evidence).
"""

from incident_response.blocks import action_ids, kit, rich, words
from incident_response.blocks.text import Safe, escape, excerpt, join, say
from incident_response.domain.briefing import Briefing, Part, PartState
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json

HEADING = "What is missing"
MOST_PARTS = 8
MOST_PEOPLE = 10
LABEL = 60
REASON = 200
"""Characters of a label and a reason that are shown."""


def missing(incident: Incident, briefing: Briefing) -> list[Json]:
    """The *What is missing* blocks; none when nothing failed and everybody was found."""
    rows = [_failed(incident, part) for part in briefing.failed[:MOST_PARTS]]
    if len(briefing.failed) > MOST_PARTS:
        more = say("and {n} more", n=len(briefing.failed) - MOST_PARTS)
        rows.append(kit.context(more, block_id="missing.more"))
    if briefing.unresolved:
        rows.append(_unresolved(briefing.unresolved))
    heading = kit.section(say("⚠️ *{words}*", words=HEADING), block_id="missing")
    return [heading, *rows] if rows else []


def quiet(briefing: Briefing) -> list[Json]:
    """One grey line on what is still being asked for, one on what there is nothing of."""
    empty = [part for part in briefing.parts if part.state is PartState.EMPTY]
    texts = []
    if briefing.pending:
        asked = join((excerpt(part.label, LABEL) for part in briefing.pending), ", ")
        texts.append(say("⏳ Still asking: {parts}", parts=asked))
    if empty:
        texts.append(say("Nothing found: {parts}", parts=join(map(_empty, empty), "; ")))
    return [kit.context(*texts, block_id="quiet")] if texts else []


def in_short(briefing: Briefing) -> Safe:
    """What is missing in one line of text, empty when nothing is."""
    parts = [excerpt(part.label, LABEL) for part in briefing.failed]
    if briefing.unresolved:
        unresolved = words.plural(len(briefing.unresolved), "unresolved name")
        parts.append(escape(unresolved))
    return say("Missing: {parts}", parts=join(parts, ", ")) if parts else Safe()


def _failed(incident: Incident, part: Part) -> Json:
    label = excerpt(part.label, LABEL)
    reason = excerpt(part.reason, REASON) or say("no answer")
    value = action_ids.encode_value(incident.incident_id, step=part.step)
    return kit.section(
        say("*{label}*: {reason}", label=label, reason=reason),
        block_id=f"missing.{part.step}",
        accessory=kit.button("Retry", action_id=action_ids.RETRY_STEP, value=value),
    )


def _unresolved(people: tuple[str, ...]) -> Json:
    """In rich text, so that an address can be copied as it is."""
    items = [rich.section(rich.text(who, REASON)) for who in people[:MOST_PEOPLE]]
    if len(people) > MOST_PEOPLE:
        items.append(rich.section(rich.words(f"and {len(people) - MOST_PEOPLE} more")))
    heading = rich.section(rich.words("Could not be invited", bold=True))
    return kit.rich_text(heading, rich.bullets(items), block_id="missing.people")


def _empty(part: Part) -> Safe:
    label, reason = excerpt(part.label, LABEL), excerpt(part.reason, REASON)
    return say("{label} ({reason})", label=label, reason=reason) if reason else label
