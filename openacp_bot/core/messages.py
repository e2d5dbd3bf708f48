"""Plain messages: an answer to a form, a command, a prompt for the session here, or the beginning of one."""

from __future__ import annotations

import asyncio
import re

from openacp_bot.core import access
from openacp_bot.core.commands.house import House, check_text, new_prompt, refusal
from openacp_bot.core.commands.spec import Call, nearest, split
from openacp_bot.core.commands.starting import begun
from openacp_bot.core.commands.table import BY_NAME
from openacp_bot.core.deeds import Deeds
from openacp_bot.core.events import PlaceChanged
from openacp_bot.core.forms import Forms
from openacp_bot.core.gathering import Album, Gathering
from openacp_bot.core.inbound import Action, Command, Edited, Ground, Look, Message, Origin, Reply
from openacp_bot.core.menus import Button
from openacp_bot.core.model import Place, Prompt, PromptState, SessionRecord, Wanted

SLASH = re.compile(r"/[A-Za-z0-9_:.-]+(@\w+)?(\s|$)")  # not `//name` (the agent's own command), not a path
KEPT = "The daemon is stopping. Your message is kept and runs after the restart, behind what is running now."


class Messages:
    """What a person wrote."""

    def __init__(self, house: House, deeds: Deeds, forms: Forms, gathering: Gathering) -> None:
        self._house = house
        self._deeds = deeds
        self._forms = forms
        self._gathering = gathering
        self._beginning = asyncio.Lock()

    async def take(self, message: Message) -> Reply | None:
        origin, text = message.origin, message.text.strip()
        if _is_command(text):
            return await self._command(origin, text)
        if text and not message.files and (step := await self._forms.said(origin, text)) is not None:
            return await self._deeds.step(step)
        if not message.addressed:
            return None
        if text or not message.files:
            check_text(text)
        if SLASH.match(text) and (unknown := await self._unknown(origin, split(text)[0])) is not None:
            return unknown
        return await self._prompt(message, text.removeprefix("/") if text.startswith("//") else text)

    async def _command(self, origin: Origin, text: str) -> Reply | None:
        """Whoever types a command does not go on with a form; `/cancel` leaves the form, and nothing else."""
        name, args = split(text)
        if await self._forms.leave(origin) and name == "cancel":
            return Reply("Nothing was changed.")
        return await self._deeds.command(Command(origin, name, args))

    async def _unknown(self, origin: Origin, name: str) -> Reply | None:
        """What is said to a command that neither we nor the session's agent know."""
        record = await self._house.session_at(origin)
        live = self._house.manager.live(record.id) if record else None
        theirs = [one.name.lower() for one in live.commands] if live else []
        if name in theirs:
            return None
        if (close := nearest(name, [*BY_NAME, *theirs])) is not None:
            return refusal(f"There is no command /{name}. Did you mean /{close}?")
        return refusal(f"There is no command /{name}; /help lists them. //{name} is sent to the agent as it is.")

    # --- prompts ---------------------------------------------------------------------------------

    async def _prompt(self, message: Message, text: str) -> Reply | None:
        origin = message.origin
        record = await self._house.session_at(origin)
        if record is None:
            return await self._begin(message, text)
        if (answered := await self._deeds.answer_by_text(record, message, text)) is not None:
            return answered
        if record.archived_at is not None:
            button = Button("Restore", Action("restore", (record.id,)), Look.GOOD)
            choices = await self._house.buttons([button], session=record.id)
            return Reply("This session is archived and read-only. Restore it first.", choices=choices, refused=True)
        call, words = Call(origin, record), _quoted(message, text)
        place = await self._house.records.place_at(origin.where)
        if self._house.manager.stopping and self._house.manager.live(record.id) is None:
            return await self._kept_for_later(call, message, words, place)
        reply = await self._submitted(call, message, words, place)
        if place is not None and place.shown is Wanted.CLOSED and place.wanted is Wanted.OPEN:
            self._house.manager.say(record.id, PlaceChanged(place))  # a person closed it: it is opened again
        return reply

    async def _begin(self, message: Message, text: str) -> Reply | None:
        """A session by its first message; of several messages at once, one begins it."""
        origin = message.origin
        if origin.ground is Ground.NONE or origin.session is not None:
            return refusal("There is no session here. /new starts one, /sessions lists yours.")
        async with self._beginning:
            if await self._house.session_at(origin) is None:
                return await self._begun(Call(origin), message, _quoted(message, text))
        return await self._prompt(message, text)

    async def _begun(self, call: Call, message: Message, text: str) -> Reply | None:
        if not message.album:
            begin = await begun(self._house, call, message, text)
            return begin[1] if begin else None
        async with self._gathering.taking(message) as album:
            begin = await begun(self._house, call, message, text)
            if begin is None:
                return None
            prompt, reply = begin
            self._gathering.begin(album, message, prompt)
            return reply

    async def _submitted(self, call: Call, message: Message, text: str, place: Place | None) -> Reply | None:
        record, place_id = call.record, place.id if place else None
        rejects = self._may_reject(record, message)
        if message.album and not rejects:
            return await self._gathered(call, message, text, place_id)
        queued = await self._house.submit(
            call, record, text, first=rejects, message=message.id, place=place_id, files=message.files
        )
        if queued is None:
            return None
        session, prompt, ahead = queued
        if rejects:
            session.answer(message.answers, None, None, call.who)
        if self._house.manager.stopping:
            return Reply(KEPT)
        if not ahead or (session.turn is None and ahead == 1):
            return None
        return await self._queued_reply(record, ahead, prompt)

    async def _gathered(self, call: Call, message: Message, text: str, place: str | None) -> Reply | None:
        """A message of an album: the first is the prompt, the others join it."""
        while True:
            async with self._gathering.taking(message) as album:
                if album.prompt is None:
                    return await self._first_of(album, call, message, text, place)
                if await self._gathering.join(album, text, message):
                    return None

    async def _first_of(self, album: Album, call: Call, message: Message, text: str, place: str | None) -> Reply | None:
        session = await self._house.awake(call.record)
        prompt = self._new_prompt(call, message, text, place, PromptState.GATHERING)
        if await self._house.records.queue_prompt(prompt, key=call.key) is None:
            return None
        self._gathering.begin(album, message, prompt)
        if session.turn is None and not session.queue:
            return None
        return await self._queued_reply(call.record, len(session.queue) + 1, prompt.id)

    def _new_prompt(
        self, call: Call, message: Message, text: str, place: str | None, state: PromptState = PromptState.QUEUED
    ) -> Prompt:
        now, id = self._house.now(), call.record.id
        return new_prompt(id, call, text, now=now, message=message.id, place=place, files=message.files, state=state)

    def _may_reject(self, record: SessionRecord, message: Message) -> bool:
        """A reply to an open question rejects it and becomes the next prompt, if its author may answer it."""
        session = self._house.manager.live(record.id)
        asked = next((one for one in session.questions if one.id == message.answers), None) if session else None
        return asked is not None and access.may_answer(self._house.settings, message.origin.who, asked.requester)

    async def _queued_reply(self, record: SessionRecord, ahead: int, prompt: str) -> Reply:
        about = (record.id, prompt)
        buttons = [
            Button("Send now", Action("send_now", about)),
            Button("Remove", Action("remove_queued", about), Look.DANGER),
        ]
        choices = await self._house.buttons(buttons, session=record.id)
        return Reply(f"Queued, number {ahead}.", choices=choices, quiet=True, prompt=prompt)

    async def _kept_for_later(self, call: Call, message: Message, text: str, place: Place | None) -> Reply:
        prompt = self._new_prompt(call, message, text, place.id if place else None)
        await self._house.records.queue_prompt(prompt, key=call.key)
        return Reply(KEPT)

    # --- edits -----------------------------------------------------------------------------------

    async def edited(self, edited: Edited) -> Reply | None:
        prompt = await self._house.records.prompt_of(edited.origin.where, edited.id)
        if prompt is None:
            return None
        if edited.text is not None and not prompt.files:
            check_text(edited.text.strip())
        record = await self._house.record(prompt.session)
        call = Call(edited.origin, record)
        if prompt.state is PromptState.QUEUED and await self._house.manager.change_prompt(
            record, prompt.id, edited.text, key=call.key
        ):
            return Reply("Removed." if edited.text is None else "Changed.", quiet=True)
        if edited.text is None or prompt.state is PromptState.DROPPED:
            return None
        button = Button("Send as new", Action("send_again", (record.id, prompt.id, edited.text)))
        choices = await self._house.buttons([button], session=record.id, presser=edited.origin.who)
        return Reply("This message has run already.", choices=choices, quiet=True)


def _quoted(message: Message, text: str) -> str:
    """What the message replies to stands before its words."""
    if not message.quote:
        return text
    return "\n".join([*(f"> {line}" for line in message.quote.splitlines()), "", text]).rstrip()


def _is_command(text: str) -> bool:
    """One of ours: a path that was asked for begins with a slash as well."""
    return SLASH.match(text) is not None and split(text)[0] in BY_NAME
