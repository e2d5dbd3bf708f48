"""All that the simulated Telegram knows, and the few ways in which it changes."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from tests.sims.telegram.floods import FloodControl, Limits
from tests.sims.telegram.html import to_html
from tests.sims.telegram.transcript import transcript
from tests.sims.telegram.updates import UpdateQueue
from tests.sims.telegram.wire import chat_json, member_json, message_json, user_json
from tests.sims.telegram.world import (
    ANONYMOUS_ADMIN,
    GENERAL,
    GROUP_RIGHTS,
    Call,
    Chat,
    Draft,
    File,
    Json,
    Member,
    Message,
    Press,
    Topic,
    Typing,
    User,
)

T = TypeVar("T")

POLL = 0.1
Commands = list[Json]


class Realm:
    """People, chats and files, the bot's view of them, and a way to wait for changes."""

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        topics_in_private: bool = False,
        privacy: bool = False,
        draft_seconds: float = 30.0,
        callback_seconds: float = 15.0,
        most_upload: int = 50_000_000,
        most_photo: int = 10_000_000,
        most_download: int = 20_000_000,
        http_webhooks: bool = False,
        rich_messages: bool = True,
        token: str = "7000000001:AAE-simulated-token-of-the-test-bot",
    ) -> None:
        self.token = token
        self.bot = User(int(token.partition(":")[0]), "Test Bot", "openacp_test_bot", is_bot=True)
        self.topics_in_private = topics_in_private
        self.privacy = privacy
        self.draft_seconds = draft_seconds
        self.callback_seconds = callback_seconds
        self.most_upload = most_upload
        self.most_photo = most_photo
        self.most_download = most_download
        self.http_webhooks = http_webhooks
        self.rich_messages = rich_messages  # False: a server from before Bot API 10.1
        self.limits = FloodControl(limits)
        anonymous = User(ANONYMOUS_ADMIN, "Group", "GroupAnonymousBot", is_bot=True)
        self.users: dict[int, User] = {user.id: user for user in (anonymous, self.bot)}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, File] = {}
        self.presses: dict[str, Press] = {}
        self.inline_answers: dict[str, Json] = {}
        self.commands: dict[tuple[str, str], Commands] = {}
        self.typing: list[Typing] = []
        self.calls: list[Call] = []
        self.oddities: list[str] = []
        self.webhook: Json = {"url": ""}
        self.webhook_set_at = -math.inf
        self._changes = asyncio.Event()
        self.updates = UpdateQueue(500_000_001, self.changed)
        self._people = itertools.count(100_000_001)
        self._groups = itertools.count(2_100_000_001)
        self._shared_ids = itertools.count(11)  # private chats and basic groups share one row of message ids
        self._serial = itertools.count(1)

    # --- who and where there is ------------------------------------------------------------------

    def person(self, name: str, *, id: int = 0, username: str = "", started: bool = True) -> User:
        """A new person; `started`: they pressed Start, so the bot may write to them."""
        user = User(id or next(self._people), name, username, started=started)
        self.users[user.id] = user
        return user

    def private(self, user: User) -> Chat:
        """The private chat of a person with the bot; topics as the bot's setting says."""
        if user.id not in self.chats:
            chat = Chat(user.id, "private", user.first_name, forum=self.topics_in_private)
            chat.members = {user.id: Member(user), self.bot.id: Member(self.bot)}
            self.chats[user.id] = chat
        return self.chats[user.id]

    def forum(self, title: str, *people: User, rights: frozenset[str] | None = GROUP_RIGHTS, id: int = 0) -> Chat:
        """A supergroup with topics. The first person made it; the bot is its administrator with `rights`
        (None: a plain member)."""
        chat = self._group("supergroup", title, people, rights, id)
        chat.forum = True
        chat.topics[GENERAL] = Topic(GENERAL, "General", None)
        return chat

    def supergroup(self, title: str, *people: User, rights: frozenset[str] | None = GROUP_RIGHTS, id: int = 0) -> Chat:
        """A supergroup without topics."""
        return self._group("supergroup", title, people, rights, id)

    def group(self, title: str, *people: User, rights: frozenset[str] | None = None, id: int = 0) -> Chat:
        """A basic group."""
        return self._group("group", title, people, rights, id)

    def channel(self, title: str, *people: User, rights: frozenset[str] | None = GROUP_RIGHTS, id: int = 0) -> Chat:
        return self._group("channel", title, people, rights, id)

    def _group(self, kind: str, title: str, people: tuple[User, ...], rights: frozenset[str] | None, id: int) -> Chat:
        number = next(self._groups)
        chat = Chat(id or (-number if kind == "group" else -1_000_000_000_000 - number), kind, title)
        chat.last_id = 1  # the service message of its creation; so no topic is ever 1
        chat.members = {user.id: Member(user, "member" if n else "creator") for n, user in enumerate(people)}
        chat.members[self.bot.id] = Member(self.bot, "member") if rights is None else _administrator(self.bot, rights)
        self.chats[chat.id] = chat
        return chat

    def join(self, chat: Chat, user: User) -> None:
        """They become a plain member (no update)."""
        chat.members[user.id] = Member(user)

    def grant(self, chat: Chat, rights: frozenset[str] | None, user: User | None = None) -> None:
        """Administrator with `rights`, or (None) plain member again; of the bot unless `user` is named."""
        user = user or self.bot
        self.set_member(chat, Member(user) if rights is None else _administrator(user, rights))

    def set_member(self, chat: Chat, member: Member) -> None:
        """A change of a membership, told to the bot as my_chat_member or chat_member."""
        before = chat.member(member.user)
        chat.members[member.user.id] = member
        by = next((other.user for other in chat.members.values() if other.status == "creator"), member.user)
        change: Json = {
            "chat": chat_json(chat),
            "from": user_json(by),
            "date": int(time.time()),
            "old_chat_member": member_json(before),
            "new_chat_member": member_json(member),
        }
        self.updates.add("my_chat_member" if member.user is self.bot else "chat_member", change)
        self.changed()

    # --- messages --------------------------------------------------------------------------------

    def post(self, chat: Chat, sender: User | None, **what: Any) -> Message:
        """A new message; told to the bot unless it is its own (its own service messages are)."""
        message = Message(self._message_id(chat), chat, sender, time.time(), **what)
        chat.messages[message.id] = message
        message.look()
        self._tell(message)
        self.changed()
        return message

    def _message_id(self, chat: Chat) -> int:
        chat.last_id = next(self._shared_ids) if chat.kind in ("private", "group") else chat.last_id + 1
        return chat.last_id

    def _tell(self, message: Message, edited: bool = False) -> None:
        if (message.sender is self.bot and message.service is None) or not self._hears(message):
            return
        kind = "channel_post" if message.chat.kind == "channel" else "message"
        self.updates.add(f"edited_{kind}" if edited else kind, message_json(message))

    def _hears(self, message: Message) -> bool:
        """Privacy mode: a non-admin bot sees only commands for it, replies to it and service messages."""
        chat, me = message.chat, message.chat.member(self.bot)
        if chat.kind != "private" and not me.present:
            return False
        if not self.privacy or chat.kind in ("private", "channel") or me.admin or message.service is not None:
            return True
        if message.reply_to and message.reply_to.sender is self.bot:
            return True
        first = message.text.split(maxsplit=1)[0] if message.text.strip() else ""
        name, at, bot = first.partition("@")
        return name.startswith("/") and (not at or bot.lower() == self.bot.username.lower())

    def change(self, message: Message, **what: Any) -> None:
        """An edit: the new look is remembered; a person's is told to the bot."""
        for name, value in what.items():
            setattr(message, name, value)
        message.edited_at = time.time()
        message.look()
        self._tell(message, edited=True)
        self.changed()

    def remove(self, message: Message) -> None:
        """Deleted for all; a bot is told nothing."""
        message.deleted = True
        self.changed()

    def make_topic(self, chat: Chat, by: User, name: str, color: int, icon: str = "") -> Topic:
        created: Json = {"name": name, "icon_color": color} | ({"icon_custom_emoji_id": icon} if icon else {})
        message = Message(self._message_id(chat), chat, by, time.time(), service={"forum_topic_created": created})
        message.topic, message.rings = message.id, False
        chat.messages[message.id] = message
        topic = chat.topics[message.id] = Topic(message.id, name, by, color, icon, names=[(message.at, name)])
        self._tell(message)
        self.changed()
        return topic

    def rename(self, chat: Chat, topic: Topic, by: User, name: str, icon: str) -> None:
        edited: Json = {} if name == topic.name else {"name": name}
        if icon != topic.icon:
            edited["icon_custom_emoji_id"] = icon
        topic.name, topic.icon = name, icon
        topic.names.append((time.time(), name))
        self.post(chat, by, topic=topic.id, service={"forum_topic_edited": edited}, rings=False)

    def set_closed(self, chat: Chat, topic: Topic, by: User, closed: bool) -> None:
        topic.closed = closed
        name = "forum_topic_closed" if closed else "forum_topic_reopened"
        self.post(chat, by, topic=topic.id, service={name: {}}, rings=False)

    def drop_topic(self, chat: Chat, topic: Topic) -> None:
        """With all its messages; nobody is told."""
        topic.deleted = True
        for message in chat.messages.values():
            if message.topic == topic.id:
                message.deleted = True
        self.changed()

    def keep_file(self, data: bytes, name: str, mime: str, folder: str = "documents") -> File:
        number = next(self._serial)
        ending = name.rpartition(".")[2] if "." in name else "bin"
        path = f"{folder}/file_{number}.{ending}"
        file = File(f"BQACAgIAAxk-{number:06d}", f"AgAD{number:06d}", name, mime, data, path, len(data))
        self.files[file.id] = file
        return file

    def serial(self) -> int:
        return next(self._serial)

    def odd(self, words: str) -> None:
        """Noted: what a careful client would not send."""
        self.oddities.append(words)

    # --- looking ---------------------------------------------------------------------------------

    def messages(self, chat: Chat, topic: int | Topic | None = None, *, service: bool = False) -> list[Message]:
        """What people see, in order: all of a chat, or of one topic (1: General). Without service messages and
        deleted ones."""
        number = topic.id if isinstance(topic, Topic) else topic
        return [
            message for message in self._standing(chat, service) if number is None or (message.topic or 1) == number
        ]

    def _standing(self, chat: Chat, service: bool) -> Iterator[Message]:
        return (
            message
            for message in chat.messages.values()
            if not message.deleted and (service or message.service is None)
        )

    def sent(self, chat: Chat, topic: int | Topic | None = None) -> list[Message]:
        """The bot's messages among them."""
        return [message for message in self.messages(chat, topic) if message.sender is self.bot]

    def history(self, chat: Chat) -> list[Message]:
        """All messages ever, deleted and service ones too."""
        return list(chat.messages.values())

    def topics(self, chat: Chat) -> list[Topic]:
        """The topics that stand, General first, as it is in forums."""
        return [topic for topic in chat.topics.values() if not topic.deleted]

    def drafts(self, chat: Chat) -> list[Draft]:
        """Those that have not vanished."""
        now = time.time()
        return [draft for draft in chat.drafts.values() if now < draft.at + self.draft_seconds]

    def html(self, message: Message) -> str:
        """Text and entities as simple HTML."""
        return to_html(message.text, message.entities)

    def transcript(self, chat: Chat, topic: int | Topic | None = None) -> str:
        """What people see, as lines of words."""
        return transcript(self.messages(chat, topic, service=True))

    def is_typing(self, chat: Chat, topic: int | None = None) -> bool:
        """An action was shown within the last five seconds, and no message came since."""
        shown = max((one.at for one in self.typing if one.chat is chat and one.topic == topic), default=0.0)
        sent = max((one.at for one in self.sent(chat) if one.topic == topic), default=0.0)
        return shown > max(sent, time.time() - 5)

    def changed(self) -> None:
        self._changes.set()
        self._changes = asyncio.Event()

    async def wait_for(self, predicate: Callable[[], T], seconds: float = 30) -> T:
        """Whatever true value the predicate returns; looked at after every change, and, as it may be about something
        else, now and then."""
        try:
            async with asyncio.timeout(seconds):
                while not (found := predicate()):
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL):
                            await self._changes.wait()
        except TimeoutError:
            calls = [f"{call.method} {call.status} {call.description}" for call in self.calls[-12:]]
            raise AssertionError(f"not seen within {seconds} s; the last calls: {calls}") from None
        return found

    @property
    def floods(self) -> int:
        """How many calls flood control refused."""
        return sum(self.limits.refused.values())

    def called(self, method: str) -> list[Call]:
        """The calls of one method, in order."""
        return [call for call in self.calls if call.method.lower() == method.lower()]


def _administrator(user: User, rights: frozenset[str]) -> Member:
    return Member(user, "administrator", rights)
