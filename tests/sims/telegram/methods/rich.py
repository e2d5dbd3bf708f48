"""Rich messages: taken as they are within Telegram's limits; blocks are not drawn."""

from __future__ import annotations

import re
from typing import Any

from tests.sims.telegram.methods.access import writable_chat
from tests.sims.telegram.methods.registry import Cost, method
from tests.sims.telegram.methods.sending import EVERYWHERE, send
from tests.sims.telegram.params import Params
from tests.sims.telegram.realm import Realm
from tests.sims.telegram.refusals import bad
from tests.sims.telegram.wire import message_json
from tests.sims.telegram.words import words
from tests.sims.telegram.world import Json

LONGEST = 32768
MOST_BLOCKS = 500
MOST_COLUMNS = 20
FIELDS = words("html markdown blocks is_rtl skip_entity_detection media")


@method("sendRichMessage", EVERYWHERE + "rich_message", Cost.CHANGE)
def send_rich_message(realm: Realm, p: Params) -> Any:
    chat = writable_chat(realm, p)
    rich = rich_content(realm, p.value("rich_message", "rich message"))
    return message_json(send(realm, chat, p, rich=rich))


def rich_content(realm: Realm, source: Any) -> Json:
    """Exactly one of html, markdown, blocks."""
    if not isinstance(source, dict):
        raise bad("can't parse InputRichMessage: Expected an Object")
    for name in source.keys() - FIELDS:
        realm.odd(f"unknown field of a rich message: {name}")
    content = [name for name in ("html", "markdown", "blocks") if source.get(name)]
    if not content:
        raise bad("RICH_MESSAGE_EMPTY")
    if len(content) > 1:
        raise bad("exactly one of html, markdown and blocks must be specified")
    _check_size(str(source[content[0]]), source.get("blocks") or [])
    return source


def _check_size(text: str, blocks: list[Any]) -> None:
    if len(text) > LONGEST:
        raise bad("message is too long")
    if max(len(blocks), len(re.split(r"\n\s*\n", text))) > MOST_BLOCKS:
        raise bad("RICH_MESSAGE_BLOCKS_TOO_MUCH")
    if any(line.count("|") > MOST_COLUMNS + 1 for line in text.splitlines() if line.startswith("|")):
        raise bad("RICH_MESSAGE_TABLE_COLUMNS_TOO_MUCH")
