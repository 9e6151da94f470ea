"""Text that is safe to put into Slack's mrkdwn, and how untrusted text becomes it.

Slack's mrkdwn gives meaning to ``& < >`` (entities, mentions, links), to ``* _ ~`` and the
back-tick (styles), to ``>`` at the start of a line (quotes), and it turns bare addresses into
links. ``Safe`` marks text in which all of that is meant; only this module makes one. Not here:
rich text elements, which need no escaping (rich), and blocks (kit).
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from incident_response.blocks.limits import LINK_URL
from incident_response.domain.plain_text import clean as clean


class Safe(str):
    """Finished mrkdwn. A ``str`` (and so an f-string, even of Safes) is not one: mypy refuses it,
    and so does ``kit`` at run time.
    """

    __slots__ = ()


ELLIPSIS = "…"
_WORD_JOINER = "\u2060"
"""Invisible and unbreakable: parts an address from what would make it a link."""
_STYLE = re.compile(r"(?<![^\W_])[*_~]|[*_~](?![^\W_])|`")
"""A style character, unless it stands inside a word (``payments_api``), where it has no effect."""
_LOOKALIKES = {"*": "\u2217", "_": "\u02cd", "~": "\u223c", "`": "\u02cb"}
_QUOTE = re.compile(r"^>+")
_LINKED = re.compile(r":(?=//)|[@#](?=\w)|(?<=\w)\.(?=[^\W\d_])")
"""Where bare URLs, e-mail and host addresses, ``@here`` and ``#channel`` are broken."""

_TOKEN = re.compile(r"`[^`]*`|<[^<>]*>|&(?:amp|lt|gt);|.", re.DOTALL)
_USER_ID = re.compile(r"[UW][A-Z0-9]+", re.ASCII)
_CHANNEL_ID = re.compile(r"C[A-Z0-9]+", re.ASCII)
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")
_UNFIT_FOR_URL = re.compile(r"[\s\\\x00-\x20\x7f]")


def units(text: str) -> int:
    """The length of ``text`` as Slack counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int, *, tail: str = ELLIPSIS) -> str:
    """``text`` if it fits in ``limit`` units, else its start and ``tail``."""
    if units(text) <= limit:
        return text
    return start(text, limit - units(tail)).rstrip(" \n\u200d") + tail


def cut_mrkdwn(text: Safe, limit: int) -> Safe:
    """As ``cut``, but ``&amp;``, code, a mention, link or date is kept or left out whole."""
    if units(text) <= limit:
        return text
    taken, room = [], limit - units(ELLIPSIS)
    for token in _TOKEN.findall(text):
        room -= units(token)
        if room < 0:
            break
        taken.append(token)
    return Safe("".join(taken).rstrip() + ELLIPSIS)


def escape(text: str) -> Safe:
    """Untrusted text as one line of mrkdwn that shows itself and does nothing.

    Style characters that would take effect become look-alikes; addresses and ``@names`` get an
    invisible joiner, so that nothing links or pings. A ``Safe`` is returned as it is.
    """
    if isinstance(text, Safe):
        return text
    line = _LINKED.sub(lambda mark: mark[0] + _WORD_JOINER, _unstyled(clean(text)))
    return Safe(_entities(line))


def excerpt(text: str, limit: int) -> Safe:
    """``escape`` of at most ``limit`` units of untrusted text."""
    return escape(text if isinstance(text, Safe) else cut(clean(text), limit))


def say(template: str, /, **values: str | int) -> Safe:
    """``template``, our own literal mrkdwn, with its ``{names}`` filled in.

    A value that is not ``Safe`` is escaped. Never give an f-string: a test forbids it.
    """
    return Safe(template.format_map({name: escape(_text(v)) for name, v in values.items()}))


def join(parts: Iterable[Safe], separator: str = " · ") -> Safe:
    """The non-empty parts, with our own literal ``separator`` between them."""
    return Safe(separator.join(part for part in parts if part))


def bold(text: str) -> Safe:
    """``text`` in bold; empty for empty text."""
    shown = escape(text)
    return Safe(f"*{shown}*") if shown else shown


def code(text: str) -> Safe:
    """``text`` as code on one line, to be copied exactly; a back-tick becomes an apostrophe."""
    shown = _entities(clean(text).replace("`", "'"))
    return Safe(f"`{shown}`") if shown else Safe()


def mention(user_id: str) -> Safe:
    """A mention of the user, or the harmless text of what is not a user id."""
    return Safe(f"<@{user_id}>") if is_user_id(user_id) else escape(user_id)


def channel(channel_id: str, name: str) -> Safe:
    """A link to the channel, or its name where the id is not a channel id."""
    if _CHANNEL_ID.fullmatch(channel_id):
        return Safe(f"<#{channel_id}>")
    return say("#{name}", name=name)


def is_user_id(text: str) -> bool:
    """Whether ``text`` has the shape of a Slack user id."""
    return _USER_ID.fullmatch(text) is not None


def link(url: str, label: str, *, foreign: bool = True) -> Safe:
    """A link to exactly ``url``; only the label where ``url`` is no http(s) address.

    ``foreign`` (an address that came with an alert) adds the host to the label, so that nobody
    has to trust the label.
    """
    address = web_address(url)
    if not address:
        return escape(label)
    shown = link_label(url, label) if foreign else clean(label) or url
    return Safe(f"<{_entities(address)}|{_entities(_unstyled(shown))}>")


def link_label(url: str, label: str) -> str:
    """``label`` with the host of ``url`` behind it, as plain text."""
    host, shown = web_host(url), clean(label)
    if not host:
        return shown
    return f"{shown} ({host})" if shown and shown != host else host


def web_address(url: str) -> str:
    """``url`` if it is an http or https address with a host, else empty.

    The three characters that would end a link early are percent-encoded, as a browser does.
    """
    if not web_host(url):
        return ""
    return url.replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")


def web_host(url: str) -> str:
    """The host that a browser would go to, in ASCII (``xn--`` for others); empty if unclear."""
    if units(url) > LINK_URL or _UNFIT_FOR_URL.search(url) or clean(url) != url:
        return ""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        parts.port  # noqa: B018 - reading it is what checks it
    except (UnicodeError, ValueError):
        return ""
    is_web = parts.scheme in ("http", "https") and _HOST.fullmatch(host) is not None
    return host if is_web else ""


def when(at: datetime) -> Safe:
    """Day and time in each reader's own zone; UTC where it cannot be shown so."""
    return Safe(f"<!date^{_epoch(at)}^{{date_short_pretty}} at {{time}}|{utc(at)}>")


def clock(at: datetime) -> Safe:
    """The time of day in each reader's own zone; UTC where it cannot be shown so."""
    return Safe(f"<!date^{_epoch(at)}^{{time}}|{at.astimezone(UTC):%H:%M} UTC>")


def utc(at: datetime) -> str:
    """Day and time in UTC, as plain text."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def unescape(mrkdwn: str) -> str:
    """What a person reads in mrkdwn that a person wrote: labels for links, names for entities."""
    shown = re.sub(r"<([^<>|]*)(?:\|([^<>]*))?>", _read_entity, mrkdwn)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _read_entity(entity: re.Match[str]) -> str:
    target, label = entity[1], entity[2] or ""
    if target.startswith("!"):
        return label or "@" + target[1:].partition("^")[0]
    if target.startswith(("@", "#")):
        return target[0] + label.lstrip("@#") if label else target
    return f"{label} ({target})" if label and label != target else target


def _text(value: str | int) -> str:
    """``value`` as text; a ``Safe`` stays one, which ``str()`` would undo."""
    return value if isinstance(value, str) else str(value)


def _epoch(at: datetime) -> int:
    return int(at.timestamp())


def _unstyled(line: str) -> str:
    quoted = _QUOTE.sub(lambda quote: "\u203a" * len(quote[0]), line)
    return _STYLE.sub(lambda style: _LOOKALIKES[style[0]], quoted)


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def start(text: str, limit: int) -> str:
    """The first ``limit`` units; half of a surrogate pair at the end is left out."""
    start = text.encode("utf-16-le", "surrogatepass")[: 2 * limit]
    return start.decode("utf-16-le", "ignore")
