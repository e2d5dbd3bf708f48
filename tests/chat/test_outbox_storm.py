"""Whatever goes wrong, in whatever order: every answer stands in the end, and nothing stands twice unmarked."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from openacp_bot.chat.pen import MarkupRefused, MessageGone, NotDone, PerhapsDone, RetryAfter
from tests.chat.stage import END, Stage
from tests.virtual_time import virtual

MARK = "🔁 perhaps a repeat"
METHODS = st.sampled_from(["send", "edit", "typing", "open"])
CERTAIN = st.sampled_from([NotDone("refused"), RetryAfter(7)])
FAULTS = st.lists(st.tuples(METHODS, CERTAIN), max_size=8)
LIVES = st.lists(st.floats(0.01, 40), max_size=3)


@settings(max_examples=40, deadline=None)
@given(
    faults=FAULTS,
    plain=st.booleans(),
    ambiguous=st.booleans(),
    gone=st.booleans(),
    lives=LIVES,
    words=st.integers(1, 60),
)
def test_every_answer_stands_once(
    faults: list[tuple[str, Exception]], plain: bool, ambiguous: bool, gone: bool, lives: list[float], words: int
) -> None:
    @virtual
    async def run() -> None:
        stage = Stage()
        for method, error in faults:
            stage.platform.fail(method, error)
        if plain:
            stage.platform.fail("send", MarkupRefused("entities"))
        if ambiguous:
            stage.platform.fail("send", PerhapsDone("lost"), done=True)
        if gone:
            stage.platform.fail("edit", MessageGone("gone"))
        places = [await stage.place("p1"), await stage.place("p2", opened=False)]
        for place in places:
            await stage.start(place, f"t-{place.id}")
        said = 0
        for seconds in lives:
            async with stage.running(goodbye=0):
                for place in places:
                    stage.say(place, f"t-{place.id}", f"{said:02} ")
                said += 1
                await asyncio.sleep(seconds)
        async with stage.running():
            for number in range(said, said + words):
                for place in places:
                    stage.say(place, f"t-{place.id}", f"{number:02} ")
                await asyncio.sleep(0.3)
            for place in places:
                stage.end(place, f"t-{place.id}")
            await stage.all_settled(2000)

        expected = [f"{number:02}" for number in range(said + words)]
        assert stage.platform.floods <= len(lives)  # nobody knows at a start what was sent before it
        for place in places:
            now = await stage.store.place(place.id)
            assert now is not None and now.ref is not None
            _check(stage.platform.texts(now.ref.topic), expected)

    run()


def _check(texts: list[str], expected: list[str]) -> None:
    """Messages may be cut anywhere."""
    read, apart = "".join(texts), " ".join(texts)
    assert all(word in read or word in apart for word in expected)
    assert read.count(END) == 1 or (read.count(END) == 2 and MARK in read)
