"""A hub in memory that behaves: enough of sessions, queue, questions and history to drive the page.

Its agent is a script behind words in the prompt; a test can also speak for it with `say`.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar, cast

from openacp_bot.core.errors import StoreError, UserError
from openacp_bot.core.events import (
    Event,
    Outcome,
    PromptChanged,
    QuestionAsked,
    QuestionSettled,
    Said,
    SessionChanged,
    StateChanged,
    TextChunk,
    TitleChanged,
    TurnEnded,
)
from openacp_bot.core.inbound import Choice, Command, Form, Inbound, Message, Opens, Pressed, Reply, Row
from openacp_bot.core.items import folded, key_of
from openacp_bot.core.model import (
    AgentSpec,
    Field,
    Phase,
    Place,
    Prompt,
    PromptState,
    Question,
    SessionRecord,
    Settlement,
    Source,
    State,
    TitleRank,
    UserRef,
    Verbosity,
)
from openacp_bot.core.views import (
    CommandInfo,
    CommandMenu,
    History,
    HistoryView,
    NewChat,
    NewChatChoices,
    OneSession,
    Query,
    SessionPage,
    SessionRow,
    Sessions,
    SessionView,
)

V = TypeVar("V")
Script = Callable[["FakeHub", "FakeSession"], Awaitable[Outcome]]
Show = Callable[[Place | None, Said], None]


class FakeSession:
    """One session with everything that is known of it."""

    def __init__(self, record: SessionRecord) -> None:
        self.record = record
        self.phase = Phase.ASLEEP
        self.rev = 0
        self.items: dict[str, Said] = {}
        self.queue: list[Prompt] = []
        self.questions: dict[str, Question] = {}
        self.answered: dict[str, asyncio.Event] = {}
        self.turn: asyncio.Task[Outcome] | None = None
        self.prompt: Prompt | None = None


class FakeHub:
    """Implements core.ports.Hub."""

    def __init__(self, scripts: dict[str, Script] | None = None) -> None:
        self.sessions: dict[str, FakeSession] = {}
        self.handled: list[Inbound] = []
        self.scripts = scripts or {}
        self.missing_directories: set[str] = set()
        self.store_broken = False
        self.doing = ""
        self.looks: list[Query[Any]] = []
        self.gate: asyncio.Event | None = None  # set: History waits for it
        self._keys: set[str] = set()
        self._shows: list[Show] = []
        self._tasks: asyncio.TaskGroup | None = None
        self._tokens: dict[str, Callable[[Pressed], Reply]] = {}

    @asynccontextmanager
    async def running(self, *shows: Show) -> AsyncIterator[None]:
        self._shows = list(shows)
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            yield
            for session in self.sessions.values():
                if session.turn is not None:
                    session.turn.cancel()

    # --- what a test does

    def make(self, title: str = "", **fields: Any) -> FakeSession:
        now = time.time()
        id = fields.pop("id", uuid.uuid4().hex)
        given: dict[str, Any] = {
            "agent": "demo",
            "provider": "",
            "model": "",
            "workspace": "/srv/project",
            "source": Source.MANUAL,
        }
        given |= {"owner": "web:local", "created_at": now, "active_at": now, "state": State.FINISHED, "prompts": 1}
        record = SessionRecord(id=id, **(given | {"title": title} | fields))
        session = self.sessions[id] = FakeSession(record)
        return session

    def say(self, session: FakeSession, event: Event, turn: str | None = "") -> Said:
        """The next event; `turn` empty: of the running one."""
        session.rev += 1
        if turn == "":
            turn = session.prompt.id if session.prompt else None
        said = Said(session.record.id, turn, session.rev, time.time(), event)
        key = key_of(said)
        if key is not None:
            self._fold(session, key, said)
        for show in self._shows:
            show(None, said)
        return said

    def _fold(self, session: FakeSession, key: str, said: Said) -> None:
        before = session.items.get(key)
        if before is None:
            session.items[key] = replace(said, first=said.rev)
        else:
            event = folded(before.event, said.event)
            session.items[key] = replace(before, event=event, rev=said.rev, at=said.at)

    def set(self, session: FakeSession, *, phase: Phase | None = None, **fields: Any) -> None:
        session.record = replace(session.record, **fields)
        session.phase = phase or session.phase
        self.say(session, StateChanged(session.record.state, session.phase), None)

    def ask(self, session: FakeSession, question: Question) -> None:
        session.questions[question.id] = question
        session.answered[question.id] = asyncio.Event()
        session.phase = Phase.WAITING
        self.say(session, QuestionAsked(question))
        for option in question.options:
            self._tokens[option.id] = self._answering(session, question, option.label, option.kind)
        self.say(session, StateChanged(session.record.state, Phase.WAITING))

    def choice(self, label: str, answer: Callable[[Pressed], Reply], **look: Any) -> Choice:
        token = uuid.uuid4().hex[:8] + ".0"
        self._tokens[token] = answer
        return Choice(label, token, **look)

    # --- the port

    async def handle(self, inbound: Inbound) -> Reply | None:
        if self.store_broken:
            raise StoreError("The disk is full. Free some space.")
        if inbound.origin.key in self._keys:
            return None
        self._keys.add(inbound.origin.key)
        self.handled.append(inbound)
        match inbound:
            case Message(text=text) if text.startswith("/"):
                name, _, args = text[1:].partition(" ")
                return self._command(Command(inbound.origin, name, args))
            case Message():
                return self._message(inbound)
            case Command():
                return self._command(inbound)
            case Pressed(token=token):
                answer = self._tokens.get(token)
                return answer(inbound) if answer else Reply("This button is no longer in use.", refused=True)
        return None

    async def look(self, query: Query[V], who: UserRef) -> V:
        self.looks.append(query)
        if isinstance(query, History) and self.gate is not None:
            await self.gate.wait()
        return cast(V, self._look(query))

    # --- in

    def _message(self, message: Message) -> Reply | None:
        session = self.sessions.get(message.origin.session or "")
        if session is None:
            return Reply("There is no such session.", refused=True)
        prompt = Prompt(message.id, session.record.id, message.origin.who, message.text, time.time())
        session.record = replace(session.record, prompts=session.record.prompts + 1, active_at=time.time())
        if not session.record.title:
            session.record = replace(session.record, title=message.text[:60])
            self.say(session, TitleChanged(message.text[:60], TitleRank.FIRST_MESSAGE), None)
        session.queue.append(prompt)
        self.say(session, PromptChanged(prompt, len(session.queue)), None)
        self._start_next(session)
        return None

    def _start_next(self, session: FakeSession) -> None:
        if session.turn is not None or not session.queue or self._tasks is None:
            return
        prompt = session.prompt = replace(session.queue.pop(0), state=PromptState.STARTED)
        self.set(session, phase=Phase.RUNNING, state=State.ACTIVE)
        self.say(session, PromptChanged(prompt))
        session.turn = self._tasks.create_task(self._run(session, prompt))

    async def _run(self, session: FakeSession, prompt: Prompt) -> Outcome:
        began = time.monotonic()
        script = next((script for word, script in self.scripts.items() if word in prompt.text), _echo)
        try:
            outcome = await script(self, session)
        except asyncio.CancelledError:
            outcome = Outcome.CANCELLED
        for question in list(session.questions.values()):
            self._settle(session, question, Settlement("cancelled", time.time()))
        self.say(session, TurnEnded(outcome, seconds=time.monotonic() - began))
        session.turn, session.prompt = None, None
        self.set(session, phase=Phase.IDLE)
        self._start_next(session)
        return outcome

    def _settle(self, session: FakeSession, question: Question, settlement: Settlement) -> None:
        session.questions.pop(question.id, None)
        self.say(session, QuestionSettled(question.id, settlement))
        session.answered[question.id].set()

    def _answering(self, session: FakeSession, question: Question, label: str, kind: str) -> Callable[[Pressed], Reply]:
        def answer(pressed: Pressed) -> Reply:
            if question.id not in session.questions:
                return Reply("This question was answered before.", refused=True)
            allowed = kind.startswith("allow") or kind == "choice"
            by = pressed.origin.who
            given = ((field.name, pressed.values.get(field.name, "")) for field in question.fields)
            values = tuple(one for one in given if one[1]) if kind == "submit" else ()
            how = Settlement("answered", time.time(), kind, label, by, allowed=allowed, values=values)
            self._settle(session, question, how)
            self.set(session, phase=Phase.RUNNING)
            return Reply("", session=session.record.id)

        return answer

    def _command(self, command: Command) -> Reply | None:
        session = self.sessions.get(command.origin.session or "")
        act = getattr(self, f"_do_{command.name}", None)
        if act is None:
            return Reply(f"There is no command /{command.name}. /help lists all.", refused=True)
        if session is None and command.name not in ("new", "sessions", "form", "pick"):
            return Reply("There is no session here.", refused=True)
        return cast("Reply | None", act(command, session))

    def _do_new(self, command: Command, _: FakeSession | None) -> Reply:
        directory = command.values.get("workspace", "/srv/project")
        if directory in self.missing_directories and command.values.get("create") != "yes":
            create = self.choice("Create", lambda pressed: self._created(command, directory))
            return Reply(f"There is no directory {directory}.", choices=(create,), refused=True)
        return self._created(command, directory)

    def _created(self, command: Command, directory: str) -> Reply:
        agent = command.values.get("agent", "demo")
        session = self.make(agent=agent, workspace=directory, model=command.values.get("model", ""), prompts=0)
        self.set(session, state=State.ACTIVE, phase=Phase.IDLE)
        return Reply(f"New session with {agent}.", session=session.record.id)

    def _do_cancel(self, command: Command, session: FakeSession) -> Reply:
        dropped, session.queue = session.queue, []
        for prompt in dropped:
            self.say(session, PromptChanged(replace(prompt, state=PromptState.DROPPED)), None)
        if session.turn is None:
            return Reply("Nothing is running.")
        session.turn.cancel()
        return Reply(f"Stopping. {len(dropped)} queued messages were not sent.", quiet=True)

    def _do_queue(self, command: Command, session: FakeSession) -> Reply:
        what, id = command.values["do"], command.values.get("prompt", "")
        match what:
            case "remove":
                session.queue = [prompt for prompt in session.queue if prompt.id != id]
            case "clear":
                session.queue = []
            case "edit":
                text = command.values["text"]
                session.queue = [replace(p, text=text) if p.id == id else p for p in session.queue]
            case "now" if session.turn is not None:
                session.queue.sort(key=lambda prompt: prompt.id != id)
                session.turn.cancel()
        self.say(session, SessionChanged(), None)
        return Reply("")

    def _change(self, session: FakeSession, sentence: str, **fields: Any) -> Reply:
        session.record = replace(session.record, **fields)
        self.say(session, SessionChanged(), None)
        return Reply(sentence, session=session.record.id)

    def _do_rename(self, command: Command, session: FakeSession) -> Reply:
        return self._change(session, "", title=command.values["title"])

    def _do_pin(self, command: Command, session: FakeSession) -> Reply:
        return self._change(session, "Pinned.", pinned=True)

    def _do_unpin(self, command: Command, session: FakeSession) -> Reply:
        return self._change(session, "Unpinned.", pinned=False)

    def _do_archive(self, command: Command, session: FakeSession) -> Reply:
        return self._change(session, "", archived_at=time.time())

    def _do_restore(self, command: Command, session: FakeSession) -> Reply:
        return self._change(session, "", archived_at=None)

    def _do_verbosity(self, command: Command, session: FakeSession) -> Reply:
        return self._change(session, "", verbosity=Verbosity(command.values["level"]))

    def _do_bypass(self, command: Command, session: FakeSession) -> Reply:
        return self._change(session, "", bypass=command.values["on"] == "yes")

    def _do_delete(self, command: Command, session: FakeSession) -> Reply:
        if command.values.get("confirm") != "yes":
            return Reply("Delete it?", refused=True)
        del self.sessions[session.record.id]
        self.say(session, SessionChanged(deleted=True), None)
        return Reply("Deleted.")

    def _do_sessions(self, command: Command, _: FakeSession | None) -> Reply:
        rows = tuple(
            Row("●", one.record.shown_title, one.record.agent, session=one.record.id) for one in self.sessions.values()
        )
        again = self.choice("Again", lambda pressed: Reply("Looked again.", replaces=True))
        return Reply("Sessions", rows=rows, choices=(again,))

    def _do_form(self, command: Command, _: FakeSession | None) -> Reply:
        token = self.choice("", lambda pressed: Reply(f"Got {dict(pressed.values)}")).token
        return Reply("Fill in", form=Form(token, "A form", (Field("name", "Your name"),)))

    def _do_pick(self, command: Command, _: FakeSession | None) -> Reply:
        """A wizard: a picker beside whose form it stays, until the form is answered."""
        token = self.choice("", lambda pressed: Reply(f"Got {pressed.values['path']}.", replaces=True)).token
        form = Reply("Which directory?", form=Form(token, "Which directory?", (Field("path", "Path"),)))
        return Reply("Pick one", choices=(self.choice("Type a path", lambda pressed: form, opens=Opens.FORM),))

    # --- looking

    def _look(self, query: Query[Any]) -> Any:
        match query:
            case Sessions():
                return self._page(query)
            case OneSession(id=id):
                session = self._session(id)
                questions = tuple(session.questions.values())
                return SessionView(self._row(session), tuple(session.queue), questions, (), None, self.doing)
            case History():
                return self._history(query)
            case CommandMenu(session=session_id):
                return _commands(session_id)
            case NewChatChoices():
                agents = (AgentSpec("demo", "demo", models=("small", "large")), AgentSpec("other", "other"))
                return NewChat(agents, "demo", ("/srv/project", "/srv/elsewhere"), "/work")
        raise AssertionError(query)

    def _session(self, id: str) -> FakeSession:
        if id not in self.sessions:
            raise UserError("This session does not exist any more.")
        return self.sessions[id]

    def _row(self, session: FakeSession) -> SessionRow:
        return SessionRow(session.record, session.phase)

    def _page(self, query: Sessions) -> SessionPage:
        def fits(session: FakeSession) -> bool:
            is_archived = session.record.archived_at is not None
            is_here = is_archived == (query.group == "archived") and query.group != "scheduled"
            return is_here and query.search.lower() in session.record.shown_title.lower()

        found = [session for session in self.sessions.values() if fits(session)]
        found.sort(key=lambda session: (not session.record.pinned, -session.record.active_at))
        rows = tuple(self._row(session) for session in found[query.offset :][: query.limit])
        return SessionPage(rows, len(found))

    def _history(self, query: History) -> HistoryView:
        session = self._session(query.session)
        items = sorted(session.items.values(), key=lambda item: item.first)
        fitting = [item for item in items if item.rev > query.after]
        if query.before is not None:
            fitting = [item for item in fitting if item.first < query.before]
        return HistoryView(tuple(fitting[-query.limit :]), session.rev, more=len(fitting) > query.limit)


def _commands(session: str | None) -> tuple[CommandInfo, ...]:
    common = (
        CommandInfo("new", "Start a session", "[agent] [workspace]"),
        CommandInfo("sessions", "List sessions", "[active|archived|scheduled] [search]"),
        CommandInfo("status", "What is going on", ""),
    )
    here = (
        CommandInfo("cancel", "Stop the turn", "", needs_session=True),
        CommandInfo("compact", "Shorten the context", "", agent=True),
    )
    return common + here if session else common


async def _echo(hub: FakeHub, session: FakeSession) -> Outcome:
    assert session.prompt is not None
    hub.say(session, TextChunk("1", f"You said: {session.prompt.text}"))
    return Outcome.DONE
