"""One step of a card carried out: the ledger first, then the call, then the ledger again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Generic, TypeVar, assert_never

from openacp_bot.chat.lane import OpenCard
from openacp_bot.chat.pen import Forbidden, Manner, MarkupRefused, MessageGone, Pen, PenError, PerhapsDone, Refused
from openacp_bot.chat.plan import INSTEAD, STRETCH, Delete, Edit, Forget, Send, Step, Want
from openacp_bot.core.model import ThreadRef
from openacp_bot.core.ports import Ledger

log = logging.getLogger(__name__)

W = TypeVar("W")
T = TypeVar("T")

CALL_SECONDS = 30.0
FILE_SECONDS = 180.0  # 50 MB over a slow line
MOST_REFUSED_EDITS = 3


async def bounded(call: Awaitable[T], seconds: float = CALL_SECONDS) -> T:
    """The platform may be silent for so long; then nobody knows what it did."""
    try:
        async with asyncio.timeout(seconds):
            return await call
    except TimeoutError as error:
        raise PerhapsDone("no answer") from error


@dataclass(frozen=True, slots=True)
class Courier(Generic[W]):
    """Raises PenError where the caller has to decide; the ledger is right by then."""

    pen: Pen[W]
    ledger: Ledger

    async def carry_out(self, step: Step[W], entry: OpenCard, where: ThreadRef) -> None:
        match step:
            case Send(want=want):
                await self._send(want, entry, where)
            case Edit(want=want, message=message):
                await self._edit(want, message, entry, where)
            case Delete():
                await self._delete(step, entry, where)
            case Forget(number=number):
                await self.forget(entry, number)
            case _:
                assert_never(step)

    async def forget(self, entry: OpenCard, *numbers: int) -> None:
        await self.ledger.forget(entry.card.id, numbers)
        entry.forget(numbers)

    async def _send(self, want: Want[W], entry: OpenCard, where: ThreadRef) -> None:
        number = want.number
        await self.ledger.sending(entry.card.id, number, rings=want.rings)
        entry.sending(number, rings=want.rings)
        try:
            message = await self._sent(want, entry, where)
        except PerhapsDone:
            if want.live:  # never twice for what only grows: its whole text comes at the end
                await self.forget(entry, number)
                entry.known.mute.add(want.stretch)
            raise
        except Forbidden:
            await self._take_back(want, entry)
            raise
        except (MarkupRefused, Refused) as error:
            await self._take_back(want, entry)
            self._give_way(want, entry, error)
        except Exception:
            await self._take_back(want, entry)
            raise
        else:
            await self.ledger.shown(entry.card.id, number, message)
            entry.shown(number, message)
            entry.known.prints[number] = want.print

    async def _sent(self, want: Want[W], entry: OpenCard, where: ThreadRef) -> str:
        answers = entry.card.answers if want.number == 0 and want.file is None else ""
        manner = Manner(want.rings, answers, want.asks, _nonce(want, entry))
        if want.file is not None:
            text = None if want.text is None else self._text(want, entry)
            return await bounded(self.pen.send_file(where, want.file, text, want.keyboard, manner), FILE_SECONDS)
        return await bounded(self.pen.send(where, self._text(want, entry), want.keyboard, manner))

    async def _take_back(self, want: Want[W], entry: OpenCard) -> None:
        """This attempt certainly failed; whether the one before it succeeded is as open as before."""
        was_doubtful = entry.pages[want.number].tries > 1
        await self.forget(entry, want.number)
        if was_doubtful:
            await self.ledger.sending(entry.card.id, want.number, rings=want.rings)
            entry.sending(want.number, rings=want.rings)

    def _give_way(self, want: Want[W], entry: OpenCard, error: PenError) -> None:
        """What was refused goes without its markup, then as a sentence in its place; the card's other pages go on."""
        number = want.number
        is_text = want.text is not None and (want.file is None or isinstance(error, MarkupRefused))
        log.warning("a page of a %s was refused: %s", entry.card.kind, error)
        if is_text and number not in entry.plain:
            entry.plain.add(number)
        elif want.live:  # the whole comes at the end
            entry.known.mute.add(want.stretch)
            entry.plain.discard(number)
        elif number in entry.known.refused or number % STRETCH == INSTEAD:
            raise Refused(str(error)) from error
        else:
            entry.known.refused[number] = str(error)

    async def _edit(self, want: Want[W], message: str, entry: OpenCard, where: ThreadRef) -> None:
        entry.known.prints.pop(want.number, None)
        try:
            await bounded(self.pen.edit(where, message, self._text(want, entry), want.keyboard))
        except MessageGone:
            await self._renew(want, entry)
        except Forbidden:
            raise
        except (MarkupRefused, Refused) as error:
            if isinstance(error, MarkupRefused) and want.number not in entry.plain:
                entry.plain.add(want.number)
            else:
                await self._count_refusal(want, entry, error)
        else:
            entry.known.prints[want.number] = want.print

    async def _renew(self, want: Want[W], entry: OpenCard) -> None:
        """The message is gone, or takes no edits: sent anew once. Gone again, what grows is sent whole at its end, and
        what is whole is let go."""
        number = want.number
        if number not in entry.renewed:
            entry.renewed.add(number)
            await self._set_aside(number, entry)
        elif want.live:
            log.warning("messages of a %s go as soon as they come, so it is shown at its end", entry.card.kind)
            entry.known.mute.add(want.stretch)
            await self._set_aside(number, entry)
        else:
            entry.known.fixed.add(number)

    async def _set_aside(self, number: int, entry: OpenCard) -> None:
        """The page counts as never sent; its message, if it still stands, goes once the whole does."""
        to = min(0, *entry.pages) - 1
        await self.ledger.set_aside(entry.card.id, number, to)
        entry.set_aside(number, to)

    async def _count_refusal(self, want: Want[W], entry: OpenCard, error: PenError) -> None:
        entry.refused_edits += 1
        if entry.refused_edits < MOST_REFUSED_EDITS:
            return
        log.warning("edits of a %s are refused, so they stop: %s", entry.card.kind, error)
        entry.refused_edits = 0
        if not entry.is_turn:
            entry.known.fixed.add(want.number)
            return
        entry.known.mute.add(want.stretch)
        await self._set_aside(want.number, entry)  # so that the whole is sent once, at the end

    async def _delete(self, step: Delete, entry: OpenCard, where: ThreadRef) -> None:
        try:
            await bounded(self.pen.delete(where, step.message))
        except Forbidden:
            raise
        except (MessageGone, Refused):
            pass  # gone already, or too old to be deleted: it stays, and nothing depends on it
        await self.forget(entry, step.number)

    def _text(self, want: Want[W], entry: OpenCard) -> W:
        assert want.text is not None  # only files come without
        return self.pen.dialect.plain(want.text) if want.number in entry.plain else want.text


def _nonce(want: Want[W], entry: OpenCard) -> str:
    """Another one for what is sent anew on purpose. At most 25 characters, as Discord takes no more."""
    anew = len(entry.set_aside_pages)
    return f"{entry.card.id[:16]}-{want.number}{f'.{anew}' if anew else ''}"
