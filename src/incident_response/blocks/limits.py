"""Slack's limits for messages and modals, in characters or elements.

Counted in UTF-16 code units, as a JavaScript client counts. Sources, unless noted: the pages of
docs.slack.dev under ``reference/block-kit``. Not here: how content is made to fit (kit, text).
"""

MESSAGE_TEXT = 4_000
"""The plain fall-back:

Slack cuts at 40,000 and asks to stay under 4,000 (``chat.postMessage``).
"""
MESSAGE_BLOCKS = 50
MESSAGE_BLOCKS_JSON = 11_000
"""All blocks of a message as JSON. Slack refuses more than about 13,200 (``msg_blocks_too_long``),
some below that with much ``rich_text``; it states no number (slackapi/bolt-js issues 2509, 2867).
"""
VIEW_BLOCKS = 100

HEADER_TEXT = 150
SECTION_TEXT = 3_000
FIELD_TEXT = 2_000
FIELDS = 10
CONTEXT_TEXT = 2_000
"""Ours: the page names no limit for a context element, and nobody reads more."""
CONTEXT_ELEMENTS = 10
ACTIONS_ELEMENTS = 25

BUTTON_TEXT = 75
BUTTON_VALUE = 2_000
OPTION_TEXT = 75
"""Of an option's text, and of its description."""
OPTION_VALUE = 150
CHECKBOX_OPTIONS = 10
SELECT_OPTIONS = 100
IDENTIFIER = 255
"""Of a ``block_id``, ``action_id`` or ``callback_id``."""

CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30
"""Of a confirmation's two buttons."""

VIEW_TITLE = 24
"""Of a modal's title and of its two buttons."""
PRIVATE_METADATA = 3_000
INPUT_LABEL = 2_000
"""Of an input's label and hint."""
INPUT_VALUE = 3_000
PLACEHOLDER_TEXT = 150

LINK_URL = 3_000
TOPIC_TEXT = 250
"""Of a channel's topic (``conversations.setTopic``)."""
