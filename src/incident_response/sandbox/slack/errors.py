"""The one error every operation raises: Slack's own word for what is wrong."""

from typing import Any


class SlackError(Exception):
    """`{"ok": false, "error": code}`; `extra` is laid beside the code in the answer.

    Codes are those of the method's own page, or the ones any method may give.
    """

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra
