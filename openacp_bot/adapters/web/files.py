"""Files that an agent handed over: their addresses carry a signature, so that only what was shown can be fetched."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web

from openacp_bot.core.model import Blob

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")  # no SVG: it may carry script
INLINE = 2 * 1024 * 1024  # characters of base64 that travel inside the conversation


class SignedFiles:
    """Addresses of files on disk, and the handler behind them."""

    def __init__(self, key: str) -> None:
        self._secret = hashlib.sha256(f"files {key}".encode()).digest()

    def drawn(self, blob: Blob) -> dict[str, Any]:
        """`picture`: it can be shown; `url` is empty where there is nothing to fetch."""
        name = blob.name or (Path(blob.path).name if blob.path else blob.mime)
        described = f"Picture from the agent: {blob.name}" if blob.name else "Picture from the agent"
        drawn = {"name": name, "mime": blob.mime, "picture": blob.mime in PICTURES, "url": self._url(blob)}
        return {**drawn, "described": described}

    def _url(self, blob: Blob) -> str:
        if blob.path:
            given = {"path": blob.path, "mime": blob.mime, "name": blob.name}
            return "/file?" + urlencode({**given, "sign": self._sign(blob.path, blob.mime, blob.name)})
        if blob.data and blob.mime in PICTURES and len(blob.data) <= INLINE:
            return f"data:{blob.mime};base64,{blob.data}"
        return ""

    def _sign(self, *parts: str) -> str:
        return hmac.new(self._secret, "\0".join(parts).encode(), hashlib.sha256).hexdigest()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """`GET /file`, for whoever has shown the page's cookie before."""
        path, mime, name = (request.query.get(part, "") for part in ("path", "mime", "name"))
        given = request.query.get("sign", "").encode()
        if not hmac.compare_digest(self._sign(path, mime, name).encode(), given):
            raise web.HTTPForbidden(text="This file was not shown in a conversation.\n")
        response = web.FileResponse(path)  # answers 404 by itself where the file is gone
        is_picture = mime in PICTURES
        response.content_type = mime if is_picture else "application/octet-stream"
        how = "inline" if is_picture else "attachment"
        response.headers["Content-Disposition"] = f"{how}; filename*=UTF-8''{quote(name or Path(path).name, safe='')}"
        response.headers["Cache-Control"] = "private, max-age=3600"
        return response
