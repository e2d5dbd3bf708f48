"""The agent's file requests, and what they may reach."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from openacp_bot.agents.files import READ, WRITE, FileService
from openacp_bot.agents.guard import FileGuard, Forbidden, open_beneath
from openacp_bot.agents.wire import Refused
from tests.agents.kit import launched, stub


@pytest.fixture
def data_dir(workspace: Path) -> Path:
    folder = workspace / "bot"
    folder.mkdir()
    return folder


@pytest.fixture
def guard(workspace: Path, data_dir: Path) -> FileGuard:
    return FileGuard(workspace, (), data_dir)


@pytest.fixture
def files(guard: FileGuard) -> FileService:
    return FileService(lambda: guard, missing_is_empty=False)


@pytest.mark.wall_clock
async def test_an_agent_reads_and_writes_through_us(workspace: Path) -> None:
    async with launched(workspace) as agent:
        assert await agent.said(f"write {workspace}/deep/down/a.txt some words") == "{}"
        assert json.loads(await agent.said(f"read {workspace}/deep/down/a.txt")) == {"content": "some words"}
        assert "outside the workspace" in await agent.said("read /etc/passwd")
        assert "outside the workspace" in await agent.said(f"write {workspace}/../a.txt x")

    assert (workspace / "deep/down/a.txt").read_text() == "some words"


@pytest.mark.wall_clock
async def test_a_root_of_the_configuration_is_reached_too(workspace: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.txt").write_text("there")
    async with launched(workspace, roots=(other,)) as agent:
        assert json.loads(await agent.said(f"read {other}/a.txt")) == {"content": "there"}


@pytest.mark.wall_clock
async def test_a_missing_file_is_empty_only_where_files_were_offered(workspace: Path) -> None:
    async with launched(workspace) as plain, launched(workspace, spec=stub(client_files=True)) as offered:
        assert json.loads(await plain.said(f"read {workspace}/none"))["code"] == -32002
        assert json.loads(await offered.said(f"read {workspace}/none")) == {"content": ""}


@pytest.mark.parametrize(
    ("line", "limit", "expected"),
    [
        (None, None, "1\n2\n3\n4"),
        (1, 2, "1\n2\n"),
        (2, None, "2\n3\n4"),
        (4, 5, "4"),
        (3, 1, "3\n"),
        (0, 1, "1\n"),
        (9, 1, ""),
        (None, 0, ""),
    ],
)
async def test_line_and_limit(files: FileService, workspace: Path, line: int, limit: int, expected: str) -> None:
    (workspace / "a").write_text("1\n2\n3\n4")
    bounds = {key: value for key, value in (("line", line), ("limit", limit)) if value is not None}

    assert await files.serve(READ, {"path": f"{workspace}/a", **bounds}) == {"content": expected}


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".env.local",
        "sub/.ENV",
        "id_rsa",
        "keys/id_ed25519",
        "tls/server.pem",
        "tls/server.key",
        ".ssh/config",
        "bot/bot.db",
        "bot",
        "../elsewhere",
        "/etc/passwd",
        "",
        "nul\0byte",
    ],
)
async def test_what_is_never_reached(files: FileService, path: str) -> None:
    with pytest.raises(Refused):
        await files.serve(READ, {"path": path})
    with pytest.raises(Refused):
        await files.serve(WRITE, {"path": path, "content": "x"})


async def test_links_are_judged_by_where_they_lead(
    files: FileService, guard: FileGuard, workspace: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (workspace / "out").symlink_to(tmp_path / "outside")
    (workspace / ".env").write_text("SECRET=1")
    (workspace / "harmless.txt").symlink_to(workspace / ".env")
    (workspace / "real.txt").write_text("fine")
    (workspace / "alias.txt").symlink_to(workspace / "real.txt")

    assert not guard.allows(f"{workspace}/out/new.txt")
    assert not guard.allows(f"{workspace}/harmless.txt")
    assert await files.serve(READ, {"path": f"{workspace}/alias.txt"}) == {"content": "fine"}


def test_a_link_that_is_put_there_after_the_judgement_is_not_followed(guard: FileGuard, workspace: Path) -> None:
    file, folder = guard.spot(f"{workspace}/a.txt"), guard.spot(f"{workspace}/sub/b.txt")
    (workspace / "a.txt").symlink_to("/etc/passwd")
    (workspace / "sub").symlink_to("/etc")

    for spot in (file, folder):
        with pytest.raises(OSError, match=r"symbolic links|Not a directory"):
            open_beneath(spot, os.O_RDONLY)
    with pytest.raises(OSError, match=r"File exists|Not a directory|symbolic links"):
        open_beneath(folder, os.O_WRONLY | os.O_CREAT, make_parents=True)


def test_the_workspace_itself_may_be_reached_by_a_link(workspace: Path, tmp_path: Path, data_dir: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(workspace)
    guard = FileGuard(link, (), data_dir)

    assert guard.allows(f"{link}/a.txt")
    assert guard.allows(f"{workspace}/a.txt")
    with pytest.raises(Forbidden, match="outside"):
        guard.spot(f"{workspace}-2/a.txt")


async def test_what_is_no_regular_file_is_refused_at_once(files: FileService, workspace: Path) -> None:
    os.mkfifo(workspace / "pipe")
    (workspace / "folder").mkdir()

    for name in ("pipe", "folder", ""):
        with pytest.raises(Refused):
            await files.serve(READ, {"path": f"{workspace}/{name}"})
        with pytest.raises(Refused):
            await files.serve(WRITE, {"path": f"{workspace}/{name}", "content": "x"})


async def test_a_file_with_another_name_is_refused_and_kept(
    files: FileService, guard: FileGuard, workspace: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("not yours")
    (workspace / "inside.txt").hardlink_to(outside)

    with pytest.raises(Refused, match="hard link"):
        await files.serve(READ, {"path": "inside.txt"})
    with pytest.raises(Refused, match="hard link"):
        await files.serve(WRITE, {"path": "inside.txt", "content": "x"})
    assert not guard.allows("inside.txt")
    assert outside.read_text() == "not yours"
    outside.unlink()
    assert await files.serve(READ, {"path": "inside.txt"}) == {"content": "not yours"}
    assert guard.allows("inside.txt")


@pytest.mark.parametrize(
    "path", ["/proc/self/environ", "/sys/kernel", "/dev/null", "/dev/../proc/version", "PROC/link"]
)
async def test_the_systems_own_folders_are_refused_whatever_the_roots(
    path: str, workspace: Path, data_dir: Path
) -> None:
    (workspace / "link").write_text("x")
    path = path.replace("PROC", f"/proc/self/root{workspace}")
    everywhere = FileService(lambda: FileGuard(workspace, (Path("/"),), data_dir), missing_is_empty=False)

    for method, more in ((READ, {}), (WRITE, {"content": "x"})):
        with pytest.raises(Refused, match="belongs to the system"):
            await everywhere.serve(method, {"path": path, **more})


async def test_sizes_are_bounded(files: FileService, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openacp_bot.agents.files.MOST", 10)
    (workspace / "big").write_text("x" * 11)

    with pytest.raises(Refused, match="larger than 10 bytes"):
        await files.serve(READ, {"path": f"{workspace}/big"})
    with pytest.raises(Refused, match="more than 10 bytes"):
        await files.serve(WRITE, {"path": f"{workspace}/new", "content": "x" * 11})
    assert not (workspace / "new").exists()


async def test_a_shorter_text_leaves_nothing_of_the_longer(files: FileService, workspace: Path) -> None:
    (workspace / "a").write_text("a long text")
    await files.serve(WRITE, {"path": f"{workspace}/a", "content": "short"})

    assert (workspace / "a").read_text() == "short"


async def test_content_that_is_no_text_is_refused(files: FileService, workspace: Path) -> None:
    with pytest.raises(Refused):
        await files.serve(WRITE, {"path": f"{workspace}/a", "content": None})
    assert not (workspace / "a").exists()


async def test_bytes_that_are_no_text_are_readable(files: FileService, workspace: Path) -> None:
    (workspace / "a").write_bytes(b"\xff ok")

    assert await files.serve(READ, {"path": "a"}) == {"content": "\ufffd ok"}
