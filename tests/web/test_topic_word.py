"""What the page and its files call a topic."""

from __future__ import annotations

from openacp_bot.adapters.web.drawing import drawn_event, drawn_reply
from openacp_bot.adapters.web.files import SignedFiles
from openacp_bot.core.events import Notice, Said
from openacp_bot.core.export import conversation
from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import SessionRecord, Source
from openacp_bot.core.words import TOPIC

OURS = f"Your next message in its {TOPIC} wakes it."
PLAIN = "Your next message in its topic wakes it."
RECORD = SessionRecord("s1", "fake", "", "", "/w", Source.MANUAL, "web:local", 0.0, 0.0)


def test_the_page_and_exported_files_say_topic_and_nothing_unseen() -> None:
    notice = Notice("n", OURS)

    assert drawn_reply(Reply(OURS))["text"] == PLAIN
    assert drawn_event(notice, SignedFiles("key"))["text"] == PLAIN
    assert PLAIN in conversation(RECORD, [Said("s1", None, 1, 0.0, notice)], mask=lambda text: text).text
