"""What a command is, and how a typed line becomes one."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from openacp_bot.core.errors import UserError
from openacp_bot.core.inbound import Origin, Reply
from openacp_bot.core.model import NOTHING, SessionRecord, UserRef
from openacp_bot.core.views import Param

if TYPE_CHECKING:
    from openacp_bot.core.commands.house import House


@dataclass(frozen=True, slots=True)
class Call:
    """One thing that one person asked. `session` is the one it is about; `args` the words behind the name, or a
    button's; `pressed`: it came from a button."""

    origin: Origin
    session: SessionRecord | None = None
    args: str = ""
    words: tuple[str, ...] = ()  # a button's arguments behind the session
    values: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    pressed: bool = False

    @property
    def who(self) -> UserRef:
        return self.origin.who

    @property
    def key(self) -> str:
        return self.origin.key

    @property
    def record(self) -> SessionRecord:
        """The session; raises UserError where there is none."""
        if self.session is None:
            raise UserError(NO_SESSION)
        return self.session


NO_SESSION = "There is no session here. /new starts one, /sessions lists yours."
AGENT = "agent"  # the command that brings the agent's own
SESSION = Param("session", "which one; the one here if left out", suggests=True)

Deed = Callable[["House", Call], Awaitable[Reply | None]]


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One line of the table. `about_session`: it needs one; outside a session it shows a picker. `owner`: only for
    the session's owner and admins. `private`: only the asker sees the answer, where a surface can do that; so it is for
    every command that only informs whoever asks, while what changes something that others see is said to all.
    `params`: typed options; about which session is one that those have by themselves that are about one.
    `for_options`: shown only where options are filled in; elsewhere people have a shorter way to type it."""

    name: str
    summary: str
    run: Deed
    usage: str = ""
    about_session: bool = False
    owner: bool = False
    admin: bool = False
    private: bool = False
    archived: bool = False  # also works in archived sessions
    params: tuple[Param, ...] = ()
    for_options: bool = False

    @property
    def all_params(self) -> tuple[Param, ...]:
        return (*self.params, SESSION) if self.about_session or self.name == "status" else self.params


def split(line: str) -> tuple[str, str]:
    """Name and arguments of `/name@bot arguments`; the name in lower case."""
    name, *args = line[1:].split(None, 1)
    return name.partition("@")[0].lower(), args[0].strip() if args else ""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return close[0] if close else None
