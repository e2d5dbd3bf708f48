"""What is queued, of sessions that live and of those that sleep: dropped, or changed.

A live session's queue changes in its mailbox first, and is taken back if that cannot be stored; a sleeping one's
changes in the store, and a session that wakes meanwhile follows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import PromptChanged
from openacp_bot.core.means import Means
from openacp_bot.core.model import Prompt, PromptState, SessionRecord
from openacp_bot.core.parts import Edit
from openacp_bot.core.parts import dropped as as_dropped
from openacp_bot.core.session import Session


class Queues:
    """`live` is the manager's; `get_to_know` comes before anything is said for a session that sleeps."""

    def __init__(
        self,
        means: Means,
        live: Mapping[str, Session],
        get_to_know: Callable[[SessionRecord], Awaitable[None]],
    ) -> None:
        self._means = means
        self._live = live
        self._get_to_know = get_to_know

    async def drop(self, record: SessionRecord) -> tuple[Prompt, ...]:
        """Everything that is queued stays in history as not sent; a running turn goes on."""
        async with self.dropping(record) as dropped:
            await self._means.records.change_prompts([prompt.id for prompt in dropped], state=PromptState.DROPPED)
        return dropped

    @asynccontextmanager
    async def dropping(self, record: SessionRecord) -> AsyncIterator[tuple[Prompt, ...]]:
        """What is queued, dropped in memory while the body stores it."""
        session = self._live.get(record.id)
        if session is not None and session.started:
            dropped = session.mailbox.drop()
        else:
            if session is None:
                await self._get_to_know(record)
            queued = await self._means.records.queued(record.id)
            dropped = self._dropped_asleep(record.id, queued)
        try:
            yield dropped
        except StoreError:
            if session is not None:
                session.mailbox.take_back(dropped)
            raise

    async def change(self, record: SessionRecord, prompt: str, edit: Edit, *, key: str = "") -> Prompt | None:
        """A queued prompt as it now is, perhaps dropped; None if it is no longer queued."""
        if self._live.get(record.id) is None:
            await self._get_to_know(record)
        session = self._live.get(record.id)
        if session is None or not session.started:
            return await self._change_asleep(record.id, prompt, edit, key)
        changed = session.mailbox.change(prompt, edit)
        if changed is not None:
            await self._store_prompt(changed, key)
        return changed

    async def _change_asleep(self, id: str, prompt: str, edit: Edit, key: str) -> Prompt | None:
        queued = await self._means.records.queued(id)
        before = next((one for one in queued if one.id == prompt), None)
        if before is None:
            return None
        changed = edit(before)
        if changed.state is PromptState.DROPPED:
            self._dropped_asleep(id, [before])
        await self._store_prompt(changed, key)
        if changed.state is PromptState.DROPPED:
            return changed
        session = self._live.get(id)
        if session is None:
            self._means.feed.say(id, PromptChanged(changed, queued.index(before) + 1))
        elif session.mailbox.change(prompt, edit) is None and session.mailbox.has_given_out(prompt):
            # It woke meanwhile, with the old text.
            await self._store_prompt(before, "")
            return None
        return changed

    async def _store_prompt(self, changed: Prompt, key: str) -> None:
        ids = [changed.id]
        if changed.state is PromptState.DROPPED:
            await self._means.records.change_prompts(ids, key=key, state=PromptState.DROPPED)
        else:
            text, parts, files = changed.text, changed.parts, changed.files
            await self._means.records.change_prompts(ids, key=key, text=text, parts=parts, files=files)

    def _dropped_asleep(self, id: str, queued: Sequence[Prompt]) -> tuple[Prompt, ...]:
        """What the store has queued; a session that wakes meanwhile does not take it over."""
        if session := self._live.get(id):
            session.mailbox.disown(queued)
        dropped = tuple(as_dropped(prompt) for prompt in queued)
        for prompt in dropped:
            self._means.feed.say(id, PromptChanged(prompt))
        return dropped
