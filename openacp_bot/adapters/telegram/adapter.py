"""Telegram as a chat adapter: updates in, the outbox out, and a look at chats and menus now and then."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from aiogram.exceptions import AiogramError
from aiogram.types import ChatMemberUpdated, Message, User

from openacp_bot.adapters.telegram.admission import Doorkeeper, barred, is_our_own
from openacp_bot.adapters.telegram.calls import new_bot, telegram_now
from openacp_bot.adapters.telegram.chats import Chats
from openacp_bot.adapters.telegram.config import USUAL, Patience, TelegramConfig
from openacp_bot.adapters.telegram.delivery import Delivery, is_late, parsed
from openacp_bot.adapters.telegram.downloads import download
from openacp_bot.adapters.telegram.facts import PUBLIC_LARGEST, Facts, TopicKey
from openacp_bot.adapters.telegram.held import Held
from openacp_bot.adapters.telegram.inbound import migration, moved
from openacp_bot.adapters.telegram.intake import Intake
from openacp_bot.adapters.telegram.menus import Menus
from openacp_bot.adapters.telegram.pen import TelegramPen
from openacp_bot.adapters.telegram.poll import Poll
from openacp_bot.adapters.telegram.webhook import Webhook
from openacp_bot.chat.drawing import Drawer
from openacp_bot.chat.lookout import Lookout
from openacp_bot.chat.outbox import Outbox
from openacp_bot.chat.pauses import Pauses, until_done
from openacp_bot.core.events import Said
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import FileRef, Place, ThreadRef, UserRef
from openacp_bot.core.ports import Hub, Ledger
from openacp_bot.core.settings import AccessList
from openacp_bot.core.uploads import MOST_BYTES

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_TITLES = 1000
MOVED = "moved:"


class TelegramAdapter:
    """`core.ports.ChatAdapter`. Everything it opens is closed when `screen` is left."""

    name = "telegram"

    def __init__(
        self,
        config: TelegramConfig,
        hub: Hub,
        ledger: Ledger,
        access: Callable[[], AccessList],
        mask: Mask,
        *,
        approvers: Callable[[], str] = lambda: "allowed",
        zone: Callable[[], str] = lambda: "UTC",
        now: Callable[[], float] = time.time,
        patience: Patience = USUAL,
    ) -> None:
        self._config = config
        self._hub = hub
        self._ledger = ledger
        self._access = access
        self._now = now
        self._patience = patience
        self._bot = new_bot(config)
        surface = UserRef(self.name, "")
        self._outbox = Outbox(
            self.name,
            hub,
            ledger,
            TelegramPen(self._bot, streams=config.streaming, has_articles=config.rich_messages),
            Drawer(hub, surface, mask, now=now, approvers=approvers, zone=zone),
            now=now,
            goodbye=patience.goodbye,
            hears=lambda: self._updates.is_current,
        )
        self._held = Held(ledger)
        self._updates = self._line(mask)
        self._door = Doorkeeper()
        self._chats = Chats(self._bot, self._note_move)
        self._menus = Menus(self._bot, hub, ledger)
        self._ids = dict.fromkeys(config.chats, 0)  # what is configured → the id that it has now
        self._titles: dict[TopicKey, str] = {}
        self._me: User | None = None
        self._intake: Intake | None = None
        self._lookout = Lookout(apart=patience.apart, recheck=patience.recheck)

    def _line(self, mask: Mask) -> Poll | Webhook:
        """What updates come by."""
        config, patience = self._config, self._patience
        if config.webhook is None:
            return Poll(config, self._introduced, self._take, patience=patience, mask=mask)
        return Webhook(
            config,
            config.webhook,
            self._introduced,
            self._take,
            held=self._held,
            is_known=lambda update: not barred(update, self._facts()),
            patience=patience,
            mask=mask,
        )

    @property
    def status(self) -> str:
        """`up as @bot` and what is wrong in its chats; or why it is not up."""
        if self._updates.trouble or self._me is None:
            return self._updates.trouble or "starting"
        problems = [problem for found in self._chats.problems.values() for problem in found]
        return "; ".join([f"up as @{self._me.username}", *problems])

    async def caught_up(self) -> None:
        await self._updates.caught_up.wait()

    # --- out -------------------------------------------------------------------------------------

    @asynccontextmanager
    async def screen(self) -> AsyncIterator[None]:
        try:
            async with self._outbox.running():
                yield
        finally:
            await self._bot.session.close()

    def show(self, place: Place | None, said: Said) -> None:
        self._outbox.show(place, said)

    def hurry(self) -> None:
        self._outbox.hurry()

    async def fetch(self, file: FileRef, into: Path, limit: int) -> Path:
        return await download(self._bot, file, into, limit)

    # --- in --------------------------------------------------------------------------------------

    async def listen(self, hub: Hub) -> None:
        """Until cancelled."""
        await self._remember_moves()
        async with asyncio.TaskGroup() as tasks:
            self._intake = Intake(
                bot=self._bot,
                hub=hub,
                ledger=self._ledger,
                outbox=self._outbox,
                tasks=tasks,
                now=self._now,
                press_seconds=self._patience.press,
                has_asides=self._config.ephemeral_answers,
            )
            tasks.create_task(self._lookout.run(self._look_around))
            await self._updates.run()

    async def _introduced(self, me: User) -> None:
        is_first, self._me = self._me is None, me
        if is_first:
            log.info("telegram: up as @%s", me.username)
            await self._stored(self._take_left, "what came before cannot be stored")
        self._lookout.again()

    async def _take_left(self) -> None:
        """What an earlier process had acknowledged, and perhaps not taken any more."""
        raw = await self._held.left()
        update = parsed(raw, self._bot) if raw else None
        if update is not None:
            await self._take(Delivery(update, late=is_late(update, telegram_now(self._bot))))
            await self._held.release()

    async def _stored(self, deed: Callable[[], Awaitable[T]], unless: str) -> T:
        """Until it could be, whatever comes by now. `unless`: why nothing else goes on."""
        told = partial(log.error, "telegram: %s, and nothing else is taken: %s", unless)
        return await until_done(deed, Pauses(*self._patience.store), told)

    async def _take(self, delivery: Delivery) -> None:
        assert self._intake is not None
        facts, update = self._facts(), delivery.update
        is_ours = is_our_own(update, facts)
        if not is_ours and not self._door.lets_in(update, facts):
            return
        if update.my_chat_member is not None:
            self._membership_changed(update.my_chat_member)
        elif update.message is not None and (moves := migration(update.message)) is not None:
            await self._note_move(*moves)
        elif not is_ours:
            await self._intake.take(delivery, facts)
        elif update.message is not None:
            await self._tell_of_topic(update.message)
        if update.message is not None:
            self._notice(update.message)

    def _notice(self, message: Message) -> None:
        """What a message says besides about chats and topics."""
        self._note_title(message)
        if message.chat.type == "private" and (message.text or "").startswith("/start"):
            self._lookout.again()  # who never wrote before has no menu yet

    async def _tell_of_topic(self, message: Message) -> None:
        """One that we opened or renamed: the answer to our call may have been lost, or we may have been killed before
        it came."""
        created, edited, topic = message.forum_topic_created, message.forum_topic_edited, message.message_thread_id
        where = ThreadRef(self.name, str(message.chat.id), str(topic))
        if topic and created is not None:
            self._outbox.stands(where, created.name)
        elif topic and edited is not None and edited.name:
            await self._outbox.called(where, edited.name)

    def _note_title(self, message: Message) -> None:
        thing = message.forum_topic_edited or message.forum_topic_created
        if thing is None or not thing.name or not message.message_thread_id:
            return
        self._titles[message.chat.id, message.message_thread_id] = thing.name
        while len(self._titles) > MOST_TITLES:
            del self._titles[next(iter(self._titles))]

    def _membership_changed(self, change: ChatMemberUpdated) -> None:
        chat, status = change.chat, change.new_chat_member.status
        log.info("telegram: the bot is now %s in %s chat %d", status, chat.type, chat.id)
        self._outbox.heard(ThreadRef(self.name, str(chat.id)))
        self._lookout.again()

    # --- what is known ---------------------------------------------------------------------------

    def _facts(self) -> Facts:
        assert self._me is not None, "nothing is polled before we know who we are"
        return Facts(
            bot=self._me.id,
            username=self._me.username or "",
            chats=frozenset(self._group_ids()),
            general=self._config.general,
            access=self._access(),
            private_topics=bool(self._me.has_topics_enabled),
            largest=MOST_BYTES if self._config.api_base_url else PUBLIC_LARGEST,
            titles=MappingProxyType(self._titles),
        )

    def _chat_ids(self) -> list[int]:
        return [now or configured for configured, now in self._ids.items()]

    def _group_ids(self) -> list[int]:
        """Private chats may be configured, too; their ids are positive, and people come in by their own."""
        return [chat for chat in self._chat_ids() if chat < 0]

    async def _remember_moves(self) -> None:
        # Without them a group that moved would be a stranger's: so they are waited for.
        notes = partial(self._ledger.notes, self.name)
        for key, new in (await self._stored(notes, "what is known of its chats cannot be read")).items():
            if key.startswith(MOVED):
                self._follow(int(key.removeprefix(MOVED)), int(new))

    def _follow(self, old: int, new: int) -> None:
        for configured, now in self._ids.items():
            if old in (configured, now) and old != new:
                self._ids[configured] = new
                log.warning("telegram: the group %d is now %d; change it in telegram.chat_ids", configured, new)

    async def _note_move(self, old: int, new: int) -> None:
        """A group became a supergroup. The configured id goes on working."""
        if new in self._chat_ids():
            return
        await self._ledger.note(self.name, f"{MOVED}{old}", str(new))
        await self._hub.handle(moved(old, new, at=self._now()))
        self._follow(old, new)
        self._chats.forget(old)
        self._lookout.again()

    async def _look_around(self) -> None:
        """At chats and menus."""
        try:
            await self._check_all()
        except Exception:  # this task's root: a bug in a check must not end the adapter
            log.exception("telegram: chats and menus could not be checked")

    async def _check_all(self) -> None:
        with suppress(AiogramError):  # the poll tells of it
            self._me = await self._bot.get_me()  # whether private chats have topics may have changed
        if (me := self._me) is None:
            return
        for chat in self._chat_ids():
            await self._chats.check(chat, me)
        await self._menus.refresh(me.id, self._group_ids(), self._access())
