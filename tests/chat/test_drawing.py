"""What a platform's people call a topic."""

from __future__ import annotations

import pytest

from openacp_bot.chat.blocks import Item, Line
from openacp_bot.chat.drawing import Drawer
from openacp_bot.core import codec
from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.events import Notice
from openacp_bot.core.inbound import Reply, Row
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import ThreadRef, UserRef
from openacp_bot.core.words import TOPIC
from tests.chat.stage import Stage

OURS = f"“topics of today” is in its {TOPIC}; these {TOPIC}s go."
THEIRS = (
    "claude · ~/topics-explorer · opus",
    "report-on-topic.pdf is larger than 20 MB, so it was not taken.",
    "❌ KafkaError: unknown topic orders",
    "There is no directory /srv/topics. Create it?",
)


def cards(text: str) -> list[Card]:
    return [
        Card("c1", CardKind.REPLY, "k", where=ThreadRef("chat", "-1"), body=codec.dumps(Reply(text))),
        Card("c2", CardKind.NOTICE, "s:n", body=codec.dumps(Notice("n", text))),
    ]


async def drawn(card: Card, noun: str) -> tuple[object, ...]:
    drawing = await Drawer(Stage(), UserRef("chat", ""), Mask(), now=lambda: 0.0, noun=noun).drawing(card)
    assert drawing is not None
    return drawing.stretches[0].blocks


@pytest.mark.parametrize("card", cards(OURS), ids=["reply", "notice"])
async def test_our_sentences_are_in_the_platforms_words_and_titles_stay(card: Card) -> None:
    assert await drawn(card, "thread") == (Line("“topics of today” is in its thread; these threads go."),)
    assert await drawn(card, "topic") == (Line("“topics of today” is in its topic; these topics go."),)


@pytest.mark.parametrize("text", THEIRS)
async def test_paths_names_and_errors_of_others_stay_as_they_are(text: str) -> None:
    for card in cards(text):
        assert await drawn(card, "thread") == (Line(text),)


async def test_a_rows_detail_is_in_the_platforms_words() -> None:
    reply = Reply("One", rows=(Row("🟢", "topic one", f"in its {TOPIC}"),))
    card = Card("c1", CardKind.REPLY, "k", where=ThreadRef("chat", "-1"), body=codec.dumps(reply))

    assert (await drawn(card, "thread"))[1:] == (Item("🟢", "topic one", "in its thread"),)
