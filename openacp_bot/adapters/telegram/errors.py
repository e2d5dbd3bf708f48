"""What Telegram's refusals mean, translated once into the pen's tree of errors.

The Bot API tells failures of one HTTP status apart by words only; all that we know of them is the one table below.
Source: tdlib/telegram-bot-api, Client.cpp (fail_query_with_error), and errors of MTProto that it passes on as they are.
"""

from __future__ import annotations

from enum import StrEnum

import aiohttp
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)

from openacp_bot.adapters.telegram.hints import (
    DELETE_MESSAGES,
    MANAGE_TOPICS,
    TOPICS_ON,
    TRY_AGAIN,
    grant_or_promote,
    promote,
    sentence,
)
from openacp_bot.chat.pen import (
    Forbidden,
    MarkupRefused,
    MessageGone,
    Moved,
    NotDone,
    PenError,
    PerhapsDone,
    PlaceGone,
    Refused,
    RetryAfter,
)


class NothingToDo(PenError):
    """It is so already: success, for whoever asked."""


class TopicClosed(NotDone):
    """The topic was closed, and can be reopened."""


class IsFile(MessageGone):
    """The message is a file: it has a caption, no text."""


class ImageRefused(Refused):
    """It may still go as a document."""


class Unheard(Refused):
    """The server is older than what was asked of it."""


class Sense(StrEnum):
    """What a refusal means to us."""

    SO_ALREADY = "so already"
    MESSAGE_GONE = "message gone"
    FILE = "file"
    PLACE_GONE = "place gone"
    CLOSED = "closed"
    MARKUP = "markup"
    IMAGE = "image"
    SILENCED = "silenced"
    TOPIC_RIGHT = "topic right"
    DELETE_RIGHT = "delete right"
    NO_TOPICS = "no topics"
    TOO_LARGE = "too large"
    UNHEARD = "unheard"


# In lower case; the first that is part of Telegram's words decides.
SENSES: tuple[tuple[str, Sense], ...] = (
    ("message is not modified", Sense.SO_ALREADY),
    ("topic_not_modified", Sense.SO_ALREADY),
    ("message to edit not found", Sense.MESSAGE_GONE),
    ("message can't be edited", Sense.MESSAGE_GONE),
    ("message_id_invalid", Sense.MESSAGE_GONE),
    ("there is no text in the message to edit", Sense.FILE),
    ("message to delete not found", Sense.MESSAGE_GONE),
    ("message thread not found", Sense.PLACE_GONE),
    ("topic_id_invalid", Sense.PLACE_GONE),
    ("topic_deleted", Sense.PLACE_GONE),
    ("topic_closed", Sense.CLOSED),
    ("can't parse entities", Sense.MARKUP),
    ("can't parse messageentity", Sense.MARKUP),
    ("entity_", Sense.MARKUP),
    ("entities_", Sense.MARKUP),
    ("rich_", Sense.MARKUP),
    ("can't parse inputrich", Sense.MARKUP),
    ("can't parse rich", Sense.MARKUP),
    ("image_process_failed", Sense.IMAGE),
    ("photo_invalid_dimensions", Sense.IMAGE),
    ("photo_ext_invalid", Sense.IMAGE),
    ("photo_save_file_invalid", Sense.IMAGE),
    ("not enough rights to create a topic", Sense.TOPIC_RIGHT),
    ("not enough rights to edit the topic", Sense.TOPIC_RIGHT),
    ("not enough rights to close or open the topic", Sense.TOPIC_RIGHT),
    ("not enough rights to delete the topic", Sense.TOPIC_RIGHT),
    ("chat_admin_required", Sense.TOPIC_RIGHT),
    ("message can't be deleted", Sense.DELETE_RIGHT),
    ("the chat is not a forum", Sense.NO_TOPICS),
    ("not enough rights to send", Sense.SILENCED),
    ("have no rights to send", Sense.SILENCED),
    ("need administrator rights", Sense.SILENCED),
    ("chat_write_forbidden", Sense.SILENCED),
    ("chat not found", Sense.SILENCED),
    ("the group chat was deleted", Sense.SILENCED),
    ("input_user_deactivated", Sense.SILENCED),
    ("file is too big", Sense.TOO_LARGE),
    ("method not found", Sense.UNHEARD),
    ("message text is empty", Sense.UNHEARD),  # an old server does not see the article that was given instead of a text
)
ADVICE = {
    Sense.TOPIC_RIGHT: sentence(grant_or_promote(MANAGE_TOPICS, "the bot"), then=TRY_AGAIN),
    Sense.NO_TOPICS: sentence(TOPICS_ON, then=TRY_AGAIN),
    Sense.DELETE_RIGHT: sentence(grant_or_promote(DELETE_MESSAGES, "the bot")),
    Sense.SILENCED: sentence(promote("the bot")),
}
BEGINNINGS = ("Bad Request: ", "Forbidden: ")


def translated(error: AiogramError, *, again: bool) -> PenError:
    """The pen's word for a failure. `again`: carrying the call out twice does no harm."""
    match error:
        case TelegramRetryAfter():
            return RetryAfter(float(error.retry_after))
        case TelegramMigrateToChat():
            return Moved(str(error.migrate_to_chat_id))
        case TelegramEntityTooLarge():  # a TelegramNetworkError as well
            return Refused("Telegram says that this file is too large; a bot may send 50 MB.")
        case TelegramNetworkError():
            return NotDone(_words(error)) if again or _never_left(error) else PerhapsDone(_words(error))
        case TelegramServerError():
            return NotDone(_words(error))  # the service itself says that it failed
        case TelegramUnauthorizedError() | TelegramConflictError():
            return NotDone(_words(error))  # the poll tells the operator, and it may pass
        case TelegramForbiddenError():
            return Forbidden(_with_advice(error, Sense.SILENCED))
        case ClientDecodeError():  # a proxy's page in place of an answer: what the service did is unknown
            return NotDone("no answer of Telegram's") if again else PerhapsDone("no answer of Telegram's")
        case TelegramAPIError():
            return _refusal(error)
        case _:
            return Refused(f"This could not be sent to Telegram: {error}")


def sense_of(error: TelegramAPIError) -> Sense | None:
    """None: words that we do not know."""
    words = error.message.lower()
    return next((sense for known, sense in SENSES if known in words), None)


def _refusal(error: TelegramAPIError) -> PenError:
    sense = sense_of(error)
    match sense:
        case Sense.SO_ALREADY:
            return NothingToDo(_words(error))
        case Sense.MESSAGE_GONE:
            return MessageGone(_words(error))
        case Sense.FILE:
            return IsFile(_words(error))
        case Sense.PLACE_GONE:
            return PlaceGone(_words(error))
        case Sense.CLOSED:
            return TopicClosed(_words(error))
        case Sense.MARKUP:
            return MarkupRefused(_words(error))
        case Sense.IMAGE:
            return ImageRefused(_with_advice(error, sense))
        case Sense.SILENCED:
            return Forbidden(_with_advice(error, sense))
        case Sense.UNHEARD:
            return Unheard(_with_advice(error, sense))
        case _:
            return Refused(_with_advice(error, sense))


def _never_left(error: TelegramNetworkError) -> bool:
    """No connection, so no request."""
    return isinstance(error.__cause__, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)


def _with_advice(error: TelegramAPIError, sense: Sense | None) -> str:
    said = f"Telegram says: {_words(error)}."
    advice = ADVICE.get(sense) if sense else None
    return f"{said} {advice}" if advice else said


def _words(error: TelegramAPIError) -> str:
    words = error.message
    for beginning in BEGINNINGS:
        words = words.removeprefix(beginning)
    return words.rstrip(".")
