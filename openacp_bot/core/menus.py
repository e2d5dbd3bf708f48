"""Buttons: core mints their tokens (`menu.index`, at most 20 bytes) and is the only one that reads them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from openacp_bot.core.inbound import Action, Choice, Look, Menu, Opens


@dataclass(frozen=True, slots=True)
class Button:
    """A button before it has a token."""

    label: str
    action: Action
    look: Look = Look.PLAIN
    opens: Opens = Opens.NEW


def minted(
    buttons: Sequence[Button],
    *,
    session: str | None = None,
    presser: str | None = None,
    expires_at: float | None = None,
) -> tuple[Menu, tuple[Choice, ...]]:
    """A menu to be stored, and the choices to be shown once it is."""
    id = secrets.token_urlsafe(6)
    choices = tuple(
        Choice(button.label, f"{id}.{index}", button.look, button.opens) for index, button in enumerate(buttons)
    )
    menu = Menu(id, tuple(button.action for button in buttons), session, presser, None, expires_at)
    return menu, choices


def parsed(token: str) -> tuple[str, int] | None:
    """Menu id and index; None if it is no token of ours."""
    menu, dot, index = token.rpartition(".")
    if not dot or not menu or not index.isascii() or not index.isdigit() or len(index) > 4:
        return None
    return menu, int(index)
