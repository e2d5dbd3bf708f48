"""Skills with files: list, read, make, edit; confined to the session's directory."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

from openacp_bot.demo_agent.texts import ADDED_LINE, COMMENTS, EXAMPLES
from openacp_bot.demo_agent.turn import Tool, Turn, diff_content, text_content
from openacp_bot.demo_agent.words import Wish

MOST_SHOWN = 40  # entries of a folder in the answer; the tool's output has them all
LARGEST_SHOWN = 16 * 1024  # bytes of a file
LARGEST_EDITED = 1024 * 1024


class Unable(Exception):
    """What was asked cannot be done; the text says why, for a person."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file before and after an edit."""

    path: Path
    before: str
    after: str

    @property
    def content(self) -> dict[str, object]:
        return diff_content(self.path, self.before, self.after)


def confined(folder: Path, name: str) -> Path:
    """The real path of `name` in `folder`; raises Unable where that leads outside."""
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError) as error:  # a loop of links, a zero byte
        raise Unable(f"`{name}` is not a usable file name.") from error
    if not inside:
        raise Unable(f"`{name}` is outside this session's directory, so I leave it alone.")
    return path


# --- list and read -------------------------------------------------------------------------------


async def list_files(turn: Turn, wish: Wish) -> None:
    folder = confined(turn.folder, wish.file or ".")
    name = wish.file or "this directory"
    async with turn.tool(f"List {wish.file or 'files'}", "search", folder, rawInput={"path": str(folder)}) as tool:
        await tool.news(status="in_progress")
        try:
            entries = sorted(entry.name + ("/" if entry.is_dir() else "") for entry in folder.iterdir())
        except OSError as error:
            await _fail(turn, tool, f"I cannot list {name}: {error.strerror}.")
            return
        await tool.done(content=[text_content("\n".join(entries) or "(empty)")], rawOutput={"entries": entries})
    await turn.say(_described(entries, name))


def _described(entries: list[str], name: str) -> str:
    if not entries:
        return f"There is nothing in {name} yet. Try `make hello.txt with Hello`.\n"
    lines = "".join(f"- `{entry}`\n" for entry in entries[:MOST_SHOWN])
    rest = f"\n… and {len(entries) - MOST_SHOWN} more.\n" if len(entries) > MOST_SHOWN else ""
    return f"There {'is 1 entry' if len(entries) == 1 else f'are {len(entries)} entries'} in {name}:\n\n{lines}{rest}"


async def read_file(turn: Turn, wish: Wish) -> None:
    path = confined(turn.folder, wish.file)
    async with turn.tool(f"Read {wish.file}", "read", path, rawInput={"path": str(path)}) as tool:
        await tool.news(status="in_progress")
        try:
            text = text_of(path)
        except Unable as error:
            await _fail(turn, tool, str(error))
            return
        shown = text.encode()[:LARGEST_SHOWN].decode("utf-8", "ignore")
        await tool.done(content=[text_content(shown)], rawOutput={"bytes": len(text.encode())})
    lines = len(text.splitlines())
    await turn.say(f"`{wish.file}` has {lines} line{'' if lines == 1 else 's'}:\n\n{_fenced(shown, path.suffix)}")
    if len(shown) < len(text):
        await turn.say(f"\nThat was its beginning; the file has {len(text.encode()):,} bytes.\n")


def _fenced(text: str, suffix: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{suffix.removeprefix('.')}\n{text.rstrip()}\n{fence}\n"


def text_of(path: Path) -> str:
    """The file as text; raises Unable for what is not one."""
    if path.is_dir():
        raise Unable(f"`{path.name}` is a directory. Try `list files in {path.name}/`.")
    if not path.is_file():  # a missing file, or a pipe that would never end
        raise Unable(f"There is no file `{path.name}` here. Try `list files`, or `make {path.name}`.")
    try:
        size = path.stat().st_size
        if size > LARGEST_EDITED:
            raise Unable(f"`{path.name}` has {size:,} bytes; that is too much for a demo.")
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unable(f"`{path.name}` is not a text file ({size:,} bytes).") from error
    except OSError as error:
        raise Unable(f"I cannot read `{path.name}`: {error.strerror}.") from error


async def _fail(turn: Turn, tool: Tool, why: str) -> None:
    await tool.failed(why)
    await turn.say(why + "\n")


# --- make and edit -------------------------------------------------------------------------------


async def make_file(turn: Turn, wish: Wish) -> None:
    path = confined(turn.folder, wish.file or "notes.txt")
    if path.exists():
        await turn.say(f"`{path.name}` is there already, so I leave it as it is. Try `edit {path.name}`.\n")
        return
    text = wish.text.rstrip("\n") + "\n" if wish.text else _example(path)
    if await _made(turn, path, text):
        await turn.say(f"I made `{path.name}`. Now try `read {path.name}` or `edit {path.name}`.\n")


async def _made(turn: Turn, path: Path, text: str) -> bool:
    content = [diff_content(path, None, text)]
    async with turn.tool(f"Make {path.name}", "edit", path, content=content, rawInput={"path": str(path)}) as tool:
        await tool.news(status="in_progress")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="") as file:
                file.write(text)
        except (OSError, UnicodeEncodeError) as error:
            await _fail(turn, tool, f"I cannot make `{path.name}`: {getattr(error, 'strerror', None) or error}.")
            return False
        await tool.done(content=content)
    return True


def _example(path: Path) -> str:
    return EXAMPLES.get(path.suffix.lower(), EXAMPLES[""])


async def edit_file(turn: Turn, wish: Wish) -> None:
    path = confined(turn.folder, wish.file or "notes.txt")
    if not path.exists():
        if wish.old:
            raise Unable(f"There is no file `{path.name}` here, so there is nothing to replace in it.")
        await turn.say(f"There is no `{path.name}` yet, so I make a small example first.\n")
        if not await _made(turn, path, _example(path)):
            return
    await _apply(turn, _change(path, wish))


def _change(path: Path, wish: Wish) -> Change:
    before = text_of(path)
    if not wish.old:
        return Change(path, before, _with_a_line(path, before))
    if wish.old not in before:
        raise Unable(f"`{path.name}` does not contain “{wish.old}”, so nothing was changed.")
    return Change(path, before, before.replace(wish.old, wish.new))


def _with_a_line(path: Path, text: str) -> str:
    """`text` with a line more that keeps the file valid."""
    suffix = path.suffix.lower()
    if suffix == ".json":
        return _with_an_entry(path, text)
    head = text if not text or text.endswith("\n") else text + "\n"
    return head + COMMENTS.get(suffix, "{}").format(ADDED_LINE) + "\n"


def _with_an_entry(path: Path, text: str) -> str:
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Unable(f'Tell me what to change: `edit {path.name} replace "a" with "b"`.')
    return json.dumps({**body, "edited_by": "the demo agent"}, indent=2, ensure_ascii=False) + "\n"


async def _apply(turn: Turn, change: Change) -> None:
    name, content, raw_input = change.path.name, [change.content], {"path": str(change.path)}
    async with turn.tool(f"Edit {name}", "edit", change.path, content=content, rawInput=raw_input) as tool:
        if not await turn.may(tool, content=content, rawInput=raw_input, locations=[raw_input]):
            await tool.failed("You rejected this edit.")
            await turn.say(f"All right, nothing was changed: `{name}` is as it was.\n")
            return
        await tool.news(status="in_progress")
        # The person may have thought about it for an hour; the file may have moved on meanwhile.
        if await asyncio.to_thread(text_of, change.path) != change.before:
            await _fail(turn, tool, f"`{name}` changed while I was waiting, so I left it alone. Ask me again.")
            return
        change.path.write_text(change.after, encoding="utf-8", newline="")
        await tool.done(content=content)
    await turn.say(f"Done: I changed `{name}`. Try `read {name}`.\n")
