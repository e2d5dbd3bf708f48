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

    assert path.parent == tmp_path and path.read_bytes() == b"content"


async def test_two_of_one_name_stand_beside_each_other(telegram: Telegram, bot: Bot, tmp_path: Path) -> None:
    paths = [await download(bot, kept(telegram, data), tmp_path, LIMIT) for data in (b"1", b"2", b"3")]

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


# --- a server of one's own, with --local: it tells where the file lies ---------------------------


def lies_at(telegram: Telegram, path: Path) -> FileRef:
    ref = kept(telegram, b"")
    telegram.files[ref.id].path = str(path)
    return ref


async def test_a_file_of_a_server_on_this_machine_is_copied(telegram: Telegram, bot: Bot, tmp_path: Path) -> None:
    (tmp_path / "file_0").write_bytes(b"content")
    into = tmp_path / "in"
    into.mkdir()

    path = await download(bot, lies_at(telegram, tmp_path / "file_0"), into, LIMIT)

    assert path.parent == into and path.read_bytes() == b"content" and (tmp_path / "file_0").exists()


async def test_what_is_no_file_or_too_large_or_not_there_leaves_nothing(
    telegram: Telegram, bot: Bot, tmp_path: Path
) -> None:
    into = tmp_path / "in"
    into.mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * (LIMIT + 1))
    for name, words in (
        ("pipe", "is no file"),
        ("in", "cannot be read"),
        ("large", "larger than"),
        ("no", "cannot be read"),
    ):
        with pytest.raises(UserError, match=words) as refused:
            await download(bot, lies_at(telegram, tmp_path / name), into, LIMIT)
        assert str(tmp_path) not in str(refused.value)  # it holds the token

    assert os.listdir(into) == []
