"""What a person does: write, press, choose, open threads; the bot is told as Discord tells it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.sims.discord.asking import Asking
from tests.sims.discord.components import SELECTS
from tests.sims.discord.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, SUBMIT, Interaction, Modal
from tests.sims.discord.modals import submitted
from tests.sims.discord.permissions import Right, may_see, rights_in
from tests.sims.discord.slash import command_data
from tests.sims.discord.world import (
    FORUM,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    TEXT,
    VOICE,
    Attachment,
    Channel,
    Command,
    Guild,
    Json,
    Message,
    Role,
    User,
    parts,
)


@dataclass(eq=False, slots=True)
class Person(User):
    """A user whose doings a test leads."""

    sim: Asking = field(kw_only=True)

    # --- writing ---------------------------------------------------------------------------------

    def write(
        self,
        channel: Channel,
        text: str = "",
        *,
        files: Mapping[str, bytes] | None = None,
        mime: str = "",
        size: int = 0,
        reply_to: Message | None = None,
        voice: bool = False,
        sticker: str = "",
    ) -> Message:
        """A message. `size` may claim more than the files hold; `voice`: its file is a voice message."""
        self._may_write(channel)
        attachments = [self._attached(channel, name, data, mime, size, voice) for name, data in (files or {}).items()]
        reference: Json | None = None
        if reply_to is not None:
            reference = {"type": 0, "message_id": str(reply_to.id), "channel_id": str(channel.id)}
        return self.sim.post(
            channel, self, text=text, attachments=attachments, flags=VOICE if voice else 0,
            kind=19 if reply_to else 0, reply_to=reply_to, reference=reference, nonce=str(self.sim.new_id()),
            stickers=(sticker,) if sticker else (),
            **self._mentions(channel, text, reply_to),
        )  # fmt: skip

    def _mentions(self, channel: Channel, text: str, reply_to: Message | None) -> Json:
        found = self.sim.mentioned(channel, self, text)
        if reply_to is not None and reply_to.author not in found["mentions"]:
            found["mentions"].append(reply_to.author)  # a reply pings its author unless that is switched off
        return found

    def _attached(self, channel: Channel, name: str, data: bytes, mime: str, size: int, voice: bool) -> Attachment:
        kind = mime or ("audio/ogg" if voice else "text/plain; charset=utf-8")
        made = Attachment(0, name, data, kind, size=size, seconds=2.5 if voice else None)
        return self.sim.keep_file(channel, made)

    def _may_write(self, channel: Channel) -> None:
        rights = rights_in(channel, self)
        needed = Right.SEND_IN_THREADS if channel.thread else Right.SEND_MESSAGES
        assert not channel.deleted and rights & needed, f"{self.name} can't write in {channel.name}"
        assert channel.kind != FORUM, "a forum takes posts only"
        locked = channel.locked and not rights & Right.MANAGE_THREADS
        assert not locked, f"{channel.name} is locked"

    def forward(self, message: Message, channel: Channel) -> Message:
        """They forward a message: one without words of its own that holds what the other says."""
        self._may_write(channel)
        reference = {"type": 1, "message_id": str(message.id), "channel_id": str(message.channel.id)}
        return self.sim.post(channel, self, reference=reference, forwarded=message)

    def edit(self, message: Message, text: str) -> None:
        assert message.author is self and not message.deleted, "it is not theirs"
        self.sim.change(message, text=text, **self.sim.mentioned(message.channel, self, text))

    def delete(self, message: Message) -> None:
        mine = message.author is self or rights_in(message.channel, self) & Right.MANAGE_MESSAGES
        assert mine and not message.deleted, "they cannot delete it"
        self.sim.remove(message)

    def react(self, message: Message, emoji: str) -> None:
        self.sim.react(message, self, emoji)

    def sees(self, channel: Channel) -> list[Message]:
        """What stands there for them, in order; their ephemeral messages too."""
        return self.sim.seen(channel, self)

    def direct(self) -> Channel:
        """Their direct messages with the bot."""
        return self.sim.direct(self)

    # --- threads ---------------------------------------------------------------------------------

    def open_thread(
        self, channel: Channel, name: str, *, message: Message | None = None, private: bool = False
    ) -> Channel:
        """A thread by hand, on a message or without."""
        self._may_open(channel)
        kind = PRIVATE_THREAD if private else PUBLIC_THREAD
        return self.sim.make_thread(channel, self, name, kind=kind, start=message)

    def open_post(self, forum: Channel, name: str, text: str, *tags: str) -> Channel:
        """A post in a forum."""
        assert forum.kind == FORUM and may_see(forum, self)
        applied = [tag.id for tag in forum.tags.values() if tag.name in tags]
        thread = self.sim.make_thread(forum, self, name, tags=applied)
        self.sim.post(thread, self, id=thread.id, text=text, **self.sim.mentioned(thread, self, text))
        return thread

    def _may_open(self, channel: Channel) -> None:
        assert channel.kind == TEXT and rights_in(channel, self) & Right.CREATE_PUBLIC_THREADS

    def archive(self, thread: Channel, *, locked: bool | None = None) -> None:
        """They close a thread; with `locked` True only who manages threads can bring it back."""
        self.sim.set_thread(thread, archived=True, **({} if locked is None else {"locked": locked}))

    def unarchive(self, thread: Channel) -> None:
        self.sim.set_thread(thread, archived=False)

    def lock(self, thread: Channel, locked: bool = True) -> None:
        self.sim.set_thread(thread, locked=locked)

    def rename(self, channel: Channel, name: str) -> None:
        self.sim.set_channel(channel, self, name=name)

    def tag(self, thread: Channel, *tags: str) -> None:
        """The post has these tags now."""
        assert thread.parent is not None
        offered = thread.parent.tags.values()
        self.sim.set_channel(thread, self, applied=[tag.id for tag in offered if tag.name in tags])

    def delete_channel(self, channel: Channel) -> None:
        """A channel or a thread, for good."""
        self.sim.drop_channel(channel)

    # --- members ---------------------------------------------------------------------------------

    def give_role(self, user: User, role: Role) -> None:
        member = self._guild_of(role).members[user.id]
        self.sim.set_roles(member, [*(one for one in member.roles if one is not role), role])

    def take_role(self, user: User, role: Role) -> None:
        member = self._guild_of(role).members[user.id]
        self.sim.set_roles(member, [one for one in member.roles if one is not role])

    def _guild_of(self, role: Role) -> Guild:
        return next(guild for guild in self.sim.guilds.values() if role.id in guild.roles)

    # --- what the bot answers --------------------------------------------------------------------

    def slash(self, channel: Channel, command: str, **options: Any) -> Interaction:
        """They run a command (`"task run"`: a sub-command); wait for `.answered()` or `.said()`."""
        name, *path = command.split()
        known = self._may_command(channel, name)
        data = command_data(known, path, options)
        return self.sim.interact(self, channel, COMMAND, data)

    async def autocomplete(self, channel: Channel, command: str, option: str, typed: str, **others: Any) -> list[str]:
        """The values that are offered while they type into an option."""
        name, *path = command.split()
        known = self._may_command(channel, name)
        data = command_data(known, path, others | {option: typed}, focused=option)
        interaction = await self.sim.interact(self, channel, AUTOCOMPLETE, data).answered()
        return [str(choice["value"]) for choice in interaction.choices]

    def _may_command(self, channel: Channel, name: str) -> Command:
        """A command may be for those with certain rights; for nobody but administrators, if these are none."""
        rights = rights_in(channel, self)
        assert rights & Right.USE_COMMANDS, f"{self.name} cannot use commands in {channel.name}"
        command = self.sim.command(channel, name)
        needed = command.shape.get("default_member_permissions")
        wanted = Right(int(needed) or Right.ADMINISTRATOR) if needed is not None and channel.guild else Right(0)
        assert not wanted & ~rights, f"{self.name} may not use {name}"
        return command

    def press(self, message: Message, label: str) -> Interaction:
        """The button whose label (or else custom_id) is, or begins with, `label`."""
        self._may_use(message)
        button = _button(message, label)
        assert not button.get("disabled"), f"{label} is disabled"
        return self._use(message, button, {})

    def choose(self, message: Message, *values: str, menu: str = "") -> Interaction:
        """They pick options by value or label; `menu`: which one, by placeholder or custom_id."""
        self._may_use(message)
        select = _select(message, menu)
        picked = [_value(select, value) for value in values]
        assert select.get("min_values", 1) <= len(picked) <= select.get("max_values", 1), "so many cannot be picked"
        return self._use(message, select, {"values": picked})

    def _may_use(self, message: Message) -> None:
        assert not message.deleted, "the message is gone"
        assert message.receiver in (None, self) and may_see(message.channel, self), f"{self.name} does not see it"

    def _use(self, message: Message, component: Json, more: Json) -> Interaction:
        data = {"custom_id": component["custom_id"], "component_type": component["type"], "id": 1} | more
        return self.sim.interact(self, message.channel, COMPONENT, data, message=message)

    def submit(self, modal: Modal, values: Mapping[str, Any] | None = None, **more: Any) -> Interaction:
        """They fill in a form, by custom_id or label, and send it."""
        opened = modal.interaction
        assert opened.user is self, "it was opened for somebody else"
        filled = submitted(modal.shape, dict(values or {}) | more)
        data = {"custom_id": modal.shape["custom_id"], "components": filled}
        return self.sim.interact(self, opened.channel, SUBMIT, data, message=opened.message, trigger=opened)


def _button(message: Message, label: str) -> Json:
    buttons = [one for one in parts(message.components) if one.get("type") == 2 and "custom_id" in one]
    exact = [one for one in buttons if label in (one.get("label"), one["custom_id"])]
    begun = [one for one in buttons if str(one.get("label", "")).startswith(label)]
    within = [one for one in buttons if label in str(one.get("label", ""))]
    found = next(iter(exact + begun + within), None)
    assert found is not None, f"no button {label!r} among {message.labels}"
    return found


def _select(message: Message, menu: str) -> Json:
    selects = [one for one in parts(message.components) if one.get("type") in SELECTS]
    for one in selects:
        if not menu or menu in (one["custom_id"], one.get("placeholder")):
            assert not one.get("disabled"), "the menu is disabled"
            return one
    raise AssertionError(f"no menu {menu!r} in {message.components}")


def _value(select: Json, wanted: str) -> str:
    options: Iterable[Json] = select.get("options") or ()
    if select["type"] != 3:
        return wanted
    for option in options:
        if wanted in (option["value"], option["label"]):
            return str(option["value"])
    for option in options:
        if str(option["label"]).startswith(wanted):
            return str(option["value"])
    raise AssertionError(f"no option {wanted!r} among {[option['label'] for option in options]}")
