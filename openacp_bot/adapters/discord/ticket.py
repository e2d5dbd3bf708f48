"""One interaction's voice: its first answer is taken once, within 3 s; what follows, for 15 minutes.

1. What was promised (acknowledged without words) changes how the answer is said, not what it is. 2. An answer that
Discord has already is ours: the same interaction is taken up once, so only a try of our own can have been there first.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

import discord

from openacp_bot.adapters.discord.errors import AlreadyAnswered
from openacp_bot.adapters.discord.rest import Json, Rest, Upload
from openacp_bot.chat.pen import PenError, PerhapsDone

EPHEMERAL = 1 << 6
MESSAGE, THINKING, LATER, REDRAW, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
MOST_CHOICES = 25
LONGEST_CHOICE = 100


class Promise(Enum):
    """How it was acknowledged without words."""

    NONE = auto()
    HUSH = auto()  # a press was heard
    THINK = auto()  # a placeholder stands


class Ticket:
    """Raises `errors.InteractionGone` if Discord no longer takes it, and any other PenError."""

    def __init__(self, id: str, token: str, application: str, rest: Rest) -> None:
        self.id = id
        self._token = token
        self._application = application
        self._rest = rest
        self._promised = Promise.NONE

    @property
    def is_promised(self) -> bool:
        return self._promised is not Promise.NONE

    async def promise(self, *, is_press: bool, only_them: bool) -> None:
        """What takes longer is acknowledged first."""
        if is_press:
            await self._respond(LATER)
            self._promised = Promise.HUSH
        else:
            await self._respond(THINKING, {"flags": EPHEMERAL} if only_them else {})
            self._promised = Promise.THINK

    async def hush(self) -> None:
        """A press was heard; nothing is said to it."""
        if not self.is_promised:
            await self._respond(LATER)

    async def say(self, message: Json, *, only_them: bool) -> str:
        """The new message's id; empty if Discord does not tell it."""
        match self._promised:
            case Promise.NONE:
                answer = await self._respond(MESSAGE, _private(message) if only_them else message)
                return str(answer["resource"]["message"]["id"]) if answer.get("resource") else await self._original()
            case Promise.THINK:
                return await self._fill(message)
            case Promise.HUSH:
                return await self._follow_up(_private(message) if only_them else message)

    async def redraw(self, message: Json) -> None:
        """The message whose button was pressed says this now."""
        if self.is_promised:
            await self._fill(message)
        else:
            await self._respond(REDRAW, message)

    async def correct(self, message: Json) -> None:
        """What was said, or redrawn, first, says this now."""
        await self._fill(message)

    async def ask(self, modal: Json) -> None:
        """Only as a first answer."""
        await self._respond(MODAL, modal)

    async def suggest(self, choices: Sequence[tuple[str, str]]) -> None:
        """Values and labels. Discord takes none that is longer, and a value must not be cut."""
        fit = [(value, label) for value, label in choices if 0 < len(value) <= LONGEST_CHOICE]
        shown = [{"name": label[:LONGEST_CHOICE] or value, "value": value} for value, label in fit[:MOST_CHOICES]]
        await self._respond(CHOICES, {"choices": shown})

    async def go_on(self, message: Json, files: Sequence[Upload] = ()) -> None:
        """One more message, to them alone."""
        await self._follow_up(_private(message), files)

    # --- calls -----------------------------------------------------------------------------------

    async def _respond(self, kind: int, data: Json | None = None) -> Json:
        answer: Json = {"type": kind} if data is None else {"type": kind, "data": data}
        try:
            return await self._rest.respond(self.id, self._token, answer) or {}
        except AlreadyAnswered:
            return {}
        except PerhapsDone:
            return await self._respond_again(answer)

    async def _respond_again(self, answer: Json) -> Json:
        try:
            return await self._rest.respond(self.id, self._token, answer) or {}
        except AlreadyAnswered:
            return {}

    async def _original(self) -> str:
        """Which message the first answer became."""
        try:
            return str((await self._rest.original(self._application, self._token))["id"])
        except PenError:
            return ""

    async def _fill(self, message: Json) -> str:
        made = await self._rest.complete(self._application, self._token, message)
        return str(made.get("id", ""))

    async def _follow_up(self, message: Json, files: Sequence[Upload] = ()) -> str:
        made = await self._rest.follow_up(self._application, self._token, message, files)
        return str(made.get("id", ""))


def ticket_of(interaction: discord.Interaction, rest: Rest) -> Ticket:
    return Ticket(str(interaction.id), interaction.token, str(interaction.application_id), rest)


def _private(message: Json) -> Json:
    return message | {"flags": message.get("flags", 0) | EPHEMERAL}
