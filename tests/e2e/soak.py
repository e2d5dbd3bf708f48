"""Many turns with cancels, crashes, kills and restarts at random: `python -m tests.e2e.soak [TURNS] [SEED]`.

What must hold at the end, whatever happened: every message that was taken is stored once and has come to an end, no
agent was told one twice, every turn that began shows how it ended, no agent is left, and no bug is in any log.
"""

from __future__ import annotations

import asyncio
import random
import re
import sys
import tempfile
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

from tests.e2e.house import Daemon, House, eventually, is_running
from tests.e2e.visitor import Visitor

TURNS = 300
SECONDS_PER_TURN = 10.0  # the whole run may take so long, and is usually ten times faster
MOST_SESSIONS = 4
WORDS = (
    *("hello", "tool; plan; think hm", "chunks 3000", "slow 40 0.005", "permission", "two permissions; echo after"),
    *("unfinished", "error no luck", "die 3 boom", "leave 0", "close stdout", "stop refusal", "garbage; hello", "form"),
)
LONG = ("slow 100000 0.002", "wait", "permission; wait", "chunks 20000; wait", "unfinished; slow 100000 0.01")

ENDLESS = """
    SELECT text, outcome FROM prompts WHERE started_at IS NOT NULL AND NOT EXISTS
    (SELECT 1 FROM items WHERE items.session = prompts.session AND key = prompts.id || ':end')
"""
LOST_QUESTIONS = """
    SELECT id FROM questions WHERE NOT EXISTS
    (SELECT 1 FROM items WHERE items.session = questions.session AND key = 'q:' || questions.id)
"""


class Soak:
    """One run. Its course depends on the seed, and on the machine's moods."""

    def __init__(self, house: House, seed: int) -> None:
        self.turns = 0
        self.kills = self.stops = 0
        self._house = house
        self._chance = random.Random(seed)
        self._sessions: list[str] = []
        self._sent: dict[str, str] = {}  # the page's action → text
        self._unsure: list[tuple[str, str]] = []  # (session, action) that were not acknowledged
        self._logs: list[str] = []

    async def run(self, turns: int) -> None:
        while self.turns < turns:
            async with self._house.daemon() as daemon:
                try:
                    await self._one_life(daemon)
                finally:
                    self._logs.append(daemon.log)
        async with self._house.daemon() as daemon:
            await self._come_to_rest(daemon)
            daemon.ask_to_stop()
            assert await daemon.ended() == 0
            self._logs.append(daemon.log)

    def complaints(self) -> list[str]:
        """What should hold and does not."""
        house = self._house
        stored = Counter(text for (text,) in house.rows("SELECT text FROM prompts WHERE kind = 'person'"))
        told = Counter(text for text in house.prompts() if text.startswith("echo #"))
        found = {
            "stored, but not once": {text for text in stored.keys() | self._sent.values() if stored[text] != 1},
            "told twice": {text for text, times in told.items() if times > 1},
            "not at an end": house.rows("SELECT text, state FROM prompts WHERE state IN ('queued', 'started')"),
            "without an end in the history": house.rows(ENDLESS),
            "questions that are not in the history": house.rows(LOST_QUESTIONS),
            "questions still open": house.rows("SELECT id FROM questions WHERE settled IS NULL"),
            "agents left": [pid for pid in house.pids() if is_running(pid)],
            "bugs": [log[log.index("Traceback") :] for log in self._logs if "Traceback" in log],
        }
        return [f"{what}: {those}" for what, those in found.items() if those]

    def report(self) -> str:
        agents, prompts = len(self._house.pids()), len(self._house.prompts())
        return (
            f"{self.turns} turns in {len(self._sessions)} sessions, {self.kills} kills, {self.stops} stops, "
            f"{agents} agent processes, {prompts} prompts told"
        )

    # --- one daemon's life ---------------------------------------------------------------------------

    async def _one_life(self, daemon: Daemon) -> None:
        await self._repeat_unsure(daemon)
        for _ in range(self._chance.randint(2, 8)):
            async with daemon.tab(await self._some_session(daemon)) as tab:
                await self._settle(tab)
                await self._one_turn(tab)
        await self._end(daemon)

    async def _some_session(self, daemon: Daemon) -> str:
        if len(self._sessions) < MOST_SESSIONS and (not self._sessions or self._chance.random() < 0.3):
            async with daemon.tab() as tab:
                self._sessions.append(await tab.new_chat())
        return self._chance.choice(self._sessions)

    async def _one_turn(self, tab: Visitor) -> None:
        if self._chance.random() < 0.7:
            await self._send(tab, self._chance.choice(WORDS))
            for _ in range(self._chance.choice((0, 0, 0, 1, 3))):
                await self._send(tab, "hello")
        else:
            await self._send(tab, self._chance.choice(LONG))
            await asyncio.sleep(self._chance.uniform(0, 0.2))
            await tab.command(self._chance.choice(("cancel", "cancel", "cancel", "finish")))
        if self._chance.random() < 0.8:
            await self._settle(tab)

    async def _send(self, tab: Visitor, words: str) -> None:
        id, text = self._new_message(words)
        await tab.do("send", id=id, text=text)

    def _new_message(self, words: str) -> tuple[str, str]:
        self.turns += 1
        id = str(uuid.UUID(int=self._chance.getrandbits(128)))
        self._sent[id] = f"echo #{self.turns}; {words}"
        return id, self._sent[id]

    async def _end(self, daemon: Daemon) -> None:
        """In order, hurried, or with SIGKILL at a random moment of a turn."""
        how = self._chance.random()
        if how < 0.25:
            self.stops += 1
            daemon.ask_to_stop()
            if how < 0.1:
                await eventually(lambda: "stopping" in daemon.log)
                daemon.ask_to_stop()
            assert await daemon.ended() == 0
            return
        session = await self._some_session(daemon)
        async with daemon.tab(session) as tab:
            await self._settle(tab)
            id, text = self._new_message(self._chance.choice(WORDS + LONG))
            self._unsure.append((session, id))
            await tab.say(op="send", id=id, session=session, text=text)
            await asyncio.sleep(self._chance.choice((0, self._chance.uniform(0, 0.05), self._chance.uniform(0, 0.6))))
            self.kills += 1
            daemon.kill()

    async def _repeat_unsure(self, daemon: Daemon) -> None:
        """What a page does with messages that were not acknowledged."""
        while self._unsure:
            session, id = self._unsure.pop()
            async with daemon.tab(session) as tab:
                await tab.do("send", id=id, text=self._sent[id])

    async def _come_to_rest(self, daemon: Daemon) -> None:
        await self._repeat_unsure(daemon)
        for session in self._sessions:
            async with daemon.tab(session) as tab:
                await self._settle(tab)

    async def _settle(self, tab: Visitor) -> None:
        """Until nothing runs, waits or is asked in this session."""
        pressed: set[str] = set()
        while not _is_at_rest(tab):
            await tab.until(lambda: _is_at_rest(tab) or _is_held(tab) or _open(tab, pressed) or _is_endless(tab))
            if question := _open(tab, pressed):
                token = self._chance.choice(question["options"])["token"]
                pressed.add(question["id"])
                await tab.do("press", token=token, values={"colour": "r", "sure": "true"})
            elif _is_held(tab):
                await self._release(tab)
            elif _is_endless(tab):
                await tab.command("cancel")
                await tab.until(lambda: not _is_endless(tab) or tab.head["phase"] != "running")

    async def _release(self, tab: Visitor) -> None:
        way = self._chance.choice(
            [button["label"] for button in tab.buttons() if button["label"] in HOLDERS] or ["/queue"]
        )
        if way == "/queue":
            await tab.command("queue", do="clear")
        else:
            await tab.press(way)
        await tab.until(lambda: not _is_held(tab))


HOLDERS = ("Continue", "Run the queue", "Clear", "Try again")


def _is_at_rest(tab: Visitor) -> bool:
    return tab.head["phase"] in ("idle", "asleep") and not tab.head["queue"] and not tab.head["asking"]


def _is_held(tab: Visitor) -> bool:
    """What is queued waits for a person: after an interruption, or after a launch that failed."""
    return (
        bool(tab.head["queue"]) and tab.head["phase"] in ("idle", "asleep") and tab.head["state"] in ("error", "active")
    )


def _open(tab: Visitor, pressed: set[str]) -> dict[str, Any] | None:
    return next((one for one in tab.questions if one["id"] not in pressed), None)


def _is_endless(tab: Visitor) -> bool:
    """A turn that only a cancel ends."""
    running = [text for text, state in tab.said if state == "started"]
    return tab.head["phase"] == "running" and any(re.search(r"; (.*wait|.*100000.*)$", text) for text in running)


async def soak(turns: int, seed: int) -> list[str]:
    """What was wrong at the end."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder) / "soak")
        house.configure("--resume", shutdown={"drain_seconds": 1})
        run = Soak(house, seed)
        try:
            async with asyncio.timeout(turns * SECONDS_PER_TURN):
                await run.run(turns)
            return run.complaints()
        finally:
            print(f"seed {seed}: {run.report()}")
            house.clear_out()


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    wrong = asyncio.run(soak(given[0] if given else TURNS, given[1] if len(given) > 1 else random.randrange(10**6)))
    print("\n".join(wrong) or "nothing was lost, nothing came twice")
    sys.exit(1 if wrong else 0)
