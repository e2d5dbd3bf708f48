"""Secrets do not reach the page: not whole, and not in pieces."""

from __future__ import annotations

import json

import pytest

from openacp_bot.adapters.web.files import SignedFiles
from openacp_bot.adapters.web.growing import NOTHING_SEEN
from openacp_bot.adapters.web.shown import ShownItem
from openacp_bot.adapters.web.text import as_text
from openacp_bot.core.events import Event, Notice, QuestionSettled, Said, TextChunk, ToolCallChanged, ToolOutput
from openacp_bot.core.model import Settlement, ToolCall

SECRET = "sk-ant-api03-" + "x" * 40
FILES = SignedFiles("key")


def said(event: Event, rev: int = 1) -> Said:
    return Said("s", "t", rev, 0.0, event)


@pytest.mark.parametrize("event", [TextChunk("m", f"the key is {SECRET}."), ToolOutput("c", f"KEY={SECRET}\n")])
def test_a_secret_that_comes_in_pieces_is_never_shown_in_full_or_by_its_pieces(event: TextChunk | ToolOutput) -> None:
    first, *rest = [event.text[at : at + 7] for at in range(0, len(event.text), 7)]
    made = type(event)
    item = ShownItem("k", said(made("m", first)))
    seen, frames = NOTHING_SEEN, []
    for rev, piece in enumerate(rest, start=2):
        item.apply(said(made("m", piece), rev))
        drawn, seen = item.since(seen, FILES)
        frames.append(as_text(drawn))
    item.pause()
    frames.append(as_text(item.since(seen, FILES)[0]))

    assert not any("xxxxxxx" in frame for frame in frames)
    assert "sk-ant•••" in as_text(item.since_nothing(FILES))


def test_every_other_item_is_masked_whole() -> None:
    call = ToolCall("c", f"echo {SECRET}", command=f"echo {SECRET}", input=json.dumps({"key": SECRET}), output=SECRET)
    how = Settlement("answered", 1, "submit", "Submit", values=(("key", SECRET), ("keys", json.dumps([SECRET]))))
    for event in (ToolCallChanged(call), Notice("n", SECRET), QuestionSettled("q", how)):
        assert "xxxxxxx" not in as_text(ShownItem("k", said(event)).since_nothing(FILES))


def test_half_a_character_reaches_no_socket() -> None:
    assert as_text({"text": "cut \ud83d"}).encode() == b'{"text":"cut ?"}'
