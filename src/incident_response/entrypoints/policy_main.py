"""``incident-response policy check`` and ``policy explain``: is the policy sound, and what would
it do with this alert?

Nothing is opened and nobody is called. Not here: what a policy means (domain.policy).
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from incident_response.adapters.system_clock import SystemClock
from incident_response.alert_sources import ALERT_SOURCES, by_name, strict_json
from incident_response.blocks.words import duration
from incident_response.bootstrap.alert_intake import generic_mapping
from incident_response.bootstrap.policy import load_policy, policy_in
from incident_response.domain.alert import Alert, AlertState
from incident_response.domain.errors import (
    InvalidAlertError,
    InvalidConfigurationError,
    NotFoundError,
)
from incident_response.domain.policy import Policy
from incident_response.entrypoints.lifetime import live
from incident_response.routing.alert_source import AlertSource, ParseContext
from incident_response.settings import Settings
from incident_response.telemetry import configure_logging
from incident_response.workflows.explain_policy import Explanation, explain, silent_steps


def main(options: argparse.Namespace) -> int:
    """Exit code 0 if the policy is sound (and the alert understood), else 1 with the reasons."""
    configure_logging(level="ERROR", form="console")
    doing = _check if options.what == "check" else _explain

    async def life(_stop: asyncio.Event) -> int:
        return doing(options)

    return live(life)


def _check(options: argparse.Namespace) -> int:
    policy, name = _policy(options.file)
    named = len(policy.contacts) - sum(not address for address in policy.contacts.values())
    _tell(
        f"{name} is sound: {len(policy.severities)} severities, {len(policy.rules)} rules,"
        f" {named} of {len(policy.contacts)} contacts have an address."
    )
    if silent := silent_steps(policy):
        _tell(f"Ladders name contacts without an address, who cannot be called: {_list(silent)}.")
    return 0


def _explain(options: argparse.Namespace) -> int:
    policy, _ = _policy(options.policy)
    alert = _alert(_bytes(options.alert), options.source)
    explanation = explain(alert, policy)
    if options.json:
        _tell(json.dumps(explanation.as_json(), ensure_ascii=False))
    else:
        _tell("\n".join(_lines(explanation)))
    return 0


def _policy(file: str) -> tuple[Policy, str]:
    """The policy to look at and what to call it: the file named, else the installation's."""
    if file:
        return policy_in(Path(file)), file
    settings = Settings()
    name = str(settings.policy_file) if settings.policy_file else "The shipped policy"
    return load_policy(settings), name


def _bytes(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(strict_json.MAX_BYTES + 1)
    try:
        with Path(name).open("rb") as file:
            return file.read(strict_json.MAX_BYTES + 1)
    except OSError as error:
        why = error.strerror or "it cannot be read"
        raise NotFoundError(f"{name}: {why}") from error


def _alert(raw: bytes, source: str) -> Alert:
    """The alert as the webhook would read it; by the first source that understands it if none is
    named.

    Raises ``InvalidConfigurationError`` that says which fields are at fault.
    """
    sources = (by_name(ALERT_SOURCES)[source],) if source else ALERT_SOURCES
    reasons = []
    for candidate in sources:
        try:
            alert = _parsed(raw, candidate)
        except InvalidAlertError as error:
            places = f" (at {', '.join(error.pointers)})" if error.pointers else ""
            reasons.append(f"{candidate.name}: {error}{places}")
            continue
        if alert.state is not AlertState.UNKNOWN or source:
            return alert
        reasons.append(f"{candidate.name}: its state is not known")
    raise InvalidConfigurationError("the alert is not understood\n  " + "\n  ".join(reasons))


def _parsed(raw: bytes, source: AlertSource) -> Alert:
    mapping = generic_mapping(Settings()) if source.name == "generic" else None
    context = ParseContext(
        source=source.name, received_at=SystemClock().now(), raw=raw, mapping=mapping
    )
    return source.parse(strict_json.parse(raw), context)


def _lines(found: Explanation) -> Iterator[str]:
    alert, of = found.alert, found.of
    yield f"{alert.source}: {alert.title} ({alert.state.value})"
    if not found.opens_incident:
        yield "It opens no incident: only a firing alert does. If it fired, it would be a"
    yield f"{found.judgement.severity}  {of.meaning}"
    yield f"    because {found.judgement.why}."
    yield ""
    yield from _calls(found)
    yield from _targets(found)
    yield _approvers(found)
    yield (
        "It is resolved by itself when the source resolves."
        if of.closes_with_source
        else "When the source resolves, resolving is proposed; a person does it."
    )


def _calls(found: Explanation) -> Iterator[str]:
    if not found.of.opens_room:
        yield "It opens no room and calls nobody: it is recorded."
        return
    yield "It opens a room."
    for index, rung in enumerate(found.of.ladder):
        when = "at once" if index == 0 else f"after {_length(rung.after)}"
        yield f"  {rung.level:<4} {when:<16} {_list(found.who(rung))}"
    if len(found.of.ladder) > 1:
        yield "  until somebody acknowledges or takes command."
    elif not found.of.ladder:
        yield "  Nobody further is called: this severity has no ladder."


def _targets(found: Explanation) -> Iterator[str]:
    of = found.of
    told = (
        (
            "Targets",
            (("respond within", of.respond_within), ("resolve within", of.resolve_within)),
        ),
        (
            "Stakeholders hear",
            (
                ("the first word within", of.first_update_within),
                ("updates every", of.updates_every),
                ("of the fix within", of.resolution_told_within),
            ),
        ),
        (
            "The commander is reminded",
            (
                ("to tell the room every", of.nudge_every),
                ("to tell customers after", of.page_draft_within),
            ),
        ),
    )
    for head, lengths in told:
        parts = tuple(f"{words} {_length(at)}" for words, at in lengths if at is not None)
        if parts:
            yield f"{head}: {_list(parts)}."


def _approvers(found: Explanation) -> str:
    group = found.policy.approver_group
    who = f"the commander or a member of @{group}" if group else "the commander"
    if found.of.approvals == 1:
        return f"A message to customers is approved by {who}."
    return f"A message to customers is approved by {found.of.approvals} different people: {who}."


def _length(length: timedelta) -> str:
    return duration(length) if length else "no time"


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
