"""Rich messages: blocks are checked strictly; html and markdown are taken as they are within Telegram's limits."""

from __future__ import annotations

import re
from typing import Any

from tests.sims.telegram.methods.access import writable_chat
from tests.sims.telegram.methods.registry import Cost, method
from tests.sims.telegram.methods.sending import EVERYWHERE, send
from tests.sims.telegram.params import Params
from tests.sims.telegram.realm import Realm
from tests.sims.telegram.refusals import Refusal, bad
from tests.sims.telegram.rich_blocks import LONGEST, MOST_BLOCKS, MOST_COLUMNS, check, read
from tests.sims.telegram.wire import message_json
from tests.sims.telegram.words import words
from tests.sims.telegram.world import Json

FIELDS = words("html markdown blocks is_rtl skip_entity_detection media")


@method("sendRichMessage", EVERYWHERE + "rich_message", Cost.CHANGE)
def send_rich_message(realm: Realm, p: Params) -> Any:
    if not realm.rich_messages:
        raise Refusal(404, "Not Found: method not found")
    chat = writable_chat(realm, p)
    rich = rich_content(realm, p.value("rich_message", "rich message"))
    return message_json(send(realm, chat, p, rich=rich, text=rich_text(rich)))


def rich_text(rich: Json) -> str:
    """What people read of its blocks."""
    return read(rich.get("blocks") or [])


def rich_content(realm: Realm, source: Any, *, is_draft: bool = False) -> Json:
    """Exactly one of html, markdown, blocks."""
    if not isinstance(source, dict):
        raise bad("can't parse InputRichMessage: Expected an Object")
    for name in source.keys() - FIELDS:
        realm.odd(f"unknown field of a rich message: {name}")
    content = [name for name in ("html", "markdown", "blocks") if source.get(name)]
    if not content:
        raise bad("RICH_MESSAGE_CONTENT_REQUIRED")
    if len(content) > 1:
        raise bad("exactly one of html, markdown and blocks must be specified")
    if content == ["blocks"]:
        check(source["blocks"], realm.odd, is_draft=is_draft)
    else:
        _check_size(str(source[content[0]]))
    return source


def _check_size(text: str) -> None:
    if len(text) > LONGEST:
        raise bad("message is too long")
    if len(re.split(r"\n\s*\n", text)) > MOST_BLOCKS:
        raise bad("RICH_MESSAGE_BLOCKS_TOO_MUCH")
    if any(line.count("|") > MOST_COLUMNS + 1 for line in text.splitlines() if line.startswith("|")):
        raise bad("RICH_MESSAGE_TABLE_COLUMNS_TOO_MUCH")
