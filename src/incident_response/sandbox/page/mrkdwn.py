"""Slack's mrkdwn to HTML: tokens first, escaping second.

The text is cut into tokens before anything is escaped, and what no token claims is text. So a
mention, a link or a style exists only where Slack's own syntax wrote one, and HTML never does.
Block Kit's own structures belong to ``blocks.py`` and ``rich_text.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlsplit

from incident_response.sandbox.page.emoji import emoji
from incident_response.sandbox.page.markup import EMPTY, LINE_BREAK, Html, escaped, join, tag
from incident_response.sandbox.page.viewer import Viewer, ordinal

SAFE_SCHEMES: Final = frozenset({"http", "https", "mailto"})

_ENTITY = r"<[^<>\n]+>"
_ATOM = rf"{_ENTITY}|<(?![^<>\n]+>)"  # a lone "<" is a character; kept apart so nothing backtracks


def _styled(mark: str, name: str) -> str:
    inner = rf"(?:{_ATOM}|[^{mark}\n<])+?"
    return rf"(?<![\w{mark}]){mark}(?=[^\s{mark}])(?P<{name}>{inner})(?<=\S){mark}(?![\w{mark}])"


_INLINE: Final = re.compile(
    "|".join(
        (
            r"`(?P<code>[^`\n]+)`",
            rf"(?P<entity>{_ENTITY})",
            r":(?P<emoji>[a-z0-9_+'-]+(?:::skin-tone-[2-6])?):",
            r"(?<![\w/])(?P<url>https?://(?:(?!&[lg]t;)[^\s<>|`\"'])*"
            r"(?!&[lg]t;)[^\s<>|`\"'.,;:!?)\]}*_~])",
            _styled(r"\*", "bold"),
            _styled("_", "italic"),
            _styled("~", "strike"),
        )
    )
)
_FENCE: Final = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
_QUOTE: Final = re.compile(r"(?:&gt;|>)\s?")
_DATE_TOKEN: Final = re.compile(r"\{(\w+)\}")
_WRAPPED: Final = {"bold": "strong", "italic": "em", "strike": "del"}


def unescape(text: str) -> str:
    """Undo Slack's own escaping, which knows these three characters and no others."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def mrkdwn(text: str, viewer: Viewer, *, verbatim: bool = False) -> Html:
    """Render mrkdwn. ``verbatim`` is the text object's flag: bare addresses stay text."""
    parts = _FENCE.split(text)  # even places are prose, odd places are what the fences held
    return join(
        tag("pre", tag("code", _plain_with_entities(part, viewer)), class_="code-block")
        if place % 2
        else _prose(part, viewer, verbatim=verbatim)
        for place, part in enumerate(parts)
    )


def plain(text: str) -> Html:
    """Render a ``plain_text`` object: emoji names count, everything else is as written."""
    return join(
        _emoji_or_text(part) if place % 2 else _lines(part)
        for place, part in enumerate(re.split(r"(:[a-z0-9_+'-]+:)", text))
    )


def anchor(address: str, label: Html) -> Html:
    """Make a link if a browser may safely follow the address, else show the label as text."""
    if not is_safe_address(address):
        return label
    return tag("a", label, href=address, target="_blank", rel="noopener noreferrer")


def is_safe_address(address: str) -> bool:
    """Tell http, https and mailto from everything that could run or load something else."""
    try:
        return urlsplit(address.strip()).scheme.lower() in SAFE_SCHEMES
    except ValueError:
        return False


def person_mention(user_id: str, viewer: Viewer, label: str | None = None) -> Html:
    """Show a person's name; the viewer's own stands out."""
    name = viewer.names.person(user_id) or label or "unknown user"
    mine = " mention-me" if user_id == viewer.me else ""
    return tag("span", f"@{name}", class_=f"mention{mine}", data_user=user_id)


def channel_mention(channel_id: str, viewer: Viewer) -> Html:
    """Show a channel as a link, or as private when the viewer is not to know its name."""
    name = viewer.names.channel(channel_id)
    if name is None:
        return tag("span", "🔒 private channel", class_="mention mention-hidden")
    href = f"/c/{channel_id}?me={viewer.me}"
    return tag("a", f"#{name}", class_="mention", href=href, data_channel=channel_id)


def broadcast(kind: str) -> Html:
    """Show ``@here``, ``@channel`` or ``@everyone``."""
    return tag("span", f"@{kind}", class_="mention mention-broadcast")


def group_mention(group_id: str, viewer: Viewer, label: str | None = None) -> Html:
    """Show a user group by its handle."""
    name = viewer.names.group(group_id) or (label or group_id).lstrip("@")
    return tag("span", f"@{name}", class_="mention mention-broadcast")


def formatted_date(epoch_seconds: float, pattern: str, viewer: Viewer) -> Html:
    """Fill a ``{date_short} at {time}`` pattern; an unknown token stays as written."""
    tokens = _date_tokens(epoch_seconds, viewer)
    shown = _DATE_TOKEN.sub(lambda match: tokens.get(match[1], match[0]), pattern)
    iso = viewer.at(epoch_seconds).isoformat()
    return tag("time", shown, datetime=iso, title=viewer.full(epoch_seconds))


def _prose(text: str, viewer: Viewer, *, verbatim: bool) -> Html:
    """Render lines, gathering neighbouring quoted ones into one blockquote."""
    groups: list[tuple[bool, list[Html]]] = []
    for line in text.split("\n"):
        quote = _QUOTE.match(line)
        body = line[quote.end() :] if quote else line
        if not groups or groups[-1][0] != bool(quote):
            groups.append((bool(quote), []))
        groups[-1][1].append(_inline(body, viewer, verbatim=verbatim))
    shown = [_group(lines, quoted=quoted) for quoted, lines in groups]
    return join(shown)


def _group(lines: list[Html], *, quoted: bool) -> Html:
    body = LINE_BREAK.join(lines)
    return tag("blockquote", Html(body)) if quoted else Html(body)


def _inline(text: str, viewer: Viewer, *, verbatim: bool) -> Html:
    return join(_tokens(text, viewer, verbatim=verbatim))


def _tokens(text: str, viewer: Viewer, *, verbatim: bool) -> Iterator[Html]:
    place = 0
    for match in _INLINE.finditer(text):
        yield escaped(unescape(text[place : match.start()]))
        yield _token(match, viewer, verbatim=verbatim)
        place = match.end()
    yield escaped(unescape(text[place:]))


def _token(match: re.Match[str], viewer: Viewer, *, verbatim: bool) -> Html:
    kind, body = match.lastgroup or "", match[match.lastgroup or 0]
    if kind == "code":
        return tag("code", _plain_with_entities(body, viewer))
    if kind == "entity":
        return _entity(body[1:-1], viewer)
    if kind == "emoji":
        return _emoji_or_text(match[0])
    if kind == "url":
        address = unescape(body)
        return escaped(address) if verbatim else anchor(address, escaped(address))
    return tag(_WRAPPED[kind], _inline(body, viewer, verbatim=verbatim))


def _plain_with_entities(text: str, viewer: Viewer) -> Html:
    """Render the inside of code, where only links and mentions still mean something."""
    parts = re.split(rf"({_ENTITY})", text)
    return join(
        _entity(part[1:-1], viewer) if place % 2 else escaped(unescape(part))
        for place, part in enumerate(parts)
    )


def _entity(body: str, viewer: Viewer) -> Html:
    target, _, label = body.partition("|")
    for prefix, show in _ENTITIES:
        if target.startswith(prefix):
            return show(target.removeprefix(prefix), unescape(label), viewer)
    address = unescape(target)
    if is_safe_address(address):
        return anchor(address, escaped(unescape(label) or address.removeprefix("mailto:")))
    return escaped(unescape(f"<{body}>"))


def _special(target: str, label: str, viewer: Viewer) -> Html:
    if target in ("here", "channel", "everyone"):
        return broadcast(target)
    kind, _, rest = target.partition("^")
    if kind == "subteam" and rest:
        return group_mention(rest, viewer, label or None)
    if kind == "date" and rest:
        return _date_entity(rest, label, viewer)
    return escaped(label or f"<!{target}>")


def _date_entity(rest: str, label: str, viewer: Viewer) -> Html:
    stamp, _, pattern = rest.partition("^")
    pattern, _, address = pattern.partition("^")
    try:
        shown = formatted_date(float(stamp), unescape(pattern), viewer)
    except (ValueError, OverflowError, OSError):
        return escaped(label)
    return anchor(unescape(address), shown) if address else shown


_ENTITIES: Final[tuple[tuple[str, Callable[[str, str, Viewer], Html]], ...]] = (
    ("@", lambda target, label, viewer: person_mention(target, viewer, label or None)),
    ("#", lambda target, _label, viewer: channel_mention(target, viewer)),
    ("!", _special),
)


def _date_tokens(epoch_seconds: float, viewer: Viewer) -> dict[str, str]:
    moment = viewer.at(epoch_seconds)
    short = f"{moment:%b} {moment.day}, {moment.year}"
    long = f"{moment:%A, %B} {ordinal(moment.day)}, {moment.year}"
    day = viewer.day(epoch_seconds)
    near = day.lower() if day in ("Today", "Yesterday") else None
    return {
        "date_num": f"{moment:%Y-%m-%d}",
        "date": f"{moment:%B} {ordinal(moment.day)}, {moment.year}",
        "date_short": short,
        "date_long": long,
        "date_pretty": near or f"{moment:%B} {ordinal(moment.day)}, {moment.year}",
        "date_short_pretty": near or short,
        "date_long_pretty": near or long,
        "time": viewer.clock_time(epoch_seconds),
        "time_secs": f"{moment:%I:%M:%S %p}".lstrip("0"),
    }


def _emoji_or_text(name: str) -> Html:
    shown = emoji(name.strip(":"))
    if shown is None:
        return escaped(name)
    return tag("span", shown, class_="emoji", role="img", aria_label=name.strip(":"), title=name)


def _lines(text: str) -> Html:
    return Html(LINE_BREAK.join(escaped(line) for line in text.split("\n"))) if text else EMPTY
