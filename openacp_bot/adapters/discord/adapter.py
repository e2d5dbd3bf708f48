"""Discord as a chat adapter: the gateway's events in, the outbox out, a look at commands and rights now and then."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import discord

from openacp_bot.adapters.discord.answers import Answers
from openacp_bot.adapters.discord.bearings import Bearings
from openacp_bot.adapters.discord.callbacks import Callbacks
from openacp_bot.adapters.discord.catalogue import Catalogue
from openacp_bot.adapters.discord.checks import INVITE
from openacp_bot.adapters.discord.config import USUAL, DiscordConfig, Patience
from openacp_bot.adapters.discord.downloads import download
from openacp_bot.adapters.discord.forums import Forums
from openacp_bot.adapters.discord.interactions import Interactions
from openacp_bot.adapters.discord.line import PUBLIC, Ears, Line
from openacp_bot.adapters.discord.means import Means
from openacp_bot.adapters.discord.pen import DiscordPen
from openacp_bot.adapters.discord.reception import Reception
from openacp_bot.adapters.discord.rest import Rest
from openacp_bot.chat.drawing import Drawer
from openacp_bot.chat.lookout import Lookout
from openacp_bot.chat.outbox import Outbox
from openacp_bot.chat.pen import Forbidden, PenError
from openacp_bot.core.events import PlaceChanged, Said, StateChanged
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import FileRef, Place, UserRef
from openacp_bot.core.ports import Hub, Ledger
from openacp_bot.core.settings import AccessList

log = logging.getLogger(__name__)

NO_COMMANDS = f"the bot may not make slash commands in its server. {INVITE}, and allow it in the same server once more"


class DiscordAdapter:
    """`core.ports.ChatAdapter`. Everything it opens is closed when `screen` is left."""

    name = "discord"

    def __init__(
        self,
        config: DiscordConfig,
        hub: Hub,
        ledger: Ledger,
        access: Callable[[], AccessList],
        mask: Mask,
        *,
        approvers: Callable[[], str] = lambda: "allowed",
        zone: Callable[[], str] = lambda: "UTC",
        now: Callable[[], float] = time.time,
        patience: Patience = USUAL,
    ) -> None:
        self._patience = patience
        self._line = Line(config, self._hear, self._introduced, patience=patience, mask=mask)
        self._bearings = Bearings(config, access)
        self._forums = Forums(hub, self._rest, self._bearings)
        self._callbacks = Callbacks(config.api_base_url or PUBLIC)
        pen = DiscordPen(
            lambda: self._rest().paced,
            self._bearings.facts,
            self._forums,
            streams=config.streaming,
            titles=patience.titles,
        )
        surface = UserRef(self.name, "")
        drawer = Drawer(hub, surface, mask, now=now, approvers=approvers, zone=zone, has_menus=True, noun="thread")
        self._outbox = Outbox(self.name, hub, ledger, pen, drawer, now=now, goodbye=patience.goodbye, hears=self._hears)
        self._answers = Answers(self._outbox, drawer, lambda: pen.largest)
        self._catalogue = Catalogue(hub, ledger)
        self._interactions = Interactions(
            hub=hub,
            ledger=ledger,
            outbox=self._outbox,
            answers=self._answers,
            callbacks=self._callbacks,
            private=self._catalogue.is_private,
            seconds=patience.acknowledge,
        )
        self._lookout = Lookout(apart=patience.apart, recheck=patience.recheck)
        means = Means(hub, ledger, self._outbox, self._rest, self._bearings, patience)
        self._reception = Reception(means, pen, self._forums, look_again=self._lookout.again)
        self._tasks: asyncio.TaskGroup | None = None
        self._is_told_up = False

    def _hears(self) -> bool:
        return self._reception.is_current

    def _rest(self) -> Rest:
        return self._line.rest

    @property
    def status(self) -> str:
        """`up as bot` and what is wrong in its server; or why it is not up."""
        ears = self._bearings.ears
        if self._line.trouble or ears is None or ears.user is None:
            return self._line.trouble or "starting"
        if not self._reception.has_caught_up:
            return "; ".join(self._bearings.problems) or "reading what was written meanwhile"
        return "; ".join([f"up as {ears.user.name}", *self._bearings.problems])

    async def caught_up(self) -> None:
        await self._reception.caught_up()

    # --- out -------------------------------------------------------------------------------------

    @asynccontextmanager
    async def screen(self) -> AsyncIterator[None]:
        try:
            async with self._callbacks.open(), self._outbox.running():
                yield
        finally:
            await self._line.close()

    def show(self, place: Place | None, said: Said) -> None:
        match said.event:
            case PlaceChanged(place=changed) if changed.adapter == self.name:
                self._bearings.know(changed)
                self._answers.place_changed()
                self._forums.changed(changed)  # its session may have gone on while it was opened
            case StateChanged() if place is not None and place.adapter == self.name:
                self._forums.changed(place)
            case _:
                pass
        self._outbox.show(place, said)

    def hurry(self) -> None:
        self._outbox.hurry()

    async def fetch(self, file: FileRef, into: Path, limit: int) -> Path:
        return await download(self._rest, file, into, limit)

    # --- in --------------------------------------------------------------------------------------

    async def listen(self, hub: Hub) -> None:
        """Until cancelled."""
        await self._reception.remember()
        await self._catalogue.look()
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            tasks.create_task(self._lookout.run(self._look_around))
            tasks.create_task(self._reception.run())
            tasks.create_task(self._forums.run())
            await self._line.run()

    def _hear(self, event: str, thing: Any) -> None:
        """Interactions have three seconds, so they wait for nothing."""
        if event == "interaction" and self._tasks is not None:
            came = asyncio.get_running_loop().time()
            self._tasks.create_task(self._asked(thing, came))
        else:
            self._reception.hear(event, thing)

    async def _asked(self, interaction: discord.Interaction, came: float) -> None:
        try:
            await self._bearings.arrived(self._patience.arrive)
            await self._interactions.take(interaction, self._bearings.facts(), came)
        except Exception:  # this task's root: nobody waits for it but the person
            log.exception("discord: interaction %s could not be taken up", interaction.id)

    def _introduced(self, ears: Ears) -> None:
        self._bearings.ears = ears

    # --- commands and permissions ----------------------------------------------------------------

    async def _look_around(self) -> None:
        """At commands and permissions."""
        try:
            await self._check_all()
        except PenError as error:
            log.warning("discord: commands cannot be synchronised: %s", error)
        except Exception:  # this task's root: a bug in a check must not end the adapter
            log.exception("discord: commands and permissions could not be checked")

    async def _check_all(self) -> None:
        ears, bearings = self._bearings.ears, self._bearings
        if ears is None or not ears.is_ready():
            return
        await self._reception.look_around()
        self._outbox.restored()
        facts = bearings.facts()
        if not (facts.application and facts.guild):
            return
        try:
            await self._catalogue.refresh(self._line.rest, facts.application, facts.guild)
        except Forbidden:
            if not bearings.command_problems:
                log.warning("discord: %s", NO_COMMANDS)
            bearings.command_problems = (NO_COMMANDS,)
        else:
            bearings.command_problems = ()
        if self._reception.has_caught_up and not (self._line.trouble or bearings.problems or self._is_told_up):
            self._is_told_up = True
            log.info("discord: %s", self.status)
