"""The questions of a postmortem's review, each with what the record already answers.

The questions are the specification's (post-incident review and initial lessons learned). Not here:
how they are laid out (postmortem).
"""

from incident_response.domain.follow_up import Record
from incident_response.domain.incident import Incident
from incident_response.domain.postmortem import PostmortemDocument, ReviewQuestion, moment
from incident_response.domain.spans import duration


def review_questions(
    incident: Incident, document: PostmortemDocument, record: Record
) -> tuple[ReviewQuestion, ...]:
    """All of them, in the order of the review."""
    known = {"Acknowledged": "", "Mitigated": "", "Resolved": ""} | {
        measure.name: f"{measure.words}." for measure in document.measures
    }
    downtime = f"{duration(document.downtime)}." if document.downtime is not None else ""
    asked = (
        ("Timeline", "How was the incident first detected?", _detection(incident)),
        ("Timeline", "How quickly did we respond?", known["Acknowledged"]),
        ("Timeline", "How long did it take to identify the root cause?", ""),
        ("Timeline", "How long did it take to implement the fix?", known["Mitigated"]),
        ("Timeline", "How long until full recovery?", known["Resolved"]),
        ("Impact", "How many users were affected, and which?", ""),
        ("Impact", "How long was the service unavailable in all?", downtime),
        ("Impact", "What is the estimated financial impact?", ""),
        ("Impact", "What is the impact on customer satisfaction?", ""),
        ("Root cause", "What was the main technical cause?", ""),
        ("Root cause", "What contributed to it?", ""),
        ("Root cause", "Which process or training issues played a part?", ""),
        ("Response", "What went well, and what could be improved?", ""),
        ("Response", "Were the procedures followed?", _procedures(document, record)),
        ("Response", "How well did we communicate?", _communication(incident, record)),
    )
    return tuple(ReviewQuestion(group=g, question=q, known=k) for g, q, k in asked)


def _detection(incident: Incident) -> str:
    took = duration(incident.created_at - incident.started_at)
    is_declared = incident.declared_by is not None
    how = "by a person, who declared it" if is_declared else f"by {incident.source}"
    return f"{how} at {moment(incident.created_at)}, {took} after it began."


def _procedures(document: PostmortemDocument, record: Record) -> str:
    parts = [f"{len(document.missed)} response targets missed"] if document.missed else []
    if record.backups_told:
        parts.append(f"updates failed to come {record.backups_told} times")
    return f"{', '.join(parts)}." if parts else ""


def _communication(incident: Incident, record: Record) -> str:
    if record.first_published_at is None:
        return "Nothing was published on the status page."
    took = duration(record.first_published_at - incident.created_at)
    return f"The first message to customers was published after {took}."
