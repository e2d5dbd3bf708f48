"""What a command, a button or a form does: the checks that hold wherever it comes from, then the deed itself."""

from __future__ import annotations

from dataclasses import replace

from openacp_bot.core import access
from openacp_bot.core.commands import here, lists
from openacp_bot.core.commands.house import House, refusal
from openacp_bot.core.commands.spec import Call, nearest
from openacp_bot.core.commands.table import BY_NAME, ONCE, OWNER_VERBS, STEPS, VERBS, WAKING
from openacp_bot.core.errors import NotAllowed, UserError
from openacp_bot.core.forms import GONE, Forms, Step, check_numbers
from openacp_bot.core.inbound import Action, Command, Form, Menu, Message, Origin, Pressed, Reply
from openacp_bot.core.menus import parsed
from openacp_bot.core.model import Question, SessionRecord
from openacp_bot.core.questions import DECLINE, SUBMIT, missing
from openacp_bot.core.words import span

HARMLESS = frozenset({"help", "status", "sessions", "start", "menu", "queue"})  # they change nothing


class Deeds:
    """Does what was asked for, by its name or by a button's token."""

    def __init__(self, house: House, forms: Forms) -> None:
        self._house = house
        self._forms = forms
        self._pressed: set[str] = set()  # menus that work once, while what was pressed is being done

    # --- commands --------------------------------------------------------------------------------

    async def command(self, command: Command) -> Reply | None:
        origin, spec = command.origin, BY_NAME.get(command.name)
        if spec is None:
            close = nearest(command.name, BY_NAME)
            return refusal(f"There is no command /{command.name}." + (f" Did you mean /{close}?" if close else ""))
        if spec.admin and not self._house.is_admin(origin.who):
            raise NotAllowed(f"/{command.name} is for admins.")
        self._check_fresh(command)
        named = command.values.get("session", "")
        wanted = spec.about_session or spec.name == "status"
        said = command.args or command.values.get("query", "")
        record, args = await self._meant(origin, said, named, wanted=wanted)
        if args and not spec.usage and wanted:
            raise UserError(f"/{command.name} takes nothing but the id of a session, and there is no session “{args}”.")
        call = Call(origin, record, args, values=command.values)
        if spec.about_session and record is None:
            return await lists.pick(self._house, call, spec)
        return await self._run(spec.name, call)

    def _check_fresh(self, command: Command) -> None:
        """A platform keeps what is sent while we are away; an old order may hit something else by now."""
        changes = command.name not in HARMLESS or (command.name == "queue" and bool(command.args or command.values))
        if changes and command.origin.late:
            age = max(0.0, self._house.now() - command.origin.sent)
            raise UserError(
                f"This /{command.name} was sent {span(age)} ago, while I was away, and was not done. "
                "Send it again if you still want it."
            )

    async def _meant(self, origin: Origin, args: str, named: str, *, wanted: bool) -> tuple[SessionRecord | None, str]:
        """The session that a command is about, and the words that are left: named by an id prefix (typed, or a value),
        or the one here."""
        first, _, rest = (named or args).partition(" ")
        if wanted and len(first) >= 4 and all(letter in "0123456789abcdef" for letter in first):
            found = await self._house.records.sessions_like(first)
            visible = [one for one in found if await self._sees(origin, one)]
            if len(visible) == 1:
                return self._house.manager.current(visible[0]), rest.strip()
            if len(visible) > 1:
                raise UserError(f"Several sessions begin with {first}: {', '.join(one.id for one in visible)}.")
        if named:
            raise UserError(f"There is no session “{named}”. Choose one of the list, or leave it out.")
        return await self._house.session_at(origin), args

    async def _sees(self, origin: Origin, record: SessionRecord) -> bool:
        """Their own, and this chat's; admins see all."""
        if access.owns(self._house.settings, origin.who, record):
            return True
        home = await self._house.records.place_of(record.id)
        return home is not None and (home.adapter, home.space) == (origin.where.adapter, origin.where.space)

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
        if reply is not None:
            reply = replace(reply, private=reply.private or bool(spec and spec.private))
        if reply is not None and call.session is not None and not reply.session:
            reply = replace(reply, session=call.session.id)
        if reply is not None and reply.form is not None and not call.origin.dialogs:
            return await self.step(await self._forms.begin(call.origin, reply))
        return reply

    # --- buttons ---------------------------------------------------------------------------------

    async def press(self, pressed: Pressed) -> Reply | None:
        token = parsed(pressed.token)
        menu = await self._house.records.menu(token[0]) if token else None
        if token is None or menu is None or token[1] >= len(menu.actions) or menu.id in self._pressed:
            return refusal(GONE)
        if menu.presser is not None and menu.presser != pressed.origin.who.key:
            raise NotAllowed("This button is for the person who asked.")
        action = menu.actions[token[1]]
        match action.verb:
            case "answer":
                return await self._answered(pressed, action)
            case "fill":
                return await self._filled(pressed, action)
            case "leave_form":
                return await self._form_left(pressed.origin, action)
            case _:
                await self._forms.leave(pressed.origin)  # whoever presses something else does not go on with a form
                return await self._at_most_once(pressed, action, menu)

    async def step(self, step: Step) -> Reply | None:
        """A form's next question, or what the form does once it is filled in."""
        return await self.press(step) if isinstance(step, Pressed) else step

    async def _filled(self, pressed: Pressed, action: Action) -> Reply | None:
        """A field's button: its message becomes the next question, or tells what became of the form."""
        _, root, field, value = action.args
        reply = await self.step(await self._forms.chosen(pressed.origin, root, field, value))
        return reply if reply is None or reply.refused else replace(reply, replaces=True)

    async def _form_left(self, origin: Origin, action: Action) -> Reply:
        if not await self._forms.leave(origin, asked=action.args[1:]):
            return refusal(GONE)
        return Reply("Nothing was changed.", replaces=True)

    async def _at_most_once(self, pressed: Pressed, action: Action, menu: Menu) -> Reply | None:
        """Impatient fingers press twice: what works once uses up its menu, and so does an answer in its place."""
        if action.verb not in ONCE and action.verb not in STEPS:
            return await self._spending(pressed, action, menu)
        if menu.id in self._pressed:
            return refusal(GONE)
        self._pressed.add(menu.id)
        try:
            if await self._house.records.menu(menu.id) is None:  # another press was done since we looked
                return refusal(GONE)
            return await self._spending(pressed, action, menu)
        finally:
            self._pressed.discard(menu.id)

    async def _spending(self, pressed: Pressed, action: Action, menu: Menu) -> Reply | None:
        reply = await self._act(pressed, action)
        if _uses_up(action.verb, reply):
            await self._house.records.spend(menu.id)
        return reply

    async def _act(self, pressed: Pressed, action: Action) -> Reply | None:
        id, *words = action.args or ("",)
        record = await self._house.record(id) if id else None
        call = Call(pressed.origin, record, " ".join(words), tuple(words), pressed.values, pressed=True)
        return await self._run(action.verb, call)

    # --- questions -------------------------------------------------------------------------------

    async def _answered(self, pressed: Pressed, action: Action) -> Reply | None:
        """A press on a question: checked on the press, one winner."""
        session_id, question_id, option = action.args
        question = await self._house.records.question(question_id)
        if question is None:
            return refusal(GONE)
        if not access.may_answer(self._house.settings, pressed.origin.who, question.requester):
            raise NotAllowed("You may not answer this question; see permissions.approvers.")
        chosen = next((one for one in question.options if one.id == option), None)
        if chosen is not None and chosen.kind != DECLINE and question.fields:
            if not pressed.origin.dialogs and not pressed.values:
                if await self._forms.is_asking(pressed.origin, question.id):
                    return Reply("It is asked below already.", quiet=True)
                return await self._asked_for(pressed.origin, question, pressed.token)
            check_numbers(question.fields, pressed.values)
            if unfilled := missing(question, pressed.values):
                return refusal(f"Please fill in: {', '.join(field.label for field in unfilled)}.")
        session = self._house.manager.live(session_id)
        if session is None or not session.answer(question_id, option, pressed.values, pressed.origin.who):
            return refusal("This question is no longer open.")
        is_form = chosen is not None and chosen.kind == SUBMIT
        return Reply(f"{chosen.label if chosen and not is_form else 'Answered'}.", quiet=True)

    async def answer_by_text(self, record: SessionRecord | None, message: Message, text: str) -> Reply | None:
        """A reply to a question with fields fills the first of them; None if it is no such reply."""
        session = self._house.manager.live(record.id) if record else None
        asked = next((one for one in session.questions if one.id == message.answers), None) if session else None
        if asked is None or not asked.fields or message.files or message.origin.dialogs:
            return None
        if not access.may_answer(self._house.settings, message.origin.who, asked.requester):
            return None
        token = next(one.id for one in asked.options if one.kind != DECLINE)
        return await self._asked_for(message.origin, asked, token, first=text)

    async def _asked_for(self, origin: Origin, question: Question, token: str, *, first: str = "") -> Reply | None:
        """A question's fields, one after the other."""
        session = self._house.manager.live(question.session)
        if session is None or all(one.id != question.id for one in session.questions):
            return refusal("This question is no longer open.")
        form = Form(token, question.title, question.fields)
        return await self.step(await self._forms.begin(origin, Reply(question.title, form=form), first=first))


def _uses_up(verb: str, reply: Reply | None) -> bool:
    """Whether what was pressed is done with, so that its menu is too."""
    if reply is None:
        return verb in ONCE or verb in STEPS
    if reply.replaces:
        return True
    return bool(reply.session) if verb in STEPS else verb in ONCE and not reply.refused
