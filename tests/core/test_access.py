"""Who may do what: closed by default, on every platform alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from openacp_bot.core.access import is_admin, may_answer, may_enter, owns
from openacp_bot.core.model import SessionRecord, Source, UserRef
from openacp_bot.core.settings import AccessList, PermissionPolicy, Settings

ANN = UserRef("telegram", "1", "Ann")
BOB = UserRef("telegram", "2", "Bob")
DEV = UserRef("discord", "3", "Dev", roles=("77", "88"))
LOCALS = [UserRef("web", "local"), UserRef("cli", "local")]


def known(
    telegram: AccessList | None = None, discord: AccessList | None = None, approvers: str = "allowed"
) -> Settings:
    lists = {name: one for name, one in (("telegram", telegram), ("discord", discord)) if one is not None}
    policy = PermissionPolicy(approvers=approvers)
    return Settings(Path("/d"), Path("/w"), {}, "demo", access=lists, permissions=policy)


def users(*ids: str, admins: tuple[str, ...] = (), everyone: bool = False, roles: tuple[str, ...] = ()) -> AccessList:
    return AccessList(frozenset(ids), frozenset(roles), frozenset(admins), everyone)


def record(owner: UserRef) -> SessionRecord:
    return SessionRecord("s", "demo", "", "", "/w", Source.MANUAL, owner.key, 0, 0)


@pytest.mark.parametrize("who", [ANN, DEV, UserRef("slack", "1"), UserRef("telegram", "")])
def test_nobody_enters_a_platform_without_a_list(who: UserRef) -> None:
    for settings in (known(), known(users(), users())):
        assert not may_enter(settings, who) and not is_admin(settings, who)


@pytest.mark.parametrize("who", LOCALS)
def test_the_page_and_the_command_line_are_the_admin(who: UserRef) -> None:
    assert may_enter(known(), who) and is_admin(known(), who)
    assert may_answer(known(approvers="requester"), who, None)


def test_ids_hold_on_their_own_platform_only() -> None:
    settings = known(users("1"), users("3"))

    assert may_enter(settings, ANN) and may_enter(settings, DEV)
    assert not may_enter(settings, BOB)
    assert not may_enter(settings, replace(ANN, adapter="discord"))
    assert not may_enter(settings, replace(DEV, adapter="telegram"))


def test_a_name_gives_no_entry() -> None:
    assert not may_enter(known(users("1")), UserRef("telegram", "9", "1"))


def test_a_role_gives_entry() -> None:
    assert may_enter(known(discord=users(roles=("88",))), DEV)
    assert not may_enter(known(discord=users(roles=("99",))), DEV)
    assert not may_enter(known(discord=users(roles=("88",))), replace(DEV, roles=()))


def test_everyone_is_everyone_of_that_platform_and_no_admin() -> None:
    settings = known(users(everyone=True))

    assert may_enter(settings, ANN) and not is_admin(settings, ANN)
    assert not may_enter(settings, DEV)


@pytest.mark.parametrize(
    ("listed", "admin"),
    [
        (users("1"), True),  # the only one
        (users("1", "2"), False),  # nobody says who
        (users("1", everyone=True), False),
        (users("1", roles=("7",)), False),
        (users("1", "2", admins=("1",)), True),
        (users("1", "2", admins=("2",)), False),
        (users("1", admins=("2",)), False),
    ],
)
def test_admins_are_listed_or_the_only_user(listed: AccessList, admin: bool) -> None:
    assert is_admin(known(listed), ANN) is admin


def test_a_session_is_its_owners_and_the_admins() -> None:
    settings = known(users("1", "2", "3", admins=("3",)))

    assert owns(settings, ANN, record(ANN))
    assert not owns(settings, BOB, record(ANN))
    assert owns(settings, UserRef("telegram", "3"), record(ANN))
    assert not owns(settings, UserRef("discord", "1"), record(ANN))
    assert owns(settings, LOCALS[0], record(ANN))


@pytest.mark.parametrize(
    ("approvers", "who", "may"),
    [
        ("allowed", ANN, True),
        ("allowed", BOB, True),
        ("allowed", DEV, False),
        ("requester", ANN, True),
        ("requester", BOB, False),
        ("requester", UserRef("telegram", "3"), True),  # admins always
        ("admins", ANN, False),
        ("admins", UserRef("telegram", "3"), True),
    ],
)
def test_who_may_answer_is_the_policys(approvers: str, who: UserRef, may: bool) -> None:
    settings = known(users("1", "2", "3", admins=("3",)), approvers=approvers)

    assert may_answer(settings, who, ANN) is may


def test_where_nobody_asked_only_admins_may_answer_for_the_requester() -> None:
    settings = known(users("1", "3", admins=("3",)), approvers="requester")

    assert not may_answer(settings, ANN, None)
    assert may_answer(settings, UserRef("telegram", "3"), None)
