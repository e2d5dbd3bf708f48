"""Which directories a session may work in."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from openacp_bot.core.errors import NotAllowed, UserError
from openacp_bot.core.settings import Settings
from openacp_bot.core.workspaces import created, resolved
from tests import fakes


@pytest.fixture
def known(tmp_path: Path) -> Settings:
    """base_dir is `work`, data_dir is `data`, both below the test's directory."""
    (tmp_path / "data").mkdir()
    return fakes.settings(tmp_path)


def test_a_relative_name_lies_under_the_base_directory(known: Settings) -> None:
    assert resolved("project", known, admin=False) == known.base_dir / "project"
    assert resolved(".", known, admin=False) == known.base_dir
    assert resolved("  a/../b  ", known, admin=False) == known.base_dir / "b"


def test_an_absolute_path_is_taken_as_it_is(known: Settings, tmp_path: Path) -> None:
    assert resolved(str(tmp_path / "else"), known, admin=True) == tmp_path / "else"


def test_a_tilde_is_the_home_directory(known: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    assert resolved("~", known, admin=True) == tmp_path / "home"
    assert resolved("~/x y", known, admin=True) == tmp_path / "home" / "x y"


NONSENSE = ["", "   ", "a\0b", "~nobody-by-this-name/x", "x" * 5000, "a/" * 3000 + "b", "\ud800"]


@pytest.mark.parametrize("text", NONSENSE, ids=range(len(NONSENSE)))
def test_what_is_no_directory_name_is_refused_with_a_sentence(known: Settings, text: str) -> None:
    with pytest.raises(UserError):
        resolved(text, known, admin=True)


def test_a_missing_directory_is_not_made_by_looking(known: Settings) -> None:
    path = resolved("new/deep", known, admin=False)

    assert not path.exists()
    created(path)
    created(path)
    assert path.is_dir()


def test_a_file_is_no_workspace(known: Settings) -> None:
    (known.base_dir / "notes.txt").write_text("x")

    with pytest.raises(UserError, match=r"notes\.txt is a file"):
        resolved("notes.txt", known, admin=True)
    with pytest.raises(UserError, match="could not be created"):
        created(known.base_dir / "notes.txt" / "below")


def test_a_path_below_a_file_is_refused_when_it_is_made(known: Settings) -> None:
    (known.base_dir / "file").write_text("x")

    with pytest.raises(UserError):
        created(resolved("file/below", known, admin=True))


@pytest.mark.parametrize("name", ["data", "data/sessions", ".", "/"])
def test_the_data_directory_what_is_in_it_and_what_holds_it_are_refused(
    known: Settings, tmp_path: Path, name: str
) -> None:
    with pytest.raises(NotAllowed, match="own data"):
        resolved(str(tmp_path / name), known, admin=True)


def test_a_link_to_the_data_directory_is_refused(known: Settings, tmp_path: Path) -> None:
    (known.base_dir / "innocent").symlink_to(tmp_path / "data")

    with pytest.raises(NotAllowed, match="own data"):
        resolved("innocent", known, admin=True)


def test_without_roots_admins_work_anywhere_and_others_below_the_base_directory(
    known: Settings, tmp_path: Path
) -> None:
    elsewhere = str(tmp_path / "elsewhere")

    assert resolved(elsewhere, known, admin=True) == Path(elsewhere)
    with pytest.raises(NotAllowed, match="Only admins"):
        resolved(elsewhere, known, admin=False)
    with pytest.raises(NotAllowed, match="Only admins"):
        resolved("../elsewhere", known, admin=False)


def test_with_roots_everybody_works_below_the_base_directory_or_a_root(known: Settings, tmp_path: Path) -> None:
    limited = replace(known, roots=(tmp_path / "shared",))

    assert resolved(str(tmp_path / "shared" / "x"), limited, admin=False) == tmp_path / "shared" / "x"
    assert resolved("x", limited, admin=True) == known.base_dir / "x"
    for admin in (True, False):
        for outside in (tmp_path / "elsewhere", tmp_path / "shared-not", tmp_path / "shared" / ".." / "elsewhere"):
            with pytest.raises(NotAllowed, match=r"workspace\.roots"):
                resolved(str(outside), limited, admin=admin)


def test_a_link_out_of_a_root_is_outside(known: Settings, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "shared" / "way-out").symlink_to(tmp_path / "elsewhere")
    limited = replace(known, roots=(tmp_path / "shared",))

    with pytest.raises(NotAllowed):
        resolved(str(tmp_path / "shared" / "way-out"), limited, admin=True)
    with pytest.raises(NotAllowed):
        resolved(str(tmp_path / "shared" / "way-out" / "not-there-yet"), limited, admin=True)


def test_a_root_may_itself_be_a_link(known: Settings, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "root").symlink_to(tmp_path / "real")
    limited = replace(known, roots=(tmp_path / "root",))

    assert resolved(str(tmp_path / "root" / "x"), limited, admin=False) == tmp_path / "real" / "x"


def test_a_circle_of_links_is_refused_with_a_sentence(known: Settings) -> None:
    (known.base_dir / "a").symlink_to(known.base_dir / "b")
    (known.base_dir / "b").symlink_to(known.base_dir / "a")

    with pytest.raises(UserError):
        created(resolved("a", known, admin=True))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_what_may_not_be_looked_into_is_refused_with_a_sentence(known: Settings) -> None:
    (known.base_dir / "closed").mkdir(mode=0)

    with pytest.raises(UserError):
        created(resolved("closed/below", known, admin=True))
