"""A person at an open page: what they can do there, and what they see."""

from __future__ import annotations

import asyncio
import html
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import aiohttp

from tests.web.stage import Tab

PATIENCE = 60.0  # no test waits that long unless it fails


class Visitor(Tab):
    """Speaks the page's protocol over a real WebSocket. `log` is what the daemon logged, for failures."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, log: Callable[[], str] = str) -> None:
        super().__init__(socket)
        self.session = ""
        self.head: dict[str, Any] = {}
        self.rows: list[dict[str, Any]] = []
        self.reply: dict[str, Any] = {}
        self._log = log
        self._done: dict[str, dict[str, Any]] = {}

    # --- what they do

    async def show(self, session: str) -> None:
        """Open a session; everything of it is there on return."""
        self.session, self.head = session, {}
        await self.watch(session)
        await self.until(lambda: self.head)

    async def sidebar(self, group: str = "active") -> list[dict[str, Any]]:
        """The sidebar's rows."""
        await self.say(op="list", group=group, search="", limit=100)
        await self.hear_op("list")
        return self.rows

    async def command(self, name: str, **values: str) -> dict[str, Any]:
        """What a button of the page, or its palette, does."""
        return await self.do("command", name=name, values=values)

    async def new_chat(self, agent: str = "stub", workspace: str = ".", **values: str) -> str:
        """The dialog New chat, with **Start**; the session is open on return."""
        values = {"agent": agent, "workspace": workspace, **values}
        reply = await self.do("command", session="", name="new", values=values)
        assert reply.get("session"), reply
        await self.show(reply["session"])
        return self.session

    async def send(self, text: str) -> dict[str, Any]:
        return await self.do("send", text=text)

    async def press(self, label: str) -> dict[str, Any]:
        """The newest button of this label, or that begins with it: of an open question, a notice or the last answer."""
        return await self.do("press", token=self.token(label))

    def token(self, label: str) -> str:
        buttons = [button for button in self.buttons() if button["label"].startswith(label)]
        assert buttons, f"no button {label!r} among {[button['label'] for button in self.buttons()]}"
        return str(next((button for button in reversed(buttons) if button["label"] == label), buttons[-1])["token"])

    async def do(self, op: str, id: str = "", **saying: Any) -> dict[str, Any]:
        """An action, and what was answered; empty if nothing was."""
        id = id or str(uuid.uuid4())
        await self.say(op=op, id=id, **{"session": self.session, **saying})
        await self.until(lambda: id in self._done)
        self.reply = self._done.pop(id)["reply"] or {}
        return self.reply

    # --- what they see

    async def until(self, holds: Callable[[], object]) -> None:
        """Until what was heard so far makes it true."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not holds():
                    await self.hear(lambda frame: True)
        except (TimeoutError, TypeError) as error:  # aiohttp: TypeError on a closed socket
            raise AssertionError(f"never seen ({error!r}):\n{self.seen()}\n{self._log()}") from error

    async def hear(self, fits: Callable[[dict[str, Any]], bool], within: float = PATIENCE) -> dict[str, Any]:
        async with asyncio.timeout(within):
            while True:
                frame: dict[str, Any] = json.loads(await self.socket.receive_str())
                self._take(frame)
                if fits(frame):
                    return frame

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Items of this kind, in the order of the conversation."""
        found = [item for item in self.items.values() if item["kind"] == kind]
        return sorted(found, key=lambda item: item["first"])

    @property
    def answers(self) -> list[str]:
        """What the agent said, message by message, as plain text."""
        return [_words(item) for item in self.of("text")]

    @property
    def answer(self) -> str:
        """All that the agent said."""
        return "\n".join(self.answers)

    @property
    def said(self) -> list[tuple[str, str]]:
        """Prompts of the conversation: (text, state)."""
        return [(item["text"], item["state"]) for item in self.of("prompt")]

    @property
    def ends(self) -> list[str]:
        """How turns ended, as the page words it."""
        return [item["line"] for item in self.of("end")]

    @property
    def notices(self) -> list[str]:
        return [item["text"] for item in self.of("notice")]

    @property
    def queue(self) -> list[str]:
        return [prompt["text"] for prompt in self.head.get("queue", [])]

    @property
    def questions(self) -> list[dict[str, Any]]:
        """Those that are open."""
        return [item for item in self.of("question") if not item["settled"]]

    def buttons(self) -> list[dict[str, Any]]:
        of_notices = [choice for item in self.of("notice") for choice in item["choices"]]
        of_questions = [option for item in self.questions for option in item["options"]]
        of_rows = [choice for row in self.reply.get("rows", []) for choice in row["choices"]]
        return [*of_notices, *of_rows, *self.reply.get("choices", []), *of_questions]

    def is_idle(self, turns: int) -> bool:
        """Whether so many turns have ended, and none runs."""
        return len(self.ends) >= turns and self.head.get("phase") == "idle"

    def seen(self) -> str:
        """For a failed test: what is on the screen."""
        items = sorted(self.items.values(), key=lambda item: item["first"])
        lines = [f"  {item['kind']}: {json.dumps(item, ensure_ascii=False)[:300]}" for item in items[-30:]]
        head = {name: self.head.get(name) for name in ("state", "phase", "reason", "held", "queue", "asking")}
        return "\n".join([f"head {head}", f"reply {self.reply}", *lines])

    def _take(self, frame: dict[str, Any]) -> None:
        super()._take(frame)
        match frame["op"]:
            case "head":
                self.head = frame
            case "list":
                self.rows = frame["rows"]
            case "done":
                self._done[frame["id"]] = frame


def _words(item: dict[str, Any]) -> str:
    """A growing message: blocks that are rendered, then a tail that is rendered or still plain."""
    rendered = "".join(item.get("blocks", [])) + str(item.get("tail", ""))
    text = html.unescape(re.sub(r"<[^>]+>", "", rendered))
    return (text if "tail" in item else text + str(item.get("plain", ""))).rstrip("\n")
