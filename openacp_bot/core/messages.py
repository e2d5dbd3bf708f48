"""Plain messages: an answer to a form, a command, a prompt for the session here, or the beginning of one."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from functools import partial

from openacp_bot.core import access
from openacp_bot.core.commands.here import STOPPING
from openacp_bot.core.commands.house import House, check_text, new_prompt, refusal
from openacp_bot.core.commands.spec import AGENT, NO_SESSION, Call, nearest, split
from openacp_bot.core.commands.starting import begun
from openacp_bot.core.commands.table import BY_NAME
from openacp_bot.core.deeds import Deeds
from openacp_bot.core.forms import Forms
from openacp_bot.core.gathering import LONGEST_SECONDS, Album, Gathering
from openacp_bot.core.inbound import Action, Command, Edited, Ground, Look, Message, Origin, Reply
from openacp_bot.core.menus import Button
from openacp_bot.core.model import Part, Place, Prompt, PromptState, SessionRecord
from openacp_bot.core.parts import edited as edited_part
from openacp_bot.core.parts import joined
from openacp_bot.core.words import KEPT, queued_line

SLASH = re.compile(r"/[A-Za-z0-9_:.-]+(@\w+)?(\s|$)")  # not `//name` (the agent's own command), not a path


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
            if message.files:
                return refusal("A command takes no files, so nothing was done. Send the file with plain text.")
            return await self._command(origin, text)
        if text and not message.files and (answered := await self._forms.said(origin, text)) is not None:
            reply = await self._deeds.step(answered.step)
            return reply and replace(reply, closes=answered.closes, closed_as=answered.closed_as)
        if not message.addressed:
            return None
        if text or not message.files:
            check_text(text)
        if SLASH.match(text) and (unknown := await self._unknown(origin, split(text)[0])) is not None:
            return unknown
        return await self._prompt(message, text.removeprefix("/") if text.startswith("//") else text)

    async def _command(self, origin: Origin, text: str) -> Reply | None:
        """Whoever types a command does not go on with a form."""
        name, args = split(text)
        command = Command(origin, name, args)
        if await self._forms.leave(origin) and name == "cancel":
            return await self._left(command)
        return await self.command(command)

    async def command(self, command: Command) -> Reply | None:
        """One of ours; the agent's own is a message to it."""
        args = command.args or " ".join((command.values.get("name", ""), command.values.get("message", "")))
        if command.name != AGENT or not args.strip():
            return await self._deeds.command(command)
        if await self._house.session_at(command.origin) is None:
            return refusal(NO_SESSION)
        text = f"/{args.strip().lstrip('/')}"
        check_text(text)
        return await self._prompt(Message(command.origin, "", text), text)

    async def _left(self, cancel: Command) -> Reply | None:
        """`/cancel` leaves a form, and stops the turn that runs behind it."""
        record = await self._house.session_at(cancel.origin)
        live = self._house.manager.live(record.id) if record else None
        if live is None or live.turn is None:
            return Reply("Nothing was changed.")
        reply = await self._deeds.command(cancel)
        rest = reply.text.removeprefix(STOPPING).strip() if reply else ""
        return reply and replace(
            reply, text=f"The form was left, and the running turn is cancelled too. {rest}".strip()
        )

    async def _unknown(self, origin: Origin, name: str) -> Reply | None:
        """What is said to a command that neither we nor the session's agent know. An agent that is not up yet may know
        it."""
        record = await self._house.session_at(origin)
        offered = self._house.manager.commands(record) if record else ()
        is_up = offered is not None
        if offered is None and record is not None:
            offered = self._house.manager.commands_before(record)
        theirs = [one.name.lower() for one in offered or ()]
        if name in theirs:
            return None
        raw = f"//{name} is sent to the agent as it is."
        if (close := nearest(name, [*BY_NAME, *theirs])) is not None:
            return refusal(f"There is no command /{name}. Did you mean /{close}?{'' if is_up else f' {raw}'}")
        return refusal(f"There is no command /{name}; /help lists them. {raw}") if is_up else None

    # --- prompts ---------------------------------------------------------------------------------

    async def _prompt(self, message: Message, text: str) -> Reply | None:
        origin = message.origin
        record = None if message.opens else await self._house.session_at(origin)
        if record is None:
            return await self._begin(message, text)
        if (answered := await self._deeds.answer_by_text(record, message, text)) is not None:
            return answered
        if record.archived_at is not None:
            button = Button("Restore", Action("restore", (record.id,)), Look.GOOD)
            choices = await self._house.buttons([button], session=record.id)
            return Reply("This session is archived and read-only. Restore it first.", choices=choices, refused=True)
        call, part = Call(origin, record), _part(message, text)
        place = await self._house.records.place_at(origin.where)
        if place is not None and place.is_closed_by_hand:
            await self._house.means.homes.reopen(place)
        if self._house.manager.stopping and self._house.manager.live(record.id) is None:
            return await self._kept_for_later(call, message, part, place)
        return await self._submitted(call, message, part, place)

    async def _begin(self, message: Message, text: str) -> Reply | None:
        """A session by its first message; of several messages at once, one begins it."""
        origin = message.origin
        if origin.ground is Ground.NONE or origin.session is not None:
            return refusal(NO_SESSION)
        async with self._beginning:
            if message.opens or await self._house.session_at(origin) is None:
                return await self._begun(Call(origin), message, _part(message, text))
        return await self._prompt(message, text)

    async def _begun(self, call: Call, message: Message, part: Part) -> Reply | None:
        if not message.album:
            begin = await begun(self._house, call, message, part)
            return begin[1] if begin else None
        async with self._gathering.taking(message) as album:
            begin = await begun(self._house, call, message, part)
            if begin is None:
                return None
            prompt, reply = begin
            self._gathering.begin(album, message, prompt)
            return reply

    async def _submitted(self, call: Call, message: Message, part: Part, place: Place | None) -> Reply | None:
        record, place_id = call.record, place.id if place else None
        if message.album:
            return await self._gathered(call, message, part, place_id)
        rejects = self._may_reject(record, message)
        queued = await self._house.submit(call, record, part, first=rejects, place=place_id, files=message.files)
        if queued is None:
            return None
        session, prompt, ahead = queued
        if rejects:
            session.answer(message.answers, None, None, call.who)
        if self._house.manager.stopping:
            return _kept(prompt, record)
        if not ahead:
            return None
        return await self._queued_reply(record, ahead, prompt)

    async def _gathered(self, call: Call, message: Message, part: Part, place: str | None) -> Reply | None:
        """A message of an album: the first is the prompt, the others join it. A question that it replies to is rejected
        at once."""
        while True:
            async with self._gathering.taking(message) as album:
                if album.prompt is None:
                    return await self._first_of(album, call, message, part, place)
                if await self._gathering.join(album, part, message):
                    self._reject(call, message)
                    return None

    async def _first_of(
        self, album: Album, call: Call, message: Message, part: Part, place: str | None
    ) -> Reply | None:
        if await self._joins_one_before_us(call, message, part):
            return None
        session = await self._house.awake(call.record)
        prompt = self._new_prompt(call, message, part, place, PromptState.GATHERING)
        first = self._may_reject(call.record, message)
        if await self._house.records.queue_prompt(prompt, first=first, key=call.key) is None:
            return None
        self._gathering.begin(album, message, prompt)
        if first:
            self._reject(call, message)
            return None
        if session.turn is None and not session.queue:
            return None
        return await self._queued_reply(call.record, len(session.queue) + 1, prompt.id)

    async def _joins_one_before_us(self, call: Call, message: Message, part: Part) -> bool:
        """The rest of an album that a crash cut in two: what had come is queued, unless it runs already."""
        if call.origin.sent >= self._house.started_at:
            return False
        edit = partial(joined, part=part, files=message.files)
        for queued in await self._house.records.queued(call.record.id):
            near = abs(queued.asked_at - call.origin.sent) <= LONGEST_SECONDS
            same = queued.author.key == call.who.key and any(one.album == part.album for one in queued.parts)
            if near and same and queued.asked_at < self._house.started_at:
                return await self._house.manager.queues.change(call.record, queued.id, edit, key=call.key) is not None
        return False

    def _new_prompt(
        self, call: Call, message: Message, part: Part, place: str | None, state: PromptState = PromptState.QUEUED
    ) -> Prompt:
        now, id = self._house.now(), call.record.id
        return new_prompt(id, call, part, now=now, place=place, files=message.files, state=state)

    def _may_reject(self, record: SessionRecord, message: Message) -> bool:
        """A reply to an open question rejects it and becomes the next prompt, if its author may answer it."""
        session = self._house.manager.live(record.id)
        asked = next((one for one in session.questions if one.id == message.answers), None) if session else None
        return asked is not None and access.may_answer(self._house.settings, message.origin.who, asked.requester)

    def _reject(self, call: Call, message: Message) -> None:
        """The question that a message replies to, if there is one that its author may answer."""
        session = self._house.manager.live(call.record.id)
        if session is not None and self._may_reject(call.record, message):
            session.answer(message.answers, None, None, call.who)

    async def _queued_reply(self, record: SessionRecord, ahead: int, prompt: str) -> Reply:
        about = (record.id, prompt)
        buttons = [
            Button("Send now", Action("send_now", about)),
            Button("Remove", Action("remove_queued", about), Look.DANGER),
        ]
        choices = await self._house.buttons(buttons, session=record.id)
        return Reply(queued_line(ahead), choices=choices, session=record.id, quiet=True, prompt=prompt)

    async def _kept_for_later(self, call: Call, message: Message, part: Part, place: Place | None) -> Reply:
        prompt = self._new_prompt(call, message, part, place.id if place else None)
        await self._house.records.queue_prompt(prompt, key=call.key)
        return _kept(prompt.id, call.record)

    # --- edits -----------------------------------------------------------------------------------

    async def edited(self, edited: Edited) -> Reply | None:
        prompt = await self._house.records.prompt_of(edited.origin.where, edited.id)
        if prompt is None:
            return None
        edit = partial(edited_part, message=edited.id, text=edited.text)
        if edited.text is not None and not prompt.files:
            check_text(edit(prompt).text.strip())
        record = await self._house.record(prompt.session)
        if prompt.state is PromptState.QUEUED:
            changed = await self._house.manager.queues.change(record, prompt.id, edit, key=edited.origin.key)
            if changed is not None:
                return Reply("Removed." if edited.text is None else "Changed.", quiet=True)
        if edited.text is None or prompt.state is PromptState.DROPPED:
            return None
        button = Button("Send as new", Action("send_again", (record.id, prompt.id, edited.text, edited.id)))
        choices = await self._house.buttons([button], session=record.id, presser=edited.origin.who)
        return Reply("This message has run already.", choices=choices, quiet=True)


def _part(message: Message, text: str) -> Part:
    return Part(text, message.id, message.quote, message.album)


def _kept(prompt: str, record: SessionRecord) -> Reply:
    return Reply(KEPT, session=record.id, prompt=prompt)


def _is_command(text: str) -> bool:
    """One of ours: a path that was asked for begins with a slash as well."""
    return SLASH.match(text) is not None and split(text)[0] in BY_NAME
