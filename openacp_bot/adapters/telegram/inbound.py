"""An update as what it means to core. Pure: everything that must be known is in the facts.

An update comes here only if it may come in (see `admission`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiogram.types import (
    CallbackQuery,
    Chat,
    InaccessibleMessage,
    Message,
    MessageGenerationStopped,
    MessageOriginChannel,
    MessageOriginChat,
    MessageOriginHiddenUser,
    MessageOriginUser,
    Update,
    User,
)

from openacp_bot.adapters.telegram.asides import name_of
from openacp_bot.adapters.telegram.attachments import attachments, file_of
from openacp_bot.adapters.telegram.delivery import Delivery
from openacp_bot.adapters.telegram.facts import Facts
from openacp_bot.adapters.telegram.markup import markdown, rich_words
from openacp_bot.adapters.telegram.parameters import link
from openacp_bot.core import inbound as core
from openacp_bot.core.inbound import Command, Edited, Ground, Inbound, Origin, PlaceReported, Pressed, Report
from openacp_bot.core.model import ThreadRef, UserRef

ADAPTER = "telegram"
GENERAL = 1
LONGEST_QUOTE = 500
ADDRESSED_TO = re.compile(r"/[A-Za-z0-9_]+@(\w+)")


@dataclass(frozen=True, slots=True)
class Taken:
    """What an update comes to. `message`: the chat message that an answer replies to. `replies_to`: the message that
    the person replied to. `query`: the press that must be acknowledged, on a button of `pressed`. `remark`: said to the
    person besides. `astray`: where the button hung is unknown, as Telegram does not say it of old messages."""

    origin: Origin
    inbound: Inbound | None
    message: str = ""
    replies_to: str = ""
    query: str = ""
    pressed: str = ""
    remark: str = ""
    astray: bool = False


def read(delivery: Delivery, facts: Facts, *, now: float) -> Taken | None:
    """None: nothing that concerns us."""
    update = delivery.update
    if update.message is not None:
        return _of_message(delivery, update.message, facts)
    if update.edited_message is not None:
        return _of_edit(delivery, update.edited_message, facts)
    if update.callback_query is not None:
        return _of_press(update, update.callback_query, facts, now)
    if update.stopped_message_generation is not None:
        return _of_stop(update, update.stopped_message_generation, facts, now)
    return None


# --- messages ------------------------------------------------------------------------------------


def _of_message(delivery: Delivery, message: Message, facts: Facts) -> Taken | None:
    if message.from_user is None:
        return None
    origin = _origin(delivery, message, message.from_user, facts)
    if (report := _of_topic(message, origin)) is not None:
        return Taken(origin, report)
    hung = attachments(message, facts.largest)
    said = message.text or message.caption or hung.words or rich_words(message)
    if not (said or hung.files or hung.remark) or _is_for_another_bot(said, facts):
        return None
    addressed = _is_addressed(message, facts)
    remark = hung.remark if addressed else ""
    if not (said or hung.files):
        return Taken(origin, None, name_of(message), remark=remark) if remark else None
    inbound = core.Message(
        origin,
        name_of(message),
        _text(message, said, facts),
        files=hung.files,
        album=delivery.album,
        quote=_quote(message),
        addressed=addressed,
        title=_title(message, facts),
    )
    return Taken(origin, inbound, inbound.id, replies_to=_replied_to(message), remark=remark)


def _of_edit(delivery: Delivery, message: Message, facts: Facts) -> Taken | None:
    said = message.text or message.caption or rich_words(message)
    is_something = bool(said) or file_of(message) is not None
    if message.from_user is None or not is_something:  # a live location moves by edits
        return None
    origin = _origin(delivery, message, message.from_user, facts)
    inbound = Edited(origin, name_of(message), _text(message, said, facts))
    return Taken(origin, inbound, inbound.id)


def _text(message: Message, said: str, facts: Facts) -> str:
    """Commands stay as they are typed; what is forwarded is marked as somebody else's words."""
    if message.forward_origin is None and said.startswith("/"):
        return re.sub(rf"^(/\w+)@{re.escape(facts.username)}\b", r"\1", said, flags=re.IGNORECASE)
    if message.text or message.caption:
        said = markdown(said, message.entities if message.text else message.caption_entities)
    if message.forward_origin is not None:
        quoted = "\n".join(f"> {line}" for line in said.splitlines())
        return f"Forwarded from {_forwarded_from(message)}:\n{quoted}".strip()
    return re.sub(rf"^@{re.escape(facts.username)}\b[,:]?\s*", "", said, flags=re.IGNORECASE)


def _forwarded_from(message: Message) -> str:
    match message.forward_origin:
        case MessageOriginUser(sender_user=user):
            return user.full_name
        case MessageOriginHiddenUser(sender_user_name=name):
            return name
        case MessageOriginChat(sender_chat=chat):
            return chat.title or "a group"
        case MessageOriginChannel(chat=chat):
            return chat.title or "a channel"
        case _:
            return "somebody"


def _is_for_another_bot(said: str, facts: Facts) -> bool:
    found = ADDRESSED_TO.match(said)
    return found is not None and found[1].lower() != facts.username.lower()


def _is_addressed(message: Message, facts: Facts) -> bool:
    """Whether it is meant for us; where it is not, it may still be the answer to a form."""
    if message.chat.type == "private" or _topic(message) or (message.text or "").startswith("/"):
        return True
    match facts.general:
        case "all":
            return True
        case "mention":
            return _mentions(message, facts) or _answers_us(message, facts)
        case _:
            return False


def _mentions(message: Message, facts: Facts) -> bool:
    text = message.text or message.caption or ""
    units = text.encode("utf-16-le")
    for entity in message.entities or message.caption_entities or ():
        word = units[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le", "replace")
        if entity.type == "mention" and word.lower() == f"@{facts.username}".lower():
            return True
        if entity.type == "text_mention" and entity.user is not None and entity.user.id == facts.bot:
            return True
    return False


def _answers_us(message: Message, facts: Facts) -> bool:
    replied = message.reply_to_message
    is_ours = replied is not None and replied.from_user is not None and replied.from_user.id == facts.bot
    return is_ours and bool(_replied_to(message))


def _replied_to(message: Message) -> str:
    """Every message in a topic replies to the topic's creation, unless it replies to something else."""
    replied = message.reply_to_message
    if replied is None or replied.forum_topic_created is not None:
        return ""
    if message.is_topic_message and replied.message_id == message.message_thread_id:
        return ""
    return name_of(replied)


def _quote(message: Message) -> str:
    if message.quote is not None:
        return message.quote.text
    replied = message.reply_to_message
    if replied is None or not _replied_to(message):
        return ""
    text = replied.text or replied.caption or rich_words(replied)
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…"


def _title(message: Message, facts: Facts) -> str:
    """The topic's name: as it was last seen to change, else as it was made."""
    known = facts.titles.get((message.chat.id, message.message_thread_id or 0), "")
    created = message.reply_to_message.forum_topic_created if message.reply_to_message else None
    return (known or (created.name if created else "")) if _topic(message) else ""


# --- what became of places -----------------------------------------------------------------------


def _of_topic(message: Message, origin: Origin) -> PlaceReported | None:
    if not origin.where.topic:
        return None
    if (edited := message.forum_topic_edited) is not None and edited.name:
        return PlaceReported(origin, Report.RENAMED, "", detail=edited.name)
    if message.forum_topic_closed is not None:
        return PlaceReported(origin, Report.CLOSED, "")
    return None


def migration(message: Message) -> tuple[int, int] | None:
    """The old and the new id of a group that moved; both chats tell of it."""
    if message.migrate_to_chat_id:
        return message.chat.id, message.migrate_to_chat_id
    if message.migrate_from_chat_id:
        return message.migrate_from_chat_id, message.chat.id
    return None


def moved(old: int, new: int, *, at: float) -> PlaceReported:
    """A group became a supergroup, with another id."""
    where = ThreadRef(ADAPTER, str(old))
    origin = Origin(f"tg:moved:{old}:{new}", where, UserRef(ADAPTER, ""), at)
    return PlaceReported(origin, Report.MOVED, "", ref=ThreadRef(ADAPTER, str(new)))


# --- presses -------------------------------------------------------------------------------------


def _of_press(update: Update, query: CallbackQuery, facts: Facts, now: float) -> Taken | None:
    message = query.message
    if message is None or not query.data:
        return None
    is_astray = isinstance(message, InaccessibleMessage)
    topic, name = ("", str(message.message_id)) if isinstance(message, InaccessibleMessage) else _standing(message)
    origin = Origin(
        key=f"tg:{facts.bot}:{update.update_id}:press:{query.id}",
        where=ThreadRef(ADAPTER, str(message.chat.id), topic),
        who=_user(query.from_user),
        sent=now,
        ground=_ground(message.chat, facts),
    )
    return Taken(
        origin,
        Pressed(origin, query.data),
        query=query.id,
        pressed=name,
        message=name,
        astray=is_astray,
    )


def _standing(message: Message) -> tuple[str, str]:
    """In which topic, and what it is called."""
    return _topic(message), name_of(message)


def _of_stop(update: Update, stopped: MessageGenerationStopped, facts: Facts, now: float) -> Taken:
    chat = stopped.chat
    thread = stopped.message_thread_id
    origin = Origin(
        key=f"tg:{facts.bot}:{update.update_id}:stop:{chat.id}:{stopped.draft_id}",
        where=ThreadRef(ADAPTER, str(chat.id), str(thread) if thread and thread != GENERAL else ""),
        who=UserRef(ADAPTER, str(chat.id), chat.full_name),
        sent=now,
        ground=_ground(chat, facts),
    )
    return Taken(origin, Command(origin, "cancel"))


# --- where, and who ------------------------------------------------------------------------------


def _origin(delivery: Delivery, message: Message, who: User, facts: Facts) -> Origin:
    """Update ids begin anew after a quiet week, and with another bot: so the message is part of the key."""
    where = ThreadRef(ADAPTER, str(message.chat.id), _topic(message))
    return Origin(
        key=f"tg:{facts.bot}:{delivery.update.update_id}:{message.chat.id}:{message.message_id}",
        where=where,
        who=_user(who),
        sent=message.date.timestamp(),
        ground=_ground(message.chat, facts),
        late=delivery.late,
        url=link(where),
    )


def _topic(message: Message) -> str:
    """Outside of forums a thread id only names a chain of replies."""
    thread = message.message_thread_id
    return str(thread) if message.is_topic_message and thread and thread != GENERAL else ""


def _ground(chat: Chat, facts: Facts) -> Ground:
    has_topics = chat.is_forum or (chat.type == "private" and facts.private_topics)
    return Ground.TOPIC if has_topics else Ground.CHAT


def _user(user: User) -> UserRef:
    return UserRef(ADAPTER, str(user.id), user.full_name)
