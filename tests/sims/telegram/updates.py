"""The queue of updates: long polling and webhook with Telegram's conflicts.

1. `offset` confirms everything below it; a negative one keeps that many from the end.
2. A second poll ends the first with 409; so does setWebhook; polling with a webhook set is 409.
3. The same offset within 3 s and a short timeout is stretched to 3 s.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from tests.sims.telegram.refusals import Refusal
from tests.sims.telegram.words import words
from tests.sims.telegram.world import Json

KINDS = words(
    "message edited_message channel_post edited_channel_post business_connection business_message "
    "edited_business_message deleted_business_messages message_reaction message_reaction_count inline_query "
    "chosen_inline_result callback_query shipping_query pre_checkout_query purchased_paid_media poll poll_answer "
    "my_chat_member chat_member chat_join_request chat_boost removed_chat_boost guest_message managed_bot "
    "subscription stopped_message_generation"
)
BY_DEFAULT = KINDS - words("chat_member message_reaction message_reaction_count")
LONGEST_POLL = 50
STRETCH = 3.0
POLLED_TWICE = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
POLLED_BESIDE_WEBHOOK = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
ENDED_BY_WEBHOOK = "Conflict: terminated by setWebhook request"


class UpdateQueue:
    """What the bot has not confirmed yet."""

    def __init__(self, first_id: int, changed: Callable[[], None]) -> None:
        self.waiting: list[Json] = []
        self.allowed = BY_DEFAULT
        self.webhook = ""
        self.polls = 0  # how many were ever begun
        self.arrived = asyncio.Event()
        self._next_id = first_id
        self._changed = changed
        self._poll: asyncio.Future[Refusal | None] | None = None
        self._last: tuple[int, float] = (0, 0.0)

    @property
    def polling(self) -> bool:
        """A poll is waiting just now."""
        return self._poll is not None and not self._poll.done()

    def add(self, kind: str, value: Json) -> None:
        """Queued unless the bot did not ask for this kind."""
        if kind not in self.allowed:
            return
        self.waiting.append({"update_id": self._next_id, kind: value})
        self._next_id += 1
        self.arrived.set()
        self._end(None)
        self._changed()

    def allow(self, kinds: object) -> None:
        """Remembered until the next list; an empty list means the default."""
        if isinstance(kinds, list):
            self.allowed = KINDS & frozenset(map(str, kinds)) or BY_DEFAULT

    def confirm(self, offset: int) -> None:
        if offset < 0:
            self.waiting = self.waiting[offset:]
        else:
            self.waiting = [update for update in self.waiting if update["update_id"] >= offset]
        self._changed()

    def end_poll(self, reason: str) -> None:
        self._end(Refusal(409, reason))

    def wake_poll(self) -> None:
        """The poll ends with an empty list."""
        self._end(None)

    def _end(self, refusal: Refusal | None) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(refusal)

    async def take(self, offset: int, limit: int, timeout: float) -> Sequence[Json]:
        if self.webhook:
            raise Refusal(409, POLLED_BESIDE_WEBHOOK)
        self.end_poll(POLLED_TWICE)
        self.polls += 1
        timeout = self._stretched(offset, min(max(timeout, 0), LONGEST_POLL))
        self.confirm(offset)
        if not self.waiting and timeout:
            await self._wait(timeout)
        return self.waiting[: limit if 1 <= limit <= 100 else 100]

    def _stretched(self, offset: int, timeout: float) -> float:
        last, at = self._last
        now = time.monotonic()
        self._last = (offset, now)
        return STRETCH if last == offset and timeout < STRETCH and now < at + STRETCH else timeout

    async def _wait(self, timeout: float) -> None:
        poll = self._poll = asyncio.get_running_loop().create_future()
        self._changed()
        try:
            async with asyncio.timeout(timeout):
                refusal = await poll
        except TimeoutError:
            return  # an empty list is the answer
        finally:
            self._changed()
        if refusal is not None:
            raise refusal
