"""Block Kit's rules: which blocks and elements there are, their fields and their limits.

Source: docs.slack.dev/reference/block-kit. What a rich text holds inside its sections is checked
by kind only, as Slack's clients write it and products seldom do.
"""

from collections.abc import Mapping
from dataclasses import replace

from incident_response.sandbox.slack.shapes import (
    Check,
    Fields,
    Typed,
    anything,
    boolean,
    integer,
    items,
    string,
)


def plain(most: int) -> Check:
    """A plain_text object of 1 to `most` characters."""
    return Typed({"plain_text": _text(most)})


def either(most: int) -> Check:
    """A plain_text or mrkdwn object of 1 to `most` characters."""
    return Typed({"plain_text": _text(most), "mrkdwn": _text(most)})


def _text(most: int) -> Fields:
    return Fields(
        {"type": anything, "text": string(most, least=1)},
        {"emoji": boolean, "verbatim": boolean},
    )


ID = string(255)
OPTION = Fields(
    {"text": either(75), "value": string(150)},
    {"description": either(75), "url": string(3000)},
)
OPTIONS = items(OPTION, most=100)
OPTION_GROUPS = items(Fields({"label": plain(75), "options": OPTIONS}, {}), most=100)
CONFIRM = Fields(
    {"text": either(300)},
    {
        "title": plain(100),
        "confirm": plain(30),
        "deny": plain(30),
        "style": string(10, one_of=frozenset({"primary", "danger"})),
    },
)
STYLE = string(10, one_of=frozenset({"primary", "danger"}))
FILTER = Fields(
    {},
    {
        "include": items(string(20), most=4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)
DISPATCH = Fields({}, {"trigger_actions_on": items(string(30), most=2)})


def _element(required: Mapping[str, Check] | None = None, /, **optional: Check) -> Fields:
    shared: dict[str, Check] = {"action_id": ID, "confirm": CONFIRM, "focus_on_load": boolean}
    return Fields({"type": anything, **(required or {})}, {**shared, **optional})


def _select(**optional: Check) -> Fields:
    return _element(placeholder=plain(150), **optional)


def _multi_select(**optional: Check) -> Fields:
    return _element(placeholder=plain(150), max_selected_items=integer(1, 100), **optional)


def _with_choices(select: Fields) -> Fields:
    """A select that brings its options, flat or in groups."""
    choices: dict[str, Check] = {"options": OPTIONS, "option_groups": OPTION_GROUPS}
    return replace(select, optional={**select.optional, **choices}, any_of=tuple(choices))


def _typed_input(**optional: Check) -> Fields:
    return _element(
        placeholder=plain(150),
        initial_value=string(3000),
        dispatch_action_config=DISPATCH,
        **optional,
    )


IDS = items(ID, most=100)
CONVERSATION: dict[str, Check] = {
    "filter": FILTER,
    "default_to_current_conversation": boolean,
    "response_url_enabled": boolean,
}
IMAGE_FIELDS: dict[str, Check] = {
    "image_url": string(3000),
    "slack_file": anything,
    "title": plain(2000),
    "block_id": ID,
}
IMAGE = Fields(
    {"type": anything, "alt_text": string(2000)}, IMAGE_FIELDS, any_of=("image_url", "slack_file")
)

ELEMENTS = Typed(
    {
        "button": _element(
            {"text": plain(75)},
            value=string(2000),
            url=string(3000),
            style=STYLE,
            accessibility_label=string(75),
        ),
        "image": IMAGE,
        "overflow": _element({"options": items(OPTION, most=5)}),
        "static_select": _with_choices(_select(initial_option=OPTION)),
        "external_select": _select(initial_option=OPTION, min_query_length=integer(0, 100)),
        "users_select": _select(initial_user=ID),
        "conversations_select": _select(initial_conversation=ID, **CONVERSATION),
        "channels_select": _select(initial_channel=ID, response_url_enabled=boolean),
        "multi_static_select": _with_choices(_multi_select(initial_options=OPTIONS)),
        "multi_external_select": _multi_select(
            initial_options=OPTIONS, min_query_length=integer(0, 100)
        ),
        "multi_users_select": _multi_select(initial_users=IDS),
        "multi_conversations_select": _multi_select(initial_conversations=IDS, **CONVERSATION),
        "multi_channels_select": _multi_select(initial_channels=IDS),
        "checkboxes": _element(
            {"options": items(OPTION, most=10)}, initial_options=items(OPTION, most=10)
        ),
        "radio_buttons": _element({"options": items(OPTION, most=10)}, initial_option=OPTION),
        "datepicker": _element(placeholder=plain(150), initial_date=string(10)),
        "timepicker": _element(
            placeholder=plain(150), initial_time=string(5), timezone=string(100)
        ),
        "datetimepicker": _element(initial_date_time=integer(0, 10**10)),
        "plain_text_input": _typed_input(
            multiline=boolean, min_length=integer(0, 3000), max_length=integer(1, 3000)
        ),
        "email_text_input": _typed_input(),
        "url_text_input": _typed_input(),
        "number_input": _element(
            {"is_decimal_allowed": boolean},
            placeholder=plain(150),
            initial_value=string(30),
            min_value=string(30),
            max_value=string(30),
            dispatch_action_config=DISPATCH,
        ),
        "rich_text_input": _element(
            placeholder=plain(150), initial_value=anything, dispatch_action_config=DISPATCH
        ),
        "file_input": _element(filetypes=anything, max_files=integer(1, 10)),
    }
)
PICKERS = (
    "checkboxes",
    "datepicker",
    "timepicker",
    "radio_buttons",
    "static_select",
    "external_select",
    "users_select",
    "conversations_select",
    "channels_select",
)
MULTI_SELECTS = tuple(name for name in ELEMENTS.shapes if name.startswith("multi_"))
ACCESSORIES = ELEMENTS.only("button", "image", "overflow", *PICKERS, *MULTI_SELECTS)
ACTIONS = ELEMENTS.only("button", "overflow", "datetimepicker", *PICKERS)
INPUTS = ELEMENTS.only(
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "rich_text_input",
    "file_input",
    "datetimepicker",
    *PICKERS,
    *MULTI_SELECTS,
)
CONTEXT = Typed({"image": IMAGE, "plain_text": _text(2000), "mrkdwn": _text(2000)})
RICH_PART = Fields(
    {"type": string(30), "elements": items(anything, most=5000, least=0)},
    {
        "style": anything,
        "indent": integer(0, 8),
        "offset": integer(0, 10**6),
        "border": integer(0, 1),
        "language": string(50),
    },
)
RICH_TEXT = Typed(
    dict.fromkeys(
        ("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"),
        RICH_PART,
    )
)
TABLE_CELL = Typed(
    {
        "raw_text": Fields({"type": anything, "text": string(3000)}, {}),
        "raw_number": Fields({"type": anything, "value": anything}, {"text": string(3000)}),
        "rich_text": Fields(
            {"type": anything, "elements": items(RICH_TEXT, most=100)}, {"block_id": ID}
        ),
    }
)


def _block(required: Mapping[str, Check], /, **optional: Check) -> Fields:
    return Fields({"type": anything, **required}, {"block_id": ID, **optional})


BLOCKS = Typed(
    {
        "header": _block({"text": plain(150)}, level=integer(1, 4)),
        "section": replace(
            _block(
                {},
                text=either(3000),
                fields=items(either(2000), most=10),
                accessory=ACCESSORIES,
                expand=boolean,
            ),
            any_of=("text", "fields"),
        ),
        "divider": _block({}),
        "context": _block({"elements": items(CONTEXT, most=10)}),
        "actions": _block({"elements": items(ACTIONS, most=25)}),
        "image": IMAGE,
        "input": _block(
            {"label": plain(2000), "element": INPUTS},
            hint=plain(2000),
            optional=boolean,
            dispatch_action=boolean,
        ),
        "rich_text": _block({"elements": items(RICH_TEXT, most=500)}),
        "markdown": _block({"text": string(12_000, least=1)}),
        "table": _block(
            {"rows": items(items(TABLE_CELL, most=20), most=100)},
            column_settings=items(anything, most=20),
        ),
        "video": _block(
            {"alt_text": string(2000), "title": plain(200), "video_url": string(3000)},
            thumbnail_url=string(3000),
            title_url=string(3000),
            author_name=string(50),
            provider_name=string(255),
            provider_icon_url=string(3000),
            description=plain(200),
        ),
        "file": _block({"external_id": ID, "source": string(10)}),
    }
)
