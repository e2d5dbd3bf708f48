"""An in-memory store without threads or real time, for tests on virtual time. It passes the contract suites.

`refuses`: set to a sentence, every change raises StoreError with it, as a full disk does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Unpack

from openacp_bot.core import codec
from openacp_bot.core.cards import CardKind
from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import (
    Event,
    Outcome,
    PromptChanged,
    QuestionAsked,
    QuestionSettled,
    Said,
    TextChunk,
    ThoughtChunk,
    ToolCallChanged,
    ToolOutput,
    TurnEnded,
)
from openacp_bot.core.inbound import Expecting, Menu, Reply
from openacp_bot.core.items import folded, key_of
from openacp_bot.core.model import (
    FileRef,
    Part,
    Place,
    Prompt,
    PromptState,
    Question,
    SessionRecord,
    Settlement,
    Source,
    State,
    ThreadRef,
    Wanted,
)
from openacp_bot.core.parts import joined
from openacp_bot.core.ports import Audit, PromptFields, Recovered, SessionFields, SessionFilter
from openacp_bot.core.views import HistoryView
from tests.memory_cards import MemoryCards

INTERRUPTED = "The daemon was stopped in the middle of a turn."
INBOX_SECONDS = 60 * 86400.0
ANSWER_SECONDS = 86400.0
CARD_SECONDS = 14 * 86400.0
WAITING = (PromptState.GATHERING, PromptState.QUEUED)


class MemoryStore(MemoryCards):
    """Records, Transcript, Ledger and ProcessBook in one object; the order of its dicts is the order of insertion."""

    def __init__(self, now: Callable[[], float] = lambda: 0.0) -> None:
        super().__init__(now)
        self.audited: list[Audit] = []
        self.usage: list[tuple[str, float, int, float | None, str]] = []
        self._inbox: dict[str, float] = {}  # when each key came
        self._answers: dict[str, Reply] = {}
        self._sessions: dict[str, SessionRecord] = {}
        self._deleted: dict[str, set[tuple[str, str]]] = {}  # until erased: (kind, id) that they still take
        self._prompts: dict[str, Prompt] = {}
        self._questions: dict[str, Question] = {}
        self._menus: dict[str, Menu] = {}
        self._spent: set[str] = set()
        self._expecting: dict[tuple[ThreadRef, str], Expecting] = {}
        self._items: dict[str, dict[str, Said]] = {}
        self._texts: dict[tuple[str, str], list[str]] = {}  # in pieces: joining at every chunk would be quadratic
        self._processes: dict[tuple[int, float], str] = {}

    # --- the inbox

    async def admit(self, key: str, effect: str = "") -> bool:
        return self._admitted(key)

    async def seen(self, key: str) -> bool:
        return key in self._inbox

    async def answered(self, key: str, reply: Reply) -> None:
        self._admitted(key)
        if key:
            self._answers[key] = reply

    async def answer_to(self, key: str) -> Reply | None:
        return self._answers.get(key)

    def _admitted(self, key: str) -> bool:
        self._write()
        if not key:
            return True
        if key in self._inbox:
            return False
        self._inbox[key] = self._now()
        return True

    async def tidy(self, now: float) -> None:
        self._write()
        self._forget_expired(now)
        recent = {key for key, at in self._inbox.items() if at > now - ANSWER_SECONDS}
        self._answers = {key: reply for key, reply in self._answers.items() if key in recent}
        self._inbox = {key: at for key, at in self._inbox.items() if at > now - INBOX_SECONDS}
        for place in list(self._places.values()):
            is_ours = place.session is None and place.wanted is Wanted.GONE
            if is_ours and (place.ref is None or place.is_chat) and place.id not in self._opening:
                del self._places[place.id]
        self._forget_settled(now - CARD_SECONDS)
        self._erase(*self._deleted)

    def _forget_expired(self, now: float) -> None:
        self._menus = {id: menu for id, menu in self._menus.items() if menu.expires_at is None or menu.expires_at > now}
        self._expecting = {key: what for key, what in self._expecting.items() if what.expires_at > now}

    # --- sessions

    async def create_session(
        self,
        record: SessionRecord,
        *,
        prompt: Prompt | None = None,
        place: Place | None = None,
        instead_of: str = "",
        key: str = "",
    ) -> bool:
        self._write()
        if key and key in self._inbox:
            return False
        _refuse(record.id in self._sessions or record.id in self._deleted)
        _refuse(prompt is not None and (self._is_taken("prompt", prompt.id) or prompt.session != record.id))
        self._refuse_second_sticky(record)
        _refuse(place is not None and place.id in self._places)
        if place is not None:
            _refuse(place.session not in (None, record.id, *self._sessions))
            self._put_place(place)
        self._sessions[record.id] = record
        if prompt is not None:
            self._enqueue(prompt, first=False)
        self._leave(instead_of)
        return self._admitted(key)

    async def session(self, id: str) -> SessionRecord | None:
        return self._sessions.get(id)

    async def sessions_like(self, prefix: str) -> Sequence[SessionRecord]:
        return [self._sessions[id] for id in sorted(self._sessions) if id.startswith(prefix)][:10]

    async def change_session(self, id: str, *, key: str = "", **fields: Unpack[SessionFields]) -> bool:
        self._write()
        if key and key in self._inbox:
            return False
        if id in self._sessions:
            changed = dataclasses.replace(self._sessions[id], **fields)
            self._refuse_second_sticky(changed)
            self._sessions[id] = changed
        return self._admitted(key)

    async def archive_session(self, id: str, at: float, *, key: str = "") -> bool:
        if not self._admitted(key):
            return False
        if id in self._sessions:
            self._sessions[id] = dataclasses.replace(self._sessions[id], archived_at=at)
        self._drop_queue(id)
        home = await self.place_of(id)
        if home is not None and home.wanted is Wanted.OPEN:
            self._put_place(home.as_closed())
        return True

    async def restore_session(
        self, id: str, *, home: Place | None = None, pinned: bool = False, instead_of: str = "", key: str = ""
    ) -> bool:
        self._write()
        if key and key in self._inbox:
            return False
        if id in self._sessions:
            record = self._sessions[id]
            restored = dataclasses.replace(record, archived_at=None, pinned=record.pinned or pinned)
            self._refuse_second_sticky(restored)
            self._sessions[id] = restored
            if home is not None:
                before = self._places.get(home.id)
                self._put_place(before.as_open(home.asked_in) if before else home)
                self._leave(instead_of)
        return self._admitted(key)

    def _leave(self, id: str) -> None:
        if id in self._sessions:
            self._sessions[id] = dataclasses.replace(self._sessions[id], pinned=False)
            self._drop_queue(id)

    def _drop_queue(self, id: str) -> None:
        for prompt in list(self._prompts.values()):
            if prompt.session == id and prompt.state is PromptState.QUEUED:
                self._prompts[prompt.id] = dataclasses.replace(prompt, state=PromptState.DROPPED)

    async def delete_session(self, id: str, *, key: str = "") -> bool:
        if not self._admitted(key):
            return False
        if self._sessions.pop(id, None) is None:
            self._settle_cards_of_deleted(id)
            return True
        self._deleted[id] = {
            *(("prompt", prompt.id) for prompt in self._prompts.values() if prompt.session == id),
            *(("question", question.id) for question in self._questions.values() if question.session == id),
            *(("menu", menu.id) for menu in self._menus.values() if menu.session == id),
        }
        self._items.pop(id, None)
        self._texts = {where: text for where, text in self._texts.items() if where[0] != id}
        self._prompts = {key: prompt for key, prompt in self._prompts.items() if prompt.session != id}
        self._questions = {key: question for key, question in self._questions.items() if question.session != id}
        self._menus = {key: menu for key, menu in self._menus.items() if menu.session != id}
        self.usage = [line for line in self.usage if line[0] != id]
        for place in [place for place in self._places.values() if place.session == id]:
            self._put_place(dataclasses.replace(place, session=None, wanted=Wanted.GONE))
            if (gone := self._places[place.id]).ref is None:
                self._places[place.id] = dataclasses.replace(gone, title="")
        self._settle_cards_of_deleted(id)
        return True

    async def erase_session(self, id: str) -> None:
        self._write()
        self._erase(id)

    def _erase(self, *ids: str) -> None:
        erased = [id for id in ids if self._deleted.pop(id, None) is not None]
        told = {key: codec.dumps(reply) for key, reply in self._answers.items()}
        self._answers = {
            key: reply for key, reply in self._answers.items() if not any(id in told[key] for id in erased)
        }
        self._menus = {key: menu for key, menu in self._menus.items() if menu.session not in erased}
        for id in erased:
            self._settle_cards_of_deleted(id)
            self._forget_cards_of_deleted(id)

    def _is_taken(self, kind: str, id: str) -> bool:
        kept: dict[str, Mapping[str, object]] = {
            "prompt": self._prompts,
            "question": self._questions,
            "menu": self._menus,
        }
        return id in kept[kind] or any((kind, id) in taken for taken in self._deleted.values())

    async def sessions(self, which: SessionFilter) -> tuple[Sequence[SessionRecord], int]:
        found = [record for record in self._sessions.values() if self._matches(record, which)]
        if which.hide_empty:
            empty = [record for record in reversed(found) if record.prompts == 0]
            shown = max(empty, key=lambda record: record.created_at, default=None)
            found = [record for record in found if record.prompts or record is shown]
        if which.group == "live":
            found.sort(key=lambda record: record.active_at)
        else:
            found.reverse()
            found.sort(key=lambda record: (not record.pinned, -record.active_at))
        return found[which.offset : which.offset + which.limit], len(found)

    async def counts(self) -> Mapping[State, int]:
        states = [record.state for record in self._sessions.values() if record.archived_at is None]
        return {state: states.count(state) for state in State}

    async def removable(self, which: SessionFilter) -> Mapping[State, int]:
        which = dataclasses.replace(which, states=())
        found = [record for record in self._sessions.values() if self._matches(record, which)]
        states = [record.state for record in found if not record.pinned and record.archived_at is None]
        return {state: states.count(state) for state in State}

    async def workspaces(self, limit: int = 8) -> Sequence[str]:
        used: dict[str, float] = {}
        for record in self._sessions.values():
            used[record.workspace] = max(record.active_at, used.get(record.workspace, record.active_at))
        return sorted(used, key=lambda path: -used[path])[:limit]

    async def add_usage(self, session: str, at: float, used: int, cost: float | None, currency: str) -> None:
        self._write()
        if session in self._sessions:
            self.usage.append((session, at, used, cost, currency))

    def _refuse_second_sticky(self, record: SessionRecord) -> None:
        others = [other for other in self._sessions.values() if other.id != record.id and other.archived_at is None]
        is_sticky = record.sticky and record.archived_at is None
        _refuse(bool(is_sticky) and any(other.sticky == record.sticky for other in others))

    def _matches(self, record: SessionRecord, which: SessionFilter) -> bool:
        title = (record.title or f"Session {record.id}").casefold()
        return (
            _in_group(record, which.group)
            and all(word in title for word in which.search.casefold().split())
            and (not which.states or record.state in which.states)
            and (which.ids is None or record.id in which.ids)
            and (which.idle_before is None or (record.active_at < which.idle_before and not record.pinned))
            and self._is_seen(record, which)
        )

    def _is_seen(self, record: SessionRecord, which: SessionFilter) -> bool:
        if which.owner is None and which.space is None:
            return True
        here = {place.session for place in self._places.values() if (place.adapter, place.space) == which.space}
        return record.owner == which.owner or record.id in here

    # --- prompts

    async def queue_prompt(self, prompt: Prompt, *, first: bool = False, key: str = "") -> Prompt | None:
        self._write()
        if key and key in self._inbox:
            return None
        _refuse(prompt.session not in self._sessions or self._is_taken("prompt", prompt.id))
        self._admitted(key)
        return self._enqueue(prompt, first=first)

    def _enqueue(self, prompt: Prompt, *, first: bool) -> Prompt:
        taken = [p.position for p in self._prompts.values() if p.session == prompt.session and p.state in WAITING]
        position = (min(taken, default=0.0) - 1.0) if first else (max(taken, default=0.0) + 1.0)
        state = prompt.state if prompt.state is PromptState.GATHERING else PromptState.QUEUED
        queued = self._prompts[prompt.id] = dataclasses.replace(prompt, state=state, position=position)
        record = self._sessions[prompt.session]
        active_at = max(record.active_at, prompt.asked_at)
        self._sessions[record.id] = dataclasses.replace(record, prompts=record.prompts + 1, active_at=active_at)
        return queued

    async def join_prompt(self, id: str, part: Part, files: Sequence[FileRef], *, key: str = "") -> Prompt | None:
        self._write()
        prompt = self._prompts.get(id)
        if prompt is None or prompt.state is not PromptState.GATHERING or not self._admitted(key):
            return None
        self._prompts[id] = joined(prompt, part, files)
        return self._prompts[id]

    async def change_prompts(self, ids: Sequence[str], *, key: str = "", **fields: Unpack[PromptFields]) -> bool:
        if not self._admitted(key):
            return False
        for id in ids:
            if id in self._prompts:
                self._prompts[id] = dataclasses.replace(self._prompts[id], **fields)
        return True

    async def start_turn(self, prompt: str, at: float) -> bool:
        self._write()
        queued = self._prompts.get(prompt)
        if queued is None or queued.state not in WAITING:
            return False
        self._prompts[prompt] = dataclasses.replace(queued, state=PromptState.STARTED, started_at=at)
        self._sessions[queued.session] = dataclasses.replace(self._sessions[queued.session], held=False)
        await self._open_at_home(CardKind.TURN, prompt, queued.session)
        if any(self._ran_into(queued, before) for before in self._prompts.values()):
            self._answer_message(queued)
        return True

    def _ran_into(self, asked: Prompt, before: Prompt) -> bool:
        return before.session == asked.session and (before.ended_at or 0) > asked.asked_at + 1

    async def end_turn(self, prompt: str, *, state: PromptState, outcome: str, at: float, held: bool = False) -> None:
        self._write()
        if prompt not in self._prompts:
            return
        ended = dataclasses.replace(self._prompts[prompt], state=state, outcome=outcome, ended_at=at)
        self._prompts[prompt] = ended
        record = self._sessions[ended.session]
        active_at = max(record.active_at, at)
        self._sessions[record.id] = dataclasses.replace(record, active_at=active_at, held=record.held or held)

    async def prompt(self, id: str) -> Prompt | None:
        return self._prompts.get(id)

    async def prompt_of(self, where: ThreadRef, message: str) -> Prompt | None:
        found = [
            prompt
            for prompt in self._prompts.values()
            if message and message in (prompt.message, *(part.message for part in prompt.parts))
        ]
        came_here = [prompt for prompt in found if self._came_from(prompt, where)]
        return max(reversed(came_here), key=lambda prompt: prompt.asked_at, default=None)

    def _came_from(self, prompt: Prompt, where: ThreadRef) -> bool:
        place = self._places.get(prompt.place or "")
        elsewhere = place is not None and place.adapter == where.adapter and place.space != where.space
        return prompt.author.adapter == where.adapter and not elsewhere

    async def queued(self, session: str) -> Sequence[Prompt]:
        found = [p for p in self._prompts.values() if p.session == session and p.state is PromptState.QUEUED]
        return sorted(found, key=lambda prompt: prompt.position)

    async def last_prompts(self, session: str, limit: int = 1) -> Sequence[Prompt]:
        newest_first = [prompt for prompt in reversed(self._prompts.values()) if prompt.session == session]
        found = [(prompt.started_at, prompt) for prompt in newest_first if prompt.started_at is not None]
        return [prompt for _, prompt in sorted(found, key=lambda pair: -pair[0])][:limit]

    # --- questions, menus, forms, audit

    async def ask(self, question: Question, menu: Menu) -> None:
        self._write()
        _refuse(question.session not in self._sessions)
        _refuse(self._is_taken("question", question.id) or self._is_taken("menu", menu.id))
        self._questions[question.id] = question
        self._menus[menu.id] = menu
        await self._open_at_home(CardKind.QUESTION, question.id, question.session)

    async def question(self, id: str) -> Question | None:
        return self._questions.get(id)

    async def decide(self, question: str, settlement: Settlement, audit: Audit) -> bool:
        self._write()
        asked = self._questions.get(question)
        if asked is None or asked.settled is not None:
            return False
        self._questions[question] = dataclasses.replace(asked, settled=settlement)
        self.audited.append(audit)
        return True

    async def audit(self, line: Audit) -> None:
        self._write()
        self.audited.append(line)

    async def mint(self, menu: Menu) -> None:
        self._write()
        _refuse(self._is_taken("menu", menu.id))
        self._menus[menu.id] = menu

    async def menu(self, id: str) -> Menu | None:
        menu = self._menus.get(id)
        if menu is None or id in self._spent or menu.session in self._deleted:
            return None
        return None if menu.expires_at is not None and menu.expires_at <= self._now() else menu

    async def spend(self, menu: str) -> None:
        self._write()
        self._spent.add(menu)

    async def expect(self, what: Expecting | None, *, where: ThreadRef, who: str) -> None:
        self._write()
        self._expecting.pop((where, who), None)
        if what is not None:
            self._expecting[where, who] = dataclasses.replace(what, where=where, who=who)

    async def expected(self, where: ThreadRef, who: str, now: float) -> Expecting | None:
        what = self._expecting.get((where, who))
        return what if what is not None and what.expires_at > now else None

    # --- places

    async def add_place(self, place: Place) -> None:
        self._write()
        _refuse(place.id in self._places or (place.session is not None and place.session not in self._sessions))
        self._put_place(place)

    async def move_space(self, adapter: str, old: str, new: str) -> None:
        await super().move_space(adapter, old, new)
        for (where, who), what in list(self._expecting.items()):
            if (where.adapter, where.space) == (adapter, old):
                del self._expecting[where, who]
                await self.expect(what, where=dataclasses.replace(where, space=new), who=who)

    async def waiting_messages(self, adapter: str) -> Sequence[tuple[ThreadRef, str]]:
        found = []
        for prompt in sorted(self._prompts.values(), key=lambda one: one.position):
            place = self._places.get(prompt.place or "")
            if prompt.state is not PromptState.QUEUED or prompt.session in self._deleted or place is None:
                continue
            messages = [part.message for part in prompt.parts] or [prompt.message]
            if place.adapter == adapter and place.ref is not None:
                found += [(place.ref, message) for message in messages if message]
        return found

    # --- boot

    async def recover(self, now: float) -> Recovered:
        self._write()
        unended = sorted(filter(self._is_unended, self._prompts.values()), key=lambda prompt: prompt.ended_at or 0.0)
        unshown = sorted(filter(self._is_unshown, self._questions.values()), key=lambda question: question.asked_at)
        unsent = sorted(filter(self._is_unsent, self._prompts.values()), key=lambda prompt: prompt.asked_at)
        closed = [self._close(question, now) for question in self._open_questions()]
        begun = [prompt for prompt in self._prompts.values() if prompt.state is PromptState.STARTED]
        interrupted = [self._interrupt(prompt, now) for prompt in sorted(begun, key=lambda p: p.started_at or 0.0)]
        for prompt in self._prompts.values():
            if prompt.state is PromptState.GATHERING:
                self._prompts[prompt.id] = dataclasses.replace(prompt, state=PromptState.QUEUED)
        self._settle_sessions({prompt.session for prompt in interrupted})
        for prompt in unsent:
            self._add_item(prompt.session, None, prompt.asked_at, PromptChanged(prompt))
        for question in unshown:
            self._add_item(question.session, question.turn, question.asked_at, QuestionAsked(question))
        for question in closed:
            self._add_item(question.session, question.turn, now, QuestionAsked(question))
        for prompt in unended:
            self._end(prompt, _end_of(prompt), prompt.ended_at or now)
        for prompt in interrupted:
            self._end(prompt, TurnEnded(Outcome.INTERRUPTED), now)
        self._forget_expired(now)
        self._erase(*self._deleted)
        return Recovered(tuple(interrupted), tuple(closed), self._waiting())

    def _is_unended(self, prompt: Prompt) -> bool:
        is_over = prompt.state in (PromptState.ENDED, PromptState.INTERRUPTED) and prompt.started_at is not None
        return is_over and f"{prompt.id}:end" not in self._items.get(prompt.session, {})

    def _is_unshown(self, question: Question) -> bool:
        return question.settled is not None and f"q:{question.id}" not in self._items.get(question.session, {})

    def _is_unsent(self, prompt: Prompt) -> bool:
        is_dropped = prompt.state is PromptState.DROPPED and prompt.started_at is None
        return is_dropped and f"p:{prompt.id}" not in self._items.get(prompt.session, {})

    def _open_questions(self) -> list[Question]:
        asked = [question for question in self._questions.values() if question.settled is None]
        return sorted(asked, key=lambda question: question.asked_at)

    def _close(self, question: Question, now: float) -> Question:
        settled = dataclasses.replace(question, settled=Settlement(how="interrupted", at=now))
        self._questions[question.id] = settled
        return settled

    def _interrupt(self, prompt: Prompt, now: float) -> Prompt:
        ended = dataclasses.replace(
            prompt, state=PromptState.INTERRUPTED, outcome=Outcome.INTERRUPTED.value, ended_at=now
        )
        self._prompts[prompt.id] = ended
        return ended

    def _settle_sessions(self, interrupted: set[str]) -> None:
        waiting = {prompt.session for prompt in self._prompts.values() if prompt.state is PromptState.QUEUED}
        for id, record in self._sessions.items():
            if id in interrupted:
                held = id in waiting
                changed = dataclasses.replace(record, state=State.ERROR, reason=INTERRUPTED, bypass=False, held=held)
            elif record.state is State.INITIALIZING:
                reason = "The daemon was stopped while the agent was starting."
                changed = dataclasses.replace(record, state=State.ERROR, reason=reason, bypass=False)
            elif record.state is State.ACTIVE:
                reason = "The daemon was stopped."
                changed = dataclasses.replace(record, state=State.FINISHED, reason=reason, bypass=False)
            else:
                continue
            self._sessions[id] = changed

    def _end(self, prompt: Prompt, end: TurnEnded, at: float) -> None:
        self._add_item(prompt.session, prompt.id, at, PromptChanged(prompt))
        calls = [
            item.event
            for item in self._in_order(prompt.session)
            if item.turn == prompt.id and isinstance(item.event, ToolCallChanged)
        ]
        for event in calls:
            if event.call.status in ("pending", "in_progress"):
                ended = ToolCallChanged(dataclasses.replace(event.call, status="ended"))
                self._add_item(prompt.session, prompt.id, at, ended)
        self._add_item(prompt.session, prompt.id, at, dataclasses.replace(end, tools=len(calls)))

    def _waiting(self) -> tuple[str, ...]:
        queued = [prompt for prompt in self._prompts.values() if prompt.state is PromptState.QUEUED]
        oldest = dict.fromkeys(prompt.session for prompt in sorted(queued, key=lambda prompt: prompt.asked_at))
        return tuple(id for id in oldest if not self._sessions[id].held and self._sessions[id].archived_at is None)

    # --- the transcript

    def append(self, said: Said) -> None:
        record = self._sessions.get(said.session)
        if record is None:
            return
        self._sessions[record.id] = dataclasses.replace(record, rev=max(record.rev, said.rev))
        key = key_of(said)
        if key is None:
            return
        items = self._items.setdefault(said.session, {})
        before = items.get(key)
        if isinstance(said.event, TextChunk | ThoughtChunk | ToolOutput):
            self._texts.setdefault((said.session, key), []).append(said.event.text)
            said = dataclasses.replace(said, event=dataclasses.replace(said.event, text=""))
        if before is None:
            items[key] = dataclasses.replace(said, first=said.first or said.rev)
        else:
            items[key] = dataclasses.replace(before, rev=said.rev, event=folded(before.event, said.event))

    async def room(self, session: str) -> None:
        """Nothing ever waits here."""

    async def flush(self) -> None:
        self._write()

    async def history(
        self, session: str, *, after: int = 0, before: int | None = None, limit: int = 200
    ) -> HistoryView:
        if session not in self._sessions:
            return HistoryView((), 0)
        found = [
            item for item in self._in_order(session) if item.rev > after and (before is None or item.first < before)
        ]
        newest = found[max(0, len(found) - limit) :]
        shown = [dataclasses.replace(item, event=event) for item in newest if (event := self._as_it_is(item))]
        return HistoryView(tuple(shown), self._sessions[session].rev, more=len(newest) < len(found))

    async def turn(self, prompt: str) -> Sequence[Said]:
        if prompt not in self._prompts:
            return ()
        items = self._in_order(self._prompts[prompt].session)
        told = [item for item in items if item.turn == prompt and key_of(item) != f"p:{prompt}"]
        return tuple(dataclasses.replace(item, event=event) for item in told if (event := self._as_it_is(item)))

    def _in_order(self, session: str) -> list[Said]:
        return sorted(self._items.get(session, {}).values(), key=lambda item: item.first)

    def _as_it_is(self, item: Said) -> Event | None:
        """Messages whole; prompts and questions as they are now."""
        match item.event:
            case TextChunk() | ThoughtChunk() | ToolOutput() as event:
                return dataclasses.replace(event, text="".join(self._texts[item.session, key_of(item) or ""]))
            case PromptChanged(prompt=prompt):
                return PromptChanged(self._prompts[prompt.id]) if prompt.id in self._prompts else None
            case QuestionAsked(question=Question(id=id)) | QuestionSettled(question=str() as id):
                return QuestionAsked(self._questions[id]) if id in self._questions else None
            case event:
                return event

    def _add_item(self, session: str, turn: str | None, at: float, event: Event) -> None:
        self.append(Said(session, turn, self._sessions[session].rev + 1, at, event))

    # --- processes

    async def spawned(self, session: str, pid: int, started: float) -> None:
        self._write()
        self._processes.pop((pid, started), None)
        self._processes[pid, started] = session

    async def gone(self, pid: int) -> None:
        self._write()
        self._processes = {key: session for key, session in self._processes.items() if key[0] != pid}

    async def left_over(self) -> Sequence[tuple[int, float]]:
        return list(self._processes)


def _in_group(record: SessionRecord, group: str) -> bool:
    match group:
        case "archived":
            return record.archived_at is not None
        case "scheduled":
            return record.archived_at is None and record.source is Source.SCHEDULED
        case "live":
            return record.state.holds_slot
        case _:
            return record.archived_at is None


def _end_of(prompt: Prompt) -> TurnEnded:
    outcome = Outcome(prompt.outcome) if prompt.outcome in set(Outcome) else Outcome.UNKNOWN
    return TurnEnded(outcome, seconds=(prompt.ended_at or 0.0) - (prompt.started_at or 0.0))


def _refuse(contradiction: bool) -> None:
    """What the database refuses by its own constraints."""
    if contradiction:
        raise StoreError("This contradicts what is stored.")
