"""Enough of LogQL to select and filter log lines.

What belongs here: a stream selector followed by line filters, parsers and label filters. What does
not: metric queries, which this stand-in does not serve, and the HTTP API (`loki.py`).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from incident_response.sandbox.vendors.matchers import (
    Matcher,
    SyntaxRefusedError,
    checked,
    read_matchers,
    unquoted,
)

_LITERAL = r'("(?:[^"\\]|\\.)*"|`[^`]*`)'
_SELECTOR = re.compile(r'\s*\{((?:"(?:[^"\\]|\\.)*"|`[^`]*`|[^{}"`])*)\}')
_LINE_FILTER = re.compile(rf"\s*(\|=|!=|\|~|!~)\s*{_LITERAL}((?:\s+or\s+{_LITERAL})*)")
_PARSER = re.compile(r"\s*\|\s*(json|logfmt|unpack|line_format\s+" + _LITERAL + r")(?=\s|\||!|$)")
_LABEL_FILTER = re.compile(rf"\s*(?:\||and\b|,)\s*([A-Za-z_]\w*)\s*(=~|!~|!=|==?)\s*{_LITERAL}")
_ANY_LITERAL = re.compile(_LITERAL)


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which streams, and which of their lines: (operator, alternatives) and label filters."""

    streams: tuple[Matcher, ...]
    line_filters: tuple[tuple[str, tuple[str, ...]], ...]
    label_filters: tuple[Matcher, ...]

    def keeps(self, labels: Mapping[str, str], line: str) -> bool:
        """Say whether a line of a stream with these labels passes the filters."""
        if not all(_passes(op, texts, line) for op, texts in self.line_filters):
            return False
        if not self.label_filters:
            return True
        extracted = {name: str(value) for name, value in json.loads(line).items()}
        return all(m.accepts({**extracted, **labels}) for m in self.label_filters)


def read_log_query(query: str) -> LogQuery:
    """Read a log query. Raises `SyntaxRefusedError` with Loki's wording for anything else."""
    selector = _SELECTOR.match(query)
    if selector is None:
        found = query.strip().split("(")[0][:20] or "$end"
        raise SyntaxRefusedError(f"parse error at line 1, col 1: syntax error: unexpected {found}")
    streams = tuple(read_matchers(selector[1]))
    if not any(m.op in {"=", "=~"} and m.value not in {"", ".*"} for m in streams):
        raise SyntaxRefusedError(
            "parse error : queries require at least one regexp or equality matcher that does "
            "not have an empty-compatible value"
        )
    lines, labels = _pipeline(query, selector.end())
    return LogQuery(streams, tuple(lines), tuple(labels))


def _pipeline(
    query: str, position: int
) -> tuple[list[tuple[str, tuple[str, ...]]], list[Matcher]]:
    lines: list[tuple[str, tuple[str, ...]]] = []
    labels: list[Matcher] = []
    while query[position:].strip():
        if match := _LINE_FILTER.match(query, position):
            lines.append((match[1], _alternatives(match)))
        elif match := _PARSER.match(query, position):
            pass  # lines are JSON already; every parser finds the same fields
        elif match := _LABEL_FILTER.match(query, position):
            labels.append(checked(match[1], match[2].replace("==", "="), unquoted(match[3])))
        else:
            raise SyntaxRefusedError(
                f"parse error at line 1, col {position + 1}: syntax error: unexpected "
                f"{query[position:].strip()[:20]}"
            )
        position = match.end()
    return lines, labels


def _alternatives(match: re.Match[str]) -> tuple[str, ...]:
    texts = [unquoted(text) for text in (match[2], *_ANY_LITERAL.findall(match[3]))]
    if match[1] in {"|~", "!~"}:
        for text in texts:
            checked("", "=~", text)
    return tuple(texts)


def _passes(op: str, texts: tuple[str, ...], line: str) -> bool:
    if op in {"|=", "!="}:
        return any(text in line for text in texts) == (op == "|=")
    return any(re.search(text, line) is not None for text in texts) == (op == "|~")
