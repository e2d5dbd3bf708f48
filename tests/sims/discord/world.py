"""What exists: users, guilds, channels, threads, messages. The server changes it, a test looks at it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
TEXT, DIRECT, CATEGORY, PUBLIC_THREAD, PRIVATE_THREAD, FORUM = 0, 1, 4, 11, 12, 15
THREADS = (PUBLIC_THREAD, PRIVATE_THREAD)
SUPPRESS_EMBEDS, HAS_THREAD, EPHEMERAL, LOADING = 1 << 2, 1 << 5, 1 << 6, 1 << 7
SILENT, VOICE, COMPONENTS_V2 = 1 << 12, 1 << 13, 1 << 15


@dataclass(eq=False, slots=True)
class User:
    """A person or a bot. `takes_messages`: does not refuse direct messages."""

    id: int
    name: str
    bot: bool = False
    takes_messages: bool = True


@dataclass(eq=False, slots=True)
class Role:
    id: int
    name: str
    permissions: int
    position: int = 1


@dataclass(eq=False, slots=True)
class Overwrite:
    """What a channel allows and denies a role or (`kind` 1) a member."""

    id: int
    kind: int
    allow: int = 0
    deny: int = 0


@dataclass(eq=False, slots=True)
class Member:
    guild: Guild
    user: User
    roles: list[Role] = field(default_factory=list)
    nick: str | None = None
    joined_at: float = field(default_factory=time.time)


@dataclass(eq=False, slots=True)
class Guild:
    """`everyone` is the role with the guild's own id. `tier`: boosts, which raise the size of files. `away`: Discord
    cannot reach it, and tells nothing of it."""

    id: int
    name: str
    owner: User
    everyone: Role
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    tier: int = 0
    away: bool = False
    is_terse: bool = False  # does not tell the bot of its own member, as a service may that is only compatible
    created_commands: list[float] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Tag:
    """Of a forum. `moderated`: only who manages threads may set it."""

    id: int
    name: str
    moderated: bool = False
    emoji: str | None = None


@dataclass(eq=False, slots=True)
class ThreadFacts:
    """What only threads have."""

    owner: User
    archived: bool = False
    locked: bool = False
    invitable: bool = True
    archive_minutes: int = 4320
    archived_at: float = field(default_factory=time.time)
    made_at: float = field(default_factory=time.time)
    written: int = 0  # messages ever, the starting one excepted


@dataclass(eq=False, slots=True)
class Channel:
    """A channel of a guild, a thread (`thread` is set) or a direct message (`recipients`, no guild)."""

    id: int
    kind: int
    name: str = ""
    guild: Guild | None = None
    parent: Channel | None = None
    thread: ThreadFacts | None = None
    topic: str | None = None
    position: int = 0
    slow_seconds: int = 0
    flags: int = 0
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    tags: dict[int, Tag] = field(default_factory=dict)  # that a forum offers
    applied: list[int] = field(default_factory=list)  # of a forum post
    recipients: list[User] = field(default_factory=list)
    joined: dict[int, float] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    names: list[tuple[float, str]] = field(default_factory=list)
    deleted: bool = False

    @property
    def archived(self) -> bool:
        return self.thread is not None and self.thread.archived

    @property
    def locked(self) -> bool:
        return self.thread is not None and self.thread.locked

    @property
    def file_limit(self) -> int:
        """The largest file in bytes: more in boosted guilds."""
        tier = self.guild.tier if self.guild else 0
        return {2: 50, 3: 100}.get(tier, 10) * 1024 * 1024

    @property
    def tag_names(self) -> list[str]:
        """The tags of a forum post."""
        offered = self.parent.tags if self.parent else {}
        return [offered[tag].name for tag in self.applied if tag in offered]


@dataclass(eq=False, slots=True)
class Attachment:
    """A file that Discord keeps."""

    id: int
    name: str
    data: bytes
    mime: str = "application/octet-stream"
    description: str | None = None
    url: str = ""
    size: int = 0
    seconds: float | None = None  # of a voice message


@dataclass(frozen=True, slots=True)
class Look:
    """How a message looked from `at` on."""

    at: float
    text: str
    embeds: tuple[Json, ...]
    components: tuple[Json, ...]


@dataclass(eq=False, slots=True)
class Message:
    """A message as people see it. `looks`: every state it had, oldest first. `kind` 0 and 19 are written ones,
    20 answers a command, the others are notes of Discord's own. `receiver`: of an ephemeral message."""

    id: int
    channel: Channel
    author: User
    at: float
    text: str = ""
    kind: int = 0
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    nonce: str | int | None = None
    tts: bool = False
    reply_to: Message | None = None
    reference: Json | None = None
    forwarded: Message | None = None
    stickers: tuple[str, ...] = ()
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    reactions: dict[str, list[User]] = field(default_factory=dict)
    pinned_at: float | None = None
    edited_at: float | None = None
    thread: Channel | None = None
    interaction: Json | None = None
    receiver: User | None = None
    deleted: bool = False
    old_edits: int = 0
    looks: list[Look] = field(default_factory=list)

    @property
    def rings(self) -> bool:
        """People are notified of it."""
        return not self.flags & (SILENT | EPHEMERAL)

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """A placeholder ("is thinking") that is not filled yet."""
        return bool(self.flags & LOADING)

    @property
    def by_hand(self) -> bool:
        """Written, not a note of Discord's own."""
        return self.kind in (0, 19, 20, 23)

    @property
    def labels(self) -> list[str]:
        """The buttons, top to bottom."""
        return [str(part.get("label", "")) for part in parts(self.components) if part.get("type") == 2]

    @property
    def words(self) -> str:
        """All that is to be read in it: text, embeds, texts of components."""
        shown = [self.text]
        for embed in self.embeds:
            shown += [embed.get("title") or "", embed.get("description") or ""]
            shown += [f"{one['name']}\n{one['value']}" for one in embed.get("fields", [])]
            shown.append((embed.get("footer") or {}).get("text") or "")
        shown += [str(part["content"]) for part in parts(self.components) if part.get("type") == 10]
        return "\n".join(one for one in shown if one)

    def look(self) -> None:
        """Remember how it looks now."""
        self.looks.append(Look(time.time(), self.text, self.embeds, self.components))


def parts(components: Any) -> list[Json]:
    """All components, those inside others too, in reading order."""
    found: list[Json] = []
    for one in components:
        found.append(one)
        found += parts(one.get("components") or ())
        found += parts([one[name] for name in ("accessory", "component") if isinstance(one.get(name), dict)])
    return found


@dataclass(eq=False, slots=True)
class Command:
    """An application command; `guild` None: everywhere."""

    id: int
    version: int
    guild: int | None
    shape: Json

    @property
    def name(self) -> str:
        return str(self.shape["name"])


@dataclass(frozen=True, slots=True)
class Typing:
    """A typing indicator; it is shown for ten seconds."""

    at: float
    channel: Channel
    user: User


@dataclass(frozen=True, slots=True)
class Call:
    """One call and how it was answered. `status` 0: the connection was cut. `name` is the route's."""

    at: float
    name: str
    method: str
    path: str
    body: Any
    status: int
    code: int = 0
    description: str = ""
    retry_after: float = 0.0
    seconds: float = 0.0
