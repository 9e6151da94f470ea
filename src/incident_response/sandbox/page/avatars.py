"""Faces: coloured squares with initials, drawn as SVG so that nothing is loaded from anywhere."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from incident_response.sandbox.page.emoji import emoji
from incident_response.sandbox.page.markup import Html, tag
from incident_response.sandbox.slack.model import User

_HEX: Final = re.compile(r"[0-9a-fA-F]{6}")
FALLBACK: Final = "616061"


def avatar(user: User | None, *, symbol: str | None = None) -> Html:
    """Draw a user's face; an app may bring an emoji of its own (``:fire:``) instead."""
    name = user.real_name if user else "?"
    color = user.color if user and _HEX.fullmatch(user.color) else FALLBACK
    shown = (emoji(symbol.strip(":")) if symbol else None) or initials(name)
    return _drawn(shown, color)


@lru_cache(maxsize=256)
def _drawn(shown: str, color: str) -> Html:
    return tag(
        "svg",
        tag("rect", width=36, height=36, rx=8, fill=f"#{color}"),
        tag("text", shown, x=18, y=18),
        class_="avatar",
        viewBox="0 0 36 36",
        aria_hidden="true",
        focusable="false",
    )


def initials(name: str) -> str:
    """Give at most two letters: of the first and the last word."""
    words = re.findall(r"\w+", name)
    if not words:
        return "?"
    chosen = [words[0], *words[-1:]] if len(words) > 1 else words
    return "".join(word[0] for word in chosen).upper()
