"""What persons do: write, press, send files, manage topics and groups; the bot is told as Telegram tells it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.sims.telegram.entities import Entity, commands_in
from tests.sims.telegram.methods.topics import COLORS
from tests.sims.telegram.realm import Realm
from tests.sims.telegram.wire import chat_json, message_json, user_json
from tests.sims.telegram.world import ANONYMOUS_ADMIN, Chat, Draft, Json, Media, Member, Message, Press, Topic, User

MIMES = {
    "photo": ("", "image/jpeg"),
    "document": ("file.txt", "text/plain"),
    "voice": ("", "audio/ogg"),
    "audio": ("song.mp3", "audio/mpeg"),
    "video": ("clip.mp4", "video/mp4"),
    "video_note": ("", "video/mp4"),
    "animation": ("cat.mp4", "video/mp4"),
    "sticker": ("", "image/webp"),
}
Where = int | Topic | None


class People(Realm):
    """A realm in which a test acts as a person."""

    # --- writing ---------------------------------------------------------------------------------

    def say(
        self,
        user: User,
        chat: Chat,
        text: str,
        *,
        topic: Where = None,
        reply_to: Message | None = None,
        quote: str = "",
        entities: Sequence[Entity] | None = None,
    ) -> Message:
        """They write a message; commands in it become entities."""
        self._may_write(user, chat, topic)
        found = commands_in(text) if entities is None else tuple(entities)
        return self.post(chat, user, text=text, entities=found, topic=_number(topic), reply_to=reply_to, quote=quote)

    def say_anonymously(self, chat: Chat, text: str, *, topic: Where = None) -> Message:
        """An administrator writes in the name of the group."""
        anonymous = self.users[ANONYMOUS_ADMIN]
        return self.post(chat, anonymous, sender_chat=chat, text=text, entities=commands_in(text), topic=_number(topic))

    def post_in_channel(self, chat: Chat, text: str) -> Message:
        """A post of a channel: no person is named."""
        return self.post(chat, None, sender_chat=chat, text=text, entities=commands_in(text))

    def edit(self, message: Message, text: str) -> None:
        """The writer changes their message."""
        self.change(message, text=text, entities=commands_in(text))

    def delete(self, message: Message) -> None:
        """A person deletes a message; the bot is not told."""
        self.remove(message)

    def send_file(
        self,
        user: User,
        chat: Chat,
        data: bytes = b"content",
        kind: str = "document",
        *,
        name: str = "",
        mime: str = "",
        caption: str = "",
        album: str = "",
        topic: Where = None,
        size: int | None = None,
    ) -> Message:
        """They send a file; files with the same `album` belong together. `size` may claim more than `data` holds."""
        self._may_write(user, chat, topic)
        usual_name, usual_mime = MIMES[kind]
        file = self.keep_file(data, name or usual_name, mime or usual_mime, f"{kind}s")
        file.size = len(data) if size is None else size
        media = Media(kind, file, 384, 384, 3)
        return self.post(
            chat, user, text=caption, entities=commands_in(caption), media=media, album=album, topic=_number(topic)
        )

    def forward(self, user: User, message: Message, chat: Chat, *, topic: Where = None) -> Message:
        """They forward a message into a chat."""
        self._may_write(user, chat, topic)
        return self.post(
            chat, user, text=message.text, entities=message.entities, media=message.media, topic=_number(topic),
            forwarded_from=message.forwarded_from or message.sender,
        )  # fmt: skip

    def react(self, user: User, message: Message, *emoji: str) -> None:
        """Their reactions to a message are now these."""
        before = message.reactions.get(user.id, ())
        message.reactions[user.id] = emoji
        self.updates.add(
            "message_reaction",
            {
                "chat": chat_json(message.chat),
                "message_id": message.id,
                "user": user_json(user),
                "date": int(time.time()),
                "old_reaction": [{"type": "emoji", "emoji": one} for one in before],
                "new_reaction": [{"type": "emoji", "emoji": one} for one in emoji],
            },
        )
        self.changed()

    def _may_write(self, user: User, chat: Chat, topic: Where) -> None:
        assert chat.moved_to is None and chat.member(user).present, f"{user.first_name} can't write there"
        number = _number(topic)
        place = chat.topics.get(number or 1)
        assert number is None or (place and not place.deleted), f"no topic {number} in {chat.title}"
        if place and place.closed:
            assert chat.member(user).admin, f"the topic {place.name} is closed"
        if chat.kind == "private":
            user.started = True

    # --- buttons ---------------------------------------------------------------------------------

    def press(self, user: User, message: Message, label: str) -> Press:
        """They press the button whose label (or else data) is, or begins with, `label`."""
        assert not message.deleted, "the message is gone"
        assert message.receiver in (None, user), "they do not see this message"
        button = _button(message, label)
        press = Press(str(self.serial() + 4_000_000_000_000_000), user, message, button["callback_data"], time.time())
        self.presses[press.id] = press
        self.updates.add(
            "callback_query",
            {
                "id": press.id,
                "from": user_json(user),
                "message": message_json(message),
                "chat_instance": str(message.chat.id * 7919),
                "data": press.data,
            },
        )
        self.changed()
        return press

    def stop_draft(self, user: User, chat: Chat, draft: Draft) -> None:
        """They press Stop on a draft."""
        assert draft.can_stop and user is chat.person, "there is no Stop button"
        draft.stopped = True
        if not draft.keep_on_stop:
            draft.at = 0.0
        stopped: Json = {"chat": chat_json(chat), "draft_id": draft.id}
        self.updates.add(
            "stopped_message_generation", stopped | ({"message_thread_id": draft.topic} if draft.topic else {})
        )
        self.changed()

    def ask_inline(self, user: User, query: str) -> str:
        """They type `@bot query` somewhere; the id under which `inline_answers` will hold the answer."""
        number = str(self.serial() + 9_000_000_000)
        self.inline_answers[number] = {}
        self.updates.add("inline_query", {"id": number, "from": user_json(user), "query": query, "offset": ""})
        return number

    # --- topics ----------------------------------------------------------------------------------

    def open_topic(self, user: User, chat: Chat, name: str) -> Topic:
        """They open a topic by hand."""
        assert chat.forum, "there are no topics here"
        return self.make_topic(chat, user, name, COLORS[0])

    def delete_topic(self, chat: Chat, topic: Where) -> None:
        """A person deletes a topic; the bot is not told."""
        self.drop_topic(chat, self.topic(chat, topic))

    def close_topic(self, user: User, chat: Chat, topic: Where) -> None:
        self.set_closed(chat, self.topic(chat, topic), user, True)

    def reopen_topic(self, user: User, chat: Chat, topic: Where) -> None:
        self.set_closed(chat, self.topic(chat, topic), user, False)

    def rename_topic(self, user: User, chat: Chat, topic: Where, name: str) -> None:
        place = self.topic(chat, topic)
        self.rename(chat, place, user, name, place.icon)

    def topic(self, chat: Chat, topic: Where | str) -> Topic:
        """By id or by name; None is General."""
        if isinstance(topic, Topic):
            return topic
        if isinstance(topic, str):
            return next(place for place in self.topics(chat) if place.name == topic)
        return chat.topics[topic or 1]

    # --- groups ----------------------------------------------------------------------------------

    def add_bot(self, user: User, chat: Chat, rights: frozenset[str] | None = None) -> None:
        """They add the bot, as an administrator where `rights` are given."""
        self.grant(chat, rights)
        self.post(chat, user, service={"new_chat_members": [user_json(self.bot)]}, rings=False)

    def kick_bot(self, chat: Chat) -> None:
        """The bot is removed for good."""
        self.set_member(chat, Member(self.bot, "kicked"))

    def block_bot(self, user: User) -> None:
        """They block the bot in their private chat."""
        chat = self.private(user)
        user.blocked = True
        before = {"status": "member", "user": user_json(self.bot)}
        after = {"status": "kicked", "user": user_json(self.bot), "until_date": 0}
        self.updates.add(
            "my_chat_member",
            {
                "chat": chat_json(chat), "from": user_json(user), "date": int(time.time()), "old_chat_member": before,
                "new_chat_member": after,
            },
        )  # fmt: skip
        self.changed()

    def migrate(self, chat: Chat, *, forum: bool = False) -> Chat:
        """A basic group becomes a supergroup with another id; the old one refuses every call from now on."""
        assert chat.kind == "group", "only a basic group migrates"
        moved = (self.forum if forum else self.supergroup)(chat.title)
        moved.members = dict(chat.members)
        self.post(chat, self._creator(chat), service={"migrate_to_chat_id": moved.id}, rings=False)
        chat.moved_to = moved.id
        service: Json = {"migrate_from_chat_id": chat.id}
        self.post(moved, self.users[ANONYMOUS_ADMIN], sender_chat=moved, service=service, rings=False)
        return moved

    def retitle(self, user: User, chat: Chat, title: str) -> None:
        chat.title = title
        self.post(chat, user, service={"new_chat_title": title}, rings=False)

    def _creator(self, chat: Chat) -> User:
        return next(member.user for member in chat.members.values() if member.status == "creator")

    def menu(self, user: User, chat: Chat) -> list[str]:
        """The commands that Telegram offers them there, by its order of scopes."""
        for scope in _scopes(user, chat):
            for language in (user.language, ""):
                if found := self.commands.get((scope, language)):
                    return [str(command["command"]) for command in found]
        return []


def _number(topic: Where) -> int | None:
    number = topic.id if isinstance(topic, Topic) else topic
    return None if number == 1 else number


def _button(message: Message, label: str) -> Json:
    buttons = [button for row in message.keyboard for button in row if "callback_data" in button]
    for matches in (
        lambda button: label in (button["text"], button["callback_data"]),
        lambda button: button["text"].startswith(label),
        lambda button: label in button["text"],
    ):
        for button in buttons:
            if matches(button):
                return button
    raise AssertionError(f"no button {label!r} among {message.labels}")


def _scopes(user: User, chat: Chat) -> list[str]:
    """Telegram: the narrowest scope that has commands wins."""
    here, admin = f'"chat_id": {chat.id}, "type": ', chat.member(user).admin
    if chat.kind == "private":
        return [f'{{{here}"chat"}}', '{"type": "all_private_chats"}', '{"type": "default"}']
    return [
        f'{{{here}"chat_member", "user_id": {user.id}}}',
        *([f'{{{here}"chat_administrators"}}'] if admin else []),
        f'{{{here}"chat"}}',
        *(['{"type": "all_chat_administrators"}'] if admin else []),
        '{"type": "all_group_chats"}',
        '{"type": "default"}',
    ]
