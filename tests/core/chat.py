"""A chat platform with topics and without dialogs, as people use it: they type lines and press buttons."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from openacp_bot.core.inbound import (
    Choice,
    Command,
    Edited,
    Ground,
    Message,
    Origin,
    PlaceReported,
    Pressed,
    Reply,
    Report,
)
from openacp_bot.core.model import FileRef, Place, ThreadRef, UserRef
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
    ground: Ground = Ground.TOPIC
    url: str = ""

    @property
    def where(self) -> ThreadRef:
        return ThreadRef(self.who.adapter, self.space, self.topic)

    def origin(self, key: str = "", *, age: float = 0.0, late: bool = False) -> Origin:
        key = key or f"chat-{next(NUMBERS)}"
        at = self.core.now() - age
        return Origin(key, self.where, self.who, at, ground=self.ground, late=late, url=self.url)

    async def say(
        self,
        text: str,
        *,
        key: str = "",
        id: str = "",
        quote: str = "",
        answers: str = "",
        files: tuple[FileRef, ...] = (),
        album: str = "",
        addressed: bool = True,
        title: str = "",
        opens: bool = False,
        age: float = 0.0,
        late: bool = False,
    ) -> Reply | None:
        message = Message(
            self.origin(key, age=age, late=late),
            id or f"message-{next(NUMBERS)}",
            text,
            files=files,
            album=album,
            quote=quote,
            answers=answers,
            addressed=addressed,
            title=title,
            opens=opens,
        )
        return await self._settled(await self.core.hub.handle(message))

    async def command(
        self, name: str, /, args: str = "", *, key: str = "", age: float = 0.0, late: bool = False, **values: str
    ) -> Reply | None:
        command = Command(self.origin(key, age=age, late=late), name, args, values)
        return await self._settled(await self.core.hub.handle(command))

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
        ref = ThreadRef(self.who.adapter, self.space, topic)
        await self.report(session, Report.OPENED, ref=ref, url=f"https://t.example/{topic}")

    async def report(
        self, session: str, what: Report, *, ref: ThreadRef | None = None, detail: str = "", url: str = ""
    ) -> None:
        """What the surface tells of a session's place."""
        place = await self.place(session)
        origin = replace(self.origin(), who=UserRef(self.who.adapter, ""))
        report = PlaceReported(origin, what, place.id, ref, detail, url)
        assert await self.core.hub.handle(report) is None
        await settle()

    async def does(self, what: Report, detail: str = "") -> None:
        """What a person does to this topic by hand."""
        assert await self.core.hub.handle(PlaceReported(self.origin(), what, "", detail=detail)) is None
        await settle()

    async def place(self, session: str) -> Place:
        place = await self.core.store.place_of(session)
        assert place is not None
        return place

    def attached(self, *names: str) -> tuple[FileRef, ...]:
        """Files that the platform holds: each contains its own name."""
        refs = tuple(FileRef(self.who.adapter, f"file-{next(NUMBERS)}", name) for name in names)
        self.core.files.held.update({ref.id: ref.name.encode() for ref in refs})
        return refs

    def at(self, topic: str) -> Chat:
        return replace(self, topic=topic)

    def by(self, who: UserRef) -> Chat:
        return replace(self, who=who)

    async def _settled(self, reply: Reply | None) -> Reply | None:
        await settle()
        return reply


async def three_sessions(core: Lodge) -> tuple[str, str, str]:
    """Alice's and Bob's in one chat, and another of Alice's in another chat."""
    hers, topic = await Chat(core).new(topic="10")
    await topic.command("rename", "Her parser")
    his, topic = await Chat(core, BOB).new(topic="11")
    await topic.command("rename", "His parser")
    far, topic = await Chat(core, space="-200").new(topic="12")
    await topic.command("rename", "Far parser")
    return hers, his, far


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
