"""How users, chats, messages and updates look on the wire."""

from __future__ import annotations

from typing import Any

from tests.sims.telegram.rich_blocks import received
from tests.sims.telegram.words import words
from tests.sims.telegram.world import GROUP_RIGHTS, Chat, Json, Media, Member, Message, User

PHOTO_SIZES = (90, 320, 1280)


def user_json(user: User) -> Json:
    shown: Json = {"id": user.id, "is_bot": user.is_bot, "first_name": user.first_name}
    if user.username:
        shown["username"] = user.username
    return shown if user.is_bot else shown | {"language_code": user.language}


def chat_json(chat: Chat) -> Json:
    shown: Json = {"id": chat.id, "type": chat.kind}
    if chat.kind == "private":
        person = chat.person
        return shown | {"first_name": person.first_name} | ({"username": person.username} if person.username else {})
    shown["title"] = chat.title
    return shown | ({"username": chat.username} if chat.username else {}) | ({"is_forum": True} if chat.forum else {})


def member_json(member: Member) -> Json:
    shown: Json = {"status": member.status, "user": user_json(member.user)}
    match member.status:
        case "creator":
            shown["is_anonymous"] = "is_anonymous" in member.rights
        case "administrator":
            shown |= {right: right in member.rights for right in GROUP_RIGHTS}
            shown |= {"can_be_edited": False, "is_anonymous": "is_anonymous" in member.rights}
        case "restricted":
            shown |= dict.fromkeys(RESTRICTIONS, False) | {"is_member": True, "until_date": 0}
        case "kicked":
            shown["until_date"] = 0
    return shown


RESTRICTIONS = words(
    "can_send_messages can_send_audios can_send_documents can_send_photos can_send_videos can_send_video_notes "
    "can_send_voice_notes can_send_polls can_send_other_messages can_add_web_page_previews can_react_to_messages "
    "can_edit_tag can_change_info can_invite_users can_pin_messages can_manage_topics"
)


def message_json(message: Message, *, nested: bool = False) -> Json:
    """`nested`: as the message replied to, which holds no further reply."""
    shown: Json = {"message_id": message.id, "date": int(message.at), "chat": chat_json(message.chat)}
    if message.sender:
        shown["from"] = user_json(message.sender)
    if message.sender_chat:
        shown["sender_chat"] = chat_json(message.sender_chat)
    shown |= _thread(message) | _content(message) | _origin(message)
    if message.edited_at:
        shown["edit_date"] = int(message.edited_at)
    if message.album:
        shown["media_group_id"] = message.album
    if message.keyboard:
        shown["reply_markup"] = {"inline_keyboard": [list(row) for row in message.keyboard]}
    if message.receiver:
        shown |= {"message_id": 0, "ephemeral_message_id": message.id, "receiver_user": user_json(message.receiver)}
    return shown if nested else shown | _reply(message)


def _thread(message: Message) -> Json:
    if message.topic:
        return {"message_thread_id": message.topic, "is_topic_message": True}
    if message.reply_to and message.chat.kind == "supergroup" and not message.chat.forum:
        # outside forums a chain of replies is a thread of its own: an id without is_topic_message
        return {"message_thread_id": _root(message).id}
    return {}


def _root(message: Message) -> Message:
    while message.reply_to:
        message = message.reply_to
    return message


def _content(message: Message) -> Json:
    if message.service is not None:
        return message.service
    if message.rich is not None:
        return {"rich_message": {"blocks": received(message.rich.get("blocks") or [])}}
    entities = [entity.json() for entity in message.entities]
    if message.media is None:
        return {"text": message.text} | ({"entities": entities} if entities else {})
    shown = {message.media.kind: media_json(message.media)}
    if message.media.kind == "animation":
        shown["document"] = media_json(message.media)
    if message.text:
        shown |= {"caption": message.text} | ({"caption_entities": entities} if entities else {})
    return shown


def media_json(media: Media) -> Any:
    file: Json = {"file_id": media.file.id, "file_unique_id": media.file.unique_id, "file_size": media.file.size}
    named = file | ({"file_name": media.file.name} if media.file.name else {}) | {"mime_type": media.file.mime}
    match media.kind:
        case "photo":
            return [file | {"width": size, "height": size} for size in PHOTO_SIZES]
        case "voice":
            return file | {"mime_type": media.file.mime, "duration": media.duration}
        case "audio":
            return named | {"duration": media.duration}
        case "video" | "animation":
            return named | {"width": media.width, "height": media.height, "duration": media.duration}
        case "video_note":
            return file | {"length": media.width, "duration": media.duration}
        case "sticker":
            return file | {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        case _:
            return named


def _origin(message: Message) -> Json:
    if message.forwarded_from is None:
        return {}
    sender = user_json(message.forwarded_from)
    return {"forward_origin": {"type": "user", "date": int(message.at), "sender_user": sender}}


def _reply(message: Message) -> Json:
    target = message.reply_to
    if target is None and message.topic and message.id != message.topic:
        # Every message in a topic replies to the "created" message unless it replies to something else.
        target = message.chat.messages.get(message.topic)
    if target is None or target.deleted:
        return {}
    shown: Json = {"reply_to_message": message_json(target, nested=True)}
    return shown | ({"quote": {"text": message.quote, "position": 0, "is_manual": True}} if message.quote else {})
