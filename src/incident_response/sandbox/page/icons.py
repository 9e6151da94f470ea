"""Small line drawings for buttons, from one sheet that is written into every page.

The sheet is ``static/icons.svg``: one symbol each, on a 20 by 20 grid, drawn with the text's own
colour. Emoji belong to ``emoji.py``.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

from incident_response.sandbox.page.markup import Html, tag, trusted

SHEET: Final = trusted((Path(__file__).parent / "static" / "icons.svg").read_text("utf-8"))
NAMES: Final = frozenset(re.findall(r'id="i-([a-z]+)"', SHEET))


@cache
def icon(name: str) -> Html:
    """Draw an icon. It says nothing to a screen reader: its button must have words.

    Raises:
        ValueError: the sheet has no such icon.
    """
    if name not in NAMES:
        raise ValueError(f"no icon named {name!r}")
    use = tag("use", href=f"#i-{name}")
    return tag("svg", use, class_=f"icon icon-{name}", aria_hidden="true", focusable="false")
