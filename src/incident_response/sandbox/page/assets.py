"""The style and script files of the page, read once and served from memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

ROOT: Final = Path(__file__).parent / "static"
TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
STYLES: Final = ("tokens", "layout", "message", "blocks", "workbench")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it goes out; ``etag`` changes with its bytes."""

    body: bytes
    content_type: str
    etag: str


def load_assets() -> dict[str, Asset]:
    """Read every file there is to serve, by name."""
    return {path.name: _load(path) for path in sorted(ROOT.iterdir()) if path.suffix in TYPES}


def _load(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(body, TYPES[path.suffix], hashlib.blake2s(body, digest_size=8).hexdigest())


def serve(asset: Asset, request: web.Request) -> web.Response:
    """Answer with a file, or that the browser has it already."""
    headers = {"ETag": f'"{asset.etag}"', "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    return web.Response(
        body=asset.body, content_type=asset.content_type, charset="utf-8", headers=headers
    )
