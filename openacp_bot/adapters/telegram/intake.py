"""What becomes of an update: it is told to core, and core's answer to the person."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from aiogram import Bot
from aiogram.exceptions import AiogramError

from openacp_bot.adapters.telegram.delivery import Delivery
from openacp_bot.adapters.telegram.facts import Facts
from openacp_bot.adapters.telegram.inbound import Taken, read
from openacp_bot.adapters.telegram.rich import Rich
from openacp_bot.chat.outbox import Outbox
from openacp_bot.core.cards import CardKind
from openacp_bot.core.errors import StoreError
from openacp_bot.core.inbound import Inbound, Message, Pressed, Reply
from openacp_bot.core.ports import Hub, Ledger

log = logging.getLogger(__name__)

LONGEST_TOAST = 200  # Bot API, answerCallbackQuery
ACKNOWLEDGE_SECONDS = 5.0


class Intake:
    """`tasks` holds what is not waited for: acknowledgements."""

    def __init__(
        self,
        *,
        bot: Bot,
        hub: Hub,
        ledger: Ledger,
        outbox: Outbox[Rich],
        tasks: asyncio.TaskGroup,
        now: Callable[[], float],
        press_seconds: float,
    ) -> None:
        self._bot = bot
        self._hub = hub
        self._ledger = ledger
        self._outbox = outbox
        self._tasks = tasks
        self._now = now
        self._press_seconds = press_seconds

    async def take(self, delivery: Delivery, facts: Facts) -> None:
        """What may come in. Raises StoreError if it could not be stored: it must come again."""
        if (inline := delivery.update.inline_query) is not None:
            self._tasks.create_task(_succeeds(self._bot.answer_inline_query(inline.id, [], cache_time=300)))
            return
        taken = read(delivery, facts, now=self._now())
        if taken is None:
            return
        self._outbox.heard(taken.origin.where)
        if taken.query:
            await self._press(taken)
        else:
            await self._tell(taken)

    # --- messages --------------------------------------------------------------------------------

    async def _tell(self, taken: Taken) -> None:
        if taken.inbound is not None:
            if taken.origin.where.topic:
                await self._outbox.no_opening(taken.origin.where.space)
            reply = await self._hub.handle(await self._with_answered(taken, taken.inbound))
            if reply is not None and not _is_seen_anyway(taken.inbound, reply):
                await self._outbox.reply(taken.origin.where, reply, key=taken.origin.key, answers=taken.message)
        if taken.remark:
            remark = Reply(taken.remark, refused=True)
            await self._outbox.reply(
                taken.origin.where, remark, key=f"{taken.origin.key}:remark", answers=taken.message
            )

    async def _with_answered(self, taken: Taken, inbound: Inbound) -> Inbound:
        """A reply to a question answers it, and need not quote it."""
        if not isinstance(inbound, Message) or not taken.replies_to:
            return inbound
        card = await self._ledger.card_at(taken.origin.where, taken.replies_to)
        if card is None or card.kind is not CardKind.QUESTION:
            return inbound
        return replace(inbound, answers=card.ref, quote="")

    # --- presses ---------------------------------------------------------------------------------

    async def _press(self, taken: Taken) -> None:
        """The person's app waits for an acknowledgement: the answer's words if they are few, or nothing. Words that did
        not reach them so (a press is acknowledged within seconds or never) are a message."""
        words: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
        acknowledged = self._tasks.create_task(self._acknowledge(taken.query, words))
        try:
            inbound = await self._found(taken)
            reply = await self._hub.handle(inbound)
        except StoreError as error:
            _settle(words, Reply(str(error)[:LONGEST_TOAST], refused=True))
            raise
        except BaseException:
            _settle(words, None)
            raise
        is_toast = reply is not None and _fits_a_toast(reply)
        _settle(words, reply if is_toast else None)
        if is_toast and await acknowledged:
            return
        if reply is not None:
            origin = inbound.origin
            await self._outbox.reply(origin.where, reply, key=origin.key, answers=taken.message, pressed=taken.pressed)

    async def _acknowledge(self, query: str, words: asyncio.Future[Reply | None]) -> bool:
        """True if the words were said by it: they must be known in time."""
        try:
            reply = await asyncio.wait_for(words, self._press_seconds)
        except TimeoutError:
            reply = None
        answer = self._bot.answer_callback_query(
            query,
            text=reply.text if reply else None,
            show_alert=reply.refused if reply else None,
            request_timeout=int(ACKNOWLEDGE_SECONDS),
        )
        return await _succeeds(answer) and reply is not None

    async def _found(self, taken: Taken) -> Inbound:
        """Telegram does not say in which topic an old message stands; the ledger knows."""
        pressed = taken.inbound
        assert isinstance(pressed, Pressed)
        if not taken.astray or (card := await self._ledger.card_at(taken.origin.where, taken.pressed)) is None:
            return pressed
        place = await self._ledger.place(card.place) if card.place else None
        where = place.ref if place else card.where
        return replace(pressed, origin=replace(pressed.origin, where=where)) if where else pressed


def _settle(words: asyncio.Future[Reply | None], reply: Reply | None) -> None:
    if not words.done():  # somebody still waits for it
        words.set_result(reply)


def _is_seen_anyway(inbound: Inbound, reply: Reply) -> bool:
    """A topic that somebody opened and wrote in is at work, and each message there counts for the whole group."""
    is_plain = isinstance(inbound, Message) and not inbound.text.startswith("/")
    return is_plain and bool(inbound.origin.where.topic) and reply.quiet and not reply.choices


def _fits_a_toast(reply: Reply) -> bool:
    has_more = reply.rows or reply.choices or reply.form or reply.history or reply.replaces
    return (reply.quiet or reply.refused) and not has_more and len(reply.text) <= LONGEST_TOAST


async def _succeeds(call: Awaitable[object]) -> bool:
    """What is too late, or fails, keeps nobody up: the app stops waiting by itself."""
    try:
        async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
            await call
        return True
    except (AiogramError, TimeoutError) as error:
        log.debug("telegram: a press was not acknowledged: %s", type(error).__name__)
    except Exception:  # this task's root: a bug in it must not end the intake
        log.exception("telegram: a press could not be acknowledged")
    return False
