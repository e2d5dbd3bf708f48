"""Where the agent's messages arrive: each goes to its conversation and becomes events, an answer or a refusal."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any

from openacp_bot.agents.asks import Asks, refusal, title_of
from openacp_bot.agents.calls import Calls
from openacp_bot.agents.content import MayShow
from openacp_bot.agents.files import METHODS as FILE_METHODS
from openacp_bot.agents.files import FileService
from openacp_bot.agents.loose import Json, obj, text
from openacp_bot.agents.oddities import Oddities
from openacp_bot.agents.options import Options
from openacp_bot.agents.side import SideTalks
from openacp_bot.agents.stream import EventStream
from openacp_bot.agents.updates import STATES, Updates
from openacp_bot.agents.wire import CANCELLED, INTERNAL, METHOD_NOT_FOUND, Refused, RequestId, Wire
from openacp_bot.core.errors import AgentGone
from openacp_bot.core.events import AgentEvent, AgentNotice, AskWithdrawn

MOST_FILE_JOBS = 8
QUESTIONS = frozenset({"session/request_permission", "elicitation/create"})

log = logging.getLogger(__name__)


class Desk:
    """One agent's. Implements wire.Handler."""

    def __init__(self, name: str, wire: Wire, files: FileService, may_show: MayShow, tasks: asyncio.TaskGroup) -> None:
        self.conversation = ""
        self.replayed = False
        self.side: SideTalks | None = None
        self.stream = EventStream()
        self.oddities = Oddities(name)
        self.options = Options(self.oddities)
        self._name = name
        self._wire = wire
        self._files = files
        self._tasks = tasks
        self._jobs: set[asyncio.Task[None]] = set()
        self._fewer_jobs = asyncio.Event()
        self._calls = Calls(self.oddities, may_show)
        self._updates = Updates(self.options, self._calls, self.oddities, may_show)
        self._asks = Asks(self.oddities)
        self._states: dict[str, AgentEvent] = {}  # told before the conversation was open, newest of each kind
        self._is_launched = False

    # the life of the conversation

    def opened(self, conversation: str, result: Json) -> None:
        """From here on the conversation is live."""
        self.conversation = conversation
        self.options.told(result)
        for event in self._states.values():
            self.put(event)
        self._states.clear()
        self.put(self.options.event())

    def launched(self) -> None:
        """From here on somebody takes the events."""
        self._is_launched = True

    def new_turn(self) -> None:
        self._updates.new_turn()

    def turn_over(self) -> None:
        """What is still open belongs to the turn, and is closed with it: Claude and Codex end a cancelled turn without
        waiting for the answers to their questions."""
        for ask in self._asks.ids():
            self.answer(ask, None, None)
            self.put(AskWithdrawn(ask))
        for event in self._calls.close():
            self.put(event)
        self._updates.new_turn()

    def lose(self, error: AgentGone) -> None:
        self._wire.lose(error)
        self.stream.end(error)

    def put(self, event: AgentEvent) -> None:
        """Into the stream. An agent that floods before anybody listens is not waited for: its launch would hang."""
        if self._is_launched or not self.stream.is_full:
            self.stream.put(event)

    def answer(self, ask: str, option: str | None, values: Mapping[str, str] | None) -> None:
        settled = self._asks.answer(ask, option, values)
        if settled is None:
            return
        self._wire.answer(settled.request, settled.result)
        if settled.problem:
            self.put(AgentNotice(settled.problem))

    # wire.Handler

    @property
    def is_full(self) -> bool:
        return (self._is_launched and self.stream.is_full) or len(self._jobs) >= MOST_FILE_JOBS

    async def room(self) -> None:
        if self._is_launched:
            await self.stream.room()
        while len(self._jobs) >= MOST_FILE_JOBS:
            self._fewer_jobs.clear()
            await self._fewer_jobs.wait()

    def notified(self, method: str, params: Json) -> None:
        if method == "session/update":
            self._updated(text(params, "sessionId"), obj(params, "update"))
        elif method == "$/cancel_request":
            self._withdrawn(params.get("requestId"))
        else:
            self.oddities.note("notification", method)

    def asked(self, id: RequestId, method: str, params: Json) -> None:
        if method in QUESTIONS:
            self._question(id, method, params)
        elif method in FILE_METHODS:
            self._file_request(id, method, params)
        else:
            self.oddities.note("request", method)
            self._wire.refuse(id, METHOD_NOT_FOUND, f"{method} is not known here")

    # what comes

    def _updated(self, conversation: str, update: Json) -> None:
        if not self.conversation:
            self._told_early(update)
        elif conversation == self.conversation:
            for event in self._updates.read(update):
                self.put(event)
        elif self.side and self.side.owns(conversation, self.conversation):
            self.side.hear(conversation, update)
        else:
            self.oddities.note("conversation", conversation)

    def _told_early(self, update: Json) -> None:
        kind = text(update, "sessionUpdate")
        if kind not in STATES:
            self.replayed = True
            return
        for event in self._updates.read(update):
            self._states[kind] = event

    def _question(self, id: RequestId, method: str, params: Json) -> None:
        if self._is_unseen(params):
            self._wire.answer(id, refusal(method))
        elif method == "session/request_permission":
            self._permission(id, params)
        elif text(params, "mode") in ("form", ""):
            self._updates.interrupted()
            self.put(self._asks.form(id, params))
        else:
            self.oddities.note("mode of elicitation", params.get("mode"))
            self._wire.answer(id, {"action": "decline"})

    def _permission(self, id: RequestId, params: Json) -> None:
        call = obj(params, "toolCall")
        self._updates.interrupted()
        for event in self._calls.upsert(call):
            self.put(event)
        known = self._calls.current(text(call, "toolCallId"))
        asked = self._asks.permission(id, params, known)
        if asked is None:
            self._wire.answer(id, refusal("session/request_permission"))
            said = f"{self._name} asked for a permission without an answer to choose, and was told that nobody chose"
            self.put(AgentNotice(f"⚠️ {said}: {title_of(known)}"))
            return
        self.put(asked)

    def _withdrawn(self, request: object) -> None:
        ask = self._asks.withdrawn(request)
        if ask is None or not isinstance(request, int | str):
            return
        # ACP: the cancelled request must still be answered.
        self._wire.refuse(request, CANCELLED, "the request was cancelled")
        self.put(AskWithdrawn(ask))

    def _file_request(self, id: RequestId, method: str, params: Json) -> None:
        if self._is_unseen(params):
            self._wire.refuse(id, INTERNAL, "files are not served in this conversation")
            return
        self._start(self._serve_file(id, method, params))

    async def _serve_file(self, id: RequestId, method: str, params: Json) -> None:
        """A file job's root."""
        try:
            self._wire.answer(id, await self._files.serve(method, params))
        except Refused as error:
            self._wire.refuse(id, error.code, str(error))
        except Exception:  # a bug in serving one file ends that request only
            log.exception("%s failed", method)
            self._wire.refuse(id, INTERNAL, "internal error")

    def _is_unseen(self, params: Json) -> bool:
        """Whether nobody could answer: before the conversation is open, and in a side conversation."""
        asking = text(params, "sessionId")
        return not self.conversation or bool(self.side and self.side.owns(asking, self.conversation))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._tasks.create_task(work)
        self._jobs.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        self._fewer_jobs.set()

    def stop(self) -> None:
        """Ends its tasks."""
        for task in self._jobs:
            task.cancel()
