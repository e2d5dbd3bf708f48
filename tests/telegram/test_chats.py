"""The look at a group: whether the bot can work there, and what to tap if it cannot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiogram.types
import pytest

from openacp_bot.adapters.telegram.chats import Chats
from tests.sims.connect import connected
from tests.sims.telegram import GROUP_RIGHTS, SERVER_ERROR, Chat, Telegram, User
from tests.sims.telegram.world import Member


@dataclass
class Looker:
    """Checks groups, and remembers which moved."""

    telegram: Telegram
    chats: Chats
    me: aiogram.types.User
    moves: list[tuple[int, int]]

    async def problems(self, chat: Chat | int) -> tuple[str, ...]:
        number = chat if isinstance(chat, int) else chat.id
        await self.chats.check(number, self.me)
        return self.chats.problems.get(number, ())


@pytest.fixture
async def looker(telegram: Telegram) -> AsyncIterator[Looker]:
    moves: list[tuple[int, int]] = []

    async def moved(old: int, new: int) -> None:
        moves.append((old, new))

    async with connected(telegram) as bot:
        yield Looker(telegram, Chats(bot, moved), await bot.me(), moves)


async def test_a_forum_with_all_rights_is_in_order(looker: Looker, alice: User) -> None:
    assert await looker.problems(looker.telegram.forum("Work", alice)) == ()


async def test_every_lack_says_what_to_tap(looker: Looker, alice: User) -> None:
    telegram = looker.telegram
    plain = telegram.forum("Plain", alice, rights=None)
    powerless = telegram.forum("Powerless", alice, rights=frozenset({"can_delete_messages"}))
    careful = telegram.forum("Careful", alice, rights=GROUP_RIGHTS - {"can_delete_messages"})
    flat = telegram.supergroup("Flat", alice)
    left = telegram.forum("Left", alice)
    telegram.kick_bot(left)

    assert "no administrator" in (await looker.problems(plain))[0]
    assert "“Manage Topics”" in (await looker.problems(powerless))[0]
    assert "“Delete Messages”" in (await looker.problems(careful))[0]
    assert "holds one session only" in (await looker.problems(flat))[0]
    assert "Removed users" in (await looker.problems(left))[0]
    assert "Add members" in (await looker.problems(-100999))[0]


async def test_a_group_that_the_bot_was_not_added_to(looker: Looker, alice: User) -> None:
    chat = looker.telegram.forum("Work", alice)
    looker.telegram.set_member(chat, Member(looker.telegram.bot, "left"))

    assert "Add members, and choose @openacp_test_bot" in (await looker.problems(chat))[0]


async def test_a_basic_group_is_told_that_topics_change_its_id(looker: Looker, alice: User) -> None:
    (topics, _) = await looker.problems(looker.telegram.group("Friends", alice))

    assert "switch on “Topics”" in topics and "another id" in topics


async def test_a_channel_is_no_place_to_talk(looker: Looker, alice: User) -> None:
    (problem,) = await looker.problems(looker.telegram.channel("News", alice))

    assert "is a channel" in problem and "New Group" in problem


@pytest.mark.parametrize("lost", ["-100", "-", "100"])
async def test_an_id_without_its_beginning_is_completed(looker: Looker, alice: User, lost: str) -> None:
    chat = looker.telegram.forum("Work", alice)
    configured = int(str(chat.id).replace(lost, "", 1))

    (problem,) = await looker.problems(configured)

    assert f"{chat.id} is “Work”" in problem


async def test_a_private_chat_is_in_order_once_it_exists(looker: Looker, alice: User) -> None:
    assert await looker.problems(alice.id) == ()
    assert "tap Start" in (await looker.problems(4711))[0]


async def test_a_lack_is_logged_when_it_comes_and_when_it_goes(
    looker: Looker, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "openacp_bot")
    chat = looker.telegram.forum("Work", alice, rights=None)
    await looker.problems(chat)
    await looker.problems(chat)
    looker.telegram.grant(chat, GROUP_RIGHTS)

    assert await looker.problems(chat) == ()
    assert caplog.text.count("no administrator") == 1 and caplog.text.count("in order now") == 1


async def test_an_outage_changes_nothing(looker: Looker, alice: User) -> None:
    chat = looker.telegram.forum("Work", alice, rights=None)
    before = await looker.problems(chat)
    looker.telegram.fail("getChat", how=SERVER_ERROR)

    assert await looker.problems(chat) == before != ()


async def test_a_group_with_another_id_is_followed(looker: Looker, alice: User) -> None:
    chat = looker.telegram.group("Friends", alice)
    new = looker.telegram.migrate(chat)

    await looker.problems(chat)

    assert looker.moves == [(chat.id, new.id)]
