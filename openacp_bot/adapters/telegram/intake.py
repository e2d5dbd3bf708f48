"""What becomes of an update: it is told to core, and core's answer to the person."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from aiogram import Bot
from aiogram.exceptions import AiogramError

from openacp_bot.adapters.telegram.article_dialect import Written
from openacp_bot.adapters.telegram.asides import SECONDS, Answered
from openacp_bot.adapters.telegram.delivery import Delivery
from openacp_bot.adapters.telegram.facts import Facts
from openacp_bot.adapters.telegram.inbound import Taken, read
from openacp_bot.chat.answering import answering
from openacp_bot.chat.outbox import Outbox
from openacp_bot.core.errors import StoreError
from openacp_bot.core.inbound import Inbound, Message, Pressed, Reply
from openacp_bot.core.ports import Hub, Ledger
from openacp_bot.core.views import CommandMenu
from openacp_bot.core.words import worded

log = logging.getLogger(__name__)

LONGEST_TOAST = 200  # Bot API, answerCallbackQuery
LONGEST_ASIDE = 3000  # of a message's 4096 signs; the rest is for what stands between
ACKNOWLEDGE_SECONDS = 5.0


class Intake:
    """`tasks` holds what is not waited for: acknowledgements."""

    def __init__(
        self,
        *,
        bot: Bot,
        hub: Hub,
        ledger: Ledger,
        outbox: Outbox[Written],
        tasks: asyncio.TaskGroup,
        now: Callable[[], float],
        press_seconds: float,
        has_asides: bool = False,
    ) -> None:
        self._bot = bot
        self._hub = hub
        self._ledger = ledger
        self._outbox = outbox
        self._tasks = tasks
        self._now = now
        self._press_seconds = press_seconds
        self._has_asides = has_asides

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
                await self._outbox.no_opening(taken.origin.where)
            told = await answering(self._ledger, self._outbox, taken.inbound, taken.replies_to)
            reply = await self._hub.handle(told)
            if reply is not None and _is_seen_anyway(taken.inbound, reply):
                await self._outbox.close(reply)
            elif reply is not None:
                await self._outbox.reply(
                    taken.origin.where, reply, key=taken.origin.key, answers=await self._answered(taken, reply)
                )
        if taken.remark:
            remark = Reply(taken.remark, refused=True)
            await self._outbox.reply(
                taken.origin.where, remark, key=f"{taken.origin.key}:remark", answers=taken.message
            )

    async def _answered(self, taken: Taken, reply: Reply) -> str:
        """What the reply answers; in a group what is meant for one person can be an aside."""
        if not self._has_asides or not _is_asked(taken) or not _fits_an_aside(reply):
            return taken.message
        if not reply.private and not await self._is_private(taken):
            return taken.message
        origin = taken.origin
        return str(Answered(taken.message, origin.who.id, taken.query, origin.sent + SECONDS))

    async def _is_private(self, taken: Taken) -> bool:
        """Whether core marks the typed command so."""
        told = taken.inbound
        if not isinstance(told, Message):
            return False
        menu = await self._hub.look(CommandMenu(), taken.origin.who)
        return told.text.split(maxsplit=1)[0].removeprefix("/") in {one.name for one in menu if one.private}

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
            answers = await self._answered(taken, reply)
            await self._outbox.reply(origin.where, reply, key=origin.key, answers=answers, pressed=taken.pressed)

    async def _acknowledge(self, query: str, words: asyncio.Future[Reply | None]) -> bool:
        """True if the words were said by it: they must be known in time."""
        try:
            reply = await asyncio.wait_for(words, self._press_seconds)
        except TimeoutError:
            reply = None
        answer = self._bot.answer_callback_query(
            query,
            text=worded(reply.text) if reply else None,
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


def _is_asked(taken: Taken) -> bool:
    """A command or a press, in a group."""
    told = taken.inbound
    is_command = isinstance(told, Message) and told.text.startswith("/")
    return taken.origin.where.space.startswith("-") and (is_command or bool(taken.query))


def _fits_an_aside(reply: Reply) -> bool:
    """One message, whose answer comes by a button: what a person writes below an aside only they would see."""
    length = len(reply.text) + sum(len(row.title) + len(row.detail) + len(row.mark) for row in reply.rows)
    return not reply.form and not reply.history and length <= LONGEST_ASIDE


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
