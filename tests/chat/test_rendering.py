"""A text that takes long to render holds up nobody, and is shown all the same."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from openacp_bot.chat.blocks import Block, Line, Prose
from openacp_bot.chat.markdown import parse
from openacp_bot.chat.plan import Known
from openacp_bot.chat.rendering import LONG, rendered
from openacp_bot.chat.sheet import Drawing, Rank, Sheet


def drawing(source: str) -> Drawing:
    return Drawing((Sheet((Prose(source),)),), Rank.FINAL)


def blocks_of(one: Drawing) -> Sequence[Block]:
    return one.stretches[0].blocks


@pytest.mark.wall_clock
async def test_a_long_text_is_rendered_beside_the_loop() -> None:
    where = []

    def render(one: Drawing) -> Sequence[Block]:
        where.append(threading.current_thread())
        return blocks_of(one)

    for source in ("x" * LONG, "x" * (LONG + 1)):
        assert await rendered(render, drawing(source), Known()) == (Prose(source),)

    assert where[0] is threading.current_thread()
    assert where[1] is not threading.current_thread()


@pytest.mark.wall_clock
async def test_what_takes_too_long_is_shown_as_it_was_written_from_then_on() -> None:
    known, source, let_go, tries = Known(), "x" * (LONG + 1), threading.Event(), []

    def render(one: Drawing) -> Sequence[Block]:
        if isinstance(blocks_of(one)[0], Prose):
            tries.append(1)
            let_go.wait(10)
        return blocks_of(one)

    for _ in range(2):
        assert await rendered(render, drawing(source), known, patience=0.05) == (Line(source),)
    let_go.set()

    assert len(tries) == 1


@pytest.mark.wall_clock
async def test_two_threads_that_parse_at_once_read_the_same() -> None:
    source = "see https://example.org/a_b_c and **more** of it\n\n" * 200
    expected = [token.content for token in parse(source) or ()]
    read: list[list[str]] = []

    def reads() -> None:
        for _ in range(3):
            read.append([token.content for token in parse(source) or ()])

    threads = [threading.Thread(target=reads) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert read == [expected] * 9
