"""What Discord's refusals mean, translated once into the pen's tree of errors, by their codes.

Source: discord-api-docs, "Opcodes and Status Codes" (JSON error codes).
"""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import discord
from discord.http import json_or_text

from openacp_bot.chat.pen import (
    Forbidden,
    Later,
    MessageGone,
    NotDone,
    PenError,
    PerhapsDone,
    PlaceGone,
    Refused,
    RetryAfter,
)

UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = 10003, 10008
UNKNOWN_INTERACTION, ACKNOWLEDGED, TOKEN_EXPIRED = 10062, 40060, 50027
TOO_LARGE, NOT_OURS = 40005, 50005
TOO_OLD = 30046  # edits of messages older than an hour have a limit of their own, which concerns nothing else
NO_ACCESS, NO_PERMISSION, ARCHIVED, LOCKED, TOO_MANY_THREADS = 50001, 50013, 50083, 160005, 160006
BANNED_SECONDS = 60.0  # a 429 that tells no time comes from Cloudflare

SEND_RIGHTS = (
    "In Discord open the channel's settings, Permissions, and allow the bot “View Channel”, “Send Messages”, “Send "
    "Messages in Threads”, “Create Public Threads”, “Manage Threads”, “Attach Files” and “Read Message History”."
)
ADVICE = {
    NO_ACCESS: SEND_RIGHTS,
    NO_PERMISSION: SEND_RIGHTS,
    LOCKED: "Unlock the thread, or allow the bot “Manage Threads”.",
    TOO_MANY_THREADS: "Archive some of the server's active threads; Discord allows 1,000.",
    TOO_LARGE: "It is still on the machine where the agent made it.",
}


# What a call of the library may end in. The last two: an answer that cannot be read, such as a proxy's page.
FAILURES = (
    discord.DiscordException,
    aiohttp.ClientError,
    OSError,
    TimeoutError,
    UnicodeDecodeError,
    json.JSONDecodeError,
)
LONGEST_WORDS = 500


class ThreadArchived(NotDone):
    """The thread was archived, and can be woken."""


class ThreadLocked(Refused):
    """Only who manages threads may write there; and nobody while it is archived too."""


class InteractionGone(PenError):
    """Its token is no longer any good."""


class AlreadyAnswered(InteractionGone):
    """Somebody was faster: the same interaction came twice."""


def translated(error: Exception, *, again: bool) -> PenError:
    """The pen's word for a failure. `again`: carrying the call out twice does no harm."""
    match error:
        case discord.RateLimited():
            return RetryAfter(error.retry_after)
        case discord.HTTPException():
            return _refusal(error, again=again)
        case aiohttp.ClientConnectorError():  # no connection, so no request
            return NotDone(type(error).__name__)
        case aiohttp.ClientError() | OSError() | TimeoutError() | UnicodeDecodeError() | json.JSONDecodeError():
            return NotDone(type(error).__name__) if again else PerhapsDone(type(error).__name__)
        case _:
            return Refused(f"This could not be sent to Discord: {type(error).__name__}")


async def answer_of(response: aiohttp.ClientResponse) -> Any:
    """Of one that is no success: what it says; nothing where that cannot be read."""
    try:
        return await json_or_text(response)
    except (UnicodeDecodeError, json.JSONDecodeError):
        return ""


def no_page(answer: Any) -> Any:
    """Of a success: the answer itself, if it is Discord's. Raises one of FAILURES."""
    if isinstance(answer, str) and answer:
        raise aiohttp.ClientPayloadError("a page in place of an answer")
    return answer


def refusal(response: aiohttp.ClientResponse, answer: Any, *, again: bool) -> PenError:
    """The same for an answer that is no success."""
    error = discord.HTTPException(response, answer)
    if response.status == 429 and isinstance(answer, dict) and "retry_after" in answer:
        seconds = float(answer["retry_after"])  # the header is rounded up
        return Later(seconds) if error.code == TOO_OLD else RetryAfter(seconds)
    return _refusal(error, again=again)


def _refusal(error: discord.HTTPException, *, again: bool) -> PenError:
    match error.code, error.status:
        case code, _ if code == TOO_OLD:
            return Later(_retry_after(error))
        case _, 429:
            return RetryAfter(_retry_after(error))
        case _, status if status >= 500:  # a gateway's says nothing about what lies behind it
            return NotDone(words(error)) if again else PerhapsDone(words(error))
        case _, 413:
            return Refused(_with_advice(error, TOO_LARGE))
        case code, _ if code == ACKNOWLEDGED:
            return AlreadyAnswered(words(error))
        case code, _ if code in (UNKNOWN_INTERACTION, TOKEN_EXPIRED):
            return InteractionGone(words(error))
        case (_, 401) | (_, 408):
            return NotDone(words(error))  # the gateway tells the operator, and it may pass
        case code, _ if code == UNKNOWN_CHANNEL:
            return PlaceGone(words(error))
        case code, _ if code in (UNKNOWN_MESSAGE, NOT_OURS):
            return MessageGone(words(error))
        case code, _ if code == ARCHIVED:
            return ThreadArchived(words(error))
        case code, _ if code == LOCKED:
            return ThreadLocked(_with_advice(error, code))
        case code, _ if code in (NO_ACCESS, NO_PERMISSION):
            return Forbidden(_with_advice(error, code))
        case code, _:
            return Refused(_with_advice(error, code))


def _retry_after(error: discord.HTTPException) -> float:
    told = error.response.headers.get("Retry-After", "")
    try:
        return float(told)
    except ValueError:
        return BANNED_SECONDS


def in_words(error: Exception) -> str:
    """Some have none but their name, as TimeoutError."""
    return str(error) or type(error).__name__


def words(error: discord.HTTPException) -> str:
    """What Discord says, on one line; never a proxy's page."""
    said = " ".join(error.text.split())[:LONGEST_WORDS].rstrip(".")
    return said if said and not said.startswith("<") else f"status {error.status}"


def _with_advice(error: discord.HTTPException, code: int) -> str:
    said = f"Discord says: {words(error)}."
    return f"{said} {ADVICE[code]}" if code in ADVICE else said
