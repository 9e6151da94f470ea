"""Tells one person why something could not be done, and what to do instead.

Not here: what an operator is told (notices).
"""

from typing import Final

from incident_response.blocks import action_ids, kit
from incident_response.blocks.people import approvers
from incident_response.blocks.text import Safe, escape, excerpt, join, mention, say
from incident_response.domain import errors
from incident_response.ports.chat import Message

REASON = 300

_WAYS: Final[tuple[tuple[type[errors.IncidentResponseError], str, str], ...]] = (
    (errors.RateLimitedError, "we were asked to slow down", "Try again in a minute."),
    (
        errors.UnknownOutcomeError,
        "no answer came",
        "It may have worked: look first.",
    ),
    (errors.ConflictError, "somebody changed it at the same moment", "Look again, then retry."),
    (errors.UnavailableError, "it could not be reached", "Try again in a minute."),
    (errors.RetryableError, "it did not work just now", "Try again in a minute."),
    (errors.NotAllowedError, "", "Ask the incident commander."),
    (errors.LeaseLostError, "another processor is working on it", "Try again in a minute."),
)
"""Kinds of error with why and what to do; an empty why is told in the error's own words. The first
that fits counts.
"""
_DEFAULT_WAY = "If that is odd, tell whoever runs this app."
_SUPERSEDED_WAY = "Use the newest message in the room."


def could_not(what: str, why: str, do: str = "") -> Message:
    """``Could not {what}: {why}. {do}``; all three may hold untrusted text."""
    reason = excerpt(why.rstrip(". "), REASON) or say("no reason was given")
    refusal = say("⚠️ Could not {what}: {why}.", what=excerpt(what, REASON), why=reason)
    text = join([refusal, excerpt(do, REASON)], " ")
    return kit.paragraph(text, block_id="refusal")


def failed(what: str, error: errors.IncidentResponseError) -> Message:
    """``could_not`` for an error of the tree."""
    if isinstance(error, errors.RefusedError) and error.reason == action_ids.SUPERSEDED:
        return could_not(what, str(error), _SUPERSEDED_WAY)
    if isinstance(error, errors.NotInCommandError) and error.commander:
        return _only(what, error.commander)
    if isinstance(error, errors.NotAnApproverError):
        return _only_approvers(what, error)
    if isinstance(error, errors.WrongStateError):
        return _wrong_state(what, error)
    for kind, why, do in _WAYS:
        if isinstance(error, kind):
            return could_not(what, why or str(error), do)
    return could_not(what, _with_reason(error), _DEFAULT_WAY)


def _only(what: str, commander: str) -> Message:
    text = say(
        "⚠️ Could not {what}: {who} is in command, and only they can. Ask them, or take command.",
        what=excerpt(what, REASON),
        who=mention(commander),
    )
    return kit.paragraph(text, block_id="refusal")


def _only_approvers(what: str, error: errors.NotAnApproverError) -> Message:
    who = approvers(error.commander, error.group)
    why = escape("you may not decide what customers are told")
    text = say(
        "⚠️ Could not {what}: {why}. May: {who}.", what=excerpt(what, REASON), why=why, who=who
    )
    return kit.paragraph(text, block_id="refusal")


def _wrong_state(what: str, error: errors.WrongStateError) -> Message:
    why = excerpt(str(error).rstrip(". "), REASON)
    by = say(" (by {who})", who=mention(error.by)) if error.by else Safe()
    text = say("⚠️ Could not {what}: {why}{by}.", what=excerpt(what, REASON), why=why, by=by)
    return kit.paragraph(text, block_id="refusal")


def _with_reason(error: errors.IncidentResponseError) -> str:
    reason = error.reason if isinstance(error, errors.RefusedError) else ""
    return f"{error} ({reason})" if reason else str(error)
