"""What a platform's people call a topic."""

from __future__ import annotations

import pytest

from openacp_bot.chat.blocks import Line
from openacp_bot.chat.drawing import Drawer
from openacp_bot.core import codec
from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.events import Notice
from openacp_bot.core.inbound import Reply
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import ThreadRef, UserRef
from tests.chat.stage import Stage

SAID = "“topics of today” is in its topic. Topics go."
CARDS = [
    Card("c1", CardKind.REPLY, "k", where=ThreadRef("chat", "-1"), body=codec.dumps(Reply(SAID))),
    Card("c2", CardKind.NOTICE, "s:n", body=codec.dumps(Notice("n", SAID))),
]


@pytest.mark.parametrize("card", CARDS, ids=["reply", "notice"])
async def test_our_sentences_are_in_the_platforms_words_and_titles_stay(card: Card) -> None:
    threads = Drawer(Stage(), UserRef("chat", ""), Mask(), now=lambda: 0.0, noun="thread")
    topics = Drawer(Stage(), UserRef("chat", ""), Mask(), now=lambda: 0.0)

    thread, topic = await threads.drawing(card), await topics.drawing(card)

    assert thread is not None and topic is not None
    assert thread.stretches[0].blocks == (Line("“topics of today” is in its thread. Threads go."),)
    assert topic.stretches[0].blocks == (Line(SAID),)
