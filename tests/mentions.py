"""Finds every place where a text tells a person to type one of our commands.

Texts are read from the source, so that a new one is found without anybody listing it: each string
and f-string, with ``{expressions}`` left as they stand. Not here: which verbs there are.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

SLASH = r"/inc(?:ident-response)?|\{(?:request\.name|command|slash)\}"
"""The slash command, written out or as the expression that holds it."""
WORD = r"[a-z][a-z-]*"
AFTER_SLASH = re.compile(rf"(?:{SLASH}) ({WORD})(?: ({WORD}))?")
TYPED = re.compile(
    rf"(?:\bType |\b(?:[Pp]lease|then|can|must|and|or) type |\btype (?=`))`?({WORD})(?: ({WORD}))?"
)
"""The imperative, unlike *the type of*."""
NO_VERB = frozenset({"a", "an", "it", "one", "the", "them", "what"})
"""What may follow *Type* in plain English."""


class Mention(NamedTuple):
    """A verb that somebody is told to type."""

    where: str
    verb: str
    following: str
    """The next word, if that is a plain one."""
    is_quoted: bool
    """Whether it is shown as code, so that all of it is to be typed."""


def mentions_in(text: str, where: str, *, is_code: bool = False) -> Iterator[Mention]:
    """The mentions in a text; ``is_code`` if all of it is shown as code."""
    for pattern in (AFTER_SLASH, TYPED):
        for found in pattern.finditer(text):
            if pattern is TYPED and found[1] in NO_VERB:
                continue
            is_quoted = is_code or "`" in text[max(0, found.start() - 1) : found.start(1)]
            yield Mention(where, found[1], found[2] or "", is_quoted)


def mentions_in_source(paths: Iterable[Path]) -> list[Mention]:
    """The mentions in all strings of Python files; an argument of ``code()`` is code."""
    found: list[Mention] = []
    for path in paths:
        for node, is_code in _strings(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.name}:{node.lineno}"
            found += mentions_in(_template(node), where, is_code=is_code)
    return found


def _strings(tree: ast.AST) -> Iterator[tuple[ast.expr, bool]]:
    """Every whole string with whether it is an argument of ``code()``."""
    quoted = {
        id(argument)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "code"
        for argument in call.args
    }
    parts = {id(part) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for part in n.values}
    for node in ast.walk(tree):
        is_plain = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if isinstance(node, ast.JoinedStr) or (is_plain and id(node) not in parts):
            assert isinstance(node, ast.expr)
            yield node, id(node) in quoted


def _template(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.JoinedStr)
    return "".join(
        f"{{{ast.unparse(part.value)}}}" if isinstance(part, ast.FormattedValue) else part.value  # type: ignore[attr-defined]  # the only other kind is a constant
        for part in node.values
    )
