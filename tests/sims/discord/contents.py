"""What a message says, as a body brings it: read, checked, and turned into fields of a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.sims.discord.checks import UNKNOWN_FIELD, choice, flag, known, listed, number, snowflake, text, words
from tests.sims.discord.components import check_components
from tests.sims.discord.embeds import check_embeds
from tests.sims.discord.permissions import Right, require, rights_in
from tests.sims.discord.realm import Realm
from tests.sims.discord.refusals import Path, Problems, Refusal, no_permission
from tests.sims.discord.world import (
    COMPONENTS_V2,
    SILENT,
    SUPPRESS_EMBEDS,
    VOICE,
    Attachment,
    Channel,
    Json,
    Message,
    User,
)

LONGEST_TEXT = 2000
MOST_FILES = 10
LONGEST_NONCE = 25
MAY_SEND = SUPPRESS_EMBEDS | SILENT | VOICE | COMPONENTS_V2
MAY_EDIT = SUPPRESS_EMBEDS | COMPONENTS_V2
CONTENT = "content embeds components attachments flags allowed_mentions poll"
ATTACHMENT = words(
    "id filename description duration_secs waveform title proxy_url size url spoiler height width content_type is_remix"
)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a multipart body."""

    name: str
    data: bytes


Uploads = Mapping[int, Upload]


def read_content(
    realm: Realm,
    channel: Channel,
    body: Json,
    uploads: Uploads,
    *,
    old: Message | None = None,
    flags: int = MAY_SEND,
    path: Path = (),
    by_token: bool = False,
) -> dict[str, Any]:
    """Fields of a new message, or those that an edit of `old` changes. `by_token`: an interaction's answer, which
    needs no rights of its own in the channel."""
    problems = Problems()
    fields: dict[str, Any] = {"flags": _flags(problems, body, path, flags, old)}
    layout = bool(fields["flags"] & COMPONENTS_V2)
    if layout:
        _check_no_legacy(problems, body, path, old)
    if "content" in body or old is None:
        fields["text"] = text(problems, body, "content", path, most=LONGEST_TEXT).strip()
    if "embeds" in body:
        fields["embeds"] = tuple(check_embeds(problems, body["embeds"], (*path, "embeds")))
    if "components" in body:
        components = body["components"] if body["components"] is not None else []
        check_components(problems, components, (*path, "components"), layout=layout)
        fields["components"] = tuple(components) if isinstance(components, list) else ()
    if body.get("poll") is not None:
        problems.add((*path, "poll"), UNKNOWN_FIELD, "the simulator knows no polls")
    allowed = _allowed_mentions(problems, body, path)
    files = _attachments(problems, body, uploads, path, old)
    problems.check()
    _check_size(channel, uploads)
    if not by_token:
        _check_rights(channel, realm.bot, fields, files if uploads else None)
    if files is not None:
        fields["attachments"] = [one if one.url else realm.keep_file(channel, one) for one in files]
    if "text" in fields:
        fields |= realm.mentioned(channel, realm.bot, fields["text"], allowed)
    _check_some(fields, old)
    return fields


def _flags(problems: Problems, body: Json, path: Path, may: int, old: Message | None) -> int:
    had = old.flags if old else 0
    given = number(problems, body, "flags", path, least=0, most=(1 << 53) - 1)
    if given is None:
        return had
    if given & ~(may | had):
        problems.add((*path, "flags"), "INVALID_FLAGS", "Only some flags may be set here.")
    if had & COMPONENTS_V2 and not given & COMPONENTS_V2:
        once = "The IS_COMPONENTS_V2 flag cannot be removed"
        problems.add((*path, "flags"), "MESSAGE_CANNOT_REMOVE_COMPONENTS_V2_FLAG", once)
        return had
    return had & ~may | given & may


def _check_no_legacy(problems: Problems, body: Json, path: Path, old: Message | None) -> None:
    for name in ("content", "embeds", "poll", "sticker_ids"):
        stays = old is not None and name not in body and bool({"content": old.text, "embeds": old.embeds}.get(name))
        if body.get(name) or stays:
            legacy = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            problems.add((*path, name), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", legacy)


def _allowed_mentions(problems: Problems, body: Json, path: Path) -> Json | None:
    allowed = body.get("allowed_mentions")
    where = (*path, "allowed_mentions")
    if allowed is None or not known(problems, allowed, words("parse users roles replied_user"), where):
        return None
    flag(problems, allowed, "replied_user", where)
    parse = listed(problems, allowed, "parse", where, most=3)
    for at, kind in enumerate(parse):
        if kind not in ("users", "roles", "everyone"):
            wrong = "Value must be one of ('users', 'roles', 'everyone')."
            problems.add((*where, "parse", at), "BASE_TYPE_CHOICES", wrong)
    for kind in ("users", "roles"):
        ids = listed(problems, allowed, kind, where, most=100)
        if ids and kind in parse:
            both = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            problems.add(where, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", both)
    return dict(allowed)


def _attachments(
    problems: Problems, body: Json, uploads: Uploads, path: Path, old: Message | None
) -> list[Attachment] | None:
    """The files that the message will have; None: an edit leaves them as they are."""
    if len(uploads) > MOST_FILES:
        problems.add((*path, "attachments"), "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_FILES} or fewer in length.")
    if body.get("attachments") is None:
        if not uploads:
            return None
        kept = list(old.attachments) if old else []
        return kept + [Attachment(0, upload.name, upload.data, _mime(upload.name)) for upload in uploads.values()]
    files, where = [], (*path, "attachments")
    for at, entry in enumerate(listed(problems, body, "attachments", path, most=MOST_FILES)):
        if not known(problems, entry, ATTACHMENT, (*where, at)):
            continue
        text(problems, entry, "description", (*where, at), most=1024)
        if not str(entry.get("id")).isdigit():
            problems.add((*where, at, "id"), "NUMBER_TYPE_COERCE", f'Value "{entry.get("id")}" is not snowflake.')
            continue
        number = int(entry["id"])
        known_file = next((one for one in old.attachments if one.id == number), None) if old else None
        if known_file is not None:
            files.append(known_file)
        elif number in uploads:
            files.append(_made(entry, uploads[number]))
        else:
            problems.add((*where, at), "ATTACHMENT_NOT_FOUND", f"No file files[{number}] came with it.")
    return files


def _made(entry: Json, upload: Upload) -> Attachment:
    name = str(entry.get("filename") or upload.name)
    seconds = entry.get("duration_secs")
    return Attachment(0, name, upload.data, _mime(name), entry.get("description"), seconds=seconds)


def _mime(name: str) -> str:
    endings = {"png": "image/png", "jpg": "image/jpeg", "txt": "text/plain; charset=utf-8", "ogg": "audio/ogg"}
    endings |= {"md": "text/markdown; charset=utf-8", "diff": "text/plain; charset=utf-8", "json": "application/json"}
    return endings.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def _check_size(channel: Channel, uploads: Uploads) -> None:
    if any(len(upload.data) > channel.file_limit for upload in uploads.values()):
        raise Refusal(413, 40005, "Request entity too large")


def _check_rights(channel: Channel, user: User, fields: dict[str, Any], files: list[Attachment] | None) -> None:
    if files:
        require(channel, user, Right.ATTACH_FILES)
    if fields.get("embeds") and not rights_in(channel, user) & Right.EMBED_LINKS:
        raise no_permission()
    if fields["flags"] & VOICE:
        require(channel, user, Right.SEND_VOICE)


def _check_some(fields: dict[str, Any], old: Message | None) -> None:
    """50006 if nothing would be left to see."""
    for name in ("text", "embeds", "attachments", "components"):
        if fields.get(name, getattr(old, name) if old else None):
            return
    raise Refusal(400, 50006, "Cannot send an empty message")


def read_nonce(problems: Problems, body: Json) -> str | int | None:
    """A nonce of up to 25 characters."""
    nonce = body.get("nonce")
    if isinstance(nonce, str) and len(nonce) > LONGEST_NONCE:
        problems.add(("nonce",), "BASE_TYPE_MAX_LENGTH", f"Must be {LONGEST_NONCE} or fewer in length.")
    elif nonce is not None and not isinstance(nonce, str | int):
        problems.add(("nonce",), "NONCE_TYPE_COERCE", "A nonce is a string or a number.")
    return nonce if isinstance(nonce, str | int) else None


def read_reference(realm: Realm, channel: Channel, body: Json) -> tuple[Message | None, Json | None]:
    """The message replied to and how it is told."""
    given = body.get("message_reference")
    if given is None:
        return None, None
    problems = Problems()
    where: Path = ("message_reference",)
    known(problems, given, words("type message_id channel_id guild_id fail_if_not_exists"), where)
    problems.check()
    choice(problems, given, "type", where, (0,))
    number = snowflake(problems, given.get("message_id"), (*where, "message_id"))
    target = channel.messages.get(number)
    if target is None or target.deleted or target.receiver is not None:
        if given.get("fail_if_not_exists", True):
            problems.add(where, "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        problems.check()
        return None, None
    problems.check()
    if not rights_in(channel, realm.bot) & Right.READ_HISTORY:
        raise Refusal(400, 160002, "Cannot reply without permission to read message history")
    if not target.by_hand:
        raise Refusal(400, 50035, "Invalid Form Body", errors={"message_reference": {"_errors": [
            {"code": "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", "message": "Cannot reply to a system message"}
        ]}})  # fmt: skip
    reference: Json = {"type": 0, "message_id": str(target.id), "channel_id": str(channel.id)}
    return target, reference | ({"guild_id": str(channel.guild.id)} if channel.guild else {})
