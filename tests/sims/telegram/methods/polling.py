"""getUpdates and the webhook."""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import urlsplit

from tests.sims.telegram.methods.registry import method
from tests.sims.telegram.params import Params
from tests.sims.telegram.realm import Realm
from tests.sims.telegram.refusals import bad, flooded
from tests.sims.telegram.updates import ENDED_BY_WEBHOOK, KINDS

PORTS = (443, 80, 88, 8443)


@method("getUpdates", "offset limit timeout allowed_updates")
async def get_updates(realm: Realm, p: Params) -> Any:
    _allow(realm, p)
    return await realm.updates.take(p.number("offset"), p.number("limit", 100), p.number("timeout"))


@method("setWebhook", "url certificate ip_address max_connections allowed_updates drop_pending_updates secret_token")
def set_webhook(realm: Realm, p: Params) -> Any:
    url = p.text("url")
    if not url:
        return delete_webhook(realm, p)
    _check_url(realm, url)
    secret = p.text("secret_token")
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise bad("secret token contains unallowed characters" if len(secret) <= 256 else "secret token is too long")
    connections = p.number("max_connections", 40)
    if not 1 <= connections <= 100:
        raise bad("max_connections must be between 1 and 100")
    if time.monotonic() < realm.webhook_set_at + 1.0:
        raise flooded(1)  # at most one a second
    realm.webhook_set_at = time.monotonic()
    _allow(realm, p)
    _drop(realm, p)
    realm.updates.end_poll(ENDED_BY_WEBHOOK)
    realm.webhook = {"url": url, "secret": secret, "max_connections": connections}
    realm.updates.webhook = url
    realm.updates.arrived.set()
    return True


@method("deleteWebhook", "drop_pending_updates")
def delete_webhook(realm: Realm, p: Params) -> Any:
    _drop(realm, p)
    realm.webhook, realm.updates.webhook = {"url": ""}, ""
    return True


@method("getWebhookInfo")
def get_webhook_info(realm: Realm, p: Params) -> Any:
    shown = {name: value for name, value in realm.webhook.items() if name != "secret"}
    return {
        "has_custom_certificate": False,
        "pending_update_count": len(realm.updates.waiting),
        "allowed_updates": sorted(realm.updates.allowed),
        **shown,
    }


def _check_url(realm: Realm, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "http" and realm.http_webhooks and parts.hostname in ("127.0.0.1", "localhost"):
        return
    if parts.scheme != "https":
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if (parts.port or 443) not in PORTS:
        raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


def _allow(realm: Realm, p: Params) -> None:
    kinds = p.value("allowed_updates", "allowed updates")
    for kind in set(map(str, kinds or [])) - KINDS:
        realm.odd(f"unknown kind of update asked for: {kind}")
    realm.updates.allow(kinds)


def _drop(realm: Realm, p: Params) -> None:
    if p.flag("drop_pending_updates"):
        realm.updates.waiting.clear()
