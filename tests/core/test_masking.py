"""Secrets are masked wherever they leave, also when they come in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openacp_bot.core.masking import GrowingMask, Mask

A = "aB3" * 30
SECRETS = [
    f"sk-{A[:24]}",
    f"sk-ant-api03-{A[:40]}",
    f"sk-proj-{A[:40]}",
    f"sk-or-v1-{A[:40]}",
    f"ghp_{A[:36]}",
    f"gho_{A[:36]}",
    f"github_pat_{A[:60]}",
    f"glpat-{A[:20]}",
    f"xoxb-{A[:30]}",
    "AKIA" + "AB12" * 4,
    "ASIA" + "AB12" * 4,
    f"AIza{A[:35]}",
    f"hf_{A[:34]}",
    f"npm_{A[:36]}",
    f"pypi-{A[:60]}",
    f"12345678:{A[:35]}",
    f"M{A[:25]}.{A[:6]}.{A[:30]}",
    f"eyJ{A[:20]}.eyJ{A[:20]}.{A[:20]}",
    f"-----BEGIN OPENSSH PRIVATE KEY-----\n{A}\n{A}\n-----END OPENSSH PRIVATE KEY-----",
    f"-----BEGIN RSA PRIVATE KEY-----\n{A}\n",  # cut off before its end
]
HARMLESS = [
    "sk-short",
    "the task-force of ghp_ and hf_ prefixes",
    "12:30 to 14:45, 12345678:short",
    "https://example.org/eyJ?x=AKIA",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "d41d8cd98f00b204e9800998ecf8427e",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "Mustermann.Straße.12",
    "",
]
mask = Mask()


def core_of(secret: str) -> str:
    """A part that only somebody who saw the secret can know."""
    return secret[-8:].strip() if "\n" not in secret else A


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:12])
@pytest.mark.parametrize("around", ["{}", "key={}", '"{}"', "export TOKEN={}; echo", "x\n{}\ny", "({})"])
def test_a_secret_is_masked_wherever_it_stands(secret: str, around: str) -> None:
    shown = mask(around.format(secret))

    assert secret not in shown and core_of(secret) not in shown and "•••" in shown


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:12])
def test_masking_twice_changes_nothing(secret: str) -> None:
    once = mask(f"a {secret} b")

    assert mask(once) == once


def test_our_own_secrets_are_masked_whatever_their_shape_the_longer_first() -> None:
    own = Mask(("hunter2-hunter2", "hunter2-hunter2-and-more", "short"))

    assert own("it is hunter2-hunter2-and-more, hunter2-hunter2, short") == "it is •••, •••, short"


@given(st.text())
def test_any_text_can_be_masked(text: str) -> None:
    assert isinstance(mask(text), str)


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:12])
@given(data=st.data())
def test_a_secret_that_comes_in_pieces_is_masked_too(secret: str, data: st.DataObject) -> None:
    text = f"the key is {secret} and so on. " * data.draw(st.integers(1, 2))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    growing = GrowingMask(mask)
    shown = "".join(growing.add(text[start:end]) for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True))
    shown += growing.rest()

    assert core_of(secret) not in shown
    assert shown == mask(text) or "\n" in secret


@given(pieces=st.lists(st.text()))
def test_ordinary_text_in_pieces_loses_nothing(pieces: list[str]) -> None:
    growing = GrowingMask(mask)
    shown = "".join(map(growing.add, pieces)) + growing.rest()

    assert shown == mask("".join(pieces))


def test_ordinary_words_are_not_held_back() -> None:
    growing = GrowingMask(mask)

    assert [growing.add(word) for word in ("Hello ", "world, ", "how ", "are ", "you? ")] == [
        "Hello ",
        "world, ",
        "how ",
        "are ",
        "you? ",
    ]
