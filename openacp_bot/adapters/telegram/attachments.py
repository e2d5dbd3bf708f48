"""What hangs on a message: files that an agent can be given, and kinds that it cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiogram.types import Message

from openacp_bot.core.model import FileRef

LARGEST = 20_000_000  # Bot API, getFile
LONGEST_NAME = 100
UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u202a-\u202e\u2066-\u2069]+')

UNSUPPORTED = {
    "location": "Locations",
    "venue": "Venues",
    "contact": "Contacts",
    "poll": "Polls",
    "dice": "Dice",
    "game": "Games",
    "story": "Stories",
    "checklist": "Checklists",
    "paid_media": "Paid media",
    "gift": "Gifts",
    "giveaway": "Giveaways",
    "invoice": "Invoices",
    "live_photo": "Live photos",
}


@dataclass(frozen=True, slots=True)
class Attachments:
    """`words`: what stands for an attachment that is no file. `remark`: a sentence for the person about what was
    left out."""

    files: tuple[FileRef, ...] = ()
    words: str = ""
    remark: str = ""


def attachments(message: Message) -> Attachments:
    if (refused := _unsupported(message)) is not None:
        return Attachments(remark=f"{refused} cannot be passed on to an agent. Send text or a file.")
    if message.sticker is not None and (message.sticker.is_animated or message.sticker.is_video):
        return Attachments(words=message.sticker.emoji or "")
    file = _file(message)
    if file is None:
        return Attachments()
    if file.size > LARGEST:
        return Attachments(
            remark=f"“{file.name}” has {file.size / 1e6:.0f} MB and was left out: Telegram gives a bot files of "
            "at most 20 MB. Put it into the workspace yourself and name its path."
        )
    return Attachments((file,))


def safe_name(name: str, otherwise: str) -> str:
    """One that cannot lead out of a directory."""
    cleaned = UNSAFE.sub("_", name).strip(" .")
    if len(cleaned) > LONGEST_NAME:
        stem, dot, ending = cleaned.rpartition(".")
        kept = dot + ending if stem and len(ending) <= 10 else ""
        cleaned = cleaned[: LONGEST_NAME - len(kept)] + kept
    return cleaned or otherwise


def _unsupported(message: Message) -> str | None:
    return next((words for kind, words in UNSUPPORTED.items() if getattr(message, kind, None) is not None), None)


def _file(message: Message) -> FileRef | None:
    """The largest size of a photo. An animation comes with a document that is the same."""
    number = message.message_id
    if message.photo:
        photo = max(message.photo, key=lambda size: size.width * size.height)
        return _ref(photo.file_id, f"photo-{number}.jpg", "image/jpeg", photo.file_size)
    if message.voice:
        return _ref(message.voice.file_id, f"voice-{number}.ogg", message.voice.mime_type, message.voice.file_size)
    if message.video_note:
        return _ref(message.video_note.file_id, f"video-{number}.mp4", "video/mp4", message.video_note.file_size)
    if message.sticker:
        return _ref(message.sticker.file_id, f"sticker-{number}.webp", "image/webp", message.sticker.file_size)
    if message.audio:
        audio = message.audio
        return _ref(
            audio.file_id, safe_name(audio.file_name or "", f"audio-{number}"), audio.mime_type, audio.file_size
        )
    if (film := message.animation or message.video) is not None:
        return _ref(
            film.file_id, safe_name(film.file_name or "", f"video-{number}.mp4"), film.mime_type, film.file_size
        )
    if message.document:
        paper = message.document
        return _ref(paper.file_id, safe_name(paper.file_name or "", f"file-{number}"), paper.mime_type, paper.file_size)
    return None


def _ref(file_id: str, name: str, mime: str | None, size: int | None) -> FileRef:
    return FileRef("telegram", file_id, name, mime or "application/octet-stream", size or 0)
