"""What is said to an interaction, and how: as its own answer where that is durable enough, else by the outbox.

1. An answer for one person is ephemeral, and lives by the interaction's token alone: nobody else goes on with it, so
what it says of a thread that is being opened is corrected from here. 2. Any other is a message of the channel, which
the outbox goes on with: it is durable, and redrawn when what it speaks of changes. 3. What Discord did not take, the
outbox says; but what was for one person alone is not said to all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from openacp_bot.adapters.discord.components import cut
from openacp_bot.adapters.discord.dialect import DiscordDialect
from openacp_bot.adapters.discord.modals import fits, modal
from openacp_bot.adapters.discord.pen import said
from openacp_bot.adapters.discord.rest import Json, Upload
from openacp_bot.adapters.discord.sendable import upload
from openacp_bot.adapters.discord.ticket import Ticket
from openacp_bot.chat.drawing import Drawer
from openacp_bot.chat.outbox import Outbox
from openacp_bot.chat.pen import PenError
from openacp_bot.chat.sheet import Keyboard, Sheet
from openacp_bot.core import codec
from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.inbound import Ground, Opens, Origin, Reply

log = logging.getLogger(__name__)

FOLLOWED_SECONDS = 120.0  # so long a thread that is being opened may take
TOO_LONG = "This form does not fit Discord; send the command as a message instead."
TOO_LATE = "Discord lets a form be opened only at once, and this took too long. Try it again."
DONE_UNSAID = "This was done, but Discord did not take the answer."
ASK_AGAIN = "Discord did not take the answer in time. Ask once more."
DONE = "Done."


@dataclass(frozen=True, slots=True)
class Asked:
    """An interaction that may come in. `on`: the message whose button it is; `is_theirs`: only they see that;
    `is_form`: a modal was filled in."""

    ticket: Ticket
    origin: Origin
    on: str = ""
    is_theirs: bool = False
    is_form: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """At least one message. `looks`: the words and the keyboard of the first; `is_final` False: the thread that they
    speak of is being opened."""

    messages: tuple[Json, ...]
    looks: tuple[str, Keyboard]
    file: Upload | None = None
    is_final: bool = True


class Answers:
    """`largest`: of the files that may be sent."""

    def __init__(self, outbox: Outbox[str], drawer: Drawer, largest: Callable[[], int]) -> None:
        self._outbox = outbox
        self._drawer = drawer
        self._largest = largest
        self._dialect = DiscordDialect()
        self._changed = asyncio.Event()

    def place_changed(self) -> None:
        """Whoever waits for a thread looks again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def give(self, asked: Asked, reply: Reply | None, opens: Opens, *, only_them: bool) -> None:
        """On return it was said, or will be. `only_them`: it answers a command that does nothing but inform."""
        if reply is None:
            await self._give_nothing(asked)
            return
        is_aside = _is_short(reply) and (reply.refused or bool(asked.on))  # what a command did is said to all
        for_them = only_them or reply.private or asked.is_theirs or is_aside
        try:
            await self._give(asked, reply, opens, only_them=for_them)
        except PenError as error:
            log.info("discord: an answer was not taken: %s", error)
            is_lost = for_them and not _is_short(reply) and asked.origin.ground is not Ground.CHAT
            await self._by_outbox(asked, _instead(reply, informs=only_them) if is_lost else reply)

    async def _give_nothing(self, asked: Asked) -> None:
        """It was done already, or there is nothing to add."""
        if asked.on:
            await asked.ticket.hush()
        else:
            await asked.ticket.say(said(DONE), only_them=True)

    async def _give(self, asked: Asked, reply: Reply, opens: Opens, *, only_them: bool) -> None:
        ticket = asked.ticket
        if reply.form is not None and asked.origin.dialogs:
            await self._ask(asked, reply)
        elif asked.on and reply.quiet and not reply.choices:
            await ticket.hush()  # what was pressed shows it
        elif asked.is_theirs and (reply.replaces or opens is Opens.HERE):
            await self._redraw(asked, reply)
        elif asked.on and (reply.replaces or (reply.history and not only_them)):
            await ticket.hush()
            await self._by_outbox(asked, reply)
        elif only_them:
            await self._to_them(asked, reply)
        else:
            drawn = await self._drawn(asked, reply)
            shown = await ticket.say(drawn.messages[0], only_them=False)
            await self._by_outbox(asked, reply, shown=shown, looks=drawn.looks if shown else None)

    async def _ask(self, asked: Asked, reply: Reply) -> None:
        """A form as a modal; Discord opens none in answer to a modal."""
        assert reply.form is not None
        if asked.is_form or not fits(reply.form):
            await asked.ticket.say(said(cut(reply.text, 1000) if asked.is_form else TOO_LONG), only_them=True)
        elif asked.ticket.is_promised:
            await asked.ticket.say(said(TOO_LATE), only_them=True)
        else:
            await asked.ticket.ask(modal(reply.form))

    async def _redraw(self, asked: Asked, reply: Reply) -> None:
        drawn = await self._drawn(asked, reply)
        await asked.ticket.redraw(drawn.messages[0])
        await self._complete(asked, reply, drawn)

    async def _to_them(self, asked: Asked, reply: Reply) -> None:
        drawn = await self._drawn(asked, reply)
        await asked.ticket.say(drawn.messages[0], only_them=True)
        await self._complete(asked, reply, drawn)

    async def _complete(self, asked: Asked, reply: Reply, drawn: Drawn) -> None:
        """What goes with the first message that only they see."""
        for message in drawn.messages[1:]:
            await asked.ticket.go_on(message)
        if drawn.file is not None:
            await asked.ticket.go_on(said(""), [drawn.file])
        if not drawn.is_final:
            await self._follow(asked, reply)

    async def _follow(self, asked: Asked, reply: Reply) -> None:
        """Until the thread that it speaks of stands, or will not."""
        try:
            async with asyncio.timeout(FOLLOWED_SECONDS):
                await asked.ticket.correct((await self._final(asked, reply)).messages[0])
        except (TimeoutError, PenError) as error:
            log.info("discord: an answer was not brought up to date: %s", error)

    async def _final(self, asked: Asked, reply: Reply) -> Drawn:
        while True:
            changed = self._changed
            drawn = await self._drawn(asked, reply)
            if drawn.is_final:
                return drawn
            await changed.wait()

    async def _by_outbox(
        self, asked: Asked, reply: Reply, *, shown: str = "", looks: tuple[str, Keyboard] | None = None
    ) -> None:
        """`shown`: the message that says it already; `looks`: how."""
        origin = asked.origin
        await self._outbox.reply(origin.where, reply, key=origin.key, pressed=asked.on, shown=shown, looks=looks)

    async def _drawn(self, asked: Asked, reply: Reply) -> Drawn:
        where, key = asked.origin.where, asked.origin.key
        card = Card("", CardKind.REPLY, key, where=where, session=reply.session, body=codec.dumps(reply))
        drawing = await self._drawer.drawing(card)
        sheet = drawing.stretches[0] if drawing and drawing.stretches else Sheet()
        *before, last = self._dialect.pages(sheet.blocks) or (reply.text or "…",)
        file = None if sheet.file is None else await upload(sheet.file, self._largest())
        messages = (*(said(one, rings=False) for one in before), said(last, sheet.keyboard, rings=False))
        looks = (before[0], ()) if before else (last, sheet.keyboard)
        return Drawn(messages, looks, file, is_final=drawing is None or drawing.final)


def _instead(reply: Reply, *, informs: bool) -> Reply:
    """What all may read. What asks something, or informs, has changed nothing yet."""
    asks = reply.choices or reply.rows or reply.form is not None
    return Reply(ASK_AGAIN if informs or asks else DONE_UNSAID, refused=True)


def _is_short(reply: Reply) -> bool:
    """A few words to the one who pressed."""
    return (reply.refused or reply.quiet) and not reply.choices and not reply.rows and not reply.history
