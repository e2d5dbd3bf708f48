"""What a person's command, press, choice or form set off, and what they were shown in return."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from tests.sims.discord.world import Channel, Json, Message, User, parts

COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5
MESSAGE, THINKING, LATER, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
PATIENCE = 30.0  # seconds that a test waits for an answer


@dataclass(eq=False, slots=True)
class Modal:
    """A form that was opened for a person."""

    interaction: Interaction
    shape: Json

    @property
    def title(self) -> str:
        return str(self.shape["title"])

    @property
    def fields(self) -> list[Json]:
        """Everything in it that holds a value."""
        return [part for part in parts(self.shape["components"]) if "custom_id" in part]


@dataclass(eq=False, slots=True)
class Interaction:
    """`answer` is the type of the first answer, 0 while there is none; `message` the one whose component was used.
    `original`: the first answer as a message; `choices`: what was offered while typing."""

    id: int
    token: str
    kind: int
    user: User
    channel: Channel
    data: Json
    at: float
    deadline: float
    token_until: float
    message: Message | None = None
    trigger: Interaction | None = None  # of a submitted form: what opened it
    answer: int = 0
    answered_at: float = 0.0
    original: Message | None = None
    follow_ups: list[Message] = field(default_factory=list)
    modal: Modal | None = None
    choices: list[Json] = field(default_factory=list)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    filled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def failed(self) -> bool:
        """ "The application did not respond" is what the person sees."""
        return not self.answer and time.time() > self.deadline

    @property
    def messages(self) -> list[Message]:
        """The answer and its follow-ups, as far as they stand; a pressed message is none of them."""
        mine = [self.original] if self.original is not None and self.original is not self.message else []
        return [message for message in mine + self.follow_ups if not message.deleted]

    async def answered(self, seconds: float = PATIENCE) -> Interaction:
        """As soon as it is acknowledged; it fails with the words that the person would see."""
        try:
            async with asyncio.timeout(min(seconds, max(self.deadline - time.time(), 0.0) + 0.2)):
                await self.settled.wait()
        except TimeoutError:
            raise AssertionError(f"The application did not respond to {self.data}") from None
        return self

    async def said(self, seconds: float = PATIENCE) -> Message:
        """Its first answer once it says something: a placeholder must have been filled."""
        await self.answered(seconds)
        try:
            async with asyncio.timeout(seconds):
                await self.filled.wait()
        except TimeoutError:
            raise AssertionError(f"The application is still thinking about {self.data}") from None
        assert self.original is not None, f"no message answered {self.data}"
        return self.original

    async def opened(self, seconds: float = PATIENCE) -> Modal:
        """The form that it opened."""
        await self.answered(seconds)
        assert self.modal is not None, f"no form was opened by {self.data}"
        return self.modal

    def acknowledge(self, answer: int) -> None:
        self.answer, self.answered_at = answer, time.time()
        self.settled.set()

    def metadata(self, owners: dict[str, str], user: Json) -> Json:
        """How a message tells what it answers."""
        shown: dict[str, Any] = {
            "id": str(self.id), "type": 2 if self.kind == AUTOCOMPLETE else self.kind, "user": user,
            "authorizing_integration_owners": owners,
        }  # fmt: skip
        if self.kind == COMPONENT and self.message is not None:
            shown["interacted_message_id"] = str(self.message.id)
        if self.kind == SUBMIT and self.trigger is not None:
            shown["triggering_interaction_metadata"] = self.trigger.metadata(owners, user)
        return shown
