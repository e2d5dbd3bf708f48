"""One interaction's voice: its first answer is taken once, within 3 s; what follows, for 15 minutes.

1. What was promised (acknowledged without words) changes how the answer is said, not what it is. 2. An answer that
Discord has already is ours: the same interaction is taken up once, so only a try of our own can have been there first.
3. The 3 s begin when the interaction was made. A clock may be wrong, so one that seems too old is answered all the
same: whether it was, Discord says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import Enum, auto

from openacp_bot.adapters.discord.callbacks import Callbacks
from openacp_bot.adapters.discord.errors import AlreadyAnswered, InteractionGone
from openacp_bot.adapters.discord.rest import Json, Upload
from openacp_bot.chat.pen import PenError

EPHEMERAL = 1 << 6
MESSAGE, THINKING, LATER, REDRAW, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
MOST_CHOICES = 25
LONGEST_CHOICE = 100
ANSWERED_WITHIN = 3.0
AT_LEAST = 1.0  # so long a first answer is tried, however old the interaction seems


class Said(Enum):
    """What Discord has taken so far."""

    NOTHING = auto()
    HUSH = auto()  # a press was heard
    THINKING = auto()  # a placeholder stands
    ANSWER = auto()


class Ticket:
    """`made`: when the interaction was, by the loop's clock. Raises `errors.InteractionGone` if Discord no longer takes
    it, and any other PenError."""

    def __init__(self, id: str, token: str, application: str, callbacks: Callbacks, made: float) -> None:
        self.id = id
        self.made = made
        self._token = token
        self._application = application
        self._callbacks = callbacks
        self._said = Said.NOTHING

    @property
    def is_promised(self) -> bool:
        return self._said in (Said.HUSH, Said.THINKING)

    @property
    def is_too_old(self) -> bool:
        """As far as we can tell."""
        return asyncio.get_running_loop().time() >= self.made + ANSWERED_WITHIN

    async def promise(self, *, is_press: bool, only_them: bool) -> None:
        """What takes longer is acknowledged first."""
        kind, said = (LATER, Said.HUSH) if is_press else (THINKING, Said.THINKING)
        self._said = said  # where nobody knows whether it was taken, nothing else would be any more
        try:
            await self._respond(kind, {"flags": EPHEMERAL} if only_them and not is_press else None, said)
        except InteractionGone:
            self._said = Said.NOTHING
            raise

    async def hush(self) -> None:
        """A press was heard; nothing is said to it."""
        if self._said is Said.NOTHING:
            await self._respond(LATER, None, Said.HUSH)
        elif self._said is Said.THINKING:
            await self._callbacks.take_back(self._application, self._token)
            self._said = Said.ANSWER

    async def say(self, message: Json, *, only_them: bool) -> str:
        """The new message's id; empty if Discord does not tell it."""
        match self._said:
            case Said.NOTHING:
                answer = await self._respond(MESSAGE, _private(message) if only_them else message, Said.ANSWER)
                return str(answer["resource"]["message"]["id"]) if answer.get("resource") else await self._original()
            case Said.THINKING:
                return await self._fill(message)
            case Said.HUSH | Said.ANSWER:
                return await self._follow_up(_private(message) if only_them else message)

    async def redraw(self, message: Json) -> None:
        """The message whose button was pressed says this now."""
        if self._said is Said.NOTHING:
            await self._respond(REDRAW, message, Said.ANSWER)
        else:
            await self._fill(message)

    async def correct(self, message: Json) -> None:
        """What was said, or redrawn, first, says this now."""
        await self._fill(message)

    async def ask(self, modal: Json) -> None:
        """Only as a first answer."""
        await self._respond(MODAL, modal, Said.ANSWER)

    async def suggest(self, choices: Sequence[tuple[str, str]]) -> None:
        """Values and labels. Discord takes none that is longer, and a value must not be cut."""
        fit = [(value, label) for value, label in choices if 0 < len(value) <= LONGEST_CHOICE]
        shown = [{"name": label[:LONGEST_CHOICE] or value, "value": value} for value, label in fit[:MOST_CHOICES]]
        await self._respond(CHOICES, {"choices": shown}, Said.ANSWER)

    async def go_on(self, message: Json, files: Sequence[Upload] = ()) -> None:
        """One more message, to them alone."""
        await self._follow_up(_private(message), files)

    # --- calls -----------------------------------------------------------------------------------

    async def _respond(self, kind: int, data: Json | None, said: Said) -> Json:
        answer: Json = {"type": kind} if data is None else {"type": kind, "data": data}
        until = max(self.made + ANSWERED_WITHIN, asyncio.get_running_loop().time() + AT_LEAST)
        try:
            made = await self._callbacks.respond(self.id, self._token, answer, until=until)
        except AlreadyAnswered:
            made = {}
        self._said = said
        return made

    async def _original(self) -> str:
        """Which message the first answer became."""
        try:
            return str((await self._callbacks.original(self._application, self._token)).get("id", ""))
        except PenError:
            return ""

    async def _fill(self, message: Json) -> str:
        made = await self._callbacks.complete(self._application, self._token, message)
        self._said = Said.ANSWER
        return str(made.get("id", ""))

    async def _follow_up(self, message: Json, files: Sequence[Upload] = ()) -> str:
        made = await self._callbacks.follow_up(self._application, self._token, message, files)
        return str(made.get("id", ""))


def _private(message: Json) -> Json:
    return message | {"flags": message.get("flags", 0) | EPHEMERAL}
