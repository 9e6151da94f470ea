"""The room's main message: what is wrong, who is on it, what is known and what is missing.

It is posted early and drawn anew whenever something changes, so its block ids stay the same.
Not here: what the sources said (evidence), what they did not (missing).
"""

from datetime import datetime

from incident_response.blocks import kit, words
from incident_response.blocks.evidence import evidence
from incident_response.blocks.missing import in_short, missing, quiet
from incident_response.blocks.people import command_line, commander_field, take_command
from incident_response.blocks.text import (
    Safe,
    clean,
    escape,
    excerpt,
    join,
    link,
    mention,
    say,
    units,
    web_address,
    when,
)
from incident_response.domain.briefing import Briefing
from incident_response.domain.incident import Incident
from incident_response.domain.model import Json
from incident_response.domain.policy import Policy
from incident_response.ports.chat import Message

NAME = 100
"""Characters of a service, team or source that are shown."""
SUMMARY = 1_200
"""Characters of the alert's summary: what fits a phone's screen; the alert has the rest."""
MOST_LINKS = 8
LINKS = 2_000
"""Characters of all links together."""
SPARE = ("traces", "commits", "owners", "logs", "summary", "links")
"""Block ids that may be left out of a message that would be too large, first to last."""


def facts(incident: Incident, briefing: Briefing, now: datetime, *, policy: Policy) -> Message:
    """The facts as they stand at ``now``, which the message names."""
    blocks = [
        kit.header(f"{words.badge(incident)} · {words.title(incident)}", block_id="title"),
        kit.section(_status(incident), block_id="status", accessory=take_command(incident)),
        kit.fields(_fields(incident, now, policy), block_id="facts"),
        *_summary(incident),
        *_links(incident),
        *evidence(briefing),
        *quiet(briefing),
        *missing(incident, briefing),
        kit.context(_footer(incident, now), block_id="footer"),
    ]
    return kit.message(_fallback(incident, briefing, now), blocks, spare=SPARE)


def _status(incident: Incident) -> Safe:
    state = say("*{status}*", status=words.status(incident))
    if incident.resolved_at and incident.is_closed:
        state = say("{state} {at}", state=state, at=when(incident.resolved_at))
    alert = escape(words.ALERT[incident.alert_state])
    wanted = take_command(incident) is not None
    return join([state, alert, say("*nobody is in command yet*") if wanted else Safe()])


def _fields(incident: Incident, now: datetime, policy: Policy) -> list[Safe]:
    severity = f"{incident.severity} {policy.of(incident.severity).meaning}"
    shown = [
        _field("Severity", escape(severity)),
        _field("Service", excerpt(incident.service, NAME)),
        _field("Team", excerpt(incident.team, NAME)),
        _field("Source", _source(incident)),
        _field("Started", _started(incident, now)),
        _field("Incident commander", commander_field(incident)),
        _field("Responders", escape(str(len(incident.responders) or "nobody yet"))),
    ]
    return [field for field in shown if field]


def _field(name: str, value: Safe) -> Safe:
    """A labelled value; nothing at all where the source said nothing."""
    return say("*{name}*\n{value}", name=name, value=value) if value else value


def _source(incident: Incident) -> Safe:
    if incident.declared_by:
        return say("declared by {who}", who=mention(incident.declared_by))
    source = excerpt(incident.source, NAME)
    if incident.alert_count < 2:
        return source
    return say("{source}, {n} alerts", source=source, n=incident.alert_count)


def _started(incident: Incident, now: datetime) -> Safe:
    at = when(incident.started_at)
    return say("{at} ({ago})", at=at, ago=words.ago(incident.started_at, now))


def _summary(incident: Incident) -> list[Json]:
    text = clean(incident.summary, lines=True)
    if not text or clean(text) == clean(incident.title):
        return []
    tail = "… open the alert for the rest" if incident.links else "…"
    return [kit.plain_section(text, SUMMARY, block_id="summary", tail=tail)]


def _links(incident: Incident) -> list[Json]:
    shown: list[Safe] = []
    room = LINKS
    for given in incident.links[:MOST_LINKS]:
        if not web_address(given.url):
            continue
        built = link(given.url, clean(given.title)[:NAME])
        room -= units(built)
        if room >= 0:
            shown.append(built)
    return [kit.section(join(shown), block_id="links")] if shown else []


def _footer(incident: Incident, now: datetime) -> Safe:
    return say("Incident `{code}` · as of {at}", code=escape(incident.code), at=when(now))


def _fallback(incident: Incident, briefing: Briefing, now: datetime) -> Safe:
    head = say(
        "{badge} {title}", badge=words.badge(incident), title=excerpt(words.title(incident), 300)
    )
    began = say("began {ago}", ago=words.ago(incident.started_at, now))
    service = excerpt(incident.service, NAME)
    return join([head, service, began, command_line(incident), in_short(briefing)])
