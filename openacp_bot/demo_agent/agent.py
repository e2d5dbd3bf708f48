"""The agent: what each method of the protocol does, and one task per running turn.

1. Everything but a prompt is answered in the order in which it came.
2. A turn's work is one task; cancelling it is how a turn is cancelled, and its finisher answers the prompt.
3. When the client closes stdin, turns stop, histories are saved, and the process ends.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from openacp_bot.demo_agent.attachments import described, prompt_of
from openacp_bot.demo_agent.files import Unable
from openacp_bot.demo_agent.history import Archive, Conversation
from openacp_bot.demo_agent.options import choose, config_options, settings
from openacp_bot.demo_agent.skills import SKILLS, commands
from openacp_bot.demo_agent.texts import GREETING
from openacp_bot.demo_agent.turn import Cancelled, Prompt, Turn
from openacp_bot.demo_agent.wire import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    NOT_FOUND,
    Json,
    RpcError,
    Wire,
)
from openacp_bot.demo_agent.words import Wish, understand

PAGE = 50  # sessions in one answer to session/list
UNGREETED = ("help", "naming", "go_on")  # help introduces itself, a title is only a title, and going on is no start
OPENING = ("session/new", "session/load", "session/resume")

CAPABILITIES: Json = {
    "loadSession": True,
    "promptCapabilities": {"image": True, "audio": False, "embeddedContext": True},
    "mcpCapabilities": {"http": False, "sse": False},
    "sessionCapabilities": {"list": {}, "resume": {}, "close": {}, "delete": {}},
}


@dataclass
class Live:
    """A session that is open in this process."""

    conversation: Conversation
    always: set[str] = field(default_factory=set)
    work: asyncio.Task[str | RpcError] | None = None

    def stop(self) -> None:
        if self.work is not None:
            self.work.cancel()


class DemoAgent:
    """Serves one client until it closes our stdin."""

    def __init__(self, wire: Wire, archive: Archive, *, pace: float) -> None:
        self._wire = wire
        self._archive = archive
        self._pace = pace
        self._forms = False
        self._live: dict[str, Live] = {}
        self._forgotten: set[str] = set()  # deleted while a turn may still want to save
        self._tasks = asyncio.TaskGroup()
        self._methods: Mapping[str, Callable[[Json], Awaitable[Json]]] = {
            "initialize": self._initialize,
            "authenticate": self._authenticate,
            "session/new": self._new,
            "session/load": self._load,
            "session/resume": self._resume,
            "session/list": self._list,
            "session/close": self._close,
            "session/delete": self._delete,
            "session/set_mode": self._set_mode,
            "session/set_config_option": self._set_config_option,
        }

    async def serve(self) -> None:
        async with self._tasks:
            async for message in self._wire.incoming():
                await self._receive(message)
            self._wire.hang_up()
            for live in self._live.values():
                live.stop()

    async def _receive(self, message: Json) -> None:
        method, params = message["method"], message.get("params")
        if "id" not in message:
            if method == "session/cancel":
                self._cancel(params if isinstance(params, dict) else {})
            return
        try:
            await self._request(message["id"], method, params if isinstance(params, dict) else {})
        except RpcError as error:
            await self._wire.refuse(message["id"], error)

    async def _request(self, key: Any, method: str, params: Json) -> None:
        if method == "session/prompt":
            self._start_turn(key, params)
            return
        serve = self._methods.get(method)
        if serve is None:
            raise RpcError(METHOD_NOT_FOUND, f"the demo agent does not know {method}")
        result = await serve(params)
        await self._wire.answer(key, result)
        if method in OPENING:
            session = result.get("sessionId") or params["sessionId"]
            await self._tell(session, {"sessionUpdate": "available_commands_update", "availableCommands": commands()})

    # --- getting to know each other --------------------------------------------------------------

    async def _initialize(self, params: Json) -> Json:
        elicitation = (params.get("clientCapabilities") or {}).get("elicitation") or {}
        self._forms = elicitation.get("form") is not None  # ACP: `{}` means yes
        info = {"name": "openacp-demo", "title": "Demo agent", "version": "1.0.0"}
        return {"protocolVersion": 1, "agentCapabilities": CAPABILITIES, "agentInfo": info, "authMethods": []}

    async def _authenticate(self, params: Json) -> Json:
        return {}

    # --- sessions --------------------------------------------------------------------------------

    async def _new(self, params: Json) -> Json:
        conversation = Conversation(id=str(uuid4()), cwd=_directory(params))
        self._live[conversation.id] = Live(conversation)
        return {"sessionId": conversation.id, **settings(conversation)}

    async def _load(self, params: Json) -> Json:
        live = self._reopened(params)
        for update in live.conversation.updates:
            await self._tell(live.conversation.id, update)
        return settings(live.conversation)

    async def _resume(self, params: Json) -> Json:
        return settings(self._reopened(params).conversation)

    def _reopened(self, params: Json) -> Live:
        directory = _directory(params)
        key = str(params.get("sessionId", ""))
        live = self._live.get(key)
        if live is None:
            conversation = self._archive.load(key)
            if conversation is None:
                raise RpcError(NOT_FOUND, f"the demo agent remembers no session {key!r}")
            live = self._live[key] = Live(conversation)
        elif live.work is not None:
            raise RpcError(INVALID_REQUEST, "this session is busy with a prompt")
        live.conversation.cwd = directory
        return live

    async def _list(self, params: Json) -> Json:
        where, cursor = params.get("cwd"), str(params.get("cursor") or "0")
        first = int(cursor) if cursor.isdecimal() else 0
        known = [conversation for conversation in self._archive.all() if where in (None, conversation.cwd)]
        following = {"nextCursor": str(first + PAGE)} if len(known) > first + PAGE else {}
        return {"sessions": [_listed(conversation) for conversation in known[first : first + PAGE]], **following}

    async def _close(self, params: Json) -> Json:
        live = self._known(params)
        live.stop()
        del self._live[live.conversation.id]
        return {}

    async def _delete(self, params: Json) -> Json:
        key = str(params.get("sessionId", ""))
        live = self._live.pop(key, None)
        if live is not None:
            live.stop()
        self._forgotten.add(key)
        self._archive.forget(key)
        return {}

    def _known(self, params: Json) -> Live:
        key = str(params.get("sessionId", ""))
        live = self._live.get(key)
        if live is None:
            raise RpcError(NOT_FOUND, f"session {key!r} is not open; begin with session/new or session/load")
        return live

    # --- options ---------------------------------------------------------------------------------

    async def _set_mode(self, params: Json) -> Json:
        await self._choose(self._known(params), "mode", params.get("modeId"))
        return {}

    async def _set_config_option(self, params: Json) -> Json:
        live = self._known(params)
        await self._choose(live, str(params.get("configId", "")), params.get("value"))
        return {"configOptions": config_options(live.conversation)}

    async def _choose(self, live: Live, option: str, value: object) -> None:
        conversation = live.conversation
        choose(conversation, option, value)
        self._save(conversation)
        if option == "mode":
            await self._tell(conversation.id, {"sessionUpdate": "current_mode_update", "currentModeId": value})
        news = {"sessionUpdate": "config_option_update", "configOptions": config_options(conversation)}
        await self._tell(conversation.id, news)

    # --- turns -----------------------------------------------------------------------------------

    def _start_turn(self, key: Any, params: Json) -> None:
        live = self._known(params)
        if live.work is not None:
            raise RpcError(INVALID_REQUEST, "the demo agent works on one prompt at a time")
        prompt = prompt_of(params.get("prompt"))
        turn = Turn(self._wire, live.conversation, prompt, forms=self._forms, pace=self._pace, always=live.always)
        live.work = self._tasks.create_task(self._work(turn))
        self._tasks.create_task(self._finish(key, live, turn, live.work))

    def _cancel(self, params: Json) -> None:
        with suppress(RpcError):  # a session that is gone has nothing to cancel
            self._known(params).stop()

    async def _work(self, turn: Turn) -> str | RpcError:
        """The stop reason, or the error to answer with."""
        try:
            await self._perform(turn)
        except Cancelled:
            return "cancelled"
        except RpcError as error:
            return error
        except ConnectionError:
            return "cancelled"  # the client left, nobody is there to be told
        except Exception as error:  # noqa: BLE001 - the root of a turn's task: a bug ends the turn, not the agent
            traceback.print_exc(file=sys.stderr)
            return RpcError(INTERNAL_ERROR, f"the demo agent has a bug: {error!r}")
        finally:
            self._save(turn.conversation)
        return "end_turn"

    async def _perform(self, turn: Turn) -> None:
        wish = _wish_of(turn.prompt)
        first = not turn.conversation.updates
        if wish.skill != "naming":
            _record_prompt(turn)
            self._save(turn.conversation)
        if first and wish.skill not in UNGREETED:
            await turn.say(GREETING)
        if turn.prompt.attachments and wish.skill != "echo":
            await turn.say(described(turn.prompt.attachments) + "\n\n")
        try:
            await SKILLS[wish.skill](turn, wish)
        except Unable as error:
            await turn.say(f"{error}\n")

    async def _finish(self, key: Any, live: Live, turn: Turn, work: asyncio.Task[str | RpcError]) -> None:
        await asyncio.wait({work})
        live.work = None
        outcome = "cancelled" if work.cancelled() else work.result()
        with suppress(ConnectionError):  # the client left
            await turn.tell_usage()
            if isinstance(outcome, RpcError):
                await self._wire.refuse(key, outcome)
            else:
                await self._wire.answer(key, {"stopReason": outcome})

    def _save(self, conversation: Conversation) -> None:
        was_spoken_to = any(update["sessionUpdate"] == "user_message_chunk" for update in conversation.updates)
        if was_spoken_to and conversation.id not in self._forgotten:
            self._archive.save(conversation)

    async def _tell(self, session: str, update: Json) -> None:
        await self._wire.notify("session/update", {"sessionId": session, "update": update})


def _wish_of(prompt: Prompt) -> Wish:
    wish = understand(prompt.text)
    about_attachment = prompt.attachments and wish.skill == "help"  # "what is this?" under a picture
    return Wish("echo", text=prompt.text) if about_attachment else wish


def _record_prompt(turn: Turn) -> None:
    words = [{"type": "text", "text": turn.prompt.text}] if turn.prompt.text else []
    message = str(uuid4())
    for content in (*words, *turn.prompt.attachments):
        turn.conversation.record({"sessionUpdate": "user_message_chunk", "messageId": message, "content": content})


def _directory(params: Json) -> str:
    cwd = params.get("cwd")
    if not isinstance(cwd, str) or not Path(cwd).is_absolute():
        raise RpcError(INVALID_PARAMS, "cwd must be an absolute path")
    if not Path(cwd).is_dir():
        raise RpcError(INVALID_PARAMS, f"there is no directory {cwd}")
    return cwd


def _listed(conversation: Conversation) -> Json:
    title = {"title": conversation.title} if conversation.title else {}
    return {"sessionId": conversation.id, "cwd": conversation.cwd, "updatedAt": conversation.updated_at, **title}
