"""HTML that cannot be forgotten to be escaped.

A string is text and is escaped; only :class:`Html`, which only :func:`tag`, :func:`join` and
:func:`trusted` make, goes out as it is. Nothing about Slack belongs here.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from functools import cache
from typing import Final, TypeAlias

Attribute: TypeAlias = str | int | bool | None
Child: TypeAlias = "Html | str | Iterable[Child] | None"

VOID: Final = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "wbr"})


class Html(str):
    """Markup that is safe to send as it is."""

    __slots__ = ()


EMPTY: Final = Html("")
LINE_BREAK: Final = Html("<br>")


def trusted(markup: str) -> Html:
    """Vouch for a literal written in this package; never call it with text from outside."""
    return Html(markup)


def escaped(text: str) -> Html:
    """Turn text into markup that shows exactly that text."""
    return Html(html.escape(text, quote=True))


def join(*children: Child) -> Html:
    """Put children one after another, escaping every one that is not :class:`Html`."""
    return Html("".join(_pieces(children)))


def tag(element: str, *children: Child, **attributes: Attribute) -> Html:
    """Write one element.

    Attribute names lose a trailing underscore and turn the others into hyphens (``class_``,
    ``data_ts``). ``None`` and ``False`` leave an attribute out, ``True`` writes it bare.
    """
    opening = f"<{element}{''.join(_attributes(attributes))}>"
    if element in VOID:
        return Html(opening)
    return Html(f"{opening}{''.join(_pieces(children))}</{element}>")


@cache
def _written(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _pieces(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, Html):
            yield child
        elif isinstance(child, str):
            yield html.escape(child, quote=True)
        else:
            yield from _pieces(child)


def _attributes(attributes: dict[str, Attribute]) -> Iterable[str]:
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        written = _written(name)
        if value is True:
            yield f" {written}"
        else:
            yield f' {written}="{html.escape(str(value), quote=True)}"'
