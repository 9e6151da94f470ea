"""A place on a local AWS for a drill: ministack, started here or already running, with everything
made that the AWS backend needs.

Not here: the drill itself (drill_main), what has to be there (bootstrap.aws).
"""

import asyncio
import secrets
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from incident_response.adapters.aws.resources import queue_name, queue_url
from incident_response.adapters.aws.session import AwsClients, is_on_this_machine
from incident_response.alert_sources import ALERT_SOURCES
from incident_response.bootstrap.aws import QUEUE_SETTINGS, open_aws
from incident_response.bootstrap.aws_infra import aws_resources
from incident_response.bootstrap.backend import key_secret, key_variable, keys_set
from incident_response.domain.errors import InvalidConfigurationError, UnavailableError
from incident_response.entrypoints.local_stack import Place
from incident_response.settings import Settings

REGION = "us-east-1"
ROLE_ARN = "arn:aws:iam::000000000000:role/incident-response-drill"
PROGRAM = "ministack"
START_SECONDS = 30.0
END_SECONDS = 10.0
LOOK_SECONDS = 0.05


@asynccontextmanager
async def aws_place(endpoint_url: str) -> AsyncIterator[Place]:
    """What makes a place for one stack at ``endpoint_url``, or on a ministack that runs until this
    context ends.

    Raises ``InvalidConfigurationError`` for an address that is not this machine's, or if there is
    no ministack.
    """
    if endpoint_url:
        if not is_on_this_machine(endpoint_url):
            raise InvalidConfigurationError(
                f"--endpoint-url {endpoint_url}: a drill makes tables and queues, and does so only"
                " on this machine"
            )
        yield _placing(endpoint_url)
        return
    async with _ministack() as url:
        yield _placing(url)


def _placing(url: str) -> Place:
    async def place(settings: Settings) -> Settings:
        own = f"drill-{secrets.token_hex(4)}"
        placed = settings.model_copy(update=_names(own, url))
        async with open_aws(placed) as clients:
            for resource in aws_resources(placed, prefix=own):
                await resource.apply(clients)
            await _keep_keys(clients, settings, placed.webhook_secret_id)
            urls = {
                setting.lower(): await queue_url(clients, queue_name(own, name))
                for name, setting in QUEUE_SETTINGS.items()
            }
        return placed.model_copy(update=urls)

    return place


def _names(own: str, url: str) -> dict[str, object]:
    return {
        **{key_variable(source.name).lower(): None for source in ALERT_SOURCES},
        "backend": "aws",
        "aws_region": REGION,
        "aws_endpoint_url": url,
        "incidents_table": f"{own}-incidents",
        "audit_table": f"{own}-audit",
        "schedule_group": own,
        "scheduler_role_arn": ROLE_ARN,
        "webhook_secret_id": f"{own}/webhook",
        "ledger_key": SecretStr(secrets.token_hex(32)),
    }


async def _keep_keys(clients: AwsClients, settings: Settings, path: str) -> None:
    for source, key in keys_set(settings).items():
        await clients.secrets.put_secret_value(
            SecretId=f"{path}/{key_secret(source)}", SecretString=key.get_secret_value()
        )


@asynccontextmanager
async def _ministack() -> AsyncIterator[str]:
    port = _free_port()
    with TemporaryDirectory(prefix="incident-ministack-") as folder:
        process = await asyncio.create_subprocess_exec(
            _program(),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=folder,
            env={
                "BIND_HOST": "127.0.0.1",  # its default is every address of the machine
                "GATEWAY_PORT": str(port),
                "SFTP_ENABLED": "0",
                "IOT_MTLS_ENABLED": "0",
                "LOG_LEVEL": "ERROR",
                "HOME": folder,
            },
        )
        try:
            await _until_it_listens(process, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            await _end(process)


def _program() -> str:
    """In the environment of its own that ``scripts/setup`` makes beside ours, or on the path."""
    beside = Path(sys.prefix).parent / ".ministack" / "bin" / PROGRAM
    found = str(beside) if beside.exists() else which(PROGRAM)
    if found is None:
        raise InvalidConfigurationError(
            "there is no ministack: run scripts/setup, or install ministack>=1.5 in an environment"
            " of its own, or name a running one with --endpoint-url"
        )
    return found


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


async def _until_it_listens(process: asyncio.subprocess.Process, port: int) -> None:
    async def listens() -> None:
        while process.returncode is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(LOOK_SECONDS)
            else:
                writer.close()
                return
        raise UnavailableError(f"ministack ended at once, with exit code {process.returncode}")

    try:
        await asyncio.wait_for(listens(), START_SECONDS)
    except TimeoutError as error:
        raise UnavailableError("ministack did not start") from error


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), END_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
