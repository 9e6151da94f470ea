"""What Slack's client does with a form before the app hears of it: complete it, and check it."""

from typing import Any

from incident_response.sandbox.slack.model import Blocks, Json, View

# element type -> the key of its value in a state, and the field it starts from
STATE_KEYS = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "file_input": ("files", ""),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "checkboxes": ("selected_options", "initial_options"),
    "radio_buttons": ("selected_option", "initial_option"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}
LISTS = frozenset({"files", "selected_options"} | {f"selected_{w}s" for w in ("user", "channel")})
REQUIRED = "Please complete this required field."


def completed_state(blocks: Blocks, given: Json) -> Json:
    """`{block_id: {action_id: value}}` for every element that holds a value.

    What is not in `given` starts from its initial value; elements the blocks do not have are
    dropped, as a client could not send them.
    """
    state: Json = {}
    for block in blocks:
        for element in _elements(block):
            if element.get("type") not in STATE_KEYS:
                continue
            mine = given.get(block["block_id"], {}).get(element["action_id"])
            values = state.setdefault(block["block_id"], {})
            values[element["action_id"]] = _value(element, mine)
    return state


def field_errors(view: View, state: Json) -> dict[str, str]:
    """What the client itself refuses: `{block_id: text}`; empty when the form may be sent."""
    found = {}
    for block in view.blocks:
        if block.get("type") == "input":
            element = block["element"]
            value = state[block["block_id"]][element["action_id"]]
            said = _complaint(block, element, value[STATE_KEYS[element["type"]][0]])
            if said:
                found[block["block_id"]] = said
    return found


def _elements(block: Json) -> list[Json]:
    match block.get("type"):
        case "input":
            return [block["element"]]
        case "section":
            return [block["accessory"]] if block.get("accessory") else []
        case "actions":
            return list(block["elements"])
        case _:
            return []


def _value(element: Json, given: Json | None) -> Json:
    key, initial = STATE_KEYS[element["type"]]
    if given is not None:
        return {"type": element["type"], key: given.get(key)}
    start = element.get(initial)
    return {"type": element["type"], key: [] if start is None and key in LISTS else start}


def _complaint(block: Json, element: Json, value: Any) -> str | None:
    if value in (None, "", []):
        return None if block.get("optional") else REQUIRED
    match element["type"]:
        case "plain_text_input":
            return _length_complaint(element, value)
        case "number_input":
            return _number_complaint(element, value)
        case "email_text_input":
            return None if "@" in value[1:-1] else "Please enter a valid email address."
        case "url_text_input":
            ok = value.startswith(("http://", "https://"))
            return None if ok else "Please enter a valid URL."
        case _:
            return None


def _length_complaint(element: Json, value: str) -> str | None:
    if len(value) < element.get("min_length", 0):
        return f"Please use at least {element['min_length']} characters."
    if len(value) > element.get("max_length", 3000):
        return f"Please use no more than {element.get('max_length', 3000)} characters."
    return None


def _number_complaint(element: Json, value: str) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return "Please enter a number."
    if not element["is_decimal_allowed"] and not number.is_integer():
        return "Please enter a whole number."
    if "min_value" in element and number < float(element["min_value"]):
        return f"Please enter a number no less than {element['min_value']}."
    if "max_value" in element and number > float(element["max_value"]):
        return f"Please enter a number no more than {element['max_value']}."
    return None
