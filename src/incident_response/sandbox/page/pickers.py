"""Pickers with a search field: several choices at once, or choices only the app knows.

The script filters what is listed here, or asks the app for more; a chosen option becomes a chip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from incident_response.sandbox.page.elements import (
    Slot,
    as_json,
    option_value,
    placeholder,
    words,
)
from incident_response.sandbox.page.icons import icon
from incident_response.sandbox.page.markup import Html, tag

Node = Mapping[str, Any]
Choice = tuple[str, str, str]
"""What the app will be told (JSON), what tells it apart, what is shown."""

NO_LIMIT: Final = 1000


def multi_static_select(element: Node, slot: Slot) -> Html:
    """Render several choices among given options."""
    groups = element.get("option_groups") or [{"options": element.get("options", ())}]
    listed = [_choice(option) for group in groups for option in group["options"]]
    chosen = [_choice(option) for option in element.get("initial_options", ())]
    return _picker(element, slot, listed, chosen=chosen)


def multi_users_select(element: Node, slot: Slot) -> Html:
    """Render several choices among people."""
    return _id_picker(element, slot, slot.viewer.names.everyone(), initial="initial_users")


def multi_channels_select(element: Node, slot: Slot) -> Html:
    """Render several choices among channels; also serves ``multi_conversations_select``."""
    named = [(channel_id, f"#{name}") for channel_id, name in slot.viewer.names.channels()]
    kind = "channels" if element["type"] == "multi_channels_select" else "conversations"
    return _id_picker(element, slot, named, initial=f"initial_{kind}")


def external_select(element: Node, slot: Slot) -> Html:
    """Render a choice, or several, among options the app is asked for as one types."""
    many = element["type"] == "multi_external_select"
    initial = element.get("initial_options", ()) if many else [element.get("initial_option")]
    chosen = [_choice(option) for option in initial if option]
    minimum = int(element.get("min_query_length", 3))  # Slack's default, when the app says nothing
    return _picker(element, slot, (), chosen=chosen, limit=None if many else 1, ask_from=minimum)


def _choice(option: Node) -> Choice:
    return as_json(option), option_value(option), words(option.get("text"))


def _id_picker(
    element: Node, slot: Slot, named: Iterable[tuple[str, str]], *, initial: str
) -> Html:
    listed = [(as_json(key), key, name) for key, name in named]
    wanted = element.get(initial, ())
    chosen = [choice for choice in listed if choice[1] in wanted]
    return _picker(element, slot, listed, chosen=chosen)


def _picker(
    element: Node,
    slot: Slot,
    listed: Iterable[Choice],
    *,
    chosen: Iterable[Choice],
    limit: int | None = None,
    ask_from: int | None = None,
) -> Html:
    control = slot.control(element)
    field_id = str(control.pop("id"))
    list_id = f"{field_id}-list"
    field = tag(
        "input",
        type="text",
        id=field_id,
        class_="picker-field",
        role="combobox",
        autocomplete="off",
        aria_expanded="false",
        aria_controls=list_id,
        aria_label=control.pop("aria_label"),
        placeholder=placeholder(element) or "Search",
    )
    options = [
        tag("li", shown, role="option", data_option=raw, data_key=key, tabindex="-1")
        for raw, key, shown in listed
    ]
    return tag(
        "div",
        [_chip(choice) for choice in chosen],
        field,
        tag("ul", options, id=list_id, class_="picker-list", role="listbox", hidden=True),
        class_="picker",
        data_limit=limit or element.get("max_selected_items") or NO_LIMIT,
        data_ask_from=ask_from,
        **control,
    )


def _chip(choice: Choice) -> Html:
    raw, key, shown = choice
    remove = tag("button", icon("close"), type="button", aria_label=f"Remove {shown}")
    return tag("span", shown, remove, class_="chip", data_option=raw, data_key=key)


PICKERS: Final[Mapping[str, Callable[[Node, Slot], Html]]] = {
    "multi_static_select": multi_static_select,
    "multi_users_select": multi_users_select,
    "multi_channels_select": multi_channels_select,
    "multi_conversations_select": multi_channels_select,
    "external_select": external_select,
    "multi_external_select": external_select,
}
