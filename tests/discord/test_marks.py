"""The marks: where a gap begins, whatever cut us off."""

from __future__ import annotations

from pathlib import Path

from openacp_bot.adapters.discord.marks import APART, SLACK, Mark, Marks
from openacp_bot.core.ports import Ledger
from openacp_bot.store import open_store

FIRST = 1_000 * APART


async def after_restart(ledger: Ledger) -> Mark:
    marks = Marks(ledger)
    await marks.load()
    return marks.server(1)


async def test_a_gap_begins_somewhat_before_the_last_message_and_never_before_we_were_there(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        mark = await after_restart(store.ledger)
        before = [mark.after]
        await mark.begin(FIRST)
        before.append(mark.after)
        await mark.release()
        await mark.heard(FIRST + 3 * SLACK)

        assert before == [None, FIRST]
        assert (await after_restart(store.ledger)).after == FIRST + 2 * SLACK


async def test_while_something_may_have_been_missed_a_mark_stays(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        mark = await after_restart(store.ledger)
        await mark.begin(FIRST)
        await mark.heard(FIRST + 9 * SLACK)
        assert mark.after == (await after_restart(store.ledger)).after == FIRST

        await mark.release()
        assert mark.after == (await after_restart(store.ledger)).after == FIRST + 8 * SLACK

        mark.hold()
        await mark.heard(FIRST + 99 * SLACK)
        assert mark.after == (await after_restart(store.ledger)).after == FIRST + 8 * SLACK


async def test_what_is_not_ours_moves_a_mark_and_is_stored_now_and_then(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        mark = await after_restart(store.ledger)
        await mark.begin(FIRST)
        await mark.release()
        await mark.heard(FIRST + APART, is_ours=False)
        assert (await after_restart(store.ledger)).at == FIRST
        await mark.heard(FIRST + APART + 1, is_ours=False)
        assert (await after_restart(store.ledger)).at == FIRST + APART + 1

        await mark.heard(FIRST + APART + 2, is_ours=False)
        mark.hold()
        assert mark.at == FIRST + APART + 2


async def test_without_a_beginning_the_first_message_is_one(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        mark = await after_restart(store.ledger)
        await mark.release()
        await mark.heard(FIRST)

        assert (await after_restart(store.ledger)).after == FIRST
