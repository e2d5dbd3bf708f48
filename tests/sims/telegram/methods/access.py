"""What every method asks first: is there such a chat, may the bot write, is there such a topic or message."""

from __future__ import annotations

from tests.sims.telegram.params import Params
from tests.sims.telegram.realm import Realm
from tests.sims.telegram.refusals import bad, forbidden
from tests.sims.telegram.world import Chat, Message, Topic


def known_chat(realm: Realm, p: Params, parameter: str = "chat_id") -> Chat:
    """A chat that the bot can see at all."""
    chat = find_chat(realm, p.text(parameter))
    if not p.text(parameter):
        raise bad("chat_id is empty")
    if chat is None:
        raise bad("chat not found")
    if chat.moved_to:
        raise bad("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.moved_to)
    if chat.deleted:
        raise forbidden("the group chat was deleted")
    if chat.kind != "private":
        _inside(realm, chat)
    return chat


def find_chat(realm: Realm, address: str) -> Chat | None:
    """By id or @username; a person who exists has a private chat."""
    if address.startswith("@"):
        return next((chat for chat in realm.chats.values() if chat.username == address[1:]), None)
    try:
        number = int(address)
    except ValueError:
        return None
    if number in realm.users and number not in realm.chats and not realm.users[number].is_bot:
        return realm.private(realm.users[number])
    return realm.chats.get(number)


def _inside(realm: Realm, chat: Chat) -> None:
    kind = "group" if chat.kind == "group" else f"{chat.kind} chat"
    match chat.member(realm.bot).status:
        case "kicked":
            raise forbidden(f"bot was kicked from the {kind if kind != 'group' else 'group chat'}")
        case "left":
            raise forbidden(f"bot is not a member of the {kind if kind != 'group' else 'group chat'}")


def writable_chat(realm: Realm, p: Params, what: str = "text messages") -> Chat:
    chat = known_chat(realm, p)
    if chat.kind == "private":
        person = chat.person
        if person.deactivated:
            raise forbidden("user is deactivated")
        if person.blocked:
            raise forbidden("bot was blocked by the user")
        if not person.started:
            raise forbidden("bot can't initiate conversation with a user")
    me = chat.member(realm.bot)
    if me.status == "restricted" or (chat.kind == "channel" and not me.admin):
        raise bad(f"not enough rights to send {what} to the chat")
    return chat


def thread(realm: Realm, chat: Chat, p: Params) -> int | None:
    """Where to send: None is General, which is addressed by leaving the thread out."""
    number = p.thread()
    topic = chat.topics.get(number or 1)
    if number is not None and (number == 1 or not chat.forum or topic is None or topic.deleted):
        raise bad("message thread not found")
    if topic and topic.closed and not manages(realm, chat, topic):
        raise bad("TOPIC_CLOSED")
    return number


def manages(realm: Realm, chat: Chat, topic: Topic) -> bool:
    return chat.kind == "private" or chat.member(realm.bot).may("can_manage_topics") or topic.creator is realm.bot


def message_of(chat: Chat, number: int, purpose: str) -> Message:
    message = chat.messages.get(number)
    if message is None or message.deleted or message.receiver:
        raise bad(f"message to {purpose} not found")
    return message
