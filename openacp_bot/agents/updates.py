"""`session/update` → core's events. No waiting, no input or output: values in, values out.

A piece of text without `messageId` goes on with the message before it unless something else came between; with one,
it goes on with the message of that id. What is said behind a file is another message than what stands before it. Ids
of messages are ours and unique across launches.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from openacp_bot.agents.calls import Calls
from openacp_bot.agents.content import MayShow, blob, link, words
from openacp_bot.agents.loose import Json, first_text, label, number, obj, objects, short, text, whole
from openacp_bot.agents.oddities import Oddities
from openacp_bot.agents.options import Options
from openacp_bot.core.events import (
    AgentCommand,
    AgentEvent,
    AgentNotice,
    CommandsChanged,
    FileSent,
    PlanChanged,
    TextChunk,
    ThoughtChunk,
    TitleChanged,
    UsageChanged,
)
from openacp_bot.core.model import PlanEntry, TitleRank

STATES = frozenset(
    {
        "available_commands_update",
        "current_mode_update",
        "config_option_update",
        "session_info_update",
        "usage_update",
    }
)
"""Kinds that tell how things now are; the others are part of the conversation, or of its replay."""

ENTRY_STATUSES = ("pending", "in_progress", "completed")
PRIORITIES = ("high", "medium", "low")
SEVERITIES = {"warning": "⚠️ ", "error": "❌ "}
COMPACTION = {
    "in_progress": "The agent is compacting its context …",
    "completed": "The agent has compacted its context.",
    "failed": "The agent could not compact its context.",
    "cancelled": "The agent stopped compacting its context.",
}

Reader: TypeAlias = Callable[[Json], Iterable[AgentEvent]]
Speech: TypeAlias = type[TextChunk] | type[ThoughtChunk]


class Updates:
    """One conversation's."""

    def __init__(self, options: Options, calls: Calls, oddities: Oddities, may_show: MayShow) -> None:
        self._options = options
        self._calls = calls
        self._oddities = oddities
        self._may_show = may_show
        self._prefix = secrets.token_hex(4)
        self._messages = 0
        self._spoke: Speech | None = None  # what the last item was; None: something else
        self._current: dict[Speech, tuple[str, str]] = {}  # (the agent's message id, our item)
        self._readers: dict[str, Reader] = {
            "agent_message_chunk": lambda update: self._speech(TextChunk, update),
            "agent_thought_chunk": lambda update: self._speech(ThoughtChunk, update),
            "user_message_chunk": lambda update: (),  # an echo of what we sent
            "tool_call": self._call,
            "tool_call_update": self._call,
            "plan": self._plan,
            "available_commands_update": _commands,
            "current_mode_update": self._mode,
            "config_option_update": self._config,
            "session_info_update": _title,
            "usage_update": _usage,
            "notice": _notice,
            "compaction_update": _compaction,
            "compaction_summary_chunk": lambda update: (),  # for the model, not for people
        }

    def read(self, update: Json) -> Iterable[AgentEvent]:
        """The events of one update, none if its kind is unknown."""
        kind = text(update, "sessionUpdate")
        reader = self._readers.get(kind)
        if reader is None:
            self._oddities.note("kind of update", kind)
            return ()
        return reader(update)

    def new_turn(self) -> None:
        """What is said from now on is another message than what was said before."""
        self._spoke = None
        self._current.clear()

    def interrupted(self) -> None:
        """Something that is no speech came between."""
        self._spoke = None

    def _speech(self, speech: Speech, update: Json) -> Iterable[AgentEvent]:
        content = obj(update, "content")
        if content.get("type") != "text":
            return self._file(speech, update, content)
        said = text(content, "text")
        # Qwen sends usage with an empty text; that is nothing said.
        return (speech(self._item(speech, text(update, "messageId")), said),) if said else ()

    def _file(self, speech: Speech, update: Json, content: Json) -> Iterator[AgentEvent]:
        item = self._item(speech, text(update, "messageId"))
        if file := blob(content, self._may_show):
            self._ended(speech)
            yield FileSent(item, file)
        elif said := words(content) or (link(content) if text(content, "uri") else ""):
            yield speech(item, said)
        elif content:
            self._oddities.note("kind of content", content.get("type"))

    def _item(self, speech: Speech, message: str) -> str:
        known, item = self._current.get(speech, ("", ""))
        goes_on = known == message if message else self._spoke is speech
        if not (item and goes_on):
            self._messages += 1
            item = f"{self._prefix}-{self._messages}"
        self._spoke = speech
        self._current[speech] = (message or (known if goes_on else ""), item)
        return item

    def _ended(self, speech: Speech) -> None:
        """What this kind of speech says next is another message."""
        self._spoke = None
        self._current.pop(speech, None)

    def _call(self, update: Json) -> Iterator[AgentEvent]:
        self._spoke = None
        return self._calls.upsert(update)

    def _plan(self, update: Json) -> Iterator[AgentEvent]:
        self._spoke = None
        yield PlanChanged(tuple(_entry(entry) for entry in objects(update, "entries")))

    def _mode(self, update: Json) -> Iterator[AgentEvent]:
        self._options.mode_is(text(update, "currentModeId"))
        yield self._options.event()

    def _config(self, update: Json) -> Iterator[AgentEvent]:
        self._options.told(update)
        yield self._options.event()


def _entry(entry: Json) -> PlanEntry:
    status, priority = text(entry, "status"), text(entry, "priority")
    return PlanEntry(
        text(entry, "content"),
        status if status in ENTRY_STATUSES else "pending",
        priority if priority in PRIORITIES else "medium",
    )


def _commands(update: Json) -> Iterator[AgentEvent]:
    commands = objects(update, "availableCommands")
    yield CommandsChanged(
        tuple(
            AgentCommand(name, text(command, "description"), text(obj(command, "input"), "hint"))
            for command in commands
            if (name := text(command, "name").removeprefix("/"))
        )
    )


def _title(update: Json) -> Iterator[AgentEvent]:
    # ACP: absent means unchanged, null clears; a session without a title keeps the one it has.
    if title := label(short(text(update, "title"), 200)):
        yield TitleChanged(title, TitleRank.AGENT)


def _usage(update: Json) -> Iterator[AgentEvent]:
    cost = obj(update, "cost")
    used, size = whole(update.get("used")) or 0, whole(update.get("size")) or 0
    yield UsageChanged(used, size, number(cost.get("amount")), text(cost, "currency"))


def _notice(update: Json) -> Iterator[AgentEvent]:
    if said := first_text(update, "title", "message", "text"):
        yield AgentNotice(SEVERITIES.get(text(update, "severity"), "") + said)


def _compaction(update: Json) -> Iterator[AgentEvent]:
    said = COMPACTION.get(text(update, "status"))
    why = text(update, "error")
    if said:
        yield AgentNotice(f"{said} {why}" if why else said)
