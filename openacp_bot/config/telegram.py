"""The `telegram.` section: a token, from where it is kept; who is let in; which chats."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from openacp_bot.config.freeze import Ground, is_loopback
from openacp_bot.config.problems import shown
from openacp_bot.config.schema import TelegramSection
from openacp_bot.config.values import TelegramConfig, TelegramWebhook
from openacp_bot.core.settings import AccessList

TOKEN = re.compile(r"[0-9]{3,}:[A-Za-z0-9_-]{3,}")
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
PORTS = (443, 80, 88, 8443)
ASK = "@BotFather gives it, as numbers, a colon and letters"


def frozen(section: TelegramSection, ground: Ground) -> TelegramConfig | None:
    """None where the section is not there; what is wrong is in `ground.problems`."""
    if not section.model_fields_set:
        return None
    chats = section.chat_ids if section.chat_id is None else [section.chat_id, *section.chat_ids]
    for at, chat in enumerate(section.chat_ids):
        _check_chat(chat, ("telegram", "chat_ids", at), ground)
    if section.chat_id is not None:
        _check_chat(section.chat_id, ("telegram", "chat_id"), ground)
    url = section.api_base_url.rstrip("/")
    if url and not url.startswith(("http://", "https://")):
        ground.complain(("telegram", "api_base_url"), f"is {shown(url)}; it must begin with http:// or https://")
    if section.rich_messages:
        ground.complain(
            ("telegram", "rich_messages"), "is true; this version has no rich messages yet, so leave it out"
        )
    return TelegramConfig(
        token=_token(section, ground),
        api_base_url=url,
        chats=tuple(dict.fromkeys(chats)),
        general=section.general or ("all" if _only_one(section) else "mention"),
        streaming=section.streaming,
        webhook=_webhook(section, ground) if section.mode == "webhook" else None,
    )


def access(section: TelegramSection) -> AccessList:
    """Closed by default. An admin is allowed without being listed twice."""
    admins = frozenset(map(str, section.admin_user_ids))
    return AccessList(
        users=frozenset(map(str, section.allowed_user_ids)) | admins,
        admins=admins,
        everyone=section.allow_everyone,
    )


def warnings(section: TelegramSection) -> Iterator[str]:
    """What is allowed, and probably not meant."""
    if not section.model_fields_set:
        return
    listed = {*section.allowed_user_ids, *section.admin_user_ids}
    if section.allow_everyone:
        yield "telegram.allow_everyone is true: every Telegram user who finds the bot can run agents on this machine"
    elif not listed:
        yield (
            "telegram.allowed_user_ids is empty, so nobody may use the bot and it is not started; "
            "add your numeric id (@userinfobot tells it)"
        )
    if section.mode == "webhook" and not is_loopback(section.webhook.listen_host):
        yield (
            f"telegram.webhook.listen_host is {section.webhook.listen_host}, which others can reach, and it speaks no "
            "TLS itself; only the proxy should get there"
        )
    if not section.admin_user_ids and (section.allow_everyone or len(listed) > 1):
        yield "telegram.admin_user_ids is empty and several people are allowed, so nobody in Telegram is an admin"


def _only_one(section: TelegramSection) -> bool:
    return not section.allow_everyone and len({*section.allowed_user_ids, *section.admin_user_ids}) == 1


def _check_chat(chat: int, path: tuple[str | int, ...], ground: Ground) -> None:
    if chat >= 0:
        ground.complain(path, f"is {chat}; a group's id is negative (private chats need none)")


def _webhook(section: TelegramSection, ground: Ground) -> TelegramWebhook:
    hook = section.webhook
    _check_url(hook.url, public=not section.api_base_url, ground=ground)
    if not SECRET.fullmatch(hook.secret):
        state = "has characters that Telegram refuses" if hook.secret else "is missing"
        ground.complain(
            ("telegram", "webhook", "secret"), f"{state}; it must be 1 to 256 letters, digits, “_” and “-” of your own"
        )
    return TelegramWebhook(hook.url, hook.listen_host, hook.listen_port, hook.secret)


def _check_url(url: str, *, public: bool, ground: Ground) -> None:
    """Bot API, setWebhook: https, and four ports. One's own server on this machine may do without."""
    path: tuple[str, ...] = ("telegram", "webhook", "url")
    try:
        parts, port = urlsplit(url), urlsplit(url).port
    except ValueError:
        ground.complain(path, f"is {shown(url)}; it is no address")
        return
    is_near = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not url:
        ground.complain(path, "is missing; it is the public address that a proxy hands on to listen_host:listen_port")
    elif not parts.hostname or not (parts.scheme == "https" or is_near):
        ground.complain(path, f"is {shown(url)}; it must begin with https://")
    elif public and not is_near and (port or 443) not in PORTS:
        ground.complain(path, f"is {shown(url)}; Telegram knows the ports {', '.join(map(str, PORTS))} only")


def _token(section: TelegramSection, ground: Ground) -> str:
    if section.token and section.token_file:
        ground.complain(("telegram", "token_file"), "is given beside telegram.token; give one of them")
    if not section.token and not section.token_file:
        ground.complain(("telegram", "token"), f"is missing; {ASK}. Or name a file that holds it in token_file")
        return ""
    key = "token_file" if section.token_file else "token"
    text = _read(section.token_file, ground) if section.token_file else section.token.strip()
    if text and not TOKEN.fullmatch(text):
        ground.complain(("telegram", key), f"is no bot token; {ASK}")
    return text


def _read(name: str, ground: Ground) -> str:
    path = ground.absolute(name, ("telegram", "token_file"))
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        ground.complain(("telegram", "token_file"), f"is {shown(str(path))}, which cannot be read: {why}")
        return ""
