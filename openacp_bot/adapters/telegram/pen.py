"""Telegram's hand: every method of `chat.pen.Pen` as one call of the Bot API."""

from __future__ import annotations

import logging
import zlib
from typing import Any, TypeVar

from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.methods import (
    CreateForumTopic,
    DeleteForumTopic,
    DeleteMessage,
    EditForumTopic,
    EditMessageCaption,
    EditMessageText,
    ReopenForumTopic,
    ReopenGeneralForumTopic,
    SendChatAction,
    SendDocument,
    SendMessage,
    SendMessageDraft,
    SendPhoto,
    TelegramMethod,
)
from aiogram.types import (
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    ReplyParameters,
)

from openacp_bot.adapters.telegram.errors import ImageRefused, IsFile, NothingToDo, TopicClosed, translated
from openacp_bot.adapters.telegram.recent import Recent
from openacp_bot.adapters.telegram.rich import Rich, TelegramDialect
from openacp_bot.adapters.telegram.sendable import sendable
from openacp_bot.chat.pen import Forbidden, Pace, PlaceGone, Refused, Retry
from openacp_bot.chat.sheet import Keyboard
from openacp_bot.core.inbound import Choice, Look
from openacp_bot.core.model import Blob, Place, SessionRecord, Source, ThreadRef
from openacp_bot.core.views import Document

log = logging.getLogger(__name__)

T = TypeVar("T")

# tdlib/td issues 2592 and 3034: edits, topics and deletions draw on the same budget as messages.
GROUP_PACE = Pace(calls=20, per=60.0)
PRIVATE_PACE = Pace(calls=60, per=60.0, apart=1.0)
LONGEST_NAME = 128
LONGEST_CAPTION = 1024
UPLOAD_SECONDS = 120
MOST_REMEMBERED = 100
STYLES = {Look.GOOD: "success", Look.DANGER: "danger"}
# Bot API, createForumTopic: six colours are allowed.
COLOURS = {Source.MANUAL: 7322096, Source.TRIGGER: 16766590, Source.SCHEDULED: 13338331}
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class TelegramPen:
    """`chat.pen.Pen[Rich]`. Private chats have a positive id, groups a negative one.

    What a refusal teaches is remembered, so that the next call goes another way: each passes the gate by itself."""

    most_renames = 2
    closing_deletes = True

    def __init__(self, bot: Bot, *, streams: bool) -> None:
        self._bot = bot
        self.streams = streams
        self.dialect = TelegramDialect()
        self._closed: Recent[ThreadRef] = Recent(MOST_REMEMBERED)
        self._no_photos: Recent[int] = Recent(MOST_REMEMBERED)  # hashes of files
        self._files: Recent[tuple[str, str]] = Recent(MOST_REMEMBERED)  # chat and message
        self._without_drafts: set[str] = set()  # chats whose server, or client, knows no drafts

    def gate(self, where: ThreadRef) -> str:
        return f"{where.adapter}:{where.space}"

    def pace(self, gate: str) -> Pace:
        return GROUP_PACE if gate.partition(":")[2].startswith("-") else PRIVATE_PACE

    # --- messages --------------------------------------------------------------------------------

    async def send(
        self,
        where: ThreadRef,
        text: Rich,
        keyboard: Keyboard = (),
        *,
        rings: bool,
        answers: str = "",
        asks: bool = False,
    ) -> str:
        buttons = _buttons(keyboard)
        return await self._new(
            where,
            SendMessage(
                **_address(where),
                text=text.text,
                entities=_entities(text),
                link_preview_options=NO_PREVIEW,
                disable_notification=not rings,
                reply_parameters=_answering(answers),
                reply_markup=buttons or (ForceReply(force_reply=True, selective=True) if asks else None),
            ),
        )

    async def send_file(
        self, where: ThreadRef, file: Blob | Document, caption: Rich | None, keyboard: Keyboard = (), *, rings: bool
    ) -> str:
        what = sendable(file)
        given: dict[str, Any] = {
            **_address(where),
            **_caption(caption),
            "disable_notification": not rings,
            "reply_markup": _buttons(keyboard),
        }
        if not what.is_photo or hash(file) in self._no_photos:
            return await self._new(where, SendDocument(document=what.file, **given), seconds=UPLOAD_SECONDS)
        try:
            return await self._new(where, SendPhoto(photo=what.file, **given), seconds=UPLOAD_SECONDS)
        except ImageRefused as error:  # too long, too thin or broken: it is still a file
            self._no_photos.add(hash(file))
            raise Retry("as a document") from error

    async def edit(self, where: ThreadRef, message: str, text: Rich, keyboard: Keyboard = ()) -> None:
        at: dict[str, Any] = {
            "chat_id": int(where.space),
            "message_id": int(message),
            "reply_markup": _buttons(keyboard),
        }
        if (where.space, message) in self._files:
            await self._again(EditMessageCaption(**at, **_caption(text)))
            return
        words: dict[str, Any] = {"text": text.text, "entities": _entities(text), "link_preview_options": NO_PREVIEW}
        try:
            await self._again(EditMessageText(**at, **words))
        except IsFile as error:
            self._files.add((where.space, message))
            raise Retry("its caption") from error

    async def delete(self, where: ThreadRef, message: str) -> None:
        await self._again(DeleteMessage(chat_id=int(where.space), message_id=int(message)))

    # --- places ----------------------------------------------------------------------------------

    async def open_place(self, place: Place, record: SessionRecord | None) -> tuple[ThreadRef, str]:
        source = record.source if record else Source.MANUAL
        topic = await self._call(
            CreateForumTopic(chat_id=int(place.space), name=_name(place.title), icon_color=COLOURS[source]), again=False
        )
        where = ThreadRef(place.adapter, place.space, str(topic.message_thread_id))
        return where, self.link(where)

    async def rename_place(self, place: Place, title: str) -> None:
        await self._again(EditForumTopic(**_topic(place), name=_name(title)))

    async def reopen_place(self, place: Place) -> None:
        await self._again(ReopenForumTopic(**_topic(place)))

    async def close_place(self, place: Place) -> None:
        await self.delete_place(place)

    async def delete_place(self, place: Place) -> None:
        try:
            await self._again(DeleteForumTopic(**_topic(place)))
        except PlaceGone:
            return

    def link(self, where: ThreadRef) -> str:
        """Private chats have no links, and only supergroups have topics: their ids begin with -100."""
        if not where.topic or not where.space.startswith("-100"):
            return ""
        return f"https://t.me/c/{where.space.removeprefix('-100')}/{where.topic}"

    # --- what passes -----------------------------------------------------------------------------

    async def typing(self, where: ThreadRef) -> None:
        await self._again(SendChatAction(**_address(where), action="typing"))

    def drafts(self, where: ThreadRef) -> bool:
        return self.streams and not where.space.startswith("-") and where.space not in self._without_drafts

    async def draft(self, where: ThreadRef, turn: str, text: Rich | None) -> None:
        """Where drafts are refused (an older Bot API server), messages grow by edits from then on."""
        draft = SendMessageDraft(
            **_address(where),
            draft_id=draft_id(turn),
            text=text.text if text else "",
            entities=_entities(text) if text else None,
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

    async def _new(self, where: ThreadRef, method: TelegramMethod[Message], seconds: int | None = None) -> str:
        """The new message's id; a topic that somebody closed is reopened for it, one call at a time."""
        if self._closed.take(where):
            await self._again(_reopening(where))
            raise Retry("reopened")
        try:
            message = await self._call(method, again=False, seconds=seconds)
        except TopicClosed as error:
            self._closed.add(where)
            raise Retry("to be reopened") from error
        return str(message.message_id)

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


def draft_id(turn: str) -> int:
    """Stable, and never 0, which Telegram refuses."""
    return zlib.crc32(turn.encode()) & 0x7FFFFFFF or 1


def _address(where: ThreadRef) -> dict[str, Any]:
    """General has no thread id: sending to 1 is refused."""
    if not where.topic:
        return {"chat_id": int(where.space)}
    return {"chat_id": int(where.space), "message_thread_id": int(where.topic)}


def _topic(place: Place) -> dict[str, Any]:
    if place.ref is None or not place.ref.topic:
        raise PlaceGone("it has no topic")
    return _address(place.ref)


def _reopening(where: ThreadRef) -> TelegramMethod[bool]:
    if where.topic:
        return ReopenForumTopic(chat_id=int(where.space), message_thread_id=int(where.topic))
    return ReopenGeneralForumTopic(chat_id=int(where.space))


def _name(title: str) -> str:
    return title.strip()[:LONGEST_NAME].strip() or "Session"


def _answering(message: str) -> ReplyParameters | None:
    return ReplyParameters(message_id=int(message), allow_sending_without_reply=True) if message else None


def _entities(text: Rich) -> list[MessageEntity]:
    return [
        MessageEntity(
            type=one.kind, offset=one.offset, length=one.length, url=one.url or None, language=one.language or None
        )
        for one in text.entities
    ]


def _caption(caption: Rich | None) -> dict[str, Any]:
    """A caption has room for less than a message; what does not fit stays without style."""
    if caption is None:
        return {}
    units = caption.text.encode("utf-16-le")
    if len(units) <= 2 * LONGEST_CAPTION:
        return {"caption": caption.text, "caption_entities": _entities(caption)}
    return {"caption": units[: 2 * (LONGEST_CAPTION - 1)].decode("utf-16-le", "ignore") + "…"}


def _buttons(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    rows = [[_button(choice) for choice in row] for row in keyboard if row]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def _button(choice: Choice) -> InlineKeyboardButton:
    return InlineKeyboardButton(
        text=choice.label.strip() or "…", callback_data=choice.token, style=STYLES.get(choice.look)
    )
