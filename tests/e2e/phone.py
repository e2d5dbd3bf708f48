"""One person with Telegram on their phone: what they type, tap and see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from tests.e2e.house import PATIENCE, House
from tests.sims.telegram import Telegram
from tests.sims.telegram.world import Answer, Chat, Message, Topic, User

T = TypeVar("T")


@dataclass(frozen=True)
class Phone:
    """In one chat, and in one topic of it (None: General, or a chat without topics)."""

    sim: Telegram
    user: User
    chat: Chat
    topic: Topic | None = None

    def at(self, topic: Topic) -> Phone:
        return replace(self, topic=topic)

    # --- doing -----------------------------------------------------------------------------------

    def say(self, text: str, *, reply_to: Message | None = None) -> Message:
        return self.sim.say(self.user, self.chat, text, topic=self.topic, reply_to=reply_to)

    async def press(self, label: str) -> Answer:
        """The newest button here that begins so, as soon as there is one; what the phone shows then."""
        message = await self.wait(lambda: self._with_button(label))
        return await self.sim.press(self.user, message, label).answered(PATIENCE)

    async def new(self, line: str = "stub .") -> Phone:
        """Start a session with /new; this phone in its topic."""
        before = set(map(id, self.sim.topics(self.chat)))
        self.say(f"/new {line}".strip())
        return self.at(await self.wait(lambda: self._new_topic(before)))

    # --- seeing ----------------------------------------------------------------------------------

    @property
    def messages(self) -> list[Message]:
        """Those of the bot, here, in order."""
        if not self.chat.forum:
            return self.sim.sent(self.chat)
        return self.sim.sent(self.chat, self.topic or 1)

    @property
    def text(self) -> str:
        return "\n".join(message.text for message in self.messages)

    @property
    def labels(self) -> list[str]:
        """All buttons that stand here."""
        return [label for message in self.messages for label in message.labels]

    async def sees(self, words: str) -> Message:
        """The newest message of the bot here that says so."""
        return await self.wait(lambda: next((one for one in reversed(self.messages) if words in one.text), None))

    async def wait(self, predicate: Callable[[], T | None]) -> T:
        """As soon as there is something; the failure says what stands here instead."""
        try:
            found = await self.sim.wait_for(predicate, PATIENCE)
        except AssertionError as error:
            raise AssertionError(f"{error}\nhere stands: {[(one.text, one.labels) for one in self.messages]}") from None
        assert found is not None
        return found

    def _with_button(self, label: str) -> Message | None:
        return next((one for one in reversed(self.messages) if any(map(_begins(label), one.labels))), None)

    def _new_topic(self, before: set[int]) -> Topic | None:
        return next((one for one in self.sim.topics(self.chat) if id(one) not in before and one.id != 1), None)


def _begins(label: str) -> Callable[[str], bool]:
    return lambda known: known.startswith(label)


def configure(
    house: House, sim: Telegram, *users: User, chat: Chat | None = None, drain_seconds: float = 120, **keys: object
) -> None:
    """The house's configuration with this bot; the stub agent remembers its conversations."""
    section: dict[str, object] = {"token": sim.token, "api_base_url": sim.url}
    section["allowed_user_ids"] = [user.id for user in users]
    if chat is not None:
        section["chat_id"] = chat.id
    house.configure("--resume", telegram=section | keys, shutdown={"drain_seconds": drain_seconds})


def in_group(sim: Telegram, house: House, *, drain_seconds: float = 120, **keys: object) -> Phone:
    """Alice in the forum group of a house that is configured for both."""
    alice = sim.person("Alice")
    forum = sim.forum("Work", alice)
    configure(house, sim, alice, chat=forum, drain_seconds=drain_seconds, **keys)
    return Phone(sim, alice, forum)
