"""Whom the webhook believes to be AWS: whoever the machine's certificate authorities vouch for.

The process starts without having read them (``entrypoints.main``), so it is a real one here.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trustme
from pydantic import SecretStr

from incident_response.entrypoints.drill_aws import aws_place
from incident_response.settings import Settings
from tests.aws.between import Between, between
from tests.aws.ministack import CREDENTIALS, Ministack
from tests.entrypoints.processes import Process, running
from tests.entrypoints.webhook.serving import post_to
from tests.scenarios.aws_town import environment

KEY = "a-key-of-this-test-and-no-other"


@asynccontextmanager
async def webhook_of(
    ministack: Ministack, folder: Path, *, known: trustme.CA, vouching: trustme.CA
) -> AsyncIterator[tuple[Process, Between]]:
    """A webhook on a machine that knows one authority, and the wire to its AWS, for which one
    vouches. The SDK, which reads a variable of its own, knows the right one.
    """
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    vouching.issue_cert("127.0.0.1").configure_cert(tls)
    plain = Settings.isolated(state_dir=folder, grafana_oncall_webhook_key=SecretStr(KEY))
    async with aws_place(ministack.url) as place, between(ministack, tls=tls) as wire:
        settings = (await place(plain)).model_copy(update={"aws_endpoint_url": wire.url})
        authorities = {
            "SSL_CERT_FILE": pem(known, folder / "known.pem"),
            "AWS_CA_BUNDLE": pem(vouching, folder / "vouching.pem"),
        }
        env = environment(settings) | CREDENTIALS | authorities
        async with running("webhook", env=env) as webhook:
            yield webhook, wire


def pem(authority: trustme.CA, path: Path) -> str:
    """A file of its certificate."""
    authority.cert_pem.write_to_path(str(path))
    return str(path)


async def test_an_authority_of_the_machine_can_vouch_for_aws(
    ministack: Ministack, tmp_path: Path
) -> None:
    authority = trustme.CA()
    async with webhook_of(ministack, tmp_path, known=authority, vouching=authority) as town:
        webhook, wire = town
        status, answer = await post_to(webhook, KEY, "an alert")
        assert (status, answer["status"]) == (202, "accepted"), webhook.said
        assert len(wire.of("PutItem")) == 1


async def test_an_aws_whose_authority_is_unknown_is_sent_no_alert(
    ministack: Ministack, tmp_path: Path
) -> None:
    known, vouching = trustme.CA(), trustme.CA()
    async with webhook_of(ministack, tmp_path, known=known, vouching=vouching) as town:
        webhook, wire = town
        status, answer = await post_to(webhook, KEY, "an alert")
        assert (status, answer["status"]) == (202, "spooled"), webhook.said
        assert "certificate verify failed" in (await webhook.logged("alert spooled"))["reason"]
        assert not wire.of("PutItem")
