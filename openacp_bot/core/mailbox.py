"""The prompts that wait for one session, in order, and what may be done with them.

1. A life takes a prompt in once: what it has run, dropped or disowned does not come back by another road.
2. Every change is in memory and said at once; who changes it stores it, and takes it back if that fails.
3. A held queue waits for a person's word; a new message is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from openacp_bot.core.events import PromptChanged, SessionChanged
from openacp_bot.core.life import Life
from openacp_bot.core.model import Prompt, PromptState
from openacp_bot.core.parts import Edit, dropped


class Mailbox:
    """Its doors are synchronous and legal in every phase of the life."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._queue: list[Prompt] = []
        self._known: set[str] = set()  # every prompt that this life has seen
        self.coming = 0  # prompts that are being stored for it
        self.asked_since = False  # a message came after what ended this life

    @property
    def queue(self) -> tuple[Prompt, ...]:
        return tuple(self._queue)

    # --- coming in -------------------------------------------------------------------------------

    @contextmanager
    def expecting(self) -> Iterator[None]:
        """While a prompt for this session is being stored."""
        self.coming += 1
        try:
            yield
        finally:
            self.coming -= 1

    def submit(self, prompt: Prompt) -> int:
        """Its place in the queue, 1 = next; 0: seen before. A new message releases a held queue."""
        if not self.adopt(prompt):
            return 0
        record = self._life.record
        self._life.record = replace(record, held=False, prompts=record.prompts + 1, active_at=prompt.asked_at)
        self.asked_since |= bool(self._life.failure) or self._life.is_stopping
        ahead = self._queue.index(prompt) + 1
        self._life.say(PromptChanged(prompt, ahead))
        return ahead

    def adopt(self, prompt: Prompt) -> bool:
        """Take a stored prompt into the queue; False if this life has seen it before."""
        if prompt.id in self._known:
            return False
        self._known.add(prompt.id)
        self._queue.append(prompt)
        self._queue.sort(key=lambda one: one.position)
        self._life.ring()
        return True

    def disown(self, prompts: Sequence[Prompt]) -> None:
        """They were dropped in the store: not to be taken over any more."""
        gone = {prompt.id for prompt in prompts}
        self._known |= gone
        self._queue = [prompt for prompt in self._queue if prompt.id not in gone]

    # --- while they wait -------------------------------------------------------------------------

    def change(self, prompt: str, edit: Edit) -> Prompt | None:
        """A queued prompt as it now is; dropped, it leaves the queue. None if it is no longer queued."""
        index = self._place_of(prompt)
        if index is None:
            return None
        changed = edit(self._queue[index])
        if changed.state is PromptState.DROPPED:
            del self._queue[index]
            self._life.say(PromptChanged(changed))
        else:
            self._queue[index] = changed
            self._life.say(PromptChanged(changed, index + 1))
        return changed

    def advance(self, prompt: str) -> float | None:
        """Put a queued prompt first; its new position, None if it is no longer queued."""
        index = self._place_of(prompt)
        if index is None:
            return None
        lowest = min(one.position for one in self._queue)
        first = replace(self._queue.pop(index), position=lowest - 1)
        self._queue.insert(0, first)
        self._life.say(PromptChanged(first, 1))
        self.release()
        return first.position

    def release(self) -> None:
        """A held queue runs."""
        self._life.record = replace(self._life.record, held=False)
        self._life.say(SessionChanged())
        self._life.ring()

    def drop(self) -> tuple[Prompt, ...]:
        """Everything that is queued is not to be sent."""
        gone = tuple(dropped(prompt) for prompt in self._queue)
        self._queue.clear()
        for prompt in gone:
            self._life.say(PromptChanged(prompt))
        return gone

    def take_back(self, gone: Sequence[Prompt]) -> None:
        """That they were dropped could not be stored."""
        queued = [replace(prompt, state=PromptState.QUEUED) for prompt in gone]
        self._queue = sorted([*queued, *self._queue], key=lambda one: one.position)
        for prompt in queued:
            self._life.say(PromptChanged(prompt, self._queue.index(prompt) + 1))

    # --- going out -------------------------------------------------------------------------------

    @property
    def is_due(self) -> bool:
        """Whether a prompt is to run as soon as the agent is free."""
        return bool(self._queue) and not self._life.record.held

    def take_next(self) -> Prompt:
        """The next prompt leaves the queue."""
        return self._queue.pop(0)

    def put_back(self, prompt: Prompt) -> None:
        """It left the queue, and could not be started."""
        self._queue.insert(0, replace(prompt, state=PromptState.QUEUED, started_at=None))

    def has_given_out(self, prompt: str) -> bool:
        """Whether this life has taken it from the queue."""
        return prompt in self._known and self._place_of(prompt) is None

    def _place_of(self, prompt: str) -> int | None:
        return next((index for index, one in enumerate(self._queue) if one.id == prompt), None)
