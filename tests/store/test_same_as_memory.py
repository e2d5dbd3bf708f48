"""The SQLite store and the in-memory store answer alike, whatever happens in whatever order."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import (
    Event,
    Notice,
    Outcome,
    PromptChanged,
    QuestionAsked,
    QuestionSettled,
    Said,
    StateChanged,
    TextChunk,
    ThoughtChunk,
    ToolCallChanged,
    ToolOutput,
    TurnEnded,
)
from openacp_bot.core.model import Part, Phase, PromptState, Source, State, ThreadRef, ToolCall, Wanted
from openacp_bot.core.ports import SessionFilter
from openacp_bot.store import Store, open_store
from tests.contracts.values import ALLOWED, ANN, HERE, LINE, NOW, menu, place, prompt, question, session
from tests.memory_store import MemoryStore

Step: TypeAlias = tuple[str, dict[str, Any]]
Ask: TypeAlias = Callable[[Any, Any], Awaitable[Any]]

SESSIONS, PROMPTS, QUESTIONS, PLACES = ("s1", "s2", "S3"), ("p1", "p2", "p3", "p4"), ("q1", "q2"), ("pl1", "pl2")

a_session = st.sampled_from(SESSIONS)
a_prompt = st.sampled_from(PROMPTS)
a_question = st.sampled_from(QUESTIONS)
a_place = st.sampled_from(PLACES)
a_key = st.sampled_from(["", "", "", "u1", "u2", "u3"])
a_time = st.integers(0, 9).map(lambda seconds: NOW + seconds)
some_text = st.sampled_from(["", "x", "größer 🎉 ", "0123456789" * 500])
a_title = st.sampled_from(["", "Alpha", "beta ALPHA", "ÄÖ"])
an_address = st.sampled_from([None, ThreadRef("telegram", "-100", "5"), ThreadRef("telegram", "-100", "")])
a_space = st.sampled_from(["-100", "-200"])
a_card = st.sampled_from(["c1", "c2", *PROMPTS, *QUESTIONS])
some_place_fields = st.fixed_dictionaries(
    {},
    optional={
        "ref": an_address,
        "wanted": st.sampled_from(list(Wanted)),
        "title": a_title,
        "shown": st.none() | st.sampled_from(list(Wanted)),
        "refused": st.sampled_from(["", "No right"]),
        "asked_in": an_address,
    },
)
a_state = st.sampled_from(list(State))

an_event: st.SearchStrategy[Event] = st.one_of(
    st.builds(TextChunk, st.sampled_from("ab"), some_text),
    st.builds(ThoughtChunk, st.sampled_from("ab"), some_text),
    st.builds(ToolOutput, st.sampled_from("ab"), some_text),
    st.builds(
        lambda id, status, text: ToolCallChanged(ToolCall(id, status=status, output=text * 60)),
        st.sampled_from("ab"),
        st.sampled_from(["pending", "in_progress", "completed"]),
        some_text,
    ),
    st.builds(lambda id: PromptChanged(prompt(id, state=PromptState.STARTED)), a_prompt),
    st.builds(lambda id: QuestionAsked(question(id)), a_question),
    st.builds(lambda id: QuestionSettled(id, ALLOWED), a_question),
    st.builds(Notice, st.sampled_from("ab"), some_text, to=an_address),
    st.just(TurnEnded(Outcome.DONE)),
    st.just(StateChanged(State.ACTIVE, Phase.IDLE)),
)


def step(name: str, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.tuples(st.just(name), st.fixed_dictionaries(given))


steps = st.lists(
    st.one_of(
        step(
            "create",
            id=a_session,
            key=a_key,
            sticky=st.sampled_from(["", "", "t1"]),
            title=a_title,
            created_at=a_time,
            active_at=a_time,
            source=st.sampled_from(list(Source)),
            prompt=st.none() | a_prompt,
            place=st.none() | a_place,
        ),
        step(
            "change",
            id=a_session,
            key=a_key,
            fields=st.fixed_dictionaries(
                {},
                optional={
                    "state": a_state,
                    "title": a_title,
                    "pinned": st.booleans(),
                    "held": st.booleans(),
                    "archived_at": st.none() | a_time,
                    "active_at": a_time,
                },
            ),
        ),
        step("archive", id=a_session, key=a_key),
        step("restore", id=a_session, place=a_place, ref=an_address, before=a_session, key=a_key),
        step("delete", id=a_session, key=a_key),
        step("erase", id=a_session),
        step("tidy", at=st.sampled_from([NOW, NOW + 59 * 86400, NOW + 60 * 86400])),
        step("queue", id=a_prompt, session=a_session, key=a_key, first=st.booleans(), at=a_time, gathers=st.booleans()),
        step("edit", ids=st.lists(a_prompt, max_size=3), key=a_key, text=some_text),
        step("drop", ids=st.lists(a_prompt, max_size=3), key=a_key),
        step("start", id=a_prompt, at=a_time),
        step("end", id=a_prompt, at=a_time, held=st.booleans()),
        step("ask", id=a_question, session=a_session, at=a_time),
        step("decide", id=a_question),
        step("add_place", id=a_place, session=st.none() | a_session, ref=an_address),
        step("change_place", id=a_place, fields=some_place_fields),
        step("made", id=a_place, shown=st.sampled_from(list(Wanted)), named=a_title),
        step("move", old=a_space, new=a_space),
        step("join", id=a_prompt, key=a_key, text=some_text),
        # Cards of turns and questions are named after these, and no other card is.
        step(
            "open",
            id=st.sampled_from(["c1", "c2"]),
            ref=a_card,
            place=st.just("") | a_place,
            where=an_address,
            session=a_session,
        ),
        step("send", id=a_card, number=st.integers(0, 1)),
        step("show", id=a_card, number=st.integers(0, 1), message=st.sampled_from("78")),
        step("settle", id=a_card),
        step("admit", key=a_key),
        step("say", session=a_session, turn=st.none() | a_prompt, event=an_event),
        step("say", session=a_session, turn=st.none() | a_prompt, event=an_event),
        step("say", session=a_session, turn=st.none() | a_prompt, event=an_event),
        step("flush"),
        step("recover"),
    ),
    max_size=40,
)

BEGINNING: list[Step] = [
    ("create", {"id": "s1", "key": "", "prompt": "p1", "place": "pl1"}),
    ("create", {"id": "s2", "key": "", "prompt": None, "place": None}),
]

FILTERS = [
    SessionFilter(group=group, search=search, hide_empty=hide_empty)
    for group in ("active", "archived", "scheduled", "live")
    for search in ("", "alpha", "session s", "äö")
    for hide_empty in (False, True)
] + [
    SessionFilter(owner="telegram:99", space=("telegram", "-100")),
    SessionFilter(states=(State.ERROR, State.FINISHED), limit=1),
    SessionFilter(idle_before=NOW + 4),
    SessionFilter(ids=("s1", "S3"), offset=1),
]


@settings(max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_both_stores_answer_alike(taken: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(compare(Path(folder), taken))


async def compare(folder: Path, taken: list[Step]) -> None:
    memory = MemoryStore(now=lambda: NOW)
    async with open_store(folder, now=lambda: NOW) as store:
        for name, given in (*BEGINNING, *taken):
            rev = await next_rev(memory, given.get("session", ""))
            expected = await answer(memory, memory, memory, name, given, rev)
            assert await answer(store.records, store.transcript, store.ledger, name, given, rev) == expected, (
                name,
                given,
            )
            await compare_histories(memory, store)
        await store.transcript.flush()
        for look in looks():
            assert await look(store.records, store.transcript) == await look(memory, memory)
        for look_at_cards in looks_at_cards():
            assert await look_at_cards(store.ledger) == await look_at_cards(memory)


async def next_rev(memory: MemoryStore, session: str | None) -> int:
    record = await memory.session(session or "")
    return 1 if record is None else record.rev + 1


async def answer(records: Any, transcript: Any, ledger: Any, name: str, given: dict[str, Any], rev: int) -> object:
    try:
        return await carry_out(records, transcript, ledger, name, given, rev)
    except StoreError:
        return StoreError


async def carry_out(records: Any, transcript: Any, ledger: Any, name: str, given: dict[str, Any], rev: int) -> object:
    match name, given:
        case "create", {"id": id, "key": key, "prompt": first, "place": home, **others}:
            await transcript.flush()  # what waits for a deleted session of this id is forgotten first
            return await records.create_session(
                session(id, **others),
                prompt=None if first is None else prompt(first, id),
                place=None if home is None else place(home, id),
                key=key,
            )
        case "change", {"id": id, "key": key, "fields": fields}:
            return await records.change_session(id, key=key, **fields)
        case "delete", {"id": id, "key": key}:
            return await records.delete_session(id, key=key)
        case "erase", {"id": id}:
            return await records.erase_session(id)
        case "tidy", {"at": at}:
            return await records.tidy(at)
        case "queue", {"id": id, "session": of, "key": key, "first": first, "at": at, "gathers": gathers}:
            state = PromptState.GATHERING if gathers else PromptState.QUEUED
            return await records.queue_prompt(prompt(id, of, asked_at=at, state=state), first=first, key=key)
        case "edit", {"ids": ids, "key": key, "text": text}:
            return await records.change_prompts(ids, key=key, text=text)
        case "drop", {"ids": ids, "key": key}:
            return await records.change_prompts(ids, key=key, state=PromptState.DROPPED, ended_at=NOW)
        case "start", {"id": id, "at": at}:
            return await records.start_turn(id, at)
        case "end", {"id": id, "at": at, "held": held}:
            return await records.end_turn(id, state=PromptState.ENDED, outcome="end_turn", at=at, held=held)
        case "ask", {"id": id, "session": of, "at": at}:
            return await records.ask(question(id, of, asked_at=at), menu(f"m-{id}", session=of))
        case "decide", {"id": id}:
            return await records.decide(id, ALLOWED, LINE)
        case "add_place", {"id": id, "session": of, "ref": ref}:
            return await records.add_place(place(id, of, ref))
        case "change_place", {"id": id, "fields": fields}:
            return await records.change_place(id, **fields)
        case "move", {"old": old, "new": new}:
            return await records.move_space("telegram", old, new)
        case "join", {"id": id, "key": key, "text": text}:
            return await records.join_prompt(id, Part(text, f"m-{key}"), [], key=key)
        case "archive", {"id": id, "key": key}:
            return await records.archive_session(id, NOW + 3, key=key)
        case "restore", {"id": id, "place": home, "ref": ref, "before": before, "key": key}:
            instead_of = "" if before == id else before
            settled = place(home, id, ref)
            return await records.restore_session(id, home=settled, pinned=True, instead_of=instead_of, key=key)
        case "made", {"id": id, "shown": shown, "named": named}:
            return await ledger.made(id, shown, named=named)
        case "open", {"id": id, "ref": ref, "place": home, "where": where, "session": of}:
            return await ledger.open(Card(id, CardKind.TURN, ref, place=home, where=where, session=of))
        case "send", {"id": id, "number": number}:
            return await ledger.sending(id, number)
        case "show", {"id": id, "number": number, "message": message}:
            return await ledger.shown(id, number, message)
        case "settle", {"id": id}:
            return await ledger.settle(id)
        case "admit", {"key": key}:
            return await records.admit(key)
        case "say", {"session": of, "turn": turn, "event": event}:
            return transcript.append(Said(of, turn, rev, NOW + rev, event))
        case "flush", _:
            return await transcript.flush()
        case "recover", _:
            await transcript.flush()
            return await records.recover(NOW + 20)
    raise AssertionError(name)


async def compare_histories(memory: MemoryStore, store: Store) -> None:
    for id in SESSIONS:
        whole = await memory.history(id)
        middle = whole.rev // 2
        for part in ({}, {"after": middle}, {"before": middle + 1, "limit": 2}, {"after": middle, "limit": 1}):
            assert await store.transcript.history(id, **part) == await memory.history(id, **part)


def looks_at_cards() -> list[Callable[[Any], Awaitable[Any]]]:
    spaces = (ThreadRef("telegram", "-100"), ThreadRef("telegram", "-200"))
    return [
        lambda ledger: ledger.open_cards("telegram"),
        lambda ledger: ledger.unmade_places("telegram"),
        *(lambda ledger, where=where, id=id: ledger.card_at(where, id) for where in spaces for id in "78"),
        *(lambda ledger, id=id: ledger.card(CardKind.TURN, id) for id in PROMPTS),
    ]


def looks() -> list[Ask]:
    """Everything that can be seen."""
    found: list[Ask] = [
        lambda records, _: records.counts(),
        lambda records, _: records.sessions_like("s"),
        *(lambda records, _, which=which: records.sessions(which) for which in FILTERS),
        *(lambda records, _, which=which: records.removable(which) for which in FILTERS),
        *(lambda records, _, id=id: records.session(id) for id in SESSIONS),
        *(lambda records, _, id=id: records.queued(id) for id in SESSIONS),
        *(lambda records, _, id=id: records.last_prompts(id, 3) for id in SESSIONS),
        *(lambda records, _, id=id: records.place_of(id) for id in SESSIONS),
        *(lambda records, _, id=id: records.prompt(id) for id in PROMPTS),
        *(lambda records, _, id=id: records.question(id) for id in QUESTIONS),
        *(lambda records, _, id=id: records.menu(f"m-{id}") for id in QUESTIONS),
        *(lambda records, _, id=id: records.place(id) for id in PLACES),
        *(
            lambda records, _, space=space, topic=topic: records.place_at(ThreadRef("telegram", space, topic))
            for space in ("-100", "-200")
            for topic in ("", "5")
        ),
        *(lambda _, transcript, id=id: _listed(transcript.turn(id)) for id in PROMPTS),
        lambda records, _: records.expected(ThreadRef("telegram", "-100", "5"), ANN.key, NOW),
        *(lambda records, _, key=key: records.seen(key) for key in ("u1", "u2", "u3")),
        *(lambda records, _, key=key: records.prompt_of(HERE, f"m-{key}") for key in ("u1", "u2", "u3")),
        *(lambda _, transcript, id=id: transcript.history(id) for id in SESSIONS),
    ]
    return found


async def _listed(asked: Awaitable[Any]) -> list[Any]:
    return list(await asked)
