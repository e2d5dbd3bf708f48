"""Small parts: buttons' tokens, typed lines, and what the operator did not decide."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openacp_bot.core.commands.spec import nearest, split
from openacp_bot.core.inbound import Action
from openacp_bot.core.menus import Button, minted, parsed
from openacp_bot.core.model import Verbosity
from openacp_bot.core.settings import AccessList, PermissionPolicy, SessionLimits, Settings
from openacp_bot.core.words import one_line

# --- menus ---------------------------------------------------------------------------------------------


@given(st.integers(1, 300))
def test_every_token_of_a_menu_is_short_and_finds_its_action(count: int) -> None:
    menu, choices = minted([Button(f"b{n}", Action("open", (str(n),))) for n in range(count)], session="s")

    assert [parsed(choice.token) for choice in choices] == [(menu.id, n) for n in range(count)]
    assert all(len(choice.token.encode()) <= 20 for choice in choices)
    assert [action.args for action in menu.actions] == [(str(n),) for n in range(count)]


@pytest.mark.parametrize(
    "token", ["", ".", "a", "a.", ".1", "a.b", "a.-1", "a. 1", "a.1 ", "a.¹", "a.٣", "a.10000", "a.1e1"]
)
def test_what_is_no_token_is_none(token: str) -> None:
    assert parsed(token) is None


@given(st.text())
def test_any_text_can_be_taken_for_a_token(token: str) -> None:
    found = parsed(token)

    assert found is None or f"{found[0]}.{found[1]:0{len(token) - len(found[0]) - 1}d}" == token


# --- lines ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "name", "args"),
    [
        ("/new", "new", ""),
        ("/new fake .", "new", "fake ."),
        ("/NEW Fake", "new", "Fake"),
        ("/new@our_bot fake", "new", "fake"),
        ("/new@our_bot", "new", ""),
        ("/new   fake   . ", "new", "fake   ."),
        ("/new\tfake", "new", "fake"),
        ("/new\nfake .", "new", "fake ."),
        ("/new fake . -- one\ntwo  three", "new", "fake . -- one\ntwo  three"),
        ("/new\n", "new", ""),
    ],
)
def test_a_line_is_split_into_name_and_arguments(line: str, name: str, args: str) -> None:
    assert split(line) == (name, args)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("canccel", "cancel"),
        ("statsu", "status"),
        ("sesions", "sessions"),
        ("archiv", "archive"),
        ("xyzzy", None),
        ("", None),
    ],
)
def test_a_near_miss_is_told(word: str, meant: str | None) -> None:
    assert nearest(word, ["cancel", "status", "sessions", "archive", "new"]) == meant


# --- settings ------------------------------------------------------------------------------------------


def test_what_is_not_configured_is_as_documented() -> None:
    """The table of product.md §7."""
    settings = Settings(Path("/d"), Path("/w"), {}, "demo")

    assert settings.sessions == SessionLimits(
        max_concurrent=20,
        idle_timeout=timedelta(minutes=60),
        silence=timedelta(minutes=10),
        naming="agent",
        queue_limit=20,
        archive_after=None,
        min_free_mb=500,
        context_tokens=30000,
    )
    assert settings.permissions == PermissionPolicy("allowed", timedelta(minutes=30), ())
    assert (settings.verbosity, settings.timezone, settings.drain) == (Verbosity.MEDIUM, "UTC", timedelta(seconds=120))
    assert settings.roots == () and dict(settings.access) == {}
    assert AccessList() == AccessList(frozenset(), frozenset(), frozenset(), everyone=False)


# --- lines ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
def test_a_line_cannot_be_turned_around(code: int) -> None:
    assert one_line(f"safe{chr(code)}fdp.exe \n {chr(code)}") == "safefdp.exe"


def test_letters_that_are_written_from_right_to_left_stay() -> None:
    assert one_line("שלום  עולם\u200f!") == "שלום עולם\u200f!"
