"""Every secret of an installation is a canary, and every vendor refuses it: none of them is heard
in a log, a span, a metric, the ledger, the workspace or an answer over HTTP.
"""

from pathlib import Path

import aiohttp
from pydantic import SecretStr

from incident_response.entrypoints.local_stack import APP_TOKEN, BOT_TOKEN
from incident_response.sandbox.alerts import Destination, sample_credentials
from incident_response.sandbox.app import VendorTokens
from incident_response.settings import Settings
from incident_response.telemetry.secrecy import BLOT
from tests.scenarios.rooms import eventually
from tests.telemetry.site import Site, site

RIGHT = {
    "slack_bot_token": BOT_TOKEN,
    "slack_app_token": APP_TOKEN,
    "grafana_oncall_token": VendorTokens().oncall,
}
"""What has to be right for there to be a room with somebody in it; they are canaries too."""


def secrets() -> dict[str, str]:
    """Every secret setting, each with a value of its own that opens nothing."""
    names = [n for n, f in Settings.model_fields.items() if "SecretStr" in str(f.annotation)]
    made = {name: f"c4nary-{name.replace('_', '-')}-6d1f" for name in names}
    return made | RIGHT | {"otel_exporter_otlp_headers": "X-Token=c4nary%20in-the-header-6d1f"}


def canaries() -> list[str]:
    return [*RIGHT.values(), "c4nary", "in-the-header-6d1f"]


async def answers(there: Site) -> list[str]:
    """What senders are told who do it wrong, a secret in each wrong thing."""
    url, heard = f"{there.webhook_url}/alerts/grafana-oncall", []
    right = secrets()["grafana_oncall_webhook_key"]
    json_type = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession() as http:
        for headers, body in (
            (json_type, b"{}"),
            (json_type | {"Authorization": f"Bearer {right}x"}, b"{}"),
            (json_type | {"Authorization": f"Bearer {right}"}, b'{"' + right.encode() + b'":'),
            (json_type | {"Authorization": f"Bearer {right}"}, b'["' + right.encode() + b'"]'),
            ({"Authorization": f"Bearer {right}"}, right.encode()),
        ):
            async with http.post(url, data=body, headers=headers) as reply:
                assert reply.status >= 400
                heard.append(f"{reply.headers}{await reply.text()}")
    return heard


async def test_no_secret_is_heard_anywhere(tmp_path: Path) -> None:
    key = secrets()["grafana_oncall_webhook_key"]
    settings = {name.upper(): value for name, value in secrets().items()}
    async with site(tmp_path, key=key, settings=settings) as there:
        told = await answers(there)
        wrong = Destination(there.webhook_url, sample_credentials("c4nary-of-a-stranger"))
        there.sandbox.alerts.aim(wrong)
        refused = await there.fire()
        assert refused.status == 401
        there.sandbox.alerts.aim(Destination(there.webhook_url, sample_credentials(key)))
        assert (await there.fire()).status == 202
        room = await there.room()
        await there.types(room, "role ic")
        for line in ("catchup", "status draft", "retry", "escalate", "resolve It is mended."):
            await there.types(room, line)

        async def is_over() -> bool:
            return any('"INCIDENT_RESOLVED"' in entry for entry in there.ledger())

        await eventually(is_over, within=40)
        await there.stopped()
        said = there.webhook.said + there.processor.said
        assert "alert taken in" in said
        assert "request not authentic" in said
        assert BLOT not in said, "nothing had to be blotted out"
        sent = b"".join(there.collector.bodies).decode("utf-8", "replace")
        assert "assemble create_room" in sent
        refusals = there.collector.points["incident_response.directory.failures"]
        assert refusals[0].value >= 1, "the vendors did refuse the canaries"
        tokens = {headers.get("x-token") for headers in there.collector.headers}
        assert tokens == {"c4nary in-the-header-6d1f"}, "what must be sent is sent"
        workspace = (tmp_path / "workspace.db").read_bytes().decode("utf-8", "replace")
        sinks = {
            "logs": said,
            "telemetry": sent,
            "ledger": "\n".join(there.ledger()),
            "answers": "\n".join([*told, refused.answer or ""]),
            "workspace": workspace,
        }
    heard = {
        name: [canary for canary in canaries() if canary in text] for name, text in sinks.items()
    }
    assert heard == {name: [] for name in sinks}


def test_whatever_is_secret_is_typed_so() -> None:
    settings = Settings.isolated(**secrets())
    typed = {name for name, value in settings if isinstance(value, SecretStr)}
    assert typed == secrets().keys()
    for shown in (repr(settings), str(settings), settings.model_dump_json(), f"{settings!s}"):
        assert not any(canary in shown for canary in canaries())
