"""The page's static files, held in memory: one daemon serves one version, even while it is being upgraded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).with_name("static")
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, ready to be sent."""

    body: bytes
    mime: str
    tag: str


class Assets:
    """Only what lies in the folder can be had, by its bare name."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._assets = {path.name: _read(path) for path in sorted(folder.iterdir()) if path.suffix in TYPES}

    def respond(self, request: web.Request, name: str) -> web.Response:
        """200 or 304: browsers ask each time, so that an upgrade is seen at once. Raises 404."""
        asset = self._assets.get(name)
        if asset is None:
            raise web.HTTPNotFound(text="There is nothing at this address.\n")
        headers = {"ETag": f'"{asset.tag}"', "Cache-Control": "no-cache"}
        if any(tag.value in (asset.tag, "*") for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        return web.Response(body=asset.body, content_type=asset.mime, charset="utf-8", headers=headers)


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(body, TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:20])
