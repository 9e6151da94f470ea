"""AWS in constant time and little CPU: takes every put and every message, and gives out one key.

A process of its own: ``python -m tests.bench.stub_aws KEY`` says its port. Not here: what AWS
refuses (ministack does).
"""

import asyncio
import json
import sys
from typing import Any

VERSION = "00000000-0000-4000-8000-000000000001"
LONGEST_HEAD = 65_536


def answer(target: bytes, body: bytes, key: str) -> dict[str, Any]:
    """What the operation returns."""
    operation = target.rpartition(b".")[2]
    if operation == b"PutItem":
        return {}
    if operation == b"SendMessage":
        return {"MessageId": "m", "MD5OfMessageBody": "0", "SequenceNumber": "1"}
    if operation == b"SendMessageBatch":
        entries = json.loads(body)["Entries"]
        sent = [{"Id": e["Id"], "MessageId": "m", "MD5OfMessageBody": "0"} for e in entries]
        return {"Successful": sent, "Failed": []}
    if operation == b"DescribeSecret":
        return {"Name": "key", "VersionIdsToStages": {VERSION: ["AWSCURRENT"]}}
    if operation == b"GetSecretValue":
        return {"Name": "key", "VersionId": VERSION, "SecretString": key}
    if operation == b"Query":
        return {"Items": [], "Count": 0, "ScannedCount": 0}
    raise AssertionError(f"the stub does not know {target!r}")


class Stub(asyncio.Protocol):
    """One connection."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            lines = self._buffer[:end].split(b"\r\n")[1:]
            head = {name.lower(): value for name, _, value in (x.partition(b": ") for x in lines)}
            length = end + 4 + int(head.get(b"content-length", b"0"))
            if len(self._buffer) < length:
                return
            body, self._buffer = self._buffer[end + 4 : length], self._buffer[length:]
            self._reply(answer(head[b"x-amz-target"], body, self._key))

    def _reply(self, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        head = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
            b"x-amzn-requestid: r\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        assert self._transport is not None
        self._transport.write(head + body)


async def main(key: str) -> None:
    """Serve until standard input is closed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Stub(key), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
