"""Tool calls as known so far.

1. `tool_call`, `tool_call_update` and a permission's `toolCall` may each be the first that tells of a call.
2. ACP: a field that is sent replaces, an absent or null one stays. One exception: content without a diff keeps the
   diffs, for some agents send them with the permission request only (acp.md §3.3, OpenCode and Gemini).
3. Output is what `content` says, else what was streamed in `_meta`, else `rawOutput`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from openacp_bot.agents.content import MayShow, blob, words
from openacp_bot.agents.loose import Json, first_text, label, obj, objects, readable, strings, text, whole
from openacp_bot.agents.oddities import Oddities
from openacp_bot.core.events import AgentEvent, ToolCallChanged, ToolOutput
from openacp_bot.core.model import Blob, Diff, Location, ToolCall

KINDS = frozenset({"read", "edit", "delete", "move", "search", "execute", "think", "fetch", "switch_mode", "other"})
OPEN = frozenset({"pending", "in_progress"})
STATUSES = OPEN | {"completed", "failed"}
MOST = 200  # calls that are remembered; what falls out while open is closed
SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ksh"})
PATHS = ("path", "file_path", "filePath", "abs_path", "absolute_path", "notebook_path")
OUTPUTS = ("formatted_output", "aggregated_output", "output", "stdout", "text", "content")


@dataclass(slots=True)
class _Known:
    """A call, and what its output may be taken from."""

    call: ToolCall
    said: str = ""  # by `content`
    raw: str = ""  # by `rawOutput`
    streamed: bool = False


class Calls:
    """The calls of one conversation, oldest first."""

    def __init__(self, oddities: Oddities, may_show: MayShow) -> None:
        self._known: dict[str, _Known] = {}
        self._oddities = oddities
        self._may_show = may_show

    def upsert(self, update: Json) -> Iterator[AgentEvent]:
        """What became of one call: the call if it is changed, then its new output."""
        id = text(update, "toolCallId")
        if not id:
            return
        known = self._known.get(id)
        if known is None:
            yield from self._make_room()
            known = self._known[id] = _Known(ToolCall(id))
            before = None
        else:
            before = known.call
        output = _streamed(obj(update, "_meta"))
        known.streamed = known.streamed or bool(output)
        known.call = self._merged(known, update)
        if known.call != before:
            yield ToolCallChanged(known.call)
        if output:
            yield ToolOutput(id, output)

    def current(self, id: str) -> ToolCall | None:
        known = self._known.get(id)
        return known.call if known else None

    def close(self) -> Iterator[AgentEvent]:
        """Every call that is still open ends. ACP knows no status for that, and some agents never complete a call."""
        # The closed ones are remembered for another turn, as their end may yet be told; of the others nothing follows.
        self._known = {id: known for id, known in self._known.items() if known.call.status in OPEN}
        for known in self._known.values():
            known.call = replace(known.call, status="ended")
            yield ToolCallChanged(known.call)

    def _make_room(self) -> Iterator[AgentEvent]:
        if len(self._known) < MOST:
            return
        oldest = self._known.pop(next(iter(self._known))).call
        if oldest.status in OPEN:
            yield ToolCallChanged(replace(oldest, status="ended"))

    def _merged(self, known: _Known, update: Json) -> ToolCall:
        call = known.call
        if title := first_text(update, "title", *(() if call.title else ("name",))):
            call = replace(call, title=label(title))
        if kind := text(update, "kind"):
            call = replace(call, kind=self._among(KINDS, kind, "tool kind", "other"))
        if status := text(update, "status"):
            call = replace(call, status=self._among(STATUSES, status, "tool status", call.status))
        if type(update.get("content")) is list:
            call = self._with_content(known, call, objects(update, "content"))
        if type(update.get("locations")) is list:
            call = replace(call, locations=tuple(_locations(objects(update, "locations"))))
        if update.get("rawInput") is not None:
            call = _with_input(call, update["rawInput"])
        if update.get("rawOutput") is not None:
            known.raw = _output(update["rawOutput"])
        output = known.said or ("" if known.streamed else known.raw)
        return call if output == call.output else replace(call, output=output)

    def _among(self, known: frozenset[str], value: str, what: str, otherwise: str) -> str:
        if value in known:
            return value
        self._oddities.note(what, value)
        return otherwise

    def _with_content(self, known: _Known, call: ToolCall, items: list[Json]) -> ToolCall:
        said: list[str] = []
        blobs: list[Blob] = []
        diffs: list[Diff] = []
        for item in items:
            match text(item, "type"):
                case "content":
                    block = obj(item, "content")
                    said.append(words(block))
                    if file := self._file(block):
                        blobs.append(file)
                case "diff":
                    old = item.get("oldText")
                    diffs.append(Diff(text(item, "path"), old if type(old) is str else None, text(item, "newText")))
                case "terminal":
                    pass  # its output comes in `_meta`, see rule 3
                case other:
                    self._oddities.note("tool content", other)
        known.said = "\n".join(part for part in said if part)
        return replace(call, blobs=tuple(blobs), diffs=tuple(diffs) or call.diffs)

    def _file(self, block: Json) -> Blob | None:
        return None if words(block) else blob(block, self._may_show)


def _with_input(call: ToolCall, raw: object) -> ToolCall:
    command = command_in(raw) if isinstance(raw, dict) else ""
    locations = call.locations
    if not locations and isinstance(raw, dict) and (path := first_text(raw, *PATHS)):
        # Rules about paths must see one, and some agents tell it here only.
        locations = (Location(path),)
    return replace(call, input=readable(raw), command=command or call.command, locations=locations)


def command_in(raw: Json) -> str:
    """The command line in a tool's input. `[sh, -c, script]` is the script: that is what runs."""
    command = raw.get("command") or raw.get("cmd")
    if isinstance(command, str):
        return shlex.join([command, *strings(raw.get("args"))]) if strings(raw.get("args")) else command
    parts = strings(command)
    if len(parts) == 3 and parts[0].rpartition("/")[2] in SHELLS and parts[1] in ("-c", "-lc"):
        return parts[2]
    return shlex.join(parts)


def _locations(items: list[Json]) -> Iterator[Location]:
    for item in items:
        if path := text(item, "path"):
            yield Location(path, whole(item.get("line")))


def _output(raw: object) -> str:
    """The words in a raw output, whichever shape the agent gave it; else all of it."""
    if isinstance(raw, list) and raw and all(isinstance(item, dict) and words(item) for item in raw):
        return "\n".join(words(item) for item in raw)
    if isinstance(raw, dict):
        return first_text(raw, *OUTPUTS) or readable(raw)
    return readable(raw)


def _streamed(meta: Json) -> str:
    """Further output of a command: Codex' and Zed's convention, each a piece to append, and how it ended."""
    pieces = [text(obj(meta, key), "data") for key in ("terminal_output_delta", "terminal_output")]
    ended = obj(meta, "terminal_exit")
    if signal := text(ended, "signal"):
        pieces.append(f"\n[{signal}]\n")
    elif code := whole(ended.get("exit_code")):
        pieces.append(f"\n[exit code {code}]\n")
    return "".join(pieces)
