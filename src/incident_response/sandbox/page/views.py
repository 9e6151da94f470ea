"""Modals: the view in front of one person, as a dialog with a form in it; and App Home.

What is typed lives in the page until it is submitted; the page keeps it while the view's hash
stays the same, and per field when it changes.
"""

from __future__ import annotations

from typing import Final

from incident_response.sandbox.page.avatars import avatar
from incident_response.sandbox.page.blocks import Frame, render_blocks
from incident_response.sandbox.page.elements import words
from incident_response.sandbox.page.icons import icon
from incident_response.sandbox.page.markup import EMPTY, Html, tag
from incident_response.sandbox.page.reading import Reading
from incident_response.sandbox.slack.model import View

DEFAULT_CLOSE: Final = "Cancel"


def modal(reading: Reading) -> Html:
    """Render the view in front, or nothing."""
    view = reading.modal()
    if view is None:
        return EMPTY
    form = tag(
        "form",
        _head(view, reading),
        tag(
            "div", render_blocks(view.blocks, Frame(reading.viewer, view.id)), class_="modal-body"
        ),
        _foot(view),
        novalidate=True,
        data_view_form=view.id,
    )
    return tag(
        "dialog",
        form,
        class_="modal",
        id="modal",
        data_key=view.id,
        data_hash=view.hash,
        data_view=view.id,
        data_clear_on_close=bool(view.body.get("clear_on_close")),
        aria_labelledby="modal-title",
    )


def _head(view: View, reading: Reading) -> Html:
    is_stacked = view.previous_view_id is not None
    back = _closer("back", "Back") if is_stacked else None
    close = _closer("close", "Close", closes_all=is_stacked)
    app = tag(
        "span", avatar(reading.user(reading.app.bot_user_id)), reading.app.name, class_="modal-app"
    )
    title = tag("h2", words(view.body.get("title")), id="modal-title")
    return tag("header", title, app, back, close, class_="modal-head")


def _closer(drawing: str, label: str, *, closes_all: bool = False) -> Html:
    return tag(
        "button",
        icon(drawing),
        type="button",
        class_="icon-button",
        data_do="close-view",
        data_all=closes_all,
        aria_label=label,
        title=label,
    )


def _foot(view: View) -> Html:
    closing = words(view.body.get("close")) or DEFAULT_CLOSE
    submit = words(view.body.get("submit"))
    if not submit and any(block.get("type") == "input" for block in view.blocks):
        submit = "Submit"
    return tag(
        "footer",
        tag("span", class_="modal-error", role="alert"),
        tag("button", closing, type="button", class_="btn", data_do="close-view"),
        tag("button", submit, type="submit", class_="btn btn-primary") if submit else None,
        class_="modal-foot",
    )


def home(reading: Reading) -> Html:
    """Render this person's App Home, or that the app has not made one."""
    view = reading.workspace.views.home(reading.me.id)
    if view is None:
        name = reading.app.name
        return tag("p", f"{name} has not published a Home tab for you.", class_="beginning muted")
    blocks = render_blocks(view.blocks, Frame(reading.viewer, view.id))
    return tag(
        "div", blocks, class_="home", data_view=view.id, data_key=view.id, data_hash=view.hash
    )
