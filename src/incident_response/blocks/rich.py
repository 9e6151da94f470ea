"""Elements of Slack's ``rich_text`` block: a tree in which text is text and nothing is parsed.

The place for untrusted text. Not here: mrkdwn (text), the blocks around it (kit).
"""

from datetime import datetime

from pydantic import JsonValue

from incident_response.blocks.text import clean, cut, is_user_id, link_label, utc, web_address
from incident_response.domain.model import Json

EMPTY = "—"
"""Shown where nothing is left of a text: Slack refuses empty ones."""


def text(content: str, limit: int, *, bold: bool = False, code: bool = False) -> Json:
    """One line of untrusted text, cut to ``limit``; a dash where nothing is left of it."""
    return _styled({"type": "text", "text": cut(clean(content), limit) or EMPTY}, bold, code)


def words(content: str, *, bold: bool = False) -> Json:
    """Our own literal words, spaces included."""
    return _styled({"type": "text", "text": content}, bold, False)


def plain_words(content: str, limit: int) -> Json:
    """Untrusted words of a longer line, with the spaces around them, cut to ``limit``."""
    before = " " if content[:1].isspace() else ""
    after = " " if content[-1:].isspace() else ""
    return {"type": "text", "text": f"{before}{cut(clean(content), limit)}{after}" or EMPTY}


def person(user_id: str) -> Json:
    """A mention, or the harmless text of what is not a user id."""
    if not is_user_id(user_id):
        return text(user_id, 80)
    return {"type": "user", "user_id": user_id}


def lines(content: str, limit: int) -> Json:
    """Untrusted text with its lines, cut to ``limit``."""
    return {"type": "text", "text": cut(clean(content, lines=True), limit) or EMPTY}


def link(url: str, label: str, limit: int, *, foreign: bool = True) -> Json:
    """A link to exactly ``url``, or its label alone where that is no http(s) address.

    ``foreign`` adds the host to the label.
    """
    address = web_address(url)
    if not address:
        return text(label, limit)
    shown = link_label(url, cut(clean(label), limit)) if foreign else cut(clean(label), limit)
    return {"type": "link", "url": address, "text": shown or address}


def time(at: datetime) -> Json:
    """Day and time in each reader's own zone."""
    return {
        "type": "date",
        "timestamp": int(at.timestamp()),
        "format": "{date_short_pretty} at {time}",
        "fallback": utc(at),
    }


def section(*elements: Json) -> Json:
    """A paragraph."""
    return {"type": "rich_text_section", "elements": [*elements]}


def bullets(items: list[Json]) -> Json:
    """A list whose items are sections."""
    return {"type": "rich_text_list", "style": "bullet", "elements": [*items]}


def preformatted(content: str, limit: int) -> Json:
    """Untrusted lines in a fixed-width box; nothing inside can end it."""
    return {"type": "rich_text_preformatted", "elements": [lines(content, limit)]}


def _styled(element: Json, bold: bool, code: bool) -> Json:
    style: dict[str, JsonValue] = {}
    if bold:
        style["bold"] = True
    if code:
        style["code"] = True
    return {**element, "style": style} if style else element
