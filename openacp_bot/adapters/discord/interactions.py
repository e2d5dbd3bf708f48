"""Slash commands, presses, modals: told to core, and acknowledged within Discord's three seconds.

1. Each interaction is taken up once, however often it comes. 2. Whether its answer is for one person alone, and whether
a press opens a form, is known before core is asked. 3. A form is a modal where one can hold it, else core asks step by
step. 4. What comes when no time is left is acknowledged before it is done. If Discord no longer takes that, its person
was told that it failed, and so it does: they will do it again, and a second /new would open two sessions.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import discord

from openacp_bot.adapters.discord.answers import Answers, Asked
from openacp_bot.adapters.discord.callbacks import Callbacks
from openacp_bot.adapters.discord.components import pressed
from openacp_bot.adapters.discord.facts import ADAPTER, Facts
from openacp_bot.adapters.discord.inbound import place_of
from openacp_bot.adapters.discord.lateness import Lateness
from openacp_bot.adapters.discord.modals import Typed, filled, fits, modal, values
from openacp_bot.adapters.discord.pen import said
from openacp_bot.adapters.discord.ticket import Ticket
from openacp_bot.chat.outbox import Outbox
from openacp_bot.chat.pen import PenError
from openacp_bot.chat.recent import Recent
from openacp_bot.chat.told import Told
from openacp_bot.core.cards import Card, CardKind
from openacp_bot.core.errors import StoreError, UserError
from openacp_bot.core.inbound import Command, Form, Ground, Inbound, Opens, Origin, Pressed, Reply
from openacp_bot.core.model import ThreadRef, UserRef
from openacp_bot.core.ports import Hub, Ledger
from openacp_bot.core.views import OneQuestion, Suggestions

log = logging.getLogger(__name__)

NOT_ALLOWED = "You are not allowed to use this bot."
ELSEWHERE = "This works in {home}, in its threads, and in direct messages."
STARTING = "The bot is just starting. Try it again in some seconds."
FAILED = "An error inside openacp-bot kept this from being answered. The log has the details, at interaction {id}."
REMEMBERED = 1000


class Interactions:
    """`private`: whether the answer to a command of this name is for the asker alone. `seconds`: so old an interaction
    may become before it is acknowledged without words."""

    def __init__(
        self,
        *,
        hub: Hub,
        ledger: Ledger,
        outbox: Outbox[str],
        answers: Answers,
        callbacks: Callbacks,
        private: Callable[[str], bool],
        seconds: float,
    ) -> None:
        self._hub = hub
        self._ledger = ledger
        self._outbox = outbox
        self._answers = answers
        self._callbacks = callbacks
        self._private = private
        self._seconds = seconds
        self._taken: Recent[int] = Recent(REMEMBERED)
        self._typed = Typed()
        self._lateness = Lateness()
        self._told = Told(log)

    async def take(self, interaction: discord.Interaction, facts: Facts, came: float) -> None:
        """`came`: when we were told of it, by the loop's clock."""
        if interaction.id in self._taken:
            return
        self._taken.add(interaction.id)
        ticket = self._ticket(interaction, came)
        try:
            await self._take(interaction, facts, ticket)
        except PenError as error:
            log.info("discord: an interaction could not be answered: %s", error)
        except StoreError as error:
            log.error("discord: an interaction could not be stored: %s", error)
            await _refuse(interaction, ticket, str(error))
        except Exception:  # its root: one interaction must not end the intake
            log.exception("discord: interaction %s could not be handled", interaction.id)
            await _refuse(interaction, ticket, FAILED.format(id=interaction.id))

    def _ticket(self, interaction: discord.Interaction, came: float) -> Ticket:
        came_at = time.time() - (asyncio.get_running_loop().time() - came)
        made = came - self._lateness.of(interaction.created_at.timestamp(), came_at)
        return Ticket(str(interaction.id), interaction.token, str(interaction.application_id), self._callbacks, made)

    async def _take(self, interaction: discord.Interaction, facts: Facts, ticket: Ticket) -> None:
        asked = _asked(interaction, facts, ticket)
        if asked == NOT_ALLOWED:
            self._told.log_once(f"discord: a stranger was refused: {ADAPTER}:{interaction.user.id}")
        if isinstance(asked, str):
            await _refuse(interaction, ticket, asked)
            return
        data: Mapping[str, Any] = interaction.data or {}
        match interaction.type:
            case discord.InteractionType.application_command:
                await self._command(asked, data)
            case discord.InteractionType.autocomplete:
                await ticket.suggest(await self._suggestions(asked, data))
            case discord.InteractionType.component:
                await self._press(asked, data)
            case discord.InteractionType.modal_submit:
                filled_in = Pressed(asked.origin, str(data["custom_id"]), values(data["components"]))
                await self._tell(asked, filled_in, Opens.NEW)

    # --- what is asked ---------------------------------------------------------------------------

    async def _command(self, asked: Asked, data: Mapping[str, Any]) -> None:
        name = str(data["name"])
        command = Command(asked.origin, name, values=_options(data))
        await self._tell(asked, command, Opens.NEW, only_them=self._private(name))

    async def _suggestions(self, asked: Asked, data: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        focused = next((one for one in data.get("options", ()) if one.get("focused")), None)
        if focused is None:
            return ()
        name, typed = str(focused["name"]), str(focused.get("value", ""))
        given = {key: value for key, value in _options(data).items() if key != name}
        query = Suggestions(str(data["name"]), name, typed, asked.origin.where, given)
        try:
            return await self._hub.look(query, asked.origin.who)
        except UserError:
            return ()

    async def _press(self, asked: Asked, data: Mapping[str, Any]) -> None:
        chosen = data.get("values") or [data["custom_id"]]
        token, opens = pressed(str(chosen[0]))
        form = await self._form_in_time(asked, token) if opens is Opens.FORM else None
        if form is not None and fits(form):
            typed = self._typed.of(asked.origin.who, token)
            await asked.ticket.ask(modal(filled(form, typed)))
            return
        has_dialogs = opens is Opens.FORM and form is None
        asked = replace(asked, origin=replace(asked.origin, dialogs=has_dialogs))
        await self._tell(asked, Pressed(asked.origin, token), opens)

    async def _form_in_time(self, asked: Asked, token: str) -> Form | None:
        """What it waits for may take longer than a form may: then core says so."""
        try:
            async with asyncio.timeout(max(0.0, self._left(asked.ticket))):
                return await self._form_of_question(asked, token)
        except TimeoutError:
            return None

    async def _form_of_question(self, asked: Asked, token: str) -> Form | None:
        """A question that has fields is a form that stands in its message already."""
        card = await self._card(asked)
        if card is None or card.kind is not CardKind.QUESTION:
            return None
        try:
            question = (await self._hub.look(OneQuestion(card.ref), UserRef(ADAPTER, ""))).question
        except UserError:
            return None
        is_open = question.settled is None and bool(question.fields)
        return Form(token, question.title, question.fields) if is_open else None

    async def _card(self, asked: Asked) -> Card | None:
        """People may press a button before we know its message's id."""
        if not asked.on or asked.is_theirs:
            return None
        where = asked.origin.where
        card = await self._ledger.card_at(where, asked.on)
        if card is None:
            await self._outbox.no_sending(where)
            card = await self._ledger.card_at(where, asked.on)
        return card

    # --- core, and the time that it has ------------------------------------------------------------

    async def _tell(self, asked: Asked, inbound: Inbound, opens: Opens, *, only_them: bool = False) -> None:
        """Once core has begun with it, it comes to its end, whatever Discord says."""
        left = self._left(asked.ticket)
        if left <= 0 and not await self._is_still_taken(asked, opens, only_them=only_them):
            return
        async with asyncio.TaskGroup() as tasks:
            work = tasks.create_task(self._handled(inbound, asked.ticket))
            done, _ = await asyncio.wait([work], timeout=left if left > 0 else None)
            if not done:
                await self._is_promised(asked, opens, only_them=only_them)
            reply = await work
        if isinstance(inbound, Pressed) and reply is not None and reply.refused:
            self._typed.keep(asked.origin.who, inbound.token, inbound.values)
        await self._answers.give(asked, reply, opens, only_them=only_them)

    async def _handled(self, inbound: Inbound, ticket: Ticket) -> Reply | None:
        try:
            return await self._hub.handle(inbound)
        except StoreError as error:
            return Reply(str(error), refused=True)
        except Exception:  # this task's root: its failure must not cut an acknowledgement short
            log.exception("discord: interaction %s could not be handled", ticket.id)
            return Reply(FAILED.format(id=ticket.id), refused=True)

    def _left(self, ticket: Ticket) -> float:
        """Seconds until it has to be acknowledged."""
        return ticket.made + self._seconds - asyncio.get_running_loop().time()

    async def _is_still_taken(self, asked: Asked, opens: Opens, *, only_them: bool) -> bool:
        seemed_too_old = asked.ticket.is_too_old
        if not await self._is_promised(asked, opens, only_them=only_them):
            log.info("discord: an interaction came too late, so it is not carried out")
            return False
        if seemed_too_old:
            self._lateness.disproved()
        return True

    async def _is_promised(self, asked: Asked, opens: Opens, *, only_them: bool) -> bool:
        """Whether Discord took an acknowledgement."""
        try:
            is_press = bool(asked.on) and opens is not Opens.FORM
            await asked.ticket.promise(is_press=is_press, only_them=only_them or asked.is_theirs)
        except PenError as error:
            log.info("discord: an interaction could not be acknowledged: %s", error)
            return False
        return True


async def _refuse(interaction: discord.Interaction, ticket: Ticket, sentence: str) -> None:
    """To the one who asked; what is suggested is nothing."""
    try:
        if interaction.type is discord.InteractionType.autocomplete:
            await ticket.suggest(())
        else:
            await ticket.say(said(sentence), only_them=True)
    except PenError as error:
        log.info("discord: an interaction could not be refused: %s", error)


def _asked(interaction: discord.Interaction, facts: Facts, ticket: Ticket) -> Asked | str:
    """Or why it may not come in, for the one who tried."""
    user = interaction.user
    roles = tuple(str(role.id) for role in user.roles) if isinstance(user, discord.Member) else ()
    is_direct = interaction.guild_id is None
    if not facts.knows(str(user.id), roles, direct=is_direct):
        return NOT_ALLOWED
    if not facts.guild and not is_direct:
        return STARTING
    where = place_of(interaction.channel, facts)
    if where is None or not _is_here(where, facts, interaction.guild_id):
        return ELSEWHERE.format(home=f"<#{facts.channel}>" if facts.channel else "the channel of the bot")
    message = interaction.message
    origin = Origin(
        key=f"dc:i:{interaction.id}",
        where=where,
        who=UserRef(ADAPTER, str(user.id), user.display_name, roles),
        sent=interaction.created_at.timestamp(),
        dialogs=True,
        options=True,
        ground=Ground.CHAT if is_direct else Ground.TOPIC,
        home=facts.channel if facts.has_forum and not is_direct else "",
        url=facts.link(where, direct=is_direct),
    )
    is_form = interaction.type is discord.InteractionType.modal_submit
    is_theirs = bool(message and message.flags.ephemeral)
    return Asked(ticket, origin, str(message.id) if message else "", is_theirs, is_form)


def _is_here(where: ThreadRef, facts: Facts, guild: int | None) -> bool:
    """In a forum nobody can give a command outside of a thread, so it is given in any other channel."""
    if guild is None:
        return True
    if str(guild) != facts.guild:
        return False
    is_home = where.space == facts.channel or where.topic in facts.threads
    return is_home or facts.mention_anywhere or (facts.has_forum and not where.topic)


def _options(data: Mapping[str, Any]) -> dict[str, str]:
    return {str(one["name"]): _text(one.get("value", "")) for one in data.get("options", ())}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
