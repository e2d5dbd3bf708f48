"""The command menu: who sees which commands where."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from openacp_bot.adapters.telegram.menus import Menus
from openacp_bot.core.settings import AccessList
from openacp_bot.store import open_store
from tests.fakes import ScriptedHub
from tests.sims.connect import connected
from tests.sims.telegram import SERVER_ERROR, Telegram

ALICE, BOB = 1001, 1002


@pytest.fixture
def hub() -> ScriptedHub:
    return ScriptedHub(admins=frozenset({str(ALICE)}))


@pytest.fixture
async def menus(telegram: Telegram, hub: ScriptedHub, tmp_path: Path) -> AsyncIterator[Menus]:
    async with open_store(tmp_path) as store, connected(telegram) as bot:
        yield Menus(bot, hub, store.ledger)


def listed(*users: int) -> AccessList:
    return AccessList(users=frozenset(map(str, users)))


async def test_admins_see_more_than_others_and_strangers_nothing(telegram: Telegram, menus: Menus) -> None:
    alice, bob, eve = (telegram.person(name, id=id) for name, id in (("Alice", ALICE), ("Bob", BOB), ("Eve", 666)))
    work = telegram.forum("Work", alice, bob)
    telegram.private(alice), telegram.private(bob)

    await menus.refresh(1, [work.id], listed(ALICE, BOB))

    assert telegram.menu(alice, work) == ["new", "bypass"]
    assert telegram.menu(bob, work) == ["new"]
    assert telegram.menu(alice, telegram.private(alice)) == ["new", "bypass"]
    assert telegram.menu(bob, telegram.private(bob)) == ["new"]
    assert telegram.menu(eve, telegram.private(eve)) == []
    assert len(telegram.called("setMyCommands")) == 4, "who sees what everybody sees needs no menu of their own"


async def test_nothing_is_set_twice_and_a_change_is(telegram: Telegram, menus: Menus, hub: ScriptedHub) -> None:
    alice = telegram.person("Alice", id=ALICE)
    work = telegram.forum("Work", alice)
    telegram.private(alice)
    await menus.refresh(1, [work.id], listed(ALICE))
    before = len(telegram.called("setMyCommands"))

    await menus.refresh(1, [work.id], listed(ALICE))
    assert len(telegram.called("setMyCommands")) == before

    hub.menu = (hub.menu[0],)
    await menus.refresh(1, [work.id], listed(ALICE))
    assert telegram.menu(alice, work) == ["new"]
    assert telegram.menu(alice, telegram.private(alice)) == ["new"]


async def test_who_is_no_longer_allowed_loses_the_menu(telegram: Telegram, menus: Menus) -> None:
    alice, bob = telegram.person("Alice", id=ALICE), telegram.person("Bob", id=BOB)
    telegram.private(alice), telegram.private(bob)
    await menus.refresh(1, [], listed(ALICE, BOB))

    await menus.refresh(1, [], listed(BOB))

    assert telegram.menu(alice, telegram.private(alice)) == []
    assert telegram.menu(bob, telegram.private(bob)) == ["new"]


async def test_who_never_wrote_to_the_bot_gets_the_menu_later(telegram: Telegram, menus: Menus) -> None:
    await menus.refresh(1, [-100123], listed(ALICE))
    alice = telegram.person("Alice", id=ALICE)
    telegram.private(alice)

    await menus.refresh(1, [-100123], listed(ALICE))

    assert telegram.menu(alice, telegram.private(alice)) == ["new", "bypass"]


async def test_everyone_has_a_menu_where_everyone_may_enter(telegram: Telegram, menus: Menus) -> None:
    eve = telegram.person("Eve")

    await menus.refresh(1, [], AccessList(everyone=True))

    assert telegram.menu(eve, telegram.private(eve)) == ["new"]


async def test_what_an_outage_kept_back_is_set_next_time(telegram: Telegram, menus: Menus) -> None:
    alice = telegram.person("Alice", id=ALICE)
    chat = telegram.private(alice)
    telegram.fail("setMyCommands", how=SERVER_ERROR)

    await menus.refresh(1, [], listed(ALICE))
    assert telegram.menu(alice, chat) == []

    await menus.refresh(1, [], listed(ALICE))
    assert telegram.menu(alice, chat) == ["new", "bypass"]
