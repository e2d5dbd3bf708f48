"""The `telegram.` section: a token, from where it is kept; who is let in; which chats."""

from __future__ import annotations

import re
from collections.abc import Iterator

from openacp_bot.config.freeze import Ground
from openacp_bot.config.problems import shown
from openacp_bot.config.schema import TelegramSection
from openacp_bot.config.values import TelegramConfig
from openacp_bot.core.settings import AccessList

TOKEN = re.compile(r"[0-9]{3,}:[A-Za-z0-9_-]{3,}")
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
    return TelegramConfig(
        token=_token(section, ground),
        api_base_url=url,
        chats=tuple(dict.fromkeys(chats)),
        general=section.general or ("all" if _only_one(section) else "mention"),
        streaming=section.streaming,
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
    if not section.admin_user_ids and (section.allow_everyone or len(listed) > 1):
        yield "telegram.admin_user_ids is empty and several people are allowed, so nobody in Telegram is an admin"


def _only_one(section: TelegramSection) -> bool:
    return not section.allow_everyone and len({*section.allowed_user_ids, *section.admin_user_ids}) == 1


def _check_chat(chat: int, path: tuple[str | int, ...], ground: Ground) -> None:
    if chat >= 0:
        ground.complain(path, f"is {chat}; a group's id is negative (private chats need none)")


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
