"""Files out (uploads, file ids, albums) and in (getFile)."""

from __future__ import annotations

from typing import Any

from tests.sims.telegram import pictures
from tests.sims.telegram.methods.access import writable_chat
from tests.sims.telegram.methods.registry import Cost, method
from tests.sims.telegram.methods.sending import EVERYWHERE, send
from tests.sims.telegram.params import Params, Upload
from tests.sims.telegram.realm import Realm
from tests.sims.telegram.refusals import Refusal, bad
from tests.sims.telegram.text import caption
from tests.sims.telegram.wire import message_json
from tests.sims.telegram.world import File, Json, Media

CAPTIONED = EVERYWHERE + "caption parse_mode caption_entities "
PARAMETERS = {
    "document": "document thumbnail disable_content_type_detection",
    "photo": "photo show_caption_above_media has_spoiler",
    "audio": "audio duration performer title thumbnail",
    "voice": "voice duration",
    "video": "video duration width height thumbnail cover start_timestamp supports_streaming show_caption_above_media "
    "has_spoiler",
    "animation": "animation duration width height thumbnail show_caption_above_media has_spoiler",
    "video_note": "video_note duration length thumbnail",
}
METHOD_NAMES = {kind: "send" + "".join(word.title() for word in kind.split("_")) for kind in PARAMETERS}
LARGEST_SIDES, LARGEST_RATIO = 10_000, 20
IN_ALBUMS = {"document", "photo", "audio", "video"}


def _register(kind: str) -> None:
    @method(METHOD_NAMES[kind], CAPTIONED + PARAMETERS[kind], Cost.CHANGE)
    def send_file(realm: Realm, p: Params) -> Any:
        media = _media(realm, p, kind, p.text(kind), kind)
        text, entities = caption(
            p.text("caption"), p.text("parse_mode"), p.value("caption_entities", "caption entities"), realm.odd
        )
        chat = writable_chat(realm, p, f"{kind}s")
        return message_json(send(realm, chat, p, text=text, entities=entities, media=media))


for _kind in PARAMETERS:
    _register(_kind)


@method("sendMediaGroup", EVERYWHERE + "media", Cost.CHANGE)
def send_media_group(realm: Realm, p: Params) -> Any:
    items = p.value("media", "media") or []
    if not 2 <= len(items) <= 10:
        raise bad("too few media to send as an album" if len(items) < 2 else "too many media to send as an album")
    kinds = {str(item.get("type")) for item in items}
    if not kinds <= IN_ALBUMS or (len(kinds) > 1 and kinds & {"document", "audio"}):
        raise bad("document and audio can't be mixed with other media types in an album")
    parts = [_album_part(realm, p, item) for item in items]
    chat = writable_chat(realm, p)
    album = str(13_000_000_000_000_000 + realm.serial())
    return [message_json(send(realm, chat, p, album=album, **part)) for part in parts]


def _album_part(realm: Realm, p: Params, item: Json) -> Json:
    media = _media(realm, p, item["type"], str(item.get("media", "")), "")
    text, entities = caption(
        str(item.get("caption", "")), str(item.get("parse_mode", "")), item.get("caption_entities"), realm.odd
    )
    return {"text": text, "entities": entities, "media": media}


def _media(realm: Realm, p: Params, kind: str, source: str, own_field: str) -> Media:
    upload = p.uploads.get(source.removeprefix("attach://") if source.startswith("attach://") else own_field)
    if upload is not None:
        return _uploaded(realm, kind, upload)
    if not source:
        raise bad(f"there is no {kind.replace('_', ' ')} in the request")
    if source.startswith(("http://", "https://")):
        raise bad("failed to get HTTP URL content")  # the simulator has no outside
    if source not in realm.files:
        raise bad("wrong file identifier/HTTP URL specified")
    return Media(kind, realm.files[source])


def _uploaded(realm: Realm, kind: str, upload: Upload) -> Media:
    if not upload.data:
        raise bad("file must be non-empty")
    if len(upload.data) > realm.most_upload:
        raise Refusal(413, "Request Entity Too Large")
    if kind != "photo":
        return Media(kind, realm.keep_file(upload.data, upload.name, upload.mime, f"{kind}s"))
    if len(upload.data) > realm.most_photo:
        raise bad(f"file of size {len(upload.data)} bytes is too big for a photo")
    width, height = _photo_size(upload.data)
    return Media(kind, realm.keep_file(upload.data, "", "image/jpeg", "photos"), width, height)


def _photo_size(data: bytes) -> tuple[int, int]:
    size = pictures.size(data)
    if size is None or 0 in size:
        raise bad("IMAGE_PROCESS_FAILED")
    if sum(size) > LARGEST_SIDES or max(size) > LARGEST_RATIO * min(size):
        raise bad("PHOTO_INVALID_DIMENSIONS")
    return size


@method("getFile", "file_id")
def get_file(realm: Realm, p: Params) -> Any:
    file = realm.files.get(p.text("file_id"))
    if not p.text("file_id"):
        raise bad("file_id not specified")
    if file is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    if file.size > realm.most_download:
        raise bad("file is too big")
    return _file_json(file)


def _file_json(file: File) -> Json:
    return {"file_id": file.id, "file_unique_id": file.unique_id, "file_size": file.size, "file_path": file.path}
