"""Drafts: what a bot is writing, shown in private chats for 30 s after the last update."""

from __future__ import annotations

import time
from typing import Any

from tests.sims.telegram.methods.access import thread, writable_chat
from tests.sims.telegram.methods.registry import Cost, method
from tests.sims.telegram.methods.rich import rich_content
from tests.sims.telegram.params import Params
from tests.sims.telegram.realm import Realm
from tests.sims.telegram.refusals import bad
from tests.sims.telegram.text import draft_text
from tests.sims.telegram.world import Draft

EVERY = "chat_id message_thread_id draft_id can_stop keep_on_stop "


@method("sendMessageDraft", EVERY + "text parse_mode entities", Cost.DRAFT)
def send_message_draft(realm: Realm, p: Params) -> Any:
    draft = _draft(realm, p)
    text, entities = draft_text(
        p.text("text"), p.text("parse_mode"), p.value("entities", "message entities"), realm.odd
    )
    return _show(realm, draft, text=text, entities=entities)


@method("sendRichMessageDraft", EVERY + "rich_message", Cost.DRAFT)
def send_rich_message_draft(realm: Realm, p: Params) -> Any:
    draft = _draft(realm, p)
    return _show(realm, draft, rich=rich_content(realm, p.value("rich_message", "rich message"), is_draft=True))


def _draft(realm: Realm, p: Params) -> Draft:
    chat = writable_chat(realm, p)
    if chat.kind != "private":
        raise bad("TEXTDRAFT_PEER_INVALID")
    if not p.number("draft_id"):
        raise bad("invalid draft_id specified")
    topic = thread(realm, chat, p)
    known = chat.drafts.get((topic, p.number("draft_id")))
    draft = known or Draft(p.number("draft_id"), chat, topic, "", (), 0.0)
    draft.can_stop, draft.keep_on_stop = p.flag("can_stop"), p.flag("keep_on_stop")
    return draft


def _show(realm: Realm, draft: Draft, **what: Any) -> bool:
    """A topic shows one draft: the newest. A stopped one is not shown again."""
    if draft.stopped:
        realm.odd(f"a draft went on after the person stopped it: {draft.id}")
        return True
    for name, value in what.items():
        setattr(draft, name, value)
    draft.at = time.time()
    draft.looks.append((draft.at, draft.text))
    chat = draft.chat
    chat.drafts = {key: other for key, other in chat.drafts.items() if other.topic != draft.topic}
    chat.drafts[draft.topic, draft.id] = draft
    realm.changed()
    return True
