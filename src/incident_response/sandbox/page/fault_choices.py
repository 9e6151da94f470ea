"""What the workbench offers to go wrong: ready-made faults, and the targets a fault can name.

Any fault can be written by hand there; these are the ones worth a button.
"""

from typing import Final

from incident_response.sandbox.faults import Fault

PRESETS: Final[tuple[tuple[str, Fault], ...]] = (
    ("On-call lookup is down", Fault(target="oncall.*", kind="server_error")),
    ("Metrics hang for 20 s", Fault(target="mimir.*", kind="hang", seconds=20)),
    ("Log search is down", Fault(target="loki.*", kind="server_error")),
    ("Directory is down", Fault(target="workos.*", kind="reset")),
    ("Slack limits the next call", Fault(target="slack.*", kind="rate_limited", times=1)),
    (
        "Slack loses a reply",
        Fault(target="slack.conversations.create", kind="drop_reply", times=1),
    ),
    (
        "Status page loses a reply",
        Fault(target="statuspage.create_incident", kind="drop_reply", times=1),
    ),
    (
        "Status page publishes 45 s late",
        Fault(target="statuspage.create_incident", kind="apply_later", seconds=45, times=1),
    ),
    (
        "Issue tracker loses a reply",
        Fault(target="linear.issueCreate", kind="drop_reply", times=1),
    ),
    (
        "The model is overloaded",
        Fault(target="anthropic.*", kind="error", code="overloaded_error"),
    ),
)
TARGETS: Final = (
    "slack.*",
    "slack.conversations.create",
    "slack.conversations.invite",
    "slack.chat.postMessage",
    "slack.pins.add",
    "slack.views.open",
    "slack.socket",
    "oncall.*",
    "mimir.*",
    "loki.*",
    "tempo.*",
    "workos.*",
    "github.*",
    "statuspage.*",
    "statuspage.create_incident",
    "statuspage.update_incident",
    "linear.*",
    "linear.issueCreate",
    "linear.issue",
    "anthropic.*",
)
