"""The ``markdown`` block: the usual Markdown (not mrkdwn) to HTML.

Headings, emphasis, code, links, lists, quotes, rules and tables. HTML inside it is text, images
are links, and mentions do not exist: Slack treats the block as a document that somebody's model
may have written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from incident_response.sandbox.page.markup import EMPTY, LINE_BREAK, Html, escaped, join, tag
from incident_response.sandbox.page.mrkdwn import anchor

_SPAN: Final = re.compile(
    r"\\(?P<literal>[!-/:-@\[-`{-~])"
    r"|`(?P<code>[^`\n]+)`"
    r"|!?\[(?P<label>(?:\\.|[^\[\]\\\n])*)\]"
    r"\((?:<(?P<angled>[^<>\n]+)>|(?P<address>[^()\s<>]+))\)"
    r"|\*\*(?=\S)(?P<bold>(?:[^*\n]|\*(?!\*))+?)(?<=\S)\*\*"
    r"|~~(?=\S)(?P<strike>[^~\n]+?)(?<=\S)~~"
    r"|(?<![\w*])\*(?=[^\s*])(?P<star>[^*\n]+?)(?<=\S)\*(?!\w)"
    r"|(?<![\w_])_(?=[^\s_])(?P<under>[^_\n]+?)(?<=\S)_(?!\w)"
)
_WRAPPED: Final = {"bold": "strong", "strike": "del", "star": "em", "under": "em"}
_HEADING: Final = re.compile(r"(#{1,6})\s+(.*)")
_BULLET: Final = re.compile(r"\s*[-*+]\s+(.*)")
_NUMBER: Final = re.compile(r"\s*\d+[.)]\s+(.*)")
_QUOTE: Final = re.compile(r"\s*>\s?(.*)")
_RULE: Final = re.compile(r"\s*([-*_])(?:\s*\1){2,}\s*$")
_ROW: Final = re.compile(r"\s*\|(.*)\|\s*$")
_FENCE: Final = re.compile(r"\s*(`{3,})")


def markdown(text: str) -> Html:
    """Render a Markdown document; what is not Markdown is text."""
    shown: list[Html] = []
    lines = text.split("\n")
    while lines:
        shown.append(_next_block(lines))
    return join(shown)


def _next_block(lines: list[str]) -> Html:
    """Take one block off the front of ``lines`` and render it."""
    if _FENCE.match(lines[0]):
        return _fence(lines)
    if heading := _HEADING.match(lines[0]):
        lines.pop(0)
        return tag("p", _spans(heading[2]), class_=f"md-heading md-h{min(len(heading[1]), 3)}")
    if _RULE.match(lines[0]):
        lines.pop(0)
        return tag("hr")
    for pattern, show in _RUNS:
        if taken := _take(lines, pattern):
            return show(taken)
    return _paragraph(lines)


def _take(lines: list[str], pattern: re.Pattern[str]) -> list[str]:
    taken: list[str] = []
    while lines and (match := pattern.match(lines[0])):
        taken.append(match[1])
        lines.pop(0)
    return taken


def _fence(lines: list[str]) -> Html:
    opening = _FENCE.match(lines.pop(0))
    ticks = opening[1] if opening else "```"
    held: list[str] = []
    while lines and not lines[0].strip().startswith(ticks):
        held.append(lines.pop(0))
    if lines:
        lines.pop(0)
    return tag("pre", tag("code", "\n".join(held)), class_="code-block")


def _paragraph(lines: list[str]) -> Html:
    held: list[str] = [lines.pop(0)]
    if not held[0].strip():
        return EMPTY
    while lines and lines[0].strip() and not _starts_block(lines[0]):
        held.append(lines.pop(0))
    return tag("p", Html(LINE_BREAK.join(_spans(line) for line in held)))


def _starts_block(line: str) -> bool:
    starts = (_FENCE, _HEADING, _RULE, *(pattern for pattern, _ in _RUNS))
    return any(pattern.match(line) for pattern in starts)


def _list(kind: str) -> Callable[[list[str]], Html]:
    return lambda items: tag(kind, [tag("li", _spans(item)) for item in items])


def _quote(lines: list[str]) -> Html:
    return tag("blockquote", Html(LINE_BREAK.join(_spans(line) for line in lines)))


def _table(rows: list[str]) -> Html:
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    body = [row for row in cells if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]
    head = body.pop(0) if len(body) < len(cells) and body else []
    return tag(
        "table",
        tag("thead", tag("tr", [tag("th", _spans(cell)) for cell in head])) if head else None,
        tag("tbody", [tag("tr", [tag("td", _spans(cell)) for cell in row]) for row in body]),
        class_="table",
    )


_RUNS: Final[tuple[tuple[re.Pattern[str], Callable[[list[str]], Html]], ...]] = (
    (_BULLET, _list("ul")),
    (_NUMBER, _list("ol")),
    (_QUOTE, _quote),
    (_ROW, _table),
)


def _spans(text: str) -> Html:
    shown: list[Html] = []
    place = 0
    for match in _SPAN.finditer(text):
        shown += (escaped(text[place : match.start()]), _span(match))
        place = match.end()
    return join(shown, escaped(text[place:]))


def _span(match: re.Match[str]) -> Html:
    if match["literal"] is not None:
        return escaped(match["literal"])
    if match["code"] is not None:
        return tag("code", match["code"])
    if address := match["angled"] or match["address"]:
        return anchor(address, _spans(match["label"]) or escaped(address))
    kind = match.lastgroup or "bold"
    return tag(_WRAPPED[kind], _spans(match[kind]))
