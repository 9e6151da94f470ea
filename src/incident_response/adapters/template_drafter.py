"""Writes drafts without a model: what is known, in plain sentences, and what a person must add.

Not here: any judgement; what cannot be known from facts is left for people to say.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta

from incident_response.domain.redaction import Brief, RedactedBrief, Task
from incident_response.ports.drafter import Written

TEMPLATE = "template"
LINES = 8
"""Of what happened, the newest, that a short text holds."""

_STATES = {"assembled": "being worked on"}
_BODIES = {
    "investigating": (
        "Since {began} some requests to {what} may fail or take longer than usual. We are"
        " investigating, and will post an update as soon as we know more."
    ),
    "identified": (
        "We have found what causes the problem with {what} and are working on a fix. Until then"
        " some requests may still fail or take longer than usual."
    ),
    "monitoring": (
        "{What} should be working again. We are watching closely to make sure that it stays that"
        " way, and will confirm once it does."
    ),
    "resolved": (
        "The problem that affected {what} since {began} is resolved, and everything is working"
        " normally again. We are sorry for the disruption."
    ),
}


class TemplateDrafter:
    """``ports.drafter.Drafter`` without a model; it never fails and takes no time."""

    async def write(self, brief: RedactedBrief, *, within: timedelta) -> Written:
        """The text for the brief's task."""
        text = _WRITERS[brief.brief.task](brief.brief)
        return Written(text=text, model=TEMPLATE)


def _status_message(brief: Brief) -> str:
    facts = brief.facts
    status = facts.get("page status", "investigating")
    affected = facts.get("affected", "")
    what = affected or "our service"
    words = {
        "what": what,
        "What": what[:1].upper() + what[1:],
        "began": facts.get("began", "recently"),
    }
    # The title stays to the end, so that it must not say how far it is.
    title = facts.get("title on the page") or f"Problems with {what}"
    return json.dumps({"title": title, "body": _BODIES[status].format_map(words)})


def _room_update(brief: Brief) -> str:
    facts = brief.facts
    lines = _newest(brief, "what happened")
    happened = "\n".join(f"• {line}" for line in lines) or "• nothing new was recorded"
    return (
        f"{_standing(facts)}\nSince {facts.get('since', 'the last update')}:\n{happened}\nNext: "
    )


def _catchup(brief: Brief) -> str:
    alert = _first(brief, "alert")
    told = "\n".join(f"• {line}" for line in _newest(brief))
    return "\n".join(filter(None, (alert, _standing(brief.facts), told)))


def _standing(facts: Mapping[str, str]) -> str:
    minutes, state = facts.get("minutes so far", "0"), facts.get("state", "open")
    parts = (
        facts.get("severity", "").partition(" ")[0],
        f"{_STATES.get(state, state)} for {minutes} min",
        f"impact: {facts['impacts']}" if facts.get("impacts") else "",
        f"status page: {facts['status page']}" if facts.get("status page") else "",
    )
    return ", ".join(filter(None, parts)) + "."


def _postmortem(brief: Brief) -> str:
    facts = brief.facts
    return json.dumps(
        {
            "summary": _summary(brief),
            "impact": _impact(facts),
            "went_well": _went_well(facts),
            "lessons": [
                "To be filled in at the review: what surprised us, and what slowed us down?"
            ],
            "action_items": _action_items(facts),
        }
    )


def _summary(brief: Brief) -> str:
    facts = brief.facts
    alert = _first(brief, "alert") or "An incident"
    resolved = facts.get("minutes until resolved")
    ended = _first(brief, "how it was ended")
    sentences = (
        f"{alert} ({facts.get('severity', 'severity unknown')}) began {facts.get('began', '')}",
        f"It was resolved {resolved} minutes after it was noticed" if resolved else "",
        f"How it was ended: {ended}" if ended else "",
    )
    return " ".join(f"{s.rstrip('. ')}." for s in sentences if s)


def _impact(facts: Mapping[str, str]) -> str:
    raised = facts.get("impacts")
    known = f"Raised during the incident: {raised}. " if raised else ""
    return f"{known}To be filled in: who was affected, how many, and for how long."


def _went_well(facts: Mapping[str, str]) -> list[str]:
    seconds, messages = (
        facts.get("seconds until the room stood"),
        facts.get("messages to customers"),
    )
    updates = facts.get("updates in the room", "0")
    lines = (
        f"The room stood {seconds} seconds after the alert." if seconds else "",
        f"The room was told where things stood {_times(updates)}." if updates != "0" else "",
        f"Customers were told {_times(messages)}." if messages and messages != "0" else "",
    )
    return [line for line in lines if line]


def _action_items(facts: Mapping[str, str]) -> list[dict[str, str]]:
    items = [("prevention", "Find the root cause, and prevent that it happens again", "high")]
    noticed = int(facts.get("minutes until noticed", "0"))
    if noticed >= 5:
        items.append(("detection", f"Notice it sooner: it took {noticed} minutes", "medium"))
    items.append(("documentation", "Bring the runbook up to date with what helped", "low"))
    return [
        {"type": kind, "title": title, "priority": priority, "owner": ""}
        for kind, title, priority in items
    ]


_UPDATE = re.compile(
    r"\b(?:update|status|eta|mitigat\w*|roll(?:ed|ing)? ?back|resolved|recover\w*|fixed|identified"
    r"|root cause|investigating|deploy(?:ed|ing)|restart(?:ed|ing)|fail(?:ed|ing) over"
    r"|back to normal|next step|impact)\b",
    re.IGNORECASE,
)
_LEAST_WORDS = 5


def _classify(brief: Brief) -> str:
    """A statement of some length that says how things stand."""
    text = _first(brief, "message").strip()
    is_statement = len(text.split()) >= _LEAST_WORDS and not text.endswith("?")
    return "yes" if is_statement and _UPDATE.search(text) else "no"


def _first(brief: Brief, label: str) -> str:
    return next((item.text for item in brief.material if item.label == label), "")


def _newest(brief: Brief, label: str = "") -> list[str]:
    """The last lines of the material with this label, of all but the alert without one."""
    told = [m.text for m in brief.material if m.label == (label or m.label)]
    skip = ("alert", "alert summary")
    texts = told if label else [m.text for m in brief.material if m.label not in skip]
    return [line for text in texts for line in text.splitlines() if line.strip()][-LINES:]


def _times(number: str) -> str:
    return {"1": "once", "2": "twice"}.get(number, f"{number} times")


_WRITERS: Mapping[Task, Callable[[Brief], str]] = {
    Task.STATUS_MESSAGE: _status_message,
    Task.ROOM_UPDATE: _room_update,
    Task.POSTMORTEM: _postmortem,
    Task.CATCHUP: _catchup,
    Task.CLASSIFY: _classify,
}
