"""The promises of core.ports.Records about prompts, questions, menus and forms."""

from __future__ import annotations

import dataclasses

import pytest

from openacp_bot.core.errors import StoreError
from openacp_bot.core.inbound import Expecting
from openacp_bot.core.model import (
    Field,
    FileRef,
    Part,
    PromptKind,
    PromptState,
    Settlement,
    ThreadRef,
    UserRef,
)
from openacp_bot.core.ports import Records
from tests.contracts.values import ALLOWED, ANN, HERE, LINE, NOW, menu, place, prompt, question, session


@pytest.fixture(autouse=True)
async def a_session(records: Records) -> None:
    await records.create_session(session("s1", held=True))
    await records.create_session(session("s2"))


# --- prompts


async def test_a_prompt_comes_back_as_it_was_given(records: Records) -> None:
    given = prompt(
        kind=PromptKind.RUN,
        place="pl1",
        message="77",
        text="Zeile 1\nZeile 2 🎉\x00",
        files=(FileRef("telegram", "f1", "a.png", "image/png", 12),),
    )
    queued = await records.queue_prompt(given)

    assert queued is not None
    assert dataclasses.replace(queued, position=0.0) == given
    assert await records.prompt("p1") == queued


async def test_prompts_queue_in_order_and_may_jump_the_queue(records: Records) -> None:
    for id in ("a", "b"):
        await records.queue_prompt(prompt(id))
    await records.queue_prompt(prompt("urgent"), first=True)
    await records.queue_prompt(prompt("c"))
    await records.queue_prompt(prompt("most urgent"), first=True)
    await records.queue_prompt(prompt("other", "s2"))

    queue = await records.queued("s1")
    assert [waiting.id for waiting in queue] == ["most urgent", "urgent", "a", "b", "c"]
    assert [waiting.position for waiting in queue] == sorted({waiting.position for waiting in queue})


async def test_a_queued_prompt_counts_for_its_session(records: Records) -> None:
    await records.queue_prompt(prompt("a", asked_at=NOW + 8))
    await records.queue_prompt(prompt("b", asked_at=NOW + 5))

    found = await records.session("s1")
    assert found is not None and (found.prompts, found.active_at) == (2, NOW + 8)


async def test_a_prompt_needs_its_session_and_an_id_of_its_own(records: Records) -> None:
    await records.queue_prompt(prompt("p1"))
    with pytest.raises(StoreError):
        await records.queue_prompt(prompt("p1", text="Again"))
    with pytest.raises(StoreError):
        await records.queue_prompt(prompt("p2", "nobody"))

    found = await records.session("s1")
    assert found is not None and found.prompts == 1


async def test_a_gathering_prompt_is_not_queued_yet(records: Records) -> None:
    await records.queue_prompt(prompt("album", state=PromptState.GATHERING))
    await records.queue_prompt(prompt("next"))
    before = await records.queued("s1")
    await records.change_prompts(["album"], state=PromptState.QUEUED)

    assert [waiting.id for waiting in before] == ["next"]
    assert [waiting.id for waiting in await records.queued("s1")] == ["album", "next"]


async def test_several_prompts_change_at_once(records: Records) -> None:
    for id in ("a", "b", "c"):
        await records.queue_prompt(prompt(id))

    assert await records.change_prompts(
        ["a", "c", "unknown"], state=PromptState.DROPPED, outcome="cleared", ended_at=NOW
    )

    assert [waiting.id for waiting in await records.queued("s1")] == ["b"]
    dropped = await records.prompt("c")
    assert dropped is not None
    assert (dropped.state, dropped.outcome, dropped.ended_at) == (PromptState.DROPPED, "cleared", NOW)


async def test_a_queued_prompt_may_get_more_words_and_files(records: Records) -> None:
    await records.queue_prompt(prompt("a", text="one", parts=(Part("one", "77", album="x"),)))
    parts = (Part("one", "77", album="x"), Part("two", "78", album="x"))
    files = (FileRef("telegram", "f1", "a.png"),)
    await records.change_prompts(["a"], text="one\ntwo", parts=parts, files=files)

    (queued,) = await records.queued("s1")
    assert (queued.text, queued.parts, queued.files) == ("one\ntwo", parts, files)


async def test_a_started_prompt_has_left_the_queue_and_releases_it(records: Records) -> None:
    await records.queue_prompt(prompt("a"))
    await records.queue_prompt(prompt("b"))
    await records.start_turn("a", NOW + 2)

    assert [waiting.id for waiting in await records.queued("s1")] == ["b"]
    begun, of = await records.prompt("a"), await records.session("s1")
    assert begun is not None and (begun.state, begun.started_at) == (PromptState.STARTED, NOW + 2)
    assert of is not None and not of.held


@pytest.mark.parametrize("state", [PromptState.GATHERING, PromptState.QUEUED])
async def test_a_prompt_that_waits_starts(records: Records, state: PromptState) -> None:
    await records.queue_prompt(prompt("a", state=state))

    assert await records.start_turn("a", NOW + 2)
    assert not await records.start_turn("a", NOW + 3)

    begun = await records.prompt("a")
    assert begun is not None and begun.started_at == NOW + 2


@pytest.mark.parametrize("state", [PromptState.DROPPED, PromptState.ENDED, PromptState.INTERRUPTED])
async def test_a_prompt_that_no_longer_waits_does_not_start(records: Records, state: PromptState) -> None:
    await records.queue_prompt(prompt("a"))
    await records.change_prompts(["a"], state=state)

    assert not await records.start_turn("a", NOW + 2)

    left, of = await records.prompt("a"), await records.session("s1")
    assert left is not None and (left.state, left.started_at) == (state, None)
    assert of is not None and of.held


async def test_a_prompt_that_is_not_stored_does_not_start(records: Records) -> None:
    assert not await records.start_turn("unknown", NOW)


async def test_the_end_of_a_turn(records: Records) -> None:
    await records.queue_prompt(prompt("a"))
    await records.start_turn("a", NOW + 2)
    await records.end_turn("a", state=PromptState.ENDED, outcome="end_turn", at=NOW + 60)

    ended, of = await records.prompt("a"), await records.session("s1")
    assert ended is not None
    assert (ended.state, ended.outcome, ended.ended_at) == (PromptState.ENDED, "end_turn", NOW + 60)
    assert of is not None and of.active_at == NOW + 60


@pytest.mark.parametrize(("before", "asked", "after"), [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 1)])
async def test_a_turns_end_holds_the_queue_when_asked(records: Records, before: int, asked: int, after: int) -> None:
    await records.queue_prompt(prompt("a"))
    await records.start_turn("a", NOW)
    await records.change_session("s1", held=bool(before))
    await records.end_turn("a", state=PromptState.INTERRUPTED, outcome="crashed", at=NOW + 60, held=bool(asked))

    of = await records.session("s1")
    assert of is not None and of.held is bool(after)


async def test_a_turn_may_end_after_its_session_was_deleted(records: Records) -> None:
    await records.queue_prompt(prompt("a"))
    await records.start_turn("a", NOW)
    await records.delete_session("s1")
    await records.end_turn("a", state=PromptState.ENDED, outcome="end_turn", at=NOW + 60)

    assert await records.prompt("a") is None


async def test_the_last_prompts_are_those_that_were_started(records: Records) -> None:
    for number, id in enumerate(("a", "b", "c")):
        await records.queue_prompt(prompt(id))
        await records.start_turn(id, NOW + number)
        await records.end_turn(id, state=PromptState.ENDED, outcome="end_turn", at=NOW + number)
    await records.queue_prompt(prompt("waiting"))

    assert [last.id for last in await records.last_prompts("s1")] == ["c"]
    assert [last.id for last in await records.last_prompts("s1", 2)] == ["c", "b"]
    assert list(await records.last_prompts("s2")) == []


async def test_a_chat_message_leads_to_its_newest_prompt(records: Records) -> None:
    await records.add_place(place("pl1", "s1"))
    await records.queue_prompt(prompt("a", message="77", place="pl1", asked_at=NOW))
    await records.queue_prompt(prompt("b", message="77", place="pl1", asked_at=NOW + 1))
    await records.queue_prompt(prompt("c", message="78", place="pl1"))

    found = await records.prompt_of(HERE, "77")
    assert found is not None and found.id == "b"


async def test_a_message_is_known_by_its_chat_and_not_by_its_topic(records: Records) -> None:
    await records.add_place(place("pl1", "s1", ThreadRef("telegram", "-100", "99")))
    await records.queue_prompt(prompt("a", message="77", place="pl1"))
    await records.queue_prompt(prompt("web", message="88", author=UserRef("web", "local")))

    general = await records.prompt_of(ThreadRef("telegram", "-100"), "77")
    page = await records.prompt_of(ThreadRef("web", "", "s1"), "88")
    assert general is not None and general.id == "a"
    assert page is not None and page.id == "web"


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (ThreadRef("telegram", "-200", "5"), "77"),
        (ThreadRef("discord", "-100", "5"), "77"),
        (HERE, "79"),
        (HERE, ""),
    ],
)
async def test_a_message_of_another_chat_is_another(records: Records, where: ThreadRef, message: str) -> None:
    await records.add_place(place("pl1", "s1"))
    await records.queue_prompt(prompt("a", message="77", place="pl1"))
    await records.queue_prompt(prompt("b", place="pl1"))

    assert await records.prompt_of(where, message) is None


# --- albums


GATHERING = PromptState.GATHERING
PICTURE, OTHER = FileRef("telegram", "f1", "a.png", "image/png", 12), FileRef("telegram", "f2", "b.png")


async def test_what_is_gathering_keeps_its_place_in_the_queue_and_is_not_queued(records: Records) -> None:
    await records.queue_prompt(prompt("a"))
    album = await records.queue_prompt(prompt("album", state=GATHERING), key="u1")
    await records.queue_prompt(prompt("b"))
    before = [waiting.id for waiting in await records.queued("s1")]
    await records.change_prompts(["album"], state=PromptState.QUEUED)

    assert album is not None and album.state is GATHERING
    assert before == ["a", "b"]
    assert [waiting.id for waiting in await records.queued("s1")] == ["a", "album", "b"]


async def test_one_more_message_of_an_album_joins_its_prompt(records: Records) -> None:
    await records.queue_prompt(prompt("album", text="", files=(PICTURE,), state=GATHERING))
    await records.join_prompt("album", Part(""), [OTHER], key="u2")
    await records.join_prompt("album", Part("Look"), [], key="u3")
    joined = await records.join_prompt("album", Part("at these"), [PICTURE], key="u4")

    assert joined is not None and joined == await records.prompt("album")
    assert (joined.text, joined.files, joined.state) == ("Look\nat these", (PICTURE, OTHER, PICTURE), GATHERING)
    found = await records.session("s1")
    assert found is not None and found.prompts == 1


async def test_a_message_joins_once(records: Records) -> None:
    await records.queue_prompt(prompt("album", state=GATHERING))
    await records.join_prompt("album", Part(""), [PICTURE], key="u2")

    assert await records.join_prompt("album", Part(""), [PICTURE], key="u2") is None
    album = await records.prompt("album")
    assert album is not None and album.files == (PICTURE,)


@pytest.mark.parametrize("state", [PromptState.QUEUED, PromptState.STARTED, PromptState.DROPPED])
async def test_what_comes_too_late_for_an_album_is_not_taken_for_seen(records: Records, state: PromptState) -> None:
    await records.queue_prompt(prompt("album", state=GATHERING))
    await records.change_prompts(["album"], state=state)

    assert await records.join_prompt("album", Part(""), [PICTURE], key="u2") is None
    assert await records.join_prompt("unknown", Part(""), [PICTURE], key="u2") is None
    assert not await records.seen("u2")
    album = await records.prompt("album")
    assert album is not None and album.files == ()


async def test_nothing_joins_a_deleted_sessions_album(records: Records) -> None:
    await records.queue_prompt(prompt("album", state=GATHERING))
    await records.delete_session("s1")

    assert await records.join_prompt("album", Part("Late"), [], key="u2") is None
    assert not await records.seen("u2")


@pytest.mark.parametrize("message", ["77", "78"])
async def test_each_message_of_an_album_leads_to_its_prompt(records: Records, message: str) -> None:
    await records.add_place(place("pl1", "s1"))
    await records.queue_prompt(prompt("album", text="Look", message="77", place="pl1", state=GATHERING))
    joined = await records.join_prompt("album", Part("at this", "78", quote="the stack"), [])

    assert joined is not None and joined.text == "Look\n> the stack\n\nat this"
    assert joined.parts == (Part("Look", "77"), Part("at this", "78", quote="the stack"))
    assert await records.prompt_of(HERE, message) == joined
    assert await records.prompt_of(ThreadRef("telegram", "-200", "5"), message) is None


async def test_a_prompt_in_other_words_has_other_parts(records: Records) -> None:
    await records.queue_prompt(prompt("a", text="> b\n\nc", message="77", parts=(Part("c", "77", "b"),)))
    await records.change_prompts(["a"], text="Whole", parts=())

    changed = await records.prompt("a")
    assert changed is not None and (changed.text, changed.parts) == ("Whole", ())
    assert await records.prompt_of(HERE, "77") == changed


# --- questions


async def test_a_question_comes_back_as_it_was_asked(records: Records) -> None:
    form = question("q2", call=None, options=(), fields=(Field("size", "Size", "choice", (("s", "Small"),)),))
    await records.ask(question("q1"), menu("m1"))
    await records.ask(form, menu("m2"))

    assert await records.question("q1") == question("q1")
    assert await records.question("q2") == form
    assert await records.question("q3") is None


async def test_a_question_and_its_menu_stand_or_fall_together(records: Records) -> None:
    await records.mint(menu("m1"))
    with pytest.raises(StoreError):
        await records.ask(question("q1"), menu("m1"))

    assert await records.question("q1") is None


async def test_a_question_has_one_winner(records: Records) -> None:
    await records.ask(question(), menu())

    assert await records.decide("q1", ALLOWED, LINE)
    assert not await records.decide("q1", Settlement("timeout", NOW + 9), LINE)

    found = await records.question("q1")
    assert found is not None and found.settled == ALLOWED


async def test_an_unknown_question_is_not_decided(records: Records) -> None:
    assert not await records.decide("q1", ALLOWED, LINE)


# --- menus and forms


async def test_a_menu_is_known_until_it_is_spent_or_expires(records: Records) -> None:
    lasting = menu("lasting", session="s1", presser=ANN.key, question="q1", expires_at=NOW + 1)
    await records.mint(lasting)
    await records.mint(menu("expired", expires_at=NOW))
    await records.mint(menu("spent"))
    await records.spend("spent")

    assert await records.menu("lasting") == lasting
    assert await records.menu("expired") is None
    assert await records.menu("spent") is None
    assert await records.menu("unknown") is None


async def test_one_field_is_expected_from_one_person_in_one_place(records: Records) -> None:
    first = Expecting(HERE, ANN.key, "m1.0", "path", {"agent": "demo"}, NOW + 600)
    second = Expecting(HERE, ANN.key, "m2.0", "title", {}, NOW + 600)
    await records.expect(first, where=HERE, who=ANN.key)
    before = await records.expected(HERE, ANN.key, NOW)
    await records.expect(second, where=HERE, who=ANN.key)

    assert before == first
    assert await records.expected(HERE, ANN.key, NOW) == second
    assert await records.expected(HERE, "telegram:18", NOW) is None
    assert await records.expected(ThreadRef("telegram", "-100"), ANN.key, NOW) is None


async def test_what_is_expected_expires_and_can_be_withdrawn(records: Records) -> None:
    what = Expecting(HERE, ANN.key, "m1.0", "path", {}, NOW + 600)
    await records.expect(what, where=HERE, who=ANN.key)
    late = await records.expected(HERE, ANN.key, NOW + 600)
    await records.expect(None, where=HERE, who=ANN.key)

    assert late is None
    assert await records.expected(HERE, ANN.key, NOW) is None
