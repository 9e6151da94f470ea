"""The layout blocks of Block Kit, in messages, modals and App Home alike.

Elements inside them are in ``elements.py`` and ``pickers.py``. A kind nobody knows is shown as
such and never dropped, so that a message always says that there was more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from incident_response.sandbox.page.elements import SIMPLE_ELEMENTS, Slot, text_of, words
from incident_response.sandbox.page.icons import icon
from incident_response.sandbox.page.markdown import markdown
from incident_response.sandbox.page.markup import EMPTY, Html, join, tag
from incident_response.sandbox.page.mrkdwn import anchor
from incident_response.sandbox.page.pickers import PICKERS
from incident_response.sandbox.page.rich_text import rich_text
from incident_response.sandbox.page.viewer import Viewer

Node = Mapping[str, Any]

ELEMENTS: Final[Mapping[str, Callable[[Node, Slot], Html]]] = {**SIMPLE_ELEMENTS, **PICKERS}


@dataclass(frozen=True, slots=True)
class Frame:
    """What the blocks stand in: for whom, and a name that is this message's or view's alone."""

    viewer: Viewer
    scope: str

    def slot(self, block: Node, *, acts: bool = True, label: str | None = None) -> Slot:
        """Make the place for the elements of one block."""
        block_id = str(block.get("block_id", ""))
        return Slot(self.viewer, self.scope, block_id, acts=acts, label=label)


def render_blocks(blocks: Iterable[Node], frame: Frame) -> Html:
    """Render a list of blocks in order."""
    return join(render_block(block, frame) for block in blocks)


def render_block(block: Node, frame: Frame) -> Html:
    """Render one block."""
    kind = str(block.get("type", ""))
    show = BLOCKS.get(kind)
    if show is None:
        return tag("div", f"This page cannot show a “{kind}” block.", class_="block block-unknown")
    return show(block, frame)


def render_element(element: Node, slot: Slot) -> Html:
    """Render one interactive element."""
    kind = str(element.get("type", ""))
    show = ELEMENTS.get(kind)
    if show is None:
        return tag("span", f"This page cannot show a “{kind}”.", class_="block-unknown")
    return show(element, slot)


def _header(block: Node, frame: Frame) -> Html:
    return tag("h3", text_of(block.get("text"), frame.viewer), class_="block block-header")


def _section(block: Node, frame: Frame) -> Html:
    text = block.get("text")
    fields = [
        tag("div", text_of(field, frame.viewer), class_="field")
        for field in block.get("fields", ())
    ]
    body = tag(
        "div",
        tag("div", text_of(text, frame.viewer), class_="text") if text else None,
        tag("div", fields, class_="fields") if fields else None,
        class_="section-body",
    )
    return tag("div", body, _accessory(block, frame), class_="block block-section")


def _accessory(block: Node, frame: Frame) -> Html:
    accessory = block.get("accessory")
    if not accessory:
        return EMPTY
    if accessory.get("type") == "image":
        return tag("div", _picture(accessory), class_="accessory")
    label = words(block.get("text"))[:120] or None
    slot = frame.slot(block)
    shown = render_element(accessory, replace(slot, label=None))
    return tag("div", shown, class_="accessory", role="group", aria_label=label)


def _divider(_block: Node, _frame: Frame) -> Html:
    return tag("hr", class_="block block-divider")


def _context(block: Node, frame: Frame) -> Html:
    parts = [
        _picture(element, small=True)
        if element.get("type") == "image"
        else tag("span", text_of(element, frame.viewer), class_="context-text")
        for element in block.get("elements", ())
    ]
    return tag("div", parts, class_="block block-context")


def _actions(block: Node, frame: Frame) -> Html:
    slot = frame.slot(block)
    elements = [render_element(element, slot) for element in block.get("elements", ())]
    return tag("div", elements, class_="block block-actions")


def _image(block: Node, frame: Frame) -> Html:
    title = block.get("title")
    caption = tag("figcaption", text_of(title, frame.viewer)) if title else None
    return tag("figure", caption, _picture(block), class_="block block-image")


def _picture(node: Node, *, small: bool = False) -> Html:
    """Show a picture of the workspace's own; one from elsewhere is a link, nothing is loaded."""
    address = str(node.get("image_url") or node.get("slack_file", {}).get("url") or "")
    alternative = str(node.get("alt_text") or "image")
    if address.startswith(("/", "data:image/")) and not address.startswith("//"):
        size = "picture small" if small else "picture"
        return tag("img", src=address, alt=alternative, class_=size)
    label = join(icon("image"), tag("span", alternative))
    return tag("span", anchor(address, label), class_="picture-elsewhere", title=address)


def _input(block: Node, frame: Frame) -> Html:
    element = block.get("element", {})
    label = words(block.get("label"))
    slot = frame.slot(block, acts=bool(block.get("dispatch_action")), label=label)
    field_id = slot.field_id(str(element.get("action_id", "")))
    optional = tag("span", " (optional)", class_="optional") if block.get("optional") else None
    hint = block.get("hint")
    grouped = element.get("type") in ("checkboxes", "radio_buttons")
    naming = {"id": f"{field_id}-label"} if grouped else {"for_": field_id}
    return tag(
        "div",
        tag(
            "label", text_of(block.get("label"), frame.viewer), optional, class_="label", **naming
        ),
        render_element(element, slot),
        tag("p", class_="field-error", role="alert", id=f"{field_id}-error", hidden=True),
        tag("p", text_of(hint, frame.viewer), class_="hint") if hint else None,
        class_="block block-input",
        data_input_block=block.get("block_id"),
        data_required=not block.get("optional"),
    )


def _rich_text(block: Node, frame: Frame) -> Html:
    return tag("div", rich_text(block, frame.viewer), class_="block block-rich")


def _markdown(block: Node, _frame: Frame) -> Html:
    return tag("div", markdown(str(block.get("text", ""))), class_="block block-markdown")


def _table(block: Node, frame: Frame) -> Html:
    settings = [column or {} for column in block.get("column_settings", ())]
    rows = list(block.get("rows", ()))
    head = [tag("tr", _cells(rows[0], frame, settings, element="th"))] if rows else []
    body = [tag("tr", _cells(row, frame, settings, element="td")) for row in rows[1:]]
    table = tag("table", tag("thead", head), tag("tbody", body), class_="table")
    return tag("div", table, class_="block block-table", tabindex="0", role="group")


def _cells(
    row: Iterable[Node], frame: Frame, settings: list[Node], *, element: str
) -> Iterable[Html]:
    for place, cell in enumerate(row):
        column = settings[place] if place < len(settings) else {}
        rich = cell.get("type") == "rich_text"
        shown = rich_text(cell, frame.viewer) if rich else text_of(words(cell), frame.viewer)
        side = str(column.get("align", "left"))
        classes = f"align-{side}" + (" wrapped" if column.get("is_wrapped") else "")
        yield tag(element, shown, class_=classes)


def _file(block: Node, _frame: Frame) -> Html:
    name = str(block.get("external_id") or "file")
    return tag("div", icon("file"), name, class_="block file-card")


def _alert(block: Node, frame: Frame) -> Html:
    level = str(block.get("level") or "default")
    text = text_of(block.get("text"), frame.viewer)
    return tag("div", text, class_=f"block block-alert alert-{level}", role="note")


BLOCKS: Final[Mapping[str, Callable[[Node, Frame], Html]]] = {
    "header": _header,
    "section": _section,
    "divider": _divider,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "input": _input,
    "rich_text": _rich_text,
    "markdown": _markdown,
    "table": _table,
    "file": _file,
    "alert": _alert,
}
