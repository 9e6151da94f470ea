"""A postmortem's prose without a writer: sentences over what is on record, and nothing else.

Not here: what a model writes (workflows.drafting).
"""

from collections.abc import Iterator

from incident_response.domain.follow_up import DETECT_WITHIN, Record
from incident_response.domain.incident import Incident
from incident_response.domain.postmortem import PostmortemDocument, Prose, moment
from incident_response.domain.spans import duration

TO_ANSWER = "To be filled in in the review: what surprised us, and what slowed us down?"


def plain_prose(
    incident: Incident, document: PostmortemDocument, record: Record, *, note: str = ""
) -> Prose:
    """Prose from the facts; ``note`` says why no model wrote it."""
    return Prose(
        summary=" ".join(_summary(incident, document)),
        impact=" ".join(_impact(document)),
        went_well=tuple(_went_well(incident, document, record)),
        lessons=(TO_ANSWER,),
        is_template=True,
        note=note,
    )


def _summary(incident: Incident, document: PostmortemDocument) -> Iterator[str]:
    title = incident.title.strip().rstrip(".") or "An incident"
    where = f" in {incident.service}" if incident.service else ""
    yield f"{title}{where} began at {moment(incident.started_at)} ({incident.severity})."
    if document.took is None:
        yield "It is not over."
    else:
        yield f"It lasted {duration(document.took)}."
    if document.outcome.summary:
        yield f"How it ended: {document.outcome.summary.strip().rstrip('.')}."


def _impact(document: PostmortemDocument) -> Iterator[str]:
    if document.raised:
        raised = ", ".join(impact.value for impact in document.raised)
        yield f"Raised during the incident: {raised}."
    yield "To be filled in in the review: who was affected, how many, and how."


def _went_well(incident: Incident, document: PostmortemDocument, record: Record) -> Iterator[str]:
    for measure in document.measures:
        if measure.target is not None and measure.took is not None and not measure.is_missed:
            yield f"{measure.words}."
    detected = incident.created_at - incident.started_at
    if detected <= DETECT_WITHIN:
        yield f"It was detected within {duration(DETECT_WITHIN)} of its beginning."
    if incident.assembled_at is not None:
        took = incident.assembled_at - incident.created_at
        yield f"The war room stood after {took.total_seconds():.0f} s."
    if record.first_published_at is not None:
        told = record.first_published_at - incident.created_at
        yield f"Customers were told on the status page after {duration(told)}."
