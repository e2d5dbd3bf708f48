"""What crosses the door as a value: content, files for a prompt, ways to log in."""

from __future__ import annotations

import base64
import mimetypes
from pathlib import Path
from typing import Any

import pytest

from openacp_bot.agents.blocks import Takes, prompt_blocks
from openacp_bot.agents.content import blob, words
from openacp_bot.agents.traits import Traits, login_help
from openacp_bot.core.model import AgentSpec, Blob

LINK = {"type": "resource_link", "uri": "file:///srv/a%20b.txt", "name": "a b"}


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            {"type": "image", "data": "AA", "mimeType": "image/gif", "uri": "x/cat.gif"},
            Blob("image/gif", "cat.gif", "AA"),
        ),
        ({"type": "audio", "data": "AA"}, Blob("audio/wav", "", "AA")),
        ({"type": "image"}, None),
        ({"type": "text", "text": "x"}, None),
        ({"type": "resource", "resource": {"uri": "a/b.pdf", "blob": "AA"}}, Blob("application/pdf", "b.pdf", "AA")),
        ({"type": "resource", "resource": {}}, None),
        (LINK, Blob("text/plain", "a b.txt", path="/srv/a b.txt")),
        ({"type": "resource_link", "uri": "https://example.org/a.txt"}, None),
        ({"type": "resource_link", "uri": "file://elsewhere/a.txt"}, None),
        ({"type": "resource_link", "uri": "http://[broken"}, None),
    ],
)
def test_files_in_content(block: dict[str, Any], expected: Blob | None) -> None:
    assert blob(block, lambda path: True) == expected


def test_a_file_that_may_not_be_shown_is_a_link() -> None:
    assert blob(LINK, lambda path: False) is None
    assert words(LINK) == "[a b](file:///srv/a%20b.txt)"


def test_an_image_is_inlined_and_a_missing_file_is_still_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    text, image, link = prompt_blocks("Look", [tmp_path / "a.png", tmp_path / "gone.png"], Takes(image=True))

    assert image["data"] == base64.b64encode(b"\x89PNG").decode()
    assert link["type"] == "resource_link"
    assert text["text"] == f"Look\n\nAttached file: {tmp_path}/gone.png"


@pytest.mark.parametrize(
    ("name", "kind", "mime"),
    [("voice.ogg", "audio", "audio/ogg"), ("song.m4a", "audio", "audio/mp4"), ("sticker.webp", "image", "image/webp")],
)
def test_what_chats_send_is_known_on_every_machine(
    name: str, kind: str, mime: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mimetypes, "guess_type", mimetypes.MimeTypes(filenames=()).guess_type)
    (tmp_path / name).write_bytes(b"OggS")
    _, block = prompt_blocks("Hear", [tmp_path / name], Takes(image=True, audio=True))

    assert (block["type"], block["mimeType"]) == (kind, mime)


def test_only_text_that_is_text_is_embedded(tmp_path: Path) -> None:
    for name, data in (("a.json", b"{}"), ("b", b"words"), ("c", b"\xff\xfe"), ("d", b"a\0b"), ("e.zip", b"PK")):
        (tmp_path / name).write_bytes(data)
    blocks = prompt_blocks("x", sorted(tmp_path.iterdir()), Takes(embedded=True))[1:]

    assert [block["type"] for block in blocks] == ["resource", "resource", *["resource_link"] * 3]


def test_every_way_to_log_in_is_told_with_what_to_do() -> None:
    spec = AgentSpec("stub", "agent", ("--acp",))
    logins = (
        {"id": "oauth", "name": "Browser", "description": "Signs in."},
        {"id": "tui", "name": "Terminal", "type": "terminal", "args": ["log in"], "env": {"A": "b c"}},
        {"id": "old", "name": "Older", "_meta": {"terminal-auth": {"command": "other", "args": ["login"]}}},
        {"id": "key", "name": "Key", "type": "env_var", "vars": [{"name": "API_KEY"}]},
        {"id": "new", "type": "telepathy"},
    )

    assert login_help(spec, Traits(logins=logins)).splitlines() == [
        "• Browser: Signs in.",
        "• Terminal",
        "  Run in a terminal: A='b c' agent --acp 'log in'",
        "• Older",
        "  Run in a terminal: other login",
        "• Key",
        "  Set in the agent's env: API_KEY",
        "• new",
    ]
