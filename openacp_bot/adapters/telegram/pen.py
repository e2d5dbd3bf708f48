"""Telegram's hand: every method of `chat.pen.Pen` as one call of the Bot API."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.methods import (
    CreateForumTopic,
    DeleteEphemeralMessage,
    DeleteForumTopic,
    DeleteMessage,
    EditEphemeralMessageText,
    EditForumTopic,
    EditMessageCaption,
    EditMessageText,
    ReopenForumTopic,
    SendChatAction,
    SendDocument,
    SendMessage,
    SendMessageDraft,
    SendPhoto,
    TelegramMethod,
)
from aiogram.types import (
    ForceReply,
    LinkPreviewOptions,
    Message,
)

from openacp_bot.adapters.telegram.article import Article
from openacp_bot.adapters.telegram.article_call import EditArticle, SendArticle, rich_message
from openacp_bot.adapters.telegram.article_dialect import ArticleDialect, Written
from openacp_bot.adapters.telegram.asides import Answered, AsideName, name_of
from openacp_bot.adapters.telegram.errors import (
    ImageRefused,
    IsFile,
    NothingToDo,
    TopicClosed,
    Unheard,
    translated,
)
from openacp_bot.adapters.telegram.parameters import (
    address,
    answering,
    aside_at,
    buttons,
    captioned,
    draft_id,
    entities,
    link,
    only_for,
    reopening,
    topic_name,
    topic_of,
)
from openacp_bot.adapters.telegram.rich import Rich
from openacp_bot.adapters.telegram.sendable import sendable
from openacp_bot.chat.pen import Forbidden, Manner, MarkupRefused, MessageGone, Pace, PlaceGone, Refused, Retry
from openacp_bot.chat.recent import Recent
from openacp_bot.chat.sheet import Keyboard
from openacp_bot.core.model import Blob, Place, SessionRecord, Source, ThreadRef
from openacp_bot.core.views import Document

log = logging.getLogger(__name__)

T = TypeVar("T")

# tdlib/td issues 2592 and 3034: edits, topics and deletions draw on the same budget as messages.
GROUP_PACE = Pace(calls=20, per=60.0)
PRIVATE_PACE = Pace(calls=60, per=60.0, apart=1.0)
UPLOAD_SECONDS = 120
MOST_REMEMBERED = 100
# Bot API, createForumTopic: six colours are allowed.
COLOURS = {Source.MANUAL: 7322096, Source.TRIGGER: 16766590, Source.SCHEDULED: 13338331}
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class TelegramPen:
    """`chat.pen.Pen[Written]`. Private chats have a positive id, groups a negative one.

    What a refusal teaches is remembered, so that the next call goes another way: each passes the gate by itself."""

    calls_a_second = 30  # Telegram, "Bots FAQ": broadcasting
    most_renames = 2
    title_patience = 0.0
    dedupes = False  # so what is in doubt is marked
    closing_deletes = True

    def __init__(
        self, bot: Bot, *, streams: bool, has_articles: bool = False, now: Callable[[], float] = time.time
    ) -> None:
        self._bot = bot
        self._now = now
        self.streams = streams
        self.dialect = ArticleDialect(has_articles=has_articles)
        self._closed: Recent[ThreadRef] = Recent(MOST_REMEMBERED)
        self._no_photos: Recent[int] = Recent(MOST_REMEMBERED)  # hashes of files
        self._files: Recent[tuple[str, str]] = Recent(MOST_REMEMBERED)  # chat and message
        self._aloud: Recent[Answered] = Recent(MOST_REMEMBERED)  # what could not be answered aside
        self._without_drafts: set[str] = set()  # chats whose server, or client, knows no drafts

    def gate(self, where: ThreadRef) -> str:
        return f"{where.adapter}:{where.space}"

    def pace(self, gate: str) -> Pace:
        return GROUP_PACE if gate.partition(":")[2].startswith("-") else PRIVATE_PACE

    # --- messages --------------------------------------------------------------------------------

    async def send(self, where: ThreadRef, text: Written, keyboard: Keyboard, manner: Manner) -> str:
        asking = ForceReply(force_reply=True, selective=True) if manner.asks else None
        given: dict[str, Any] = {
            **address(where),
            "disable_notification": not manner.rings,
            "reply_markup": buttons(keyboard) or asking,
        }
        answered = Answered.read(manner.answers)
        if not self._may_be_aside(answered):
            return await self._said(where, text, given | {"reply_parameters": answering(answered.message)})
        try:
            return await self._said(where, text, given | {"ephemeral_message_parameters": only_for(answered)})
        except Refused as error:
            if isinstance(error, Forbidden):
                raise
            log.info("telegram: an answer could not be sent to one person only: %s", error)
            self._aloud.add(answered)
            raise Retry("to everybody") from error

    def _may_be_aside(self, answered: Answered) -> bool:
        return bool(answered.user) and self._now() < answered.until and answered not in self._aloud

    async def _said(self, where: ThreadRef, text: Written, given: Mapping[str, Any]) -> str:
        if isinstance(text, Article):
            with self._texts_instead(text):
                return await self._new(where, SendArticle(rich_message=rich_message(text), **given))
        words = SendMessage(text=text.text, entities=entities(text), link_preview_options=NO_PREVIEW, **given)
        return await self._new(where, words)

    async def send_file(
        self, where: ThreadRef, file: Blob | Document, caption: Written | None, keyboard: Keyboard, manner: Manner
    ) -> str:
        what = sendable(file)
        given: dict[str, Any] = {
            **address(where),
            **captioned(caption),
            "disable_notification": not manner.rings,
            "reply_markup": buttons(keyboard),
        }
        if not what.is_photo or hash(file) in self._no_photos:
            return await self._new(where, SendDocument(document=what.file, **given), seconds=UPLOAD_SECONDS)
        try:
            return await self._new(where, SendPhoto(photo=what.file, **given), seconds=UPLOAD_SECONDS)
        except ImageRefused as error:  # too long, too thin or broken: it is still a file
            self._no_photos.add(hash(file))
            raise Retry("as a document") from error

    async def edit(self, where: ThreadRef, message: str, text: Written, keyboard: Keyboard = ()) -> None:
        if (aside := AsideName.read(message)) is not None:
            await self._edit_aside(where, aside, text, keyboard)
            return
        at: dict[str, Any] = {
            "chat_id": int(where.space),
            "message_id": int(message),
            "reply_markup": buttons(keyboard),
        }
        if (where.space, message) in self._files:
            await self._again(EditMessageCaption(**at, **captioned(text)))
            return
        try:
            if isinstance(text, Article):
                with self._texts_instead(text):
                    await self._again(EditArticle(**at, rich_message=rich_message(text)))
            else:
                words: dict[str, Any] = {"text": text.text, "entities": entities(text)}
                await self._again(EditMessageText(**at, **words, link_preview_options=NO_PREVIEW))
        except IsFile as error:
            self._files.add((where.space, message))
            raise Retry("its caption") from error

    async def _edit_aside(self, where: ThreadRef, aside: AsideName, text: Written, keyboard: Keyboard) -> None:
        """One that is gone is not said again, least of all to everybody."""
        words = Rich(text.text) if isinstance(text, Article) else text
        with suppress(MessageGone):
            await self._again(
                EditEphemeralMessageText(
                    **aside_at(where, aside),
                    text=words.text,
                    entities=entities(words),
                    link_preview_options=NO_PREVIEW,
                    reply_markup=buttons(keyboard),
                )
            )

    async def delete(self, where: ThreadRef, message: str) -> None:
        if (aside := AsideName.read(message)) is not None:
            await self._again(DeleteEphemeralMessage(**aside_at(where, aside)))
            return
        await self._again(DeleteMessage(chat_id=int(where.space), message_id=int(message)))

    # --- places ----------------------------------------------------------------------------------

    async def open_place(self, place: Place, record: SessionRecord | None) -> tuple[ThreadRef, str]:
        source = record.source if record else Source.MANUAL
        topic = await self._call(
            CreateForumTopic(chat_id=int(place.space), name=topic_name(place.title), icon_color=COLOURS[source]),
            again=False,
        )
        where = ThreadRef(place.adapter, place.space, str(topic.message_thread_id))
        return where, self.link(where)

    async def adopt_place(self, place: Place, record: SessionRecord | None) -> str:
        return self.link(place.ref) if place.ref else ""

    def first_message(self, where: ThreadRef) -> str:
        return ""

    async def rename_place(self, place: Place, title: str) -> None:
        await self._again(EditForumTopic(**topic_of(place), name=topic_name(title)))

    async def reopen_place(self, place: Place) -> None:
        await self._again(ReopenForumTopic(**topic_of(place)))

    async def close_place(self, place: Place) -> None:
        await self.delete_place(place)

    async def delete_place(self, place: Place) -> None:
        try:
            await self._again(DeleteForumTopic(**topic_of(place)))
        except PlaceGone:
            return

    def link(self, where: ThreadRef) -> str:
        return link(where)

    # --- what passes -----------------------------------------------------------------------------

    async def typing(self, where: ThreadRef) -> None:
        await self._again(SendChatAction(**address(where), action="typing"))

    def drafts(self, where: ThreadRef) -> bool:
        return self.streams and not where.space.startswith("-") and where.space not in self._without_drafts

    async def draft(self, where: ThreadRef, turn: str, text: Written | None) -> None:
        """Where drafts are refused (an older Bot API server), messages grow by edits from then on."""
        draft = SendMessageDraft(
            **address(where),
            draft_id=draft_id(turn),
            text=text.text if text else "",
            entities=entities(text) if isinstance(text, Rich) else None,
            can_stop=True,
        )
        try:
            await self._again(draft)
        except Refused as error:
            if not isinstance(error, Forbidden):
                log.info("telegram: no drafts in %s: %s", where.space, error)
                self._without_drafts.add(where.space)
            raise

    # --- calls -----------------------------------------------------------------------------------

    @contextmanager
    def _texts_instead(self, article: Article) -> Iterator[None]:
        """An article that is refused is cut into texts; where the server knows none, all are from then on."""
        try:
            yield
        except Unheard as error:
            log.warning("telegram: this server knows no rich messages, so answers are sent as texts: %s", error)
            self.dialect.has_articles = False
            raise Retry("as texts") from error
        except (MarkupRefused, Refused) as error:
            if isinstance(error, Forbidden):
                raise
            log.warning("telegram: a rich message was refused, so it is sent as texts: %s", error)
            self.dialect.refuse(article)
            raise Retry("as texts") from error

    async def _new(self, where: ThreadRef, method: TelegramMethod[Message], seconds: int | None = None) -> str:
        """The new message's id; a topic that somebody closed is reopened for it, one call at a time."""
        if self._closed.take(where):
            await self._again(reopening(where))
            raise Retry("reopened")
        try:
            message = await self._call(method, again=False, seconds=seconds)
        except TopicClosed as error:
            self._closed.add(where)
            raise Retry("to be reopened") from error
        return name_of(message)

    async def _again(self, method: TelegramMethod[T]) -> None:
        """A call that does no harm if it is carried out twice."""
        try:
            await self._call(method, again=True)
        except NothingToDo:
            return

    async def _call(self, method: TelegramMethod[T], *, again: bool, seconds: int | None = None) -> T:
        try:
            return await self._bot(method, request_timeout=seconds)
        except AiogramError as error:
            raise translated(error, again=again) from error
