"""The `telegram.` section: a token, from where it is kept; who is let in; which chats."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from openacp_bot.config.freeze import Ground, is_loopback
from openacp_bot.config.problems import shown
from openacp_bot.config.schema import TelegramSection
from openacp_bot.config.tokens import token
from openacp_bot.config.values import TelegramConfig, TelegramWebhook
from openacp_bot.core.settings import AccessList

TOKEN = re.compile(r"[0-9]{3,}:[A-Za-z0-9_-]{3,}")
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
SUPERGROUP = re.compile(r"100[0-9]{10}")  # without its minus
PORTS = (443, 80, 88, 8443)
ASK = "@BotFather gives it, as numbers, a colon and letters"
EXAMPLE = "put-yours-here"  # in config.example.yaml


def frozen(section: TelegramSection, ground: Ground) -> TelegramConfig | None:
    """None where the section is not there; what is wrong is in `ground.problems`."""
    if not section.model_fields_set:
        return None
    chats = _chats(section)
    for at, chat in enumerate(section.chat_ids):
        _check_chat(chat, ("telegram", "chat_ids", at), ground)
    if section.chat_id is not None:
        _check_chat(section.chat_id, ("telegram", "chat_id"), ground)
    url = section.api_base_url.rstrip("/")
    if url and not url.startswith(("http://", "https://")):
        ground.complain(("telegram", "api_base_url"), f"is {shown(url)}; it must begin with http:// or https://")
    return TelegramConfig(
        token=_token(section, ground),
        api_base_url=url,
        chats=tuple(dict.fromkeys(chats)),
        general=section.general or ("all" if _only_one(section) else "mention"),
        streaming=section.streaming,
        rich_messages=section.rich_messages,
        ephemeral_answers=section.ephemeral_answers,
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
            "add your numeric id (@userinfobot tells it) and restart"
        )
    for chat in _chats(section):
        if chat > 0 and chat not in listed and not section.allow_everyone:
            yield (
                f"telegram.chat_ids has {chat}, a person's private chat: to let them in, add {chat} to "
                "telegram.allowed_user_ids instead"
            )
    if section.mode == "webhook" and not is_loopback(section.webhook.listen_host):
        yield (
            f"telegram.webhook.listen_host is {section.webhook.listen_host}, which others can reach, and it speaks no "
            "TLS itself; only the proxy should get there"
        )
    if not section.admin_user_ids and (section.allow_everyone or len(listed) > 1):
        yield "telegram.admin_user_ids is empty and several people are allowed, so nobody in Telegram is an admin"


def _chats(section: TelegramSection) -> list[int]:
    return section.chat_ids if section.chat_id is None else [section.chat_id, *section.chat_ids]


def _only_one(section: TelegramSection) -> bool:
    return not section.allow_everyone and len({*section.allowed_user_ids, *section.admin_user_ids}) == 1


def _check_chat(chat: int, path: tuple[str | int, ...], ground: Ground) -> None:
    """A person's id is that of their private chat, and never as long as a supergroup's."""
    if chat == 0 or SUPERGROUP.fullmatch(str(chat)):
        ground.complain(
            path, f"is {chat}; a group's id is negative, -{chat or 1001234567890} (private chats need none)"
        )


def _webhook(section: TelegramSection, ground: Ground) -> TelegramWebhook:
    hook = section.webhook
    _check_url(hook.url, public=not section.api_base_url, ground=ground)
    if not SECRET.fullmatch(hook.secret) or hook.secret == EXAMPLE:
        state = _state(hook.secret)
        ground.complain(
            ("telegram", "webhook", "secret"), f"{state}; it must be 1 to 256 letters, digits, “_” and “-” of your own"
        )
    return TelegramWebhook(hook.url, hook.listen_host, hook.listen_port, hook.secret)


def _state(secret: str) -> str:
    if secret == EXAMPLE:
        return "is still the one of the example"
    return "has characters that Telegram refuses" if secret else "is missing"


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
    text, key = token("telegram", section.token, section.token_file, ground, ask=ASK)
    if text.endswith(EXAMPLE):
        ground.complain(("telegram", key), f"is still the one of the example; {ASK}. Write /newbot to it")
    elif text and not TOKEN.fullmatch(text):
        ground.complain(("telegram", key), f"is no bot token; {ASK}")
    return text
