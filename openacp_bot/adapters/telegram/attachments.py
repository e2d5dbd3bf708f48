"""What hangs on a message: files that an agent can be given, and kinds that it cannot."""

from __future__ import annotations

from dataclasses import dataclass

from aiogram.types import Message

from openacp_bot.core.model import FileRef

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


def attachments(message: Message, largest: int) -> Attachments:
    """Files of up to `largest` bytes; of larger ones a remark."""
    if (refused := _unsupported(message)) is not None:
        return Attachments(remark=f"{refused} cannot be passed on to an agent. Send text or a file.")
    if message.sticker is not None and (message.sticker.is_animated or message.sticker.is_video):
        return Attachments(words=message.sticker.emoji or "")
    file = file_of(message)
    if file is None:
        return Attachments()
    if file.size > largest:
        return Attachments(
            remark=f"“{file.name}” has {file.size / 1e6:.0f} MB and was left out: a bot can take files of at most "
            f"{largest / 1e6:.0f} MB here. Put it into the workspace yourself and name its path."
        )
    return Attachments((file,))


def _unsupported(message: Message) -> str | None:
    return next((words for kind, words in UNSUPPORTED.items() if getattr(message, kind, None) is not None), None)


def file_of(message: Message) -> FileRef | None:
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
    if (audio := message.audio) is not None:
        return _ref(audio.file_id, audio.file_name or f"audio-{number}", audio.mime_type, audio.file_size)
    if (film := message.animation or message.video) is not None:
        return _ref(film.file_id, film.file_name or f"video-{number}.mp4", film.mime_type, film.file_size)
    if (paper := message.document) is not None:
        return _ref(paper.file_id, paper.file_name or f"file-{number}", paper.mime_type, paper.file_size)
    return None


def _ref(file_id: str, name: str, mime: str | None, size: int | None) -> FileRef:
    return FileRef("telegram", file_id, name, mime or "application/octet-stream", size or 0)
