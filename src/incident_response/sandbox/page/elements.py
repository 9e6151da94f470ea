"""The interactive elements of Block Kit, as controls a browser already knows how to use.

Every control says in ``data-`` attributes what the page's script must send when it is used: its
kind, its block, its action. Pickers with several or remote choices are in ``pickers.py``; what
lies around an element (sections, inputs, actions) is in ``blocks.py``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from incident_response.sandbox.page.icons import icon
from incident_response.sandbox.page.markup import Attribute, Html, escaped, join, tag
from incident_response.sandbox.page.mrkdwn import is_safe_address, mrkdwn, plain
from incident_response.sandbox.page.viewer import Viewer

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Slot:
    """Where an element stands. ``scope`` keeps ids on one page apart (a message, a view).

    ``acts``: using the element tells the app at once; an input in a modal waits for its submit.
    """

    viewer: Viewer
    scope: str
    block_id: str
    acts: bool = True
    label: str | None = None

    def field_id(self, action_id: str) -> str:
        """Name the control so that a label can point at it."""
        name = f"{self.scope}/{self.block_id}/{action_id}".encode()
        return "f" + hashlib.blake2s(name, digest_size=7).hexdigest()

    def control(self, element: Node) -> dict[str, Attribute]:
        """Give the attributes by which the script knows a control and what to send for it."""
        action_id = str(element.get("action_id", ""))
        return {
            "data_control": str(element.get("type", "")),
            "data_block": self.block_id,
            "data_action": action_id,
            "data_acts": self.acts,
            "data_confirm": as_json(element["confirm"]) if element.get("confirm") else None,
            "aria_label": None if self.label else placeholder(element) or action_id,
            "id": self.field_id(action_id),
        }


def text_of(node: object, viewer: Viewer) -> Html:
    """Render a text object: ``plain_text`` or ``mrkdwn``."""
    if not isinstance(node, Mapping):
        return escaped("" if node is None else str(node))
    text = str(node.get("text", ""))
    if node.get("type") == "mrkdwn":
        return mrkdwn(text, viewer, verbatim=bool(node.get("verbatim")))
    return plain(text)


def words(node: object) -> str:
    """Give a text object's bare text."""
    return str(node.get("text", "")) if isinstance(node, Mapping) else ""


def placeholder(element: Node) -> str:
    """Give an element's placeholder text, or nothing."""
    return words(element.get("placeholder"))


def as_json(node: object) -> str:
    """Write JSON compactly, for an attribute."""
    return json.dumps(node, ensure_ascii=False, separators=(",", ":"))


def option_value(option: object) -> str:
    """Give the value that tells one option from another."""
    return str(option.get("value", "")) if isinstance(option, Mapping) else ""


def button(element: Node, slot: Slot) -> Html:
    """Render a button; one with an address is also a link, as in Slack."""
    style = {"primary": " btn-primary", "danger": " btn-danger"}.get(str(element.get("style")), "")
    attributes = slot.control(element) | {
        "class_": f"btn{style}",
        "data_value": element.get("value"),
        "aria_label": element.get("accessibility_label"),
    }
    label = text_of(element.get("text"), slot.viewer)
    address = _safe_or_none(element.get("url"))
    if address:
        link = {"href": address, "target": "_blank", "rel": "noopener noreferrer"}
        return tag("a", label, icon("external"), **attributes, **link)
    return tag("button", label, type="button", **attributes)


def _safe_or_none(address: object) -> str | None:
    return str(address) if address and is_safe_address(str(address)) else None


def overflow(element: Node, slot: Slot) -> Html:
    """Render the three dots and the menu behind them."""
    control = slot.control(element) | {"aria_label": "More actions"}
    menu_id = f"{control['id']}-menu"
    items = [
        tag(
            "button",
            text_of(option.get("text"), slot.viewer),
            class_="menu-item",
            type="button",
            role="menuitem",
            data_option=as_json(option),
            data_href=_safe_or_none(option.get("url")),
        )
        for option in element.get("options", ())
    ]
    opener = tag(
        "button",
        icon("more"),
        class_="btn btn-icon",
        type="button",
        aria_haspopup="menu",
        aria_expanded="false",
        data_menu=menu_id,
        **control,
    )
    return join(opener, tag("div", items, class_="menu", id=menu_id, role="menu", popover="auto"))


def static_select(element: Node, slot: Slot) -> Html:
    """Render a single choice among given options, in groups or not."""
    chosen = option_value(element.get("initial_option"))
    groups = element.get("option_groups")
    if groups:
        listed = [
            tag("optgroup", _options(group["options"], chosen), label=words(group.get("label")))
            for group in groups
        ]
    else:
        listed = list(_options(element.get("options", ()), chosen))
    return _select(element, slot, listed)


def _options(options: Iterable[Node], chosen: str) -> Iterable[Html]:
    for option in options:
        value = option_value(option)
        yield tag(
            "option",
            words(option.get("text")),
            value=value,
            selected=bool(chosen) and value == chosen,
            data_option=as_json(option),
        )


def _select(element: Node, slot: Slot, listed: Iterable[Html]) -> Html:
    empty = tag("option", placeholder(element) or "Choose an option", value="")
    return tag("select", empty, *listed, class_="select", **slot.control(element))


def users_select(element: Node, slot: Slot) -> Html:
    """Render a single choice among people."""
    return _id_select(element, slot, "initial_user", slot.viewer.names.everyone())


def channels_select(element: Node, slot: Slot) -> Html:
    """Render a single choice among channels; also serves ``conversations_select``."""
    key = "initial_channel" if element["type"] == "channels_select" else "initial_conversation"
    named = [(channel_id, f"#{name}") for channel_id, name in slot.viewer.names.channels()]
    return _id_select(element, slot, key, named)


def _id_select(
    element: Node, slot: Slot, initial: str, choices: Iterable[tuple[str, str]]
) -> Html:
    chosen = element.get(initial)
    listed = [tag("option", name, value=key, selected=key == chosen) for key, name in choices]
    return _select(element, slot, listed)


def _choices(element: Node, slot: Slot, *, kind: str, chosen: frozenset[str]) -> Html:
    control = slot.control(element)
    name = str(control.pop("id"))
    rows = [
        tag(
            "label",
            tag(
                "input",
                type=kind,
                name=name,
                value=option_value(option),
                checked=option_value(option) in chosen,
                data_option=as_json(option),
            ),
            tag(
                "span",
                tag("span", text_of(option.get("text"), slot.viewer), class_="choice-text"),
                tag("span", text_of(option["description"], slot.viewer), class_="choice-note")
                if option.get("description")
                else None,
            ),
            class_="choice",
        )
        for option in element.get("options", ())
    ]
    role = "radiogroup" if kind == "radio" else "group"
    return tag("div", rows, class_="choices", id=name, role=role, **control)


def checkboxes(element: Node, slot: Slot) -> Html:
    """Render boxes of which any may be ticked."""
    chosen = frozenset(option_value(option) for option in element.get("initial_options", ()))
    return _choices(element, slot, kind="checkbox", chosen=chosen)


def radio_buttons(element: Node, slot: Slot) -> Html:
    """Render buttons of which one may be chosen."""
    chosen = frozenset({option_value(element.get("initial_option"))} - {""})
    return _choices(element, slot, kind="radio", chosen=chosen)


def plain_text_input(element: Node, slot: Slot) -> Html:
    """Render one line or many; Slack's own limits are the browser's too."""
    shared = slot.control(element) | {
        "class_": "text-input",
        "placeholder": placeholder(element) or None,
        "minlength": element.get("min_length"),
        "maxlength": element.get("max_length") or 3000,
        "data_on": " ".join(
            element.get("dispatch_action_config", {}).get("trigger_actions_on", ())
        ),
    }
    initial = str(element.get("initial_value") or "")
    if element.get("multiline"):
        return tag("textarea", f"\n{initial}", rows=4, **shared)
    return tag("input", type="text", value=initial, autocomplete="off", **shared)


def rich_text_input(element: Node, slot: Slot) -> Html:
    """Render a rich text field as a plain one; what is typed is sent as one rich text section."""
    shared = slot.control(element) | {"class_": "text-input"}
    return tag("textarea", rows=4, placeholder=placeholder(element) or None, **shared)


def _typed_input(kind: str, mode: str) -> Callable[[Node, Slot], Html]:
    def show(element: Node, slot: Slot) -> Html:
        return tag(
            "input",
            type=kind,
            inputmode=mode,
            class_="text-input",
            value=str(element.get("initial_value") or ""),
            placeholder=placeholder(element) or None,
            autocomplete="off",
            **slot.control(element),
        )

    return show


def _date_input(kind: str, initial: str) -> Callable[[Node, Slot], Html]:
    def show(element: Node, slot: Slot) -> Html:
        value = str(element.get(initial) or "")
        control = slot.control(element)
        return tag("input", type=kind, class_="text-input short", value=value, **control)

    return show


def datetimepicker(element: Node, slot: Slot) -> Html:
    """Render a day and a time; Slack counts them in epoch seconds, the script converts."""
    stamp = element.get("initial_date_time")
    local = slot.viewer.at(int(stamp)) if stamp else None
    return tag(
        "input",
        type="datetime-local",
        class_="text-input short",
        value=f"{local:%Y-%m-%dT%H:%M}" if local else "",
        **slot.control(element),
    )


def file_input(_element: Node, _slot: Slot) -> Html:
    """Say that files cannot be given here."""
    return tag("span", "Files cannot be uploaded from this page.", class_="choice-note")


SIMPLE_ELEMENTS: Final[Mapping[str, Callable[[Node, Slot], Html]]] = {
    "button": button,
    "overflow": overflow,
    "static_select": static_select,
    "users_select": users_select,
    "channels_select": channels_select,
    "conversations_select": channels_select,
    "checkboxes": checkboxes,
    "radio_buttons": radio_buttons,
    "plain_text_input": plain_text_input,
    "rich_text_input": rich_text_input,
    "number_input": _typed_input("text", "decimal"),
    "email_text_input": _typed_input("email", "email"),
    "url_text_input": _typed_input("url", "url"),
    "datepicker": _date_input("date", "initial_date"),
    "timepicker": _date_input("time", "initial_time"),
    "datetimepicker": datetimepicker,
    "file_input": file_input,
}
