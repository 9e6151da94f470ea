"""What the model says where no line was scripted: something sensible in the form it is asked for.

It reads the prompt as plainly as a person would: the form that is wanted, lines of facts
(`name: value`) and material between tags. What does not belong here: any understanding.
"""

import json
import re
from collections.abc import Callable

_POSTMORTEM = """\
## Summary

A dependency of the service slowed down, requests queued behind it and customers saw errors.

## Impact

Part of the requests failed or were slow until traffic was moved away.

## Root cause

To be confirmed. The evidence points at the dependency that timed out first.

## Resolution

Traffic was moved to the healthy path, and error rates returned to normal.

## What went well

- The alert fired within minutes and the right people were in the room at once.

## Lessons

- One slow dependency was able to use up every worker.

## Action items

- Bound the time spent waiting for the dependency (P1)
- Alert on queue length before customers notice (P2)
"""
_DRAFT = (
    "We are investigating a problem that causes some requests to fail or to be slower than usual. "
    "Our engineers are working on it. We will share more as soon as we know it."
)
_CLASSIFIED = '{"severity": "P1", "reason": "Customers see errors on a path that takes payments."}'
_MATERIAL = re.compile(r'<([a-z][\w-]*) from="([^"]*)">\n(.*?)\n</\1>', re.DOTALL)
_LINES = 4  # of what happened, that a short text repeats


def unscripted(prompt: str) -> str:
    """Return what is said to this prompt."""
    asked = prompt.casefold()
    said = (say(prompt) for mark, say in _KINDS if mark in asked)
    return next(said, _DRAFT)


def _status_message(prompt: str) -> str:
    affected, began = _fact(prompt, "affected"), _fact(prompt, "began")
    part = affected or "our service"
    since = f"Since {began[11:]} some" if began else "Some"
    title, body = {
        "identified": (
            f"{part}: cause found",
            f"We have found what makes some requests to {part} fail and are rolling out a fix."
            " Until then some of them may fail or take longer than usual.",
        ),
        "monitoring": (
            f"{part}: recovering",
            f"A fix is in place and {part} is working again. We are watching it closely and will"
            " confirm here once we are sure that it stays that way.",
        ),
        "resolved": (
            f"{part}: resolved",
            f"The problem with {part} is resolved, and everything works normally again. We are"
            " sorry for the disruption.",
        ),
    }.get(
        _fact(prompt, "page status"),
        (
            f"{part}: some requests are failing",
            f"{since} requests to {part} fail or take longer than usual. Our engineers are"
            " investigating. We will post an update as soon as we know more.",
        ),
    )
    title = _fact(prompt, "title on the page") or title[:1].upper() + title[1:]
    return json.dumps({"title": title, "body": body})


def _sections(prompt: str) -> str:
    alert = _material(prompt, "alert") or "The service degraded"
    began, minutes = _fact(prompt, "began"), _fact(prompt, "minutes until resolved")
    lasted = f" and was over {minutes} minutes after it was noticed" if minutes else ""
    seconds = _fact(prompt, "seconds until the room stood")
    return json.dumps(
        {
            "summary": f"{alert}. It began {began}{lasted}. A slow dependency made requests queue"
            " until customers saw errors; moving traffic away ended it.",
            "impact": "Part of the requests failed or were slow. How many customers noticed is not"
            " known yet.",
            "went_well": [
                "The alert fired before customers wrote to support.",
                f"The room stood {seconds or 'a few'} seconds after the alert.",
            ],
            "lessons": [
                "One slow dependency was able to use up every worker.",
                "Nobody could see from the dashboard which dependency was slow.",
            ],
            "action_items": [
                _item("prevention", "Bound the time spent waiting for the dependency", "high"),
                _item("detection", "Alert on queue length before customers notice", "medium"),
                _item("documentation", "Add the way to move traffic to the runbook", "low"),
            ],
        }
    )


def _item(kind: str, title: str, priority: str) -> dict[str, str]:
    return {"type": kind, "title": title, "priority": priority, "owner": ""}


def _update(prompt: str) -> str:
    lines = _material(prompt, "what happened").splitlines()[-_LINES:]
    done = "; ".join(line[6:] for line in lines) or "nothing new was recorded"
    return (
        f"{_standing(prompt)}\nSince {_fact(prompt, 'since')}: {done}.\n"
        "Next: confirm what changed shortly before it began, and decide whether to roll it back."
    )


def _summary(prompt: str) -> str:
    lines = _material(prompt, "what happened").splitlines()[-_LINES:]
    told = "".join(f"\n\u2022 {line}" for line in lines)
    return f"\u2022 {_material(prompt, 'alert')}\n\u2022 {_standing(prompt)}{told}"


def _standing(prompt: str) -> str:
    severity = _fact(prompt, "severity").partition(" ")[0]
    return f"{severity}, {_fact(prompt, 'state')} for {_fact(prompt, 'minutes so far')} minutes."


def _yes_or_no(prompt: str) -> str:
    message = _material(prompt, "message")
    return "yes" if len(message.split()) > 4 and "?" not in message else "no"


def _fact(prompt: str, name: str) -> str:
    found = re.search(rf"^{re.escape(name)}: (.{{1,500}})$", prompt, re.MULTILINE)
    return found[1] if found else ""


def _material(prompt: str, name: str) -> str:
    found = _MATERIAL.finditer(prompt)
    return next((piece[3].strip() for piece in found if piece[2] == name), "")


# The first mark found in a prompt decides what is answered.
_KINDS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ('"title" and "body"', _status_message),
    ('"action_items"', _sections),
    ("one word yes", _yes_or_no),
    ("update for the war room", _update),
    ("somebody who joins the incident", _summary),
    ("classif", lambda _: _CLASSIFIED),
    ("postmortem", lambda _: _POSTMORTEM),
    ("post-mortem", lambda _: _POSTMORTEM),
)
