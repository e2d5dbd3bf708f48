"""Whatever goes wrong, in whatever order: every answer stands in the end, and nothing stands twice unmarked."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from openacp_bot.chat.pen import (
    Forbidden,
    MarkupRefused,
    MessageGone,
    NotDone,
    PerhapsDone,
    PlaceGone,
    Refused,
    Retry,
    RetryAfter,
)
from tests.chat.stage import END, Stage
from tests.virtual_time import virtual

MARK = "🔁"
REFUSED = "could not be sent"  # what was refused with its markup and without
METHODS = st.sampled_from(["send", "edit", "typing", "open"])
CERTAIN = st.sampled_from([NotDone("refused"), RetryAfter(7), Retry("another way")])
# An opening that is refused waits for a person; and what else is refused twice is given up.
HARSH = st.tuples(
    st.sampled_from(["send", "edit", "typing"]),
    st.sampled_from([Refused("no"), Forbidden("kicked"), PlaceGone("gone")]),
)
FAULTS = st.lists(st.tuples(METHODS, CERTAIN), max_size=8)
LIVES = st.lists(st.floats(0.01, 40), max_size=3)


@settings(max_examples=40, deadline=None)
@given(
    faults=FAULTS,
    plain=st.booleans(),
    ambiguous=st.booleans(),
    gone=st.booleans(),
    harsh=st.none() | HARSH,
    deleted=st.booleans(),
    full=st.integers(0, 20),
    lives=LIVES,
    words=st.integers(1, 60),
)
def test_every_answer_stands_once(
    faults: list[tuple[str, Exception]],
    plain: bool,
    ambiguous: bool,
    gone: bool,
    harsh: tuple[str, Exception] | None,
    deleted: bool,
    full: int,
    lives: list[float],
    words: int,
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
        if harsh is not None:
            stage.platform.fail(*harsh)
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
            if deleted and places[0].ref is not None:
                stage.platform.close(places[0].ref)
            for number in range(said, said + words):
                stage.store.refuses = "The disk is full." if number - said < full else ""
                for place in places:
                    stage.say(place, f"t-{place.id}", f"{number:02} ")
                await asyncio.sleep(0.3)
            stage.store.refuses = ""
            for place in places:
                stage.end(place, f"t-{place.id}")
            await stage.all_settled(2000)

        expected = [f"{number:02}" for number in range(said + words)]
        # What a life sent in its last second was not noted: until a minute has passed, two bursts may be too many.
        assert stage.platform.floods <= 2 * len(lives)
        for place in places:
            now = await stage.store.place(place.id)
            assert now is not None and now.ref is not None
            _check(stage.platform.texts(now.ref.topic), expected, renewed=gone)

    run()


def _check(texts: list[str], expected: list[str], *, renewed: bool) -> None:
    """Messages may be cut anywhere; one that was said to be gone stands, and was sent anew. The repetition of one that
    stands already may be refused."""
    read, apart = "".join(texts), " ".join(texts)
    assert all(word in read or word in apart for word in expected) or REFUSED in read
    assert 1 <= read.count(END) <= 1 + (MARK in read or REFUSED in read) + renewed
