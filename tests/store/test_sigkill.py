"""SIGKILL at any moment: what was acknowledged is there, and the file opens."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from openacp_bot.core.events import TextChunk
from openacp_bot.store import FILE_NAME, open_store

CHILD = """
import asyncio, sys
from pathlib import Path
from openacp_bot.core.events import TextChunk
from openacp_bot.core.model import PromptState
from openacp_bot.store import open_store
from tests.contracts.values import LINE, ALLOWED, NOW, menu, prompt, question, said, session

def acknowledge(*words):
    print(*words, flush=True)

async def life(store, id):
    await store.records.create_session(session(id), key=f"key-{id}")
    acknowledge("session", id)
    rev = 0
    for turn in range(10_000):
        name = f"{id}-{turn}"
        await store.records.queue_prompt(prompt(name, id), key=f"key-{name}")
        acknowledge("queued", name)
        await store.records.start_turn(name, NOW)
        acknowledge("started", name)
        for piece in range(5):
            rev += 1
            store.transcript.append(said(rev, TextChunk("m", f"<{piece}>" * 400), turn=name, session=id))
        await store.transcript.flush()
        acknowledge("said", name)
        await store.records.ask(question(name, id), menu(name))
        await store.records.decide(name, ALLOWED, LINE)
        acknowledge("decided", name)
        await store.records.end_turn(name, state=PromptState.ENDED, outcome="end_turn", at=NOW)
        acknowledge("ended", name)

async def main():
    async with open_store(Path(sys.argv[1])) as store:
        async with asyncio.TaskGroup() as tasks:
            for number in range(4):
                tasks.create_task(life(store, f"s{number}"))

asyncio.run(main())
"""


async def facts_until_killed(data_dir: Path, *, after: int) -> list[list[str]]:
    """The facts that a writing process acknowledged before it was killed, at least `after` of them."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(data_dir), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    facts: list[bytes] = []
    async with asyncio.timeout(30):
        while len(facts) < after:
            line = await child.stdout.readline()
            assert line, "the child ended by itself"
            facts.append(line)
        child.kill()
        rest = (await child.stdout.read()).splitlines(keepends=True)
        await child.wait()
    return [line.decode().split() for line in facts + rest if line.endswith(b"\n")]


def audited(data_dir: Path) -> int:
    with closing(sqlite3.connect(data_dir / FILE_NAME)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return int(db.execute("SELECT count(*) FROM audit").fetchone()[0])


@pytest.mark.wall_clock
@pytest.mark.parametrize("seed", range(4))
async def test_every_acknowledged_fact_survives_a_kill(tmp_path: Path, seed: int) -> None:
    facts = await facts_until_killed(tmp_path, after=random.Random(seed).randrange(1, 300))

    decided = 0
    async with open_store(tmp_path) as store:
        for what, name in facts:
            match what:
                case "session":
                    assert await store.records.session(name) is not None
                    assert await store.records.seen(f"key-{name}")
                case "queued":
                    assert await store.records.prompt(name) is not None
                    assert await store.records.seen(f"key-{name}")
                case "started":
                    found = await store.records.prompt(name)
                    assert found is not None and found.started_at is not None
                case "said":
                    view = await store.transcript.history(name.partition("-")[0], limit=1000)
                    whole = "".join(f"<{piece}>" * 400 for piece in range(5))
                    assert [item.event for item in view.items if item.turn == name] == [TextChunk("m", whole)]
                case "decided":
                    decided += 1
                    question = await store.records.question(name)
                    assert question is not None and question.settled is not None
                case "ended":
                    found = await store.records.prompt(name)
                    assert found is not None and found.outcome == "end_turn"
        recovered = await store.records.recover(1.0)
        assert {prompt.state.value for prompt in recovered.interrupted} <= {"interrupted"}
    assert audited(tmp_path) >= decided
