"""What the demo agent can do, by name; the skills that need no file and no command."""

from __future__ import annotations

import base64
import os
import struct
import sys
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn

from openacp_bot.demo_agent import files, shell, texts
from openacp_bot.demo_agent.again import done_already
from openacp_bot.demo_agent.attachments import described
from openacp_bot.demo_agent.turn import Turn
from openacp_bot.demo_agent.wire import INTERNAL_ERROR, Json, RpcError
from openacp_bot.demo_agent.words import Wish, understand

Skill = Callable[[Turn, Wish], Awaitable[None]]

SUGGESTIONS = (
    ("list files", "edit notes.txt", "help"),
    ("plan", "long answer", "run date"),
    ("think", "slow answer", "image"),
)
TROUBLE = ("fail", "crash")
FORM: Json = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Your name", "description": "What shall I call you?"},
        "drink": {
            "type": "string",
            "title": "Tea or coffee?",
            "oneOf": [{"const": "tea", "title": "Tea"}, {"const": "coffee", "title": "Coffee"}],
        },
        "cups": {"type": "integer", "title": "How many cups?", "minimum": 1, "maximum": 9, "default": 1},
        "milk": {"type": "boolean", "title": "With milk?", "default": False},
    },
    "required": ["drink"],
}


async def help_(turn: Turn, wish: Wish) -> None:
    await turn.say(texts.HELP.format(folder=turn.conversation.cwd, mode=turn.conversation.mode))


async def echo(turn: Turn, wish: Wish) -> None:
    """Say what was said, and what could be said instead."""
    words = " ".join(wish.text.split())
    heard = f"You said “{words[:80]}{'…' if len(words) > 80 else ''}”." if words else "You sent no words."
    offers = SUGGESTIONS[len(words) % len(SUGGESTIONS)]
    await turn.say(f"{heard} {described(turn.prompt.attachments)}".rstrip() + "\n\n")
    await turn.say(f"I am only a demo, but I can do a few things: try `{'`, `'.join(offers)}`.\n")


async def plan(turn: Turn, wish: Wish) -> None:
    await turn.say("Here is my plan; watch it progress.\n")
    for done in range(len(texts.PLAN) + 1):
        await turn.plan([(text, rank, _status(place, done)) for place, (text, rank) in enumerate(texts.PLAN)])
        await turn.pause(0.7)
    await turn.say("\nAll four steps are done. (It was only a plan: I changed nothing.)\n")


def _status(place: int, done: int) -> str:
    if place < done:
        return "completed"
    return "in_progress" if place == done else "pending"


async def think(turn: Turn, wish: Wish) -> None:
    topic = wish.text.rstrip(" .?!") or "life, and everything"
    await turn.think(texts.THOUGHTS.format(topic=topic))
    await turn.say(texts.CONCLUSION.format(topic=topic))


async def long_answer(turn: Turn, wish: Wish) -> None:
    await turn.say(texts.LONG)


async def slow_answer(turn: Turn, wish: Wish) -> None:
    await turn.say(texts.SLOW, seconds=30 / len(texts.SLOW.split()))


async def ask(turn: Turn, wish: Wish) -> None:
    if not turn.forms:
        await turn.say("I would like to ask you something, but this client shows no forms. Never mind!\n")
        return
    given = await turn.form("A few questions, to see what a form looks like.", FORM)
    if given is None:
        await turn.say("All right, no answers needed.\n")
        return
    lines = "".join(f"- {key}: **{value}**\n" for key, value in given.items())
    await turn.say(f"Thank you! You answered:\n\n{lines}")


async def image(turn: Turn, wish: Wish) -> None:
    await turn.say("Here is a small picture that I made just now:\n\n")
    data = base64.b64encode(picture()).decode()
    await turn.show({"type": "image", "mimeType": "image/png", "data": data})


async def title(turn: Turn, wish: Wish) -> None:
    name = " ".join(wish.text.split())[:100]
    await turn.name_session(name)
    await turn.say(f"This session is now called **{name}**, unless you have named it yourself.\n")


async def naming(turn: Turn, wish: Wish) -> None:
    await turn.show({"type": "text", "text": wish.text})


async def go_on(turn: Turn, wish: Wish) -> None:
    """Do again what an interruption broke off, unless it is done."""
    if not wish.text:
        await turn.say("I was interrupted, but was not told at what. Please ask me again.\n")
        return
    asked = understand(wish.text)
    words = " ".join(wish.text.split())
    await turn.say(f"I was interrupted at “{words[:80]}{'…' if len(words) > 80 else ''}”. ")
    if asked.skill in TROUBLE:
        await turn.say("That was meant to go wrong, and it did: once is enough.\n")
    elif found := done_already(turn, asked):
        await turn.say(f"I looked, and {found}, so nothing is left to do.\n")
    else:
        await turn.say("I looked, and found nothing of it done, so here it is again.\n\n")
        await SKILLS[asked.skill](turn, asked)


async def fail(turn: Turn, wish: Wish) -> None:
    await turn.say("This turn is about to fail, as you asked.\n")
    raise RpcError(INTERNAL_ERROR, "The demo agent failed, as it was asked to.", {"details": "nothing is really wrong"})


async def crash(turn: Turn, wish: Wish) -> NoReturn:
    await turn.say("This agent is about to crash, as you asked.\n")
    print("demo agent: crashing, as it was asked to", file=sys.stderr, flush=True)
    os._exit(3)


def picture(size: int = 96) -> bytes:
    """A PNG: a disc in a gradient."""
    rows = bytearray()
    for y in range(size):
        rows.append(0)  # no filter
        for x in range(size):
            in_disc = (x - size / 2) ** 2 + (y - size / 2) ** 2 < (size / 3) ** 2
            rows += bytes((255, 200, 60) if in_disc else (40, 80 + x * 120 // size, 120 + y * 120 // size))
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


SKILLS: Mapping[str, Skill] = {
    "help": help_,
    "list": files.list_files,
    "read": files.read_file,
    "make": files.make_file,
    "edit": files.edit_file,
    "run": shell.run_command,
    "plan": plan,
    "think": think,
    "long": long_answer,
    "slow": slow_answer,
    "ask": ask,
    "image": image,
    "title": title,
    "naming": naming,
    "go_on": go_on,
    "fail": fail,
    "crash": crash,
    "echo": echo,
}

# What a client's command menu offers: name, summary, hint for the words after it.
COMMANDS = (
    ("list", "List the files here", ""),
    ("read", "Read a file", "FILE"),
    ("make", "Make a new file", "FILE with TEXT"),
    ("edit", "Edit a file; asks first and shows the diff", 'FILE replace "a" with "b"'),
    ("run", "Run a command; asks first", "COMMAND"),
    ("plan", "Show a plan that progresses", ""),
    ("think", "Think, then answer", "what about"),
    ("long", "A long answer in Markdown", ""),
    ("slow", "A slow answer, to be stopped", ""),
    ("ask", "Ask a few questions by a form", ""),
    ("image", "Show a small picture", ""),
)


def commands() -> list[Json]:
    return [
        {"name": name, "description": summary, **({"input": {"hint": hint}} if hint else {})}
        for name, summary, hint in COMMANDS
    ]
