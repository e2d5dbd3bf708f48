"""The promises of core.ports.ProcessBook."""

from __future__ import annotations

from openacp_bot.core.ports import ProcessBook, Records
from tests.contracts.values import session


async def test_a_spawned_process_is_left_over_until_it_is_gone(book: ProcessBook) -> None:
    await book.spawned("s1", 4711, 10.5)
    await book.spawned("s2", 4712, 11.5)
    await book.gone(4711)

    assert list(await book.left_over()) == [(4712, 11.5)]


async def test_a_pid_that_was_given_again_is_told_apart_by_its_start(book: ProcessBook) -> None:
    await book.spawned("s1", 4711, 10.5)
    await book.spawned("s2", 4711, 99.0)

    assert sorted(await book.left_over()) == [(4711, 10.5), (4711, 99.0)]


async def test_the_same_process_is_noted_once(book: ProcessBook) -> None:
    await book.spawned("s1", 4711, 10.5)
    await book.spawned("s1", 4711, 10.5)

    assert list(await book.left_over()) == [(4711, 10.5)]


async def test_an_orphan_survives_its_session(book: ProcessBook, records: Records) -> None:
    await records.create_session(session("s1"))
    await book.spawned("s1", 4711, 10.5)
    await records.delete_session("s1")

    assert list(await book.left_over()) == [(4711, 10.5)]


async def test_an_unknown_pid_may_be_gone(book: ProcessBook) -> None:
    await book.gone(4711)

    assert list(await book.left_over()) == []
