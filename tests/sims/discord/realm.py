"""The few ways in which the simulated Discord changes; each is told to the bot as Discord tells it."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable
from typing import Any

from tests.sims.discord.ids import stamp
from tests.sims.discord.members import Members
from tests.sims.discord.permissions import Right, may_see, rights_in
from tests.sims.discord.sessions import Intent
from tests.sims.discord.wire import (
    channel_json,
    event_json,
    member_json,
    thread_member_json,
)
from tests.sims.discord.world import (
    FORUM,
    HAS_THREAD,
    PUBLIC_THREAD,
    Attachment,
    Channel,
    Guild,
    Json,
    Message,
    Overwrite,
    ThreadFacts,
    Typing,
    User,
)

MENTION = re.compile(r"<@!?(\d+)>|<@&(\d+)>")
RENAMED, PINNED, THREAD_MADE, THREAD_START = 4, 6, 18, 21  # notes of Discord's own


class Realm(Members):
    """Messages, channels and threads that change."""

    def _tell_of(self, name: str, channel: Channel, data: Json, *, open: bool = True) -> None:
        """About messages of a channel, if the bot is there to see them."""
        if may_see(channel, self.bot):
            self.tell(name, data, Intent.MESSAGES if channel.guild else Intent.DIRECT_MESSAGES, open=open)
        self.changed()

    # --- messages --------------------------------------------------------------------------------

    def post(self, channel: Channel, author: User, **what: Any) -> Message:
        """A new message; an archived thread comes back to life by it."""
        number = what.pop("id", None) or self.new_id()
        message = Message(number, channel, author, time.time(), **what)
        for_all = message.receiver is None
        if for_all and message.by_hand:
            self._revive(channel)
        channel.messages[message.id] = message
        message.look()
        if for_all and message.by_hand:
            self._join_in(channel, message)
        if for_all:
            self._tell_of("MESSAGE_CREATE", channel, event_json(message, self.bot), open=self._open(message))
        self.changed()
        return message

    def _revive(self, channel: Channel) -> None:
        if channel.thread and channel.thread.archived:
            self.set_thread(channel, archived=False)

    def _join_in(self, channel: Channel, message: Message) -> None:
        """Whoever writes in a thread or is mentioned there becomes a member of it."""
        if channel.thread is None or channel.guild is None:
            return
        if message.id != channel.id:
            channel.thread.written += 1
        for user in (message.author, *message.mentions):
            if user.id in channel.guild.members:
                self.join_thread(channel, user)

    def _open(self, message: Message) -> bool:
        """Its content is told without the intent."""
        mine = message.author is self.bot or self.bot in message.mentions
        return mine or message.channel.guild is None

    def change(self, message: Message, *, edited: bool = True, **what: Any) -> None:
        """An edit: the new look is remembered."""
        for name, value in what.items():
            setattr(message, name, value)
        if edited:
            message.edited_at = time.time()
            message.look()
        if message.receiver is None:
            self._tell_of("MESSAGE_UPDATE", message.channel, event_json(message, self.bot), open=self._open(message))
        self.changed()

    def unfurl(self, message: Message, url: str) -> None:
        """Discord shows what a link in it leads to: an update that is no edit."""
        self.change(message, edited=False, embeds=({"type": "link", "url": url, "title": url},))

    def remove(self, message: Message) -> None:
        message.deleted = True
        channel = message.channel
        if message.receiver is None:
            gone = {"id": str(message.id), "channel_id": str(channel.id)} | _guild_id(channel)
            self._tell_of("MESSAGE_DELETE", channel, gone)
        self.changed()

    def remove_many(self, channel: Channel, messages: Iterable[Message]) -> None:
        gone = list(messages)
        for message in gone:
            message.deleted = True
        ids = [str(message.id) for message in gone]
        self._tell_of("MESSAGE_DELETE_BULK", channel, {"ids": ids, "channel_id": str(channel.id)} | _guild_id(channel))

    def mentioned(self, channel: Channel, author: User, text: str, allowed: Json | None = None) -> Json:
        """Whom a text mentions, as fields of a message; `allowed` limits it as allowed_mentions does."""
        users, roles = [], []
        for user, role in MENTION.findall(text):
            if user and (found := self.users.get(int(user))) and found not in users and _may(allowed, "users", user):
                users.append(found)
            if role and _may(allowed, "roles", role):
                roles.append(int(role))
        everyone = "@everyone" in text or "@here" in text
        everyone = everyone and bool(rights_in(channel, author) & Right.MENTION_EVERYONE) and _may(allowed, "everyone")
        return {"mentions": users, "mention_roles": roles, "mention_everyone": everyone}

    def react(self, message: Message, user: User, emoji: str) -> None:
        users = message.reactions.setdefault(emoji, [])
        if user not in users:
            users.append(user)
            self._tell_reaction("MESSAGE_REACTION_ADD", message, user, emoji)

    def unreact(self, message: Message, user: User, emoji: str) -> None:
        users = message.reactions.get(emoji, [])
        if user in users:
            users.remove(user)
            if not users:
                del message.reactions[emoji]
            self._tell_reaction("MESSAGE_REACTION_REMOVE", message, user, emoji)

    def _tell_reaction(self, name: str, message: Message, user: User, emoji: str) -> None:
        channel = message.channel
        data: Json = {
            "user_id": str(user.id), "channel_id": str(channel.id), "message_id": str(message.id),
            "emoji": {"id": None, "name": emoji}, "burst": False, "type": 0,
        } | _guild_id(channel)  # fmt: skip
        if channel.guild and name.endswith("ADD") and (member := channel.guild.members.get(user.id)):
            data |= {"member": member_json(member), "message_author_id": str(message.author.id)}
        if may_see(channel, self.bot):
            self.tell(name, data, Intent.REACTIONS if channel.guild else Intent.DIRECT_REACTIONS)

    def pin(self, message: Message, by: User, pinned: bool) -> None:
        """Pinning leaves a note in the channel."""
        message.pinned_at = time.time() if pinned else None
        channel = message.channel
        stamped = {"last_pin_timestamp": stamp(message.pinned_at) if message.pinned_at else None}
        self.tell("CHANNEL_PINS_UPDATE", {"channel_id": str(channel.id)} | _guild_id(channel) | stamped)
        self.change(message, edited=False)
        if pinned:
            reference = {"message_id": str(message.id), "channel_id": str(channel.id)} | _guild_id(channel)
            self.post(channel, by, kind=PINNED, reference=reference)

    def type_in(self, channel: Channel, user: User) -> None:
        self.typing.append(Typing(time.time(), channel, user))
        if may_see(channel, self.bot):
            data = {"channel_id": str(channel.id), "user_id": str(user.id), "timestamp": int(time.time())}
            needs = Intent.TYPING if channel.guild else Intent.DIRECT_TYPING
            self.tell("TYPING_START", data | _guild_id(channel), needs)
        self.changed()

    def keep_file(self, channel: Channel, attachment: Attachment) -> Attachment:
        """It can be downloaded from its address, which nobody could guess."""
        attachment.id = attachment.id or self.new_id()
        until, secret = f"{int(time.time()) + 86400:x}", secrets.token_hex(16)
        path = f"/attachments/{channel.id}/{attachment.id}/{attachment.name}"
        attachment.url = f"{self.base}{path}?ex={until}&is={int(time.time()):x}&hm={secret}"
        self.files[attachment.id] = (channel, attachment)
        return attachment

    # --- channels and threads --------------------------------------------------------------------

    def make_channel(self, guild: Guild, name: str, kind: int = 0, **what: Any) -> Channel:
        channel = Channel(self.new_id(), kind, name, guild, position=len(guild.channels), **what)
        channel.names.append((time.time(), name))
        self.channels[channel.id] = guild.channels[channel.id] = channel
        if self.knows(guild):
            self.tell("CHANNEL_CREATE", channel_json(channel, self.bot))
        return channel

    def make_thread(
        self, parent: Channel, owner: User, name: str, *, kind: int = PUBLIC_THREAD, start: Message | None = None,
        minutes: int | None = None, slow_seconds: int = 0, invitable: bool = True, tags: Iterable[int] = (),
    ) -> Channel:  # fmt: skip
        """With `start` it has that message's id; a public one without leaves a note in its parent."""
        facts = ThreadFacts(owner, archive_minutes=minutes or 4320, invitable=invitable)
        thread = Channel(
            start.id if start else self.new_id(), kind, name, parent.guild, parent, facts, slow_seconds=slow_seconds,
            applied=list(tags), joined={owner.id: time.time()},
        )  # fmt: skip
        thread.names.append((time.time(), name))
        assert parent.guild is not None
        self.channels[thread.id] = parent.guild.channels[thread.id] = thread
        if may_see(thread, self.bot):
            self.tell("THREAD_CREATE", channel_json(thread, self.bot) | {"newly_created": True})
        if start is not None:
            self.change(start, edited=False, thread=thread, flags=start.flags | HAS_THREAD)
            reference = {"message_id": str(start.id), "channel_id": str(parent.id)} | _guild_id(parent)
            self.post(thread, owner, kind=THREAD_START, reference=reference, reply_to=start)
        elif kind == PUBLIC_THREAD and parent.kind != FORUM:
            reference = {"channel_id": str(thread.id)} | _guild_id(parent)
            self.post(parent, owner, kind=THREAD_MADE, text=name, reference=reference)
        return thread

    def set_channel(self, channel: Channel, by: User | None = None, **what: Any) -> None:
        """Name, topic, overwrites, tags … of a channel or thread; a renamed thread notes it."""
        renamed = "name" in what and what["name"] != channel.name
        seen = may_see(channel, self.bot)
        for name, value in what.items():
            setattr(channel, name, value)
        if renamed:
            channel.names.append((time.time(), channel.name))
        self._tell_updated(channel)
        if not seen and may_see(channel, self.bot) and channel.thread is None:
            self._tell_threads(channel)
        if renamed and channel.thread and by is not None:
            self.post(channel, by, kind=RENAMED, text=channel.name)

    def set_thread(self, channel: Channel, **what: Any) -> None:
        """Archived, locked and the like."""
        assert channel.thread is not None
        for name, value in what.items():
            setattr(channel.thread, name, value)
        if "archived" in what:
            channel.thread.archived_at = time.time()
        self._tell_updated(channel)

    def _tell_updated(self, channel: Channel) -> None:
        if channel.guild and self.knows(channel.guild) and (channel.thread is None or may_see(channel, self.bot)):
            name = "THREAD_UPDATE" if channel.thread else "CHANNEL_UPDATE"
            self.tell(name, channel_json(channel, self.bot))
        self.changed()

    def _tell_threads(self, channel: Channel) -> None:
        """Whoever comes to see a channel is told its active threads."""
        threads = [channel_json(one, self.bot) for one in self.threads(channel) if not one.archived]
        data = {"channel_ids": [str(channel.id)], "threads": threads, "members": []}
        self.tell("THREAD_LIST_SYNC", data | _guild_id(channel))

    def set_overwrite(self, channel: Channel, overwrite: Overwrite) -> None:
        self.set_channel(channel, overwrites=channel.overwrites | {overwrite.id: overwrite})

    def drop_channel(self, channel: Channel) -> None:
        """A channel takes its threads with it."""
        guild = channel.guild
        assert guild is not None
        sight = may_see(channel, self.bot)
        channel.deleted = True
        for thread in [one for one in guild.channels.values() if one.parent is channel and one.thread]:
            thread.deleted = True
            guild.channels.pop(thread.id)
        guild.channels.pop(channel.id)
        if not self.knows(guild):
            return
        if channel.thread is None:
            self.tell("CHANNEL_DELETE", channel_json(channel, self.bot))
        elif sight:
            parent = str(channel.parent.id) if channel.parent else None
            gone = {"id": str(channel.id), "guild_id": str(guild.id), "parent_id": parent, "type": channel.kind}
            self.tell("THREAD_DELETE", gone)

    def join_thread(self, thread: Channel, user: User) -> None:
        if user.id in thread.joined:
            return
        seen = may_see(thread, self.bot)
        thread.joined[user.id] = time.time()
        if user is self.bot and not seen:
            self.tell("THREAD_CREATE", channel_json(thread, self.bot))
        added = thread_member_json(thread, user.id)
        self._tell_members(thread, user, {"added_members": [added]})

    def leave_thread(self, thread: Channel, user: User) -> None:
        if thread.joined.pop(user.id, None) is not None:
            self._tell_members(thread, user, {"removed_member_ids": [str(user.id)]})

    def _tell_members(self, thread: Channel, user: User, what: Json) -> None:
        data = {"id": str(thread.id), "member_count": len(thread.joined)} | _guild_id(thread) | what
        if may_see(thread, self.bot):
            # Without the members intent a bot hears only of its own joining and leaving.
            self.tell("THREAD_MEMBERS_UPDATE", data, Intent.GUILDS if user is self.bot else Intent.MEMBERS)
        self.changed()


def _guild_id(channel: Channel) -> Json:
    return {"guild_id": str(channel.guild.id)} if channel.guild else {}


def _may(allowed: Json | None, what: str, number: str = "") -> bool:
    if allowed is None:
        return True
    return what in allowed.get("parse", ()) or number in map(str, allowed.get(what) or ())
