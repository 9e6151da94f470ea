"""A plain document: read from top to bottom, written whole on the server, without a script.

What belongs here: the frame that the public status page and the issue tracker share. What does
not: the workspace's own page (`document.py`), which a script keeps up to date.
"""

from collections.abc import Mapping

from aiohttp import web

from incident_response.sandbox.page.document import Theme
from incident_response.sandbox.page.markup import Child, Html, join, tag, trusted

REFRESH_SECONDS = 20  # a reader who leaves the page open sees what is new


def sheet(title: str, *content: Child, style: str, theme: Theme) -> Html:
    """Write a document; `style` names its own style sheet beside the shared ones."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="refresh", content=str(REFRESH_SECONDS)),
        tag("title", title),
        tag("link", rel="icon", href="/static/favicon.svg", type="image/svg+xml"),
        [
            tag("link", rel="stylesheet", href=f"/static/{name}.css")
            for name in ("tokens", "sheet", style)
        ],
    )
    body = tag("body", *content, class_=f"sheet {style}")
    return join(
        trusted("<!doctype html>"), tag("html", head, body, lang="en", data_theme=theme or None)
    )


def sheet_reply(document: Html) -> web.Response:
    """Answer with a document; it is written anew each time."""
    headers = {"Cache-Control": "no-store"}
    return web.Response(text=document, content_type="text/html", headers=headers)


def theme_of(cookies: Mapping[str, str]) -> Theme:
    """Read which theme the reader chose; none: as their system has it."""
    match cookies.get("theme"):
        case "light":
            return "light"
        case "dark":
            return "dark"
        case _:
            return ""
