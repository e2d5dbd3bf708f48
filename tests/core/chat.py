"""A chat platform with topics and without dialogs, as people use it: they type lines and press buttons."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from openacp_bot.core.inbound import Choice, Command, Edited, Message, Origin, PlaceReported, Pressed, Reply, Report
from openacp_bot.core.model import FileRef, ThreadRef, UserRef
from openacp_bot.core.settings import AccessList
from tests.core.lodge import Lodge
from tests.virtual_time import settle

ALICE = UserRef("telegram", "1", "Alice")
BOB = UserRef("telegram", "2", "Bob")
STRANGER = UserRef("telegram", "666", "Mallory")
TEAM = {"telegram": AccessList(users=frozenset({"1", "2"}), admins=frozenset({"1"}))}  # Alice is an admin
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Chat:
    """One person in one place."""

    core: Lodge
    who: UserRef = ALICE
    topic: str = ""
    space: str = "-100"

    @property
    def where(self) -> ThreadRef:
        return ThreadRef(self.who.adapter, self.space, self.topic)

    def origin(self, key: str = "") -> Origin:
        return Origin(key or f"chat-{next(NUMBERS)}", self.where, self.who, self.core.now())

    async def say(
        self, text: str, *, key: str = "", id: str = "", quote: str = "", answers: str = "", files: int = 0
    ) -> Reply | None:
        attached = tuple(FileRef("telegram", str(n), f"{n}.txt") for n in range(files))
        id = id or f"message-{next(NUMBERS)}"
        message = Message(self.origin(key), id, text, files=attached, quote=quote, answers=answers)
        return await self._settled(await self.core.hub.handle(message))

    async def command(self, name: str, args: str = "", *, key: str = "", **values: str) -> Reply | None:
        return await self._settled(await self.core.hub.handle(Command(self.origin(key), name, args, values)))

    async def edit(self, message: str, text: str | None) -> Reply | None:
        return await self._settled(await self.core.hub.handle(Edited(self.origin(), message, text)))

    async def press(self, choice: Choice | str, *, key: str = "", **values: str) -> Reply | None:
        token = choice if isinstance(choice, str) else choice.token
        return await self._settled(await self.core.hub.handle(Pressed(self.origin(key), token, values)))

    async def push(self, reply: Reply | None, label: str) -> Reply:
        """Press the button of a reply whose label begins so; what it answers."""
        answer = await self.press(button(reply, label))
        assert answer is not None, f"{label} was not answered"
        return answer

    async def new(self, line: str = "fake .", *, topic: str) -> tuple[str, Chat]:
        """A session and its topic, opened."""
        reply = await self.command("new", line)
        assert reply is not None and reply.session, reply
        await self.open(reply.session, topic)
        await self.core.pass_time(1)
        return reply.session, self.at(topic)

    async def open(self, session: str, topic: str) -> None:
        """The platform opens the session's topic."""
        place = await self.core.store.place_of(session)
        assert place is not None
        ref = ThreadRef(self.who.adapter, self.space, topic)
        report = PlaceReported(self.origin(), Report.OPENED, place.id, ref, url=f"https://t.example/{topic}")
        assert await self.core.hub.handle(report) is None

    def at(self, topic: str) -> Chat:
        return replace(self, topic=topic)

    def by(self, who: UserRef) -> Chat:
        return replace(self, who=who)

    async def _settled(self, reply: Reply | None) -> Reply | None:
        await settle()
        return reply


def choices(reply: Reply | None) -> tuple[Choice, ...]:
    """All buttons of a reply, those of its rows first."""
    assert reply is not None
    return (*(choice for row in reply.rows for choice in row.choices), *reply.choices)


def button(reply: Reply | None, label: str) -> Choice:
    found = [choice for choice in choices(reply) if choice.label.startswith(label)]
    assert found, f"no button {label!r} among {[choice.label for choice in choices(reply)]}"
    return found[0]


def labels(reply: Reply | None) -> list[str]:
    return [choice.label for choice in choices(reply)]


def refused(reply: Reply | None) -> str:
    """The sentence of a refusal."""
    assert reply is not None and reply.refused, reply
    return reply.text
