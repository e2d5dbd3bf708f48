"""What exists: people, chats, topics, messages, files. The server changes it, a test looks at it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from tests.sims.telegram.entities import Entity
from tests.sims.telegram.words import words

Json = dict[str, Any]
GENERAL = 1
ANONYMOUS_ADMIN = 1087968824  # the service account @GroupAnonymousBot
GROUP_RIGHTS = words(
    "can_manage_chat can_delete_messages can_manage_video_chats can_restrict_members can_promote_members "
    "can_change_info can_invite_users can_post_stories can_edit_stories can_delete_stories "
    "can_send_welcome_messages can_pin_messages can_manage_topics can_manage_tags"
)


@dataclass(eq=False, slots=True)
class User:
    """A person or a bot. `started`: has a private chat with the bot; without it the bot may not begin one."""

    id: int
    first_name: str
    username: str = ""
    is_bot: bool = False
    started: bool = True
    blocked: bool = False
    deactivated: bool = False
    language: str = "en"


@dataclass(eq=False, slots=True)
class Member:
    """`status`: creator, administrator, member, restricted (may not write), left, kicked."""

    user: User
    status: str = "member"
    rights: frozenset[str] = frozenset()

    @property
    def present(self) -> bool:
        return self.status not in ("left", "kicked")

    @property
    def admin(self) -> bool:
        return self.status in ("creator", "administrator")

    def may(self, right: str) -> bool:
        return self.status == "creator" or (self.status == "administrator" and right in self.rights)


@dataclass(eq=False, slots=True)
class Topic:
    """`id` is the id of the "created" message; 1 is General, which every forum has."""

    id: int
    name: str
    creator: User | None
    icon_color: int = 7322096
    icon: str = ""
    closed: bool = False
    deleted: bool = False
    names: list[tuple[float, str]] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class File:
    """A file that Telegram keeps. `id` is the file_id."""

    id: str
    unique_id: str
    name: str
    mime: str
    data: bytes
    path: str
    size: int


@dataclass(eq=False, slots=True)
class Media:
    """`kind` is the field of the message: photo, document, voice, audio, video, video_note, animation, sticker."""

    kind: str
    file: File
    width: int = 0
    height: int = 0
    duration: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """How a message looked from `at` on."""

    at: float
    text: str
    entities: tuple[Entity, ...]
    keyboard: tuple[tuple[Json, ...], ...]


@dataclass(eq=False, slots=True)
class Message:
    """A message as people see it. `text` is the caption where there is media. `looks`: every state it had,
    oldest first. `rings`: sent with sound. `rich`: what a rich message was made of; `text` has the words of its
    blocks."""

    id: int
    chat: Chat
    sender: User | None
    at: float
    text: str = ""
    entities: tuple[Entity, ...] = ()
    keyboard: tuple[tuple[Json, ...], ...] = ()
    topic: int | None = None
    reply_to: Message | None = None
    quote: str = ""
    rings: bool = True
    media: Media | None = None
    album: str = ""
    service: Json | None = None
    sender_chat: Chat | None = None
    forwarded_from: User | None = None
    rich: Json | None = None
    receiver: User | None = None  # of an ephemeral message
    deleted: bool = False
    edited_at: float | None = None
    pinned: bool = False
    reactions: dict[int, tuple[str, ...]] = field(default_factory=dict)
    looks: list[Look] = field(default_factory=list)

    @property
    def labels(self) -> list[str]:
        """The buttons from left to right, top to bottom."""
        return [str(button["text"]) for row in self.keyboard for button in row]

    def look(self) -> None:
        """Remember how it looks now."""
        self.looks.append(Look(time.time(), self.text, self.entities, self.keyboard))


@dataclass(eq=False, slots=True)
class Draft:
    """A message being written, shown to the person only."""

    id: int
    chat: Chat
    topic: int | None
    text: str
    entities: tuple[Entity, ...]
    at: float  # of the last change
    can_stop: bool = False
    keep_on_stop: bool = False
    stopped: bool = False
    rich: Json | None = None
    looks: list[tuple[float, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person sees after a press."""

    text: str
    alert: bool
    url: str
    at: float


@dataclass(eq=False, slots=True)
class Press:
    """A press of a button; the button spins until `answer` is there."""

    id: str
    user: User
    message: Message
    data: str
    at: float
    answer: Answer | None = None
    expired: bool = False
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    async def answered(self, seconds: float = 30) -> Answer:
        async with asyncio.timeout(seconds):
            await self.settled.wait()
        assert self.answer is not None
        return self.answer


@dataclass(frozen=True, slots=True)
class Typing:
    """A chat action; it is shown for five seconds."""

    at: float
    chat: Chat
    topic: int | None
    action: str


@dataclass(eq=False, slots=True)
class Chat:
    """`kind`: private, group, supergroup, channel. `forum`: it has topics (a private chat: see the bot's setting)."""

    id: int
    kind: str
    title: str
    forum: bool = False
    username: str = ""
    members: dict[int, Member] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    drafts: dict[tuple[int | None, int], Draft] = field(default_factory=dict)
    moved_to: int | None = None
    deleted: bool = False
    last_id: int = 0

    def member(self, user: User) -> Member:
        return self.members.get(user.id) or Member(user, "left")

    @property
    def person(self) -> User:
        """The other side of a private chat."""
        assert self.kind == "private"
        return next(iter(self.members.values())).user


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Bot API and how it was answered. `status` 0: the connection was cut."""

    at: float
    method: str
    params: Json
    status: int
    description: str = ""
    retry_after: int = 0
