"""Files that people sent, brought to the disk whole or not at all."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram import Bot

from openacp_bot.adapters.telegram.downloads import download
from openacp_bot.core.errors import UserError
from openacp_bot.core.model import FileRef
from tests.sims.connect import connected
from tests.sims.telegram import BAD_GATEWAY, Telegram

LIMIT = 1000


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[Bot]:
    async with connected(telegram) as bot:
        yield bot


def kept(telegram: Telegram, data: bytes, name: str = "a.txt") -> FileRef:
    file = telegram.keep_file(data, name, "text/plain")
    return FileRef("telegram", file.id, name, "text/plain", len(data))


async def test_a_file_is_brought_whole(telegram: Telegram, bot: Bot, tmp_path: Path) -> None:
    path = await download(bot, kept(telegram, b"content"), tmp_path, LIMIT)

    assert path == tmp_path / "a.txt" and path.read_bytes() == b"content"


async def test_two_of_one_name_stand_beside_each_other(telegram: Telegram, bot: Bot, tmp_path: Path) -> None:
    paths = [await download(bot, kept(telegram, data), tmp_path, LIMIT) for data in (b"1", b"2", b"3")]

    assert [path.name for path in paths] == ["a.txt", "a-2.txt", "a-3.txt"]
    assert [path.read_bytes() for path in paths] == [b"1", b"2", b"3"]


async def test_a_name_cannot_lead_out_of_the_directory(telegram: Telegram, bot: Bot, tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()

    path = await download(bot, kept(telegram, b"1", "../../etc/passwd"), inside, LIMIT)

    assert path.parent == inside and path.read_bytes() == b"1"


async def test_a_file_over_the_limit_leaves_nothing(telegram: Telegram, bot: Bot, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="larger than"):
        await download(bot, kept(telegram, b"x" * (LIMIT + 1)), tmp_path, LIMIT)

    assert os.listdir(tmp_path) == []


async def test_a_file_that_is_larger_than_it_says_leaves_nothing(telegram: Telegram, bot: Bot, tmp_path: Path) -> None:
    ref = kept(telegram, b"x" * (LIMIT + 1))
    telegram.files[ref.id].size = 5

    with pytest.raises(UserError, match="larger than"):
        await download(bot, ref, tmp_path, LIMIT)

    assert os.listdir(tmp_path) == []


async def test_more_than_telegram_gives_is_said_plainly(telegram: Telegram, bot: Bot, tmp_path: Path) -> None:
    ref = kept(telegram, b"x")
    telegram.files[ref.id].size = 20_000_001

    with pytest.raises(UserError, match="20 MB"):
        await download(bot, ref, tmp_path, 50_000_000)


async def test_whatever_fails_is_a_sentence_without_the_token(telegram: Telegram, bot: Bot, tmp_path: Path) -> None:
    ref = kept(telegram, b"x")
    lost = kept(telegram, b"x")
    telegram.files[lost.id].path = "documents/lost?.txt"  # its address leads nowhere
    telegram.fail("getFile", how=BAD_GATEWAY)
    for file in (ref, lost, FileRef("telegram", "unknown", "b.txt")):
        with pytest.raises(UserError) as refused:
            await download(bot, file, tmp_path, LIMIT)
        assert "“" in str(refused.value) and telegram.token not in str(refused.value)
    with pytest.raises(UserError, match="No such file"):
        await download(bot, ref, tmp_path / "missing", LIMIT)

    assert os.listdir(tmp_path) == []
