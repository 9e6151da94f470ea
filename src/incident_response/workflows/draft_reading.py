"""Reads what a writer wrote, strictly: the wrong shape is no draft, and what must not be in it is
refused or left out.

Pure. Not here: asking a writer (drafting), the rules for text (domain.draft_text).
"""

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field

from incident_response.domain.draft_text import CustomerText, safe_inside, unfit_for_customers
from incident_response.domain.errors import RefusedError
from incident_response.domain.incident import Incident
from incident_response.domain.known_names import KnownNames
from incident_response.domain.postmortem import ActionItem, ActionType, Priority, Prose
from incident_response.domain.redaction import RedactedBrief

LONGEST_LINE = 300
"""Characters of a lesson, a title or an owner."""
LONGEST_PART = 3_000
_NO_NEWS = "Update"
"""Stands for a title that is not the writer's, while the rest is looked at."""
MOST_LINES = 10

B = TypeVar("B", bound=BaseModel)
E = TypeVar("E", bound=StrEnum)


class UnfitDraftError(RefusedError):
    """What was written is not what was asked for."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Message(_Strict):
    title: str
    body: str


class _Item(_Strict):
    type: str
    title: str = Field(min_length=1)
    priority: str
    owner: str = ""


class _Sections(_Strict):
    summary: str = Field(min_length=1)
    impact: str
    went_well: list[str]
    lessons: list[str]
    action_items: list[_Item]


def customer_text(
    text: str, incident: Incident, brief: RedactedBrief, known: KnownNames
) -> CustomerText:
    """A message to customers; raises ``UnfitDraftError`` if it may not be shown to them.

    What goes on with an incident of the page keeps its title, which people approved.
    """
    read = _parsed(text, _Message)
    kept = incident.page.title if incident.page.status else ""
    message = CustomerText(title=_NO_NEWS if kept else read.title.strip(), body=read.body.strip())
    facts = tuple(brief.brief.facts.values())
    why = unfit_for_customers(
        message,
        known=known,
        trusted=facts,
        untrusted=(item.text for item in brief.brief.material),
        internal=internal_names(incident, spoken=facts),
    )
    if why:
        raise UnfitDraftError(f"The text is not fit for customers: {why}", reason="unfit")
    return message.model_copy(update={"title": kept}) if kept else message


def internal_names(incident: Incident, *, spoken: Iterable[str]) -> tuple[str, ...]:
    """What we call things among ourselves, less what customers know (``spoken``)."""
    room = incident.room.name if incident.room else ""
    service = incident.service if any(not c.isalpha() for c in incident.service) else ""
    known_outside = " ".join(spoken).casefold()
    names = (incident.incident_id, room, service, *incident.labels.values())
    unusual = (name for name in names if any(not c.isalpha() for c in name) and len(name) > 3)
    return tuple(name for name in unusual if name.casefold() not in known_outside)


def inside_text(text: str, incident: Incident, brief: RedactedBrief) -> str:
    """A text for colleagues, what was taken out put back."""
    read = _restored(text, incident, brief, longest=brief.brief.longest)
    if not read:
        raise UnfitDraftError("The model wrote nothing", reason="empty")
    return read


def prose(text: str, incident: Incident, brief: RedactedBrief) -> Prose:
    """The sections of a postmortem, what was taken out put back."""
    read = _parsed(text, _Sections)

    def part(value: str, longest: int = LONGEST_PART) -> str:
        return _restored(value, incident, brief, longest=longest)

    def lines(values: list[str]) -> tuple[str, ...]:
        return tuple(filter(None, (part(v, LONGEST_LINE) for v in values[:MOST_LINES])))

    return Prose(
        summary=part(read.summary),
        impact=part(read.impact),
        went_well=lines(read.went_well),
        lessons=lines(read.lessons),
        action_items=tuple(
            ActionItem(
                type=_one_of(ActionType, item.type, ActionType.PREVENTION),
                title=part(item.title, LONGEST_LINE),
                priority=_one_of(Priority, item.priority, Priority.MEDIUM),
                owner=part(item.owner, LONGEST_LINE),
            )
            for item in read.action_items[:MOST_LINES]
        ),
    )


def verdict(text: str) -> bool:
    """``yes`` or ``no`` and nothing else."""
    word = text.strip().strip(".").casefold()
    if word not in ("yes", "no"):
        raise UnfitDraftError("The model answered neither yes nor no", reason="not_understood")
    return word == "yes"


def _one_of(words: type[E], said: str, otherwise: E) -> E:
    return words(said) if said in set(words) else otherwise


def _parsed(text: str, shape: type[B]) -> B:
    try:
        return shape.model_validate(json.loads(text.strip()))
    except (ValueError, RecursionError):  # it quotes what was written, which stays out of errors
        raise UnfitDraftError(
            "The model did not answer in the form that was asked for", reason="not_understood"
        ) from None


def _restored(text: str, incident: Incident, brief: RedactedBrief, *, longest: int) -> str:
    """Cleaned before and after: neither the model nor what is put back may bring an address."""
    trusted = tuple(link.url for link in incident.links)
    cleaned = safe_inside(text, trusted=trusted, longest=longest)
    return safe_inside(brief.restore(cleaned), trusted=trusted, longest=longest)
