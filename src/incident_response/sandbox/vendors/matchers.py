"""Label matchers as Prometheus, Loki and their kin write them: `{service="checkout-api"}`.

What belongs here: reading matchers and holding labels against them. What does not: the languages
around them (`promql.py`, `logql.py`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_MATCHER = re.compile(
    r"""\s*([A-Za-z_][\w.]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|`[^`]*`)\s*(?:,|$)"""
)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


class SyntaxRefusedError(Exception):
    """A query its language does not allow; the message is the vendor's wording."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One comparison of one label; `op` is `=`, `!=`, `=~` or `!~`, regexes are anchored."""

    name: str
    op: str
    value: str

    def accepts(self, labels: Mapping[str, str]) -> bool:
        """Say whether the labels pass; a label that is absent counts as empty."""
        given = labels.get(self.name, "")
        if self.op in {"=~", "!~"}:
            return (re.fullmatch(self.value, given) is not None) == (self.op == "=~")
        return (given == self.value) == (self.op == "=")


def read_matchers(text: str) -> list[Matcher]:
    """Read what stands between the braces. Raises `SyntaxRefusedError` for anything else."""
    found, position = [], 0
    while position < len(text.rstrip()):
        match = _MATCHER.match(text, position)
        if match is None:
            raise SyntaxRefusedError(
                f"unexpected {text[position:].strip()[:20]!r} in label matching"
            )
        found.append(checked(match[1], match[2], unquoted(match[3])))
        position = match.end()
    return found


def all_accept(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Say whether every matcher accepts the labels."""
    return all(matcher.accepts(labels) for matcher in matchers)


def unquoted(literal: str) -> str:
    """Return the text of a string literal in double quotes or backticks."""
    if literal.startswith("`"):
        return literal[1:-1]
    return _ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[1]), literal[1:-1])


def checked(name: str, op: str, value: str) -> Matcher:
    """Return a matcher. Raises `SyntaxRefusedError` for a regex that is none."""
    if op in {"=~", "!~"}:
        try:
            re.compile(value)
        except re.error as error:
            raise SyntaxRefusedError(f"error parsing regexp: {error}") from None
    return Matcher(name, op, value)
