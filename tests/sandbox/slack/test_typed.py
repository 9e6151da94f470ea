import pytest

from incident_response.sandbox.slack.typed import as_stored
from incident_response.sandbox.slack.workspace import Workspace
from tests.sandbox.slack.stand import ADA, APP, BEN, CY, ENG, SEED, HandClock


@pytest.fixture
def workspace() -> Workspace:
    return Workspace(seed=SEED, app=APP, now=HandClock().now)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("plain words", "plain words"),
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ("hey @ben and @Nobody", f"hey <@{BEN}> and @Nobody"),
        ("mail ben@tidewater.example", "mail ben@tidewater.example"),
        ("@here look", "<!here> look"),
        ("@payments look", "<!subteam^S00PAY> look"),
        ("see #eng.", f"see <#{ENG}|eng>."),
        ("see #nowhere", "see #nowhere"),
        ("https://x.example/?a=1&b=2, ok", "<https://x.example/?a=1&amp;b=2>, ok"),
        (f"<@{BEN}> stays", f"<@{BEN}> stays"),
        ("<script>", "&lt;script&gt;"),
        ("<!evil|<@U1>", "&lt;!evil|<@U1>"),
    ],
)
def test_what_is_typed_becomes_what_slack_stores(
    workspace: Workspace, typed: str, stored: str
) -> None:
    assert as_stored(workspace, ADA, typed) == stored


def test_command_text_carries_labels(workspace: Workspace) -> None:
    assert as_stored(workspace, ADA, "@ben", with_labels=True) == f"<@{BEN}|ben>"


def test_a_private_channel_is_no_link_for_strangers(workspace: Workspace) -> None:
    secret = workspace.channels.create("secret", actor=ADA, is_private=True)
    assert as_stored(workspace, ADA, "#secret") == f"<#{secret.id}|secret>"
    assert as_stored(workspace, CY, "#secret") == "#secret"
