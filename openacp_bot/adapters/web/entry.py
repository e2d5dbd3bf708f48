"""Who gets in: the key in the first address, then a cookie that is derived from it.

1. The cookie is not the key. 2. Compares take the same time whatever is wrong. 3. A WebSocket of another site's page is
refused by its Origin, since browsers let any page open one.
"""

from __future__ import annotations

import hashlib
import hmac
from html import escape
from urllib.parse import urlsplit

from aiohttp import web

YEAR_SECONDS = 365 * 24 * 3600


class Entry:
    """Checks requests against one key."""

    def __init__(self, key: str, *, secure: bool) -> None:
        self._key = key.encode()
        self._secure = secure
        # Cookies do not know ports: two daemons on one machine need two names.
        self._name = "openacp_" + self._derived("name")[:8]
        self._value = self._derived("cookie")

    def _derived(self, purpose: str) -> str:
        return hmac.new(self._key, f"openacp-bot page {purpose}".encode(), hashlib.sha256).hexdigest()

    def is_known(self, request: web.Request) -> bool:
        """Whether the request carries the cookie."""
        given = request.cookies.get(self._name, "").encode()
        return hmac.compare_digest(given, self._value.encode())

    def admit(self, request: web.Request) -> None:
        """Raises the redirect that sets the cookie if the key is in the address, and 401 if nothing lets one in."""
        given = request.query.get("key")
        if given is not None and hmac.compare_digest(given.encode(), self._key):
            raise self._welcome(request)
        if given is not None or not self.is_known(request):
            raise _closed_door()

    def _welcome(self, request: web.Request) -> web.HTTPSeeOther:
        answer = web.HTTPSeeOther(request.path)
        answer.set_cookie(
            self._name,
            self._value,
            httponly=True,
            samesite="Strict",
            secure=self._secure,
            max_age=YEAR_SECONDS,
            path="/",
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer


def is_foreign(request: web.Request) -> bool:
    """Whether a page of another site made the request. Programs send no Origin, browsers always do on a WebSocket."""
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    # Without the scheme: a proxy in front may speak TLS where we do not.
    return urlsplit(origin).netloc.lower() != request.headers.get("Host", "").lower()


def _closed_door() -> web.HTTPUnauthorized:
    return web.HTTPUnauthorized(
        text=plain_page(
            "This page needs its key",
            "It opens with the address that holds its key. On the machine where openacp-bot runs, this command "
            "prints it:",
            command="openacp-bot open",
            link="I have the cookie already: try again",
        ),
        content_type="text/html",
        headers={"Cache-Control": "no-store"},
    )


def unready(sentence: str) -> web.Response:
    """503, with a page that asks again by itself."""
    page = plain_page(sentence, "This page will try again in a moment.", refresh=2)
    return web.Response(
        status=503,
        text=page,
        content_type="text/html",
        headers={"Cache-Control": "no-store", "Retry-After": "2"},
    )


def plain_page(title: str, text: str, *, command: str = "", link: str = "", refresh: int = 0) -> str:
    """A page of one sentence, without script."""
    return (
        "<!doctype html>"
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        + (f'<meta http-equiv="refresh" content="{refresh}">' if refresh else "")
        + f'<title>{escape(title)}</title><link rel="stylesheet" href="/static/base.css"></head>'
        + f'<body class="door"><main><h1>{escape(title)}</h1><p>{escape(text)}</p>'
        + (f"<pre>{escape(command)}</pre>" if command else "")
        + (f'<p><a href="/">{escape(link)}</a></p>' if link else "")
        + "</main></body></html>"
    )
