"""The front door: who it is, whether it was here before, what is asked, and what is said at once.

1. Memory and SQLite only; what takes longer runs in a session's task and comes out as an event.
2. The same key twice is handled once: while the first is under way the second waits for its answer.
3. Strangers get silence.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from dataclasses import replace
from typing import cast

from openacp_bot.core import access
from openacp_bot.core.commands import here, lists
from openacp_bot.core.commands.house import House, check_text, new_prompt, refusal
from openacp_bot.core.commands.spec import Call, nearest, split
from openacp_bot.core.commands.table import BY_NAME, ONCE, OWNER_VERBS, VERBS, WAKING
from openacp_bot.core.errors import CapReached, NotAllowed, StoreError, UserError
from openacp_bot.core.inbound import (
    Action,
    Command,
    Edited,
    Expecting,
    Inbound,
    Look,
    Message,
    Origin,
    PlaceReported,
    Pressed,
    Reply,
    Report,
)
from openacp_bot.core.menus import Button, parsed
from openacp_bot.core.model import PromptState, SessionRecord, UserRef
from openacp_bot.core.ports import V
from openacp_bot.core.questions import DECLINE, missing
from openacp_bot.core.sights import Sights
from openacp_bot.core.views import Query

log = logging.getLogger(__name__)

REMEMBERED = 1000  # answers kept for inbounds that are sent again
FORM_SECONDS = 600.0
SLASH = re.compile(r"/[A-Za-z0-9_:.-]+(@\w+)?(\s|$)")  # not `//name` (the agent's own command), not a path
KEPT = "The daemon is stopping. Your message is kept and runs after the restart, behind what is running now."
GONE = "This button is no longer valid."


class FrontDoor:
    """Implements core.ports.Hub."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._sights = Sights(house)
        self._answers: OrderedDict[str, asyncio.Future[Reply | None]] = OrderedDict()
        self._spent: set[str] = set()

    async def look(self, query: Query[V], who: UserRef) -> V:
        """Raises UserError if there is nothing to see for `who`."""
        if not access.may_enter(self._house.settings, who):
            raise NotAllowed("You are not allowed to use this.")
        return cast(V, await self._sights.see(query, who))

    async def handle(self, inbound: Inbound) -> Reply | None:
        """Raises StoreError if it could not be stored: do not acknowledge."""
        origin = inbound.origin
        if not access.may_enter(self._house.settings, origin.who) and not _is_of_the_outbox(inbound):
            log.info("a stranger was ignored: %s", origin.who.key)
            return None
        if (earlier := self._answers.get(origin.key)) is not None:
            return await asyncio.shield(earlier)
        answer = self._remember(origin.key)
        try:
            reply = await self._first_time(inbound)
        except BaseException as error:
            self._answers.pop(origin.key, None)
            cut_short = StoreError("This was interrupted; send it again.")
            answer.set_exception(error if isinstance(error, Exception) else cut_short)
            answer.exception()  # marks it as seen, as perhaps nobody waits for it
            raise
        answer.set_result(reply)
        return reply

    def _remember(self, key: str) -> asyncio.Future[Reply | None]:
        answer: asyncio.Future[Reply | None] = asyncio.get_running_loop().create_future()
        self._answers[key] = answer
        while len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
        return answer

    async def _first_time(self, inbound: Inbound) -> Reply | None:
        if await self._house.records.seen(inbound.origin.key):
            return None
        try:
            reply = await self._dispatched(inbound)
        except CapReached as error:
            reply = await self._house.cap_refusal(Call(inbound.origin), str(error))
        except UserError as error:
            reply = refusal(str(error))
        except StoreError:
            raise
        except Exception:  # a bug: recorded, answered and acknowledged, or it would come again for ever
            log.exception("an inbound could not be handled")
            await self._house.records.admit(inbound.origin.key, "failed")
            return refusal("An error inside openacp-bot kept this from being done. The log has the details.")
        await self._house.records.admit(inbound.origin.key)
        if reply is not None and reply.form is not None and not inbound.origin.dialogs:
            await self._expect(inbound.origin, reply)
        return reply

    async def _dispatched(self, inbound: Inbound) -> Reply | None:
        match inbound:
            case Message():
                return await self._message(inbound)
            case Edited():
                return await self._edited(inbound)
            case Command():
                return await self._command(inbound.origin, inbound.name, inbound)
            case Pressed():
                return await self._pressed(inbound)
            case PlaceReported():
                await self._reported(inbound)
                return None

    # --- messages --------------------------------------------------------------------------------

    async def _message(self, message: Message) -> Reply | None:
        origin, text = message.origin, message.text.strip()
        if message.files:
            return refusal("Files cannot be taken yet. Send text, or put the file into the workspace yourself.")
        check_text(text)
        if (expected := await self._expected(origin)) is not None and not _is_command(text):
            values = {**expected.given, expected.field: text}
            return await self._pressed(Pressed(origin, expected.token, values))
        if SLASH.match(text):
            name, args = split(text)
            if name in BY_NAME:
                return await self._command(origin, name, Command(origin, name, args))
            if (unknown := await self._unknown(origin, name)) is not None:
                return unknown
        return await self._prompt(message, text.removeprefix("/") if text.startswith("//") else text)

    async def _unknown(self, origin: Origin, name: str) -> Reply | None:
        """What is said to a command that neither we nor the session's agent know."""
        record = await self._session_at(origin)
        live = self._house.manager.live(record.id) if record else None
        theirs = [one.name.lower() for one in live.commands] if live else []
        if name in theirs:
            return None
        if (close := nearest(name, [*BY_NAME, *theirs])) is not None:
            return refusal(f"There is no command /{name}. Did you mean /{close}?")
        return refusal(f"There is no command /{name}; /help lists them. //{name} is sent to the agent as it is.")

    async def _prompt(self, message: Message, text: str) -> Reply | None:
        record = await self._session_at(message.origin)
        if record is None:
            return refusal("There is no session here. /new starts one, /sessions lists yours.")
        call = Call(message.origin, record)
        if record.archived_at is not None:
            button = Button("Restore", Action("restore", (record.id,)), Look.GOOD)
            choices = await self._house.buttons([button], session=record.id)
            return Reply("This session is archived and read-only. Restore it first.", choices=choices, refused=True)
        if message.quote:
            text = "\n".join([*(f"> {line}" for line in message.quote.splitlines()), "", text])
        if self._house.manager.stopping and self._house.manager.live(record.id) is None:
            return await self._kept_for_later(call, text, message.id)
        rejects = self._may_reject(record, message)
        place = await self._house.records.place_at(message.origin.where)
        queued = await self._house.submit(
            call, record, text, first=rejects, message=message.id, place=place.id if place else None
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
        return Reply(
            f"Queued, number {ahead}.", choices=await self._house.buttons(buttons, session=record.id), quiet=True
        )

    async def _kept_for_later(self, call: Call, text: str, message: str) -> Reply:
        prompt = new_prompt(call.record.id, call, text, now=self._house.now(), message=message)
        await self._house.records.queue_prompt(prompt, key=call.key)
        return Reply(KEPT)

    async def _edited(self, edited: Edited) -> Reply | None:
        prompt = await self._house.records.prompt_of(edited.origin.where, edited.id)
        if prompt is None:
            return None
        if edited.text is not None:
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

    # --- commands and buttons --------------------------------------------------------------------

    async def _command(self, origin: Origin, name: str, command: Command) -> Reply | None:
        spec = BY_NAME.get(name)
        if spec is None:
            close = nearest(name, BY_NAME)
            return refusal(f"There is no command /{name}." + (f" Did you mean /{close}?" if close else ""))
        if spec.admin and not self._house.is_admin(origin.who):
            raise NotAllowed(f"/{name} is for admins.")
        named = command.values.get("session", "")
        record, args = await self._meant(origin, command.args, named, wanted=spec.about_session or name == "status")
        if args and not spec.usage and (spec.about_session or name == "status"):
            raise UserError(f"/{name} takes nothing but the id of a session, and there is no session “{args}”.")
        call = Call(origin, record, args, values=command.values)
        if spec.about_session and record is None:
            return await lists.pick(self._house, call, spec)
        return await self._run(spec.name, call)

    async def _run(self, name: str, call: Call) -> Reply | None:
        """A command's or a button's deed, after the checks that hold for it wherever it comes from."""
        spec = BY_NAME.get(name)
        if (spec and spec.owner) or name in OWNER_VERBS:
            self._house.check_owner(call.who, call.record)
        if spec and spec.admin and not self._house.is_admin(call.who):
            raise NotAllowed(f"/{name} is for admins.")
        if name in WAKING or (spec and spec.about_session and not spec.archived and name != "archive"):
            here.check_not_archived(call.record)
        deed = spec.run if spec else VERBS[name]
        reply = await deed(self._house, call)
        if reply is not None and call.session is not None and not reply.session:
            return replace(reply, session=call.session.id)
        return reply

    async def _pressed(self, pressed: Pressed) -> Reply | None:
        token = parsed(pressed.token)
        menu = await self._house.records.menu(token[0]) if token else None
        if token is None or menu is None or token[1] >= len(menu.actions) or menu.id in self._spent:
            return refusal(GONE)
        if menu.presser is not None and menu.presser != pressed.origin.who.key:
            raise NotAllowed("This button is for the person who asked.")
        action = menu.actions[token[1]]
        if action.verb == "answer":
            return await self._answered(pressed, action)
        once = action.verb in ONCE or action.verb == "new"
        if once:
            self._spent.add(menu.id)
        try:
            reply = await self._act(pressed, action)
        except BaseException:
            self._spent.discard(menu.id)
            raise
        if once and reply is not None and (reply.refused or (action.verb == "new" and not reply.session)):
            self._spent.discard(menu.id)
        elif once:
            await self._house.records.spend(menu.id)
        return reply

    async def _act(self, pressed: Pressed, action: Action) -> Reply | None:
        id, *words = action.args or ("",)
        record = await self._house.record(id) if id else None
        call = Call(pressed.origin, record, " ".join(words), tuple(words), pressed.values, pressed=True)
        return await self._run(action.verb, call)

    async def _answered(self, pressed: Pressed, action: Action) -> Reply | None:
        """A press on a question: checked on the press, one winner."""
        session_id, question_id, option = action.args
        question = await self._house.records.question(question_id)
        if question is None:
            return refusal(GONE)
        if not access.may_answer(self._house.settings, pressed.origin.who, question.requester):
            raise NotAllowed("You may not answer this question; see permissions.approvers.")
        chosen = next((one for one in question.options if one.id == option), None)
        if chosen is not None and chosen.kind != DECLINE and (unfilled := missing(question, pressed.values)):
            return refusal(f"Please fill in: {', '.join(field.label for field in unfilled)}.")
        session = self._house.manager.live(session_id)
        if session is None or not session.answer(question_id, option, pressed.values, pressed.origin.who):
            return refusal("This question is no longer open.")
        return Reply(f"{chosen.label if chosen else 'Answered'}.", quiet=True)

    # --- forms, places, sessions -----------------------------------------------------------------

    async def _expect(self, origin: Origin, reply: Reply) -> None:
        """Where forms are asked as text, this person's next plain message here is the answer."""
        assert reply.form is not None
        what = Expecting(
            origin.where,
            origin.who.key,
            reply.form.token,
            reply.form.fields[0].name,
            {},
            self._house.now() + FORM_SECONDS,
        )
        await self._house.records.expect(what, where=origin.where, who=origin.who.key)

    async def _expected(self, origin: Origin) -> Expecting | None:
        if origin.dialogs:
            return None
        expected = await self._house.records.expected(origin.where, origin.who.key, self._house.now())
        if expected is not None:
            await self._house.records.expect(None, where=origin.where, who=origin.who.key)
        return expected

    async def _reported(self, report: PlaceReported) -> None:
        if report.what in (Report.OPENED, Report.MOVED):
            place = await self._house.records.change_place(report.place, ref=report.ref, url=report.url)
            if place is not None and place.session is not None:
                self._house.desk.feed.move(place.session, place)

    async def _meant(self, origin: Origin, args: str, named: str, *, wanted: bool) -> tuple[SessionRecord | None, str]:
        """The session that a command is about, and the words that are left: named by an id prefix (typed, or a value),
        or the one here."""
        first, _, rest = (named or args).partition(" ")
        if wanted and len(first) >= 4 and all(letter in "0123456789abcdef" for letter in first):
            found = await self._house.records.sessions_like(first)
            visible = [one for one in found if access.owns(self._house.settings, origin.who, one)]
            if len(visible) == 1:
                return self._house.manager.current(visible[0]), rest.strip()
            if len(visible) > 1:
                raise UserError(f"Several sessions begin with {first}: {', '.join(one.id for one in visible)}.")
        return await self._session_at(origin), args

    async def _session_at(self, origin: Origin) -> SessionRecord | None:
        id = origin.session
        if id is None and (place := await self._house.records.place_at(origin.where)) is not None:
            id = place.session
        if not id:
            return None
        return await self._house.record(id)


def _is_command(text: str) -> bool:
    """One of ours: a path that was asked for begins with a slash as well."""
    return SLASH.match(text) is not None and split(text)[0] in BY_NAME


def _is_of_the_outbox(inbound: Inbound) -> bool:
    """What became of a place is reported by an adapter itself, which is no person and has no id."""
    return isinstance(inbound, PlaceReported) and not inbound.origin.who.id
