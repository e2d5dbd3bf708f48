"""Forms where there are no dialogs: one field after the other, each a question that the person's next plain message,
or a button, answers.

1. What is expected of whom where is stored: ten minutes, and over a restart. Where a session takes plain messages, and
   no agent waits for the form, a message later than three minutes is for the session.
2. A wrong answer is asked for again, with a sentence; the button Cancel leaves the form, and so does another button or
   command.
3. The last answer presses the form's own token, with every field's value.
4. The form of a question that was settled meanwhile asks for nothing any more.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from openacp_bot.core import codec
from openacp_bot.core.commands.house import House, check_text
from openacp_bot.core.errors import UserError
from openacp_bot.core.inbound import Action, Choice, Expecting, Form, Menu, Opens, Origin, Pressed, Reply
from openacp_bot.core.menus import Button, parsed
from openacp_bot.core.model import Field, UserRef
from openacp_bot.core.words import cut, one_line

FORM_SECONDS = 600.0
FORGOTTEN_SECONDS = 180.0
MOST_BUTTONS = 30  # more options are listed by number
YES = frozenset({"yes", "y", "on", "true", "1"})
NO = frozenset({"no", "n", "off", "false", "0"})
HOW = "Send it as your next message, or press Cancel."
GONE = "This button is no longer valid."

SHOWN = 200  # characters of an answer

Step: TypeAlias = Reply | Pressed  # the next question, or the form as it was filled in


@dataclass(frozen=True, slots=True)
class Answered:
    """A message that answered a form's question: what comes next, and what that question says from now on."""

    step: Step
    closes: str
    closed_as: str


class Forms:
    """Who is being asked for what."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def begin(self, origin: Origin, reply: Reply, *, first: str = "") -> Step:
        """Ask the reply's form, field by field. `first`: what was already said to its first field."""
        form = reply.form
        assert form is not None
        root = await self._house.buttons([Button(form.title, Action("form", ("", codec.dumps(form))))])
        if first:
            return await self._taken(origin, root[0].token, form, {}, form.fields[0], first)
        by = "" if reply.replaces else origin.key
        asked = await self._asked(origin, root[0].token, form, {}, form.fields[0], reply.text, by=by)
        return replace(asked, session=reply.session, replaces=reply.replaces)

    async def leave(self, origin: Origin, *, asked: Sequence[str] = ()) -> bool:
        """Nothing is expected of this person here any more; False if nothing was, or not what was `asked` there (the
        form's token, and the field)."""
        expected = await self._expected(origin)
        if expected is None or (asked and (expected.token, expected.field) != tuple(asked)):
            return False
        await self._house.records.expect(None, where=origin.where, who=origin.who.key)
        return True

    async def is_asking(self, origin: Origin, question: str) -> bool:
        """Whether this person is being asked here for what answers this question."""
        expected = await self._expected(origin)
        form = await self._form(expected.token) if expected else None
        return form is not None and (about := await self._about(form)) is not None and about[1] == question

    async def said(self, origin: Origin, text: str) -> Answered | None:
        """A plain message; None if it answers nothing."""
        expected = await self._expected(origin)
        form = await self._form(expected.token) if expected else None
        if expected is None or form is None:
            return None
        if await self._is_forgotten(origin, expected, form):
            await self.leave(origin)
            return None
        check_text(text)
        field = next(field for field in form.fields if field.name == expected.field)
        step = await self._taken(origin, expected.token, form, expected.given, field, text)
        return Answered(step, expected.asked_by, f"✏️ {field.label or field.name} — {cut(one_line(text), SHOWN)}")

    async def chosen(self, origin: Origin, root: str, name: str, value: str) -> Step:
        """A button of a field."""
        expected = await self._expected(origin)
        form = await self._form(root)
        if form is None or expected is None or (expected.token, expected.field) != (root, name):
            raise UserError(GONE)
        return await self._next(origin, root, form, {**expected.given, name: value}, by=expected.asked_by)

    async def _expected(self, origin: Origin) -> Expecting | None:
        if origin.dialogs:
            return None
        expected = await self._house.records.expected(origin.where, origin.who.key, self._house.now())
        form = await self._form(expected.token) if expected else None
        if form is not None and await self._is_over(form):
            await self._house.records.expect(None, where=origin.where, who=origin.who.key)
            return None
        return expected

    async def _is_over(self, form: Form) -> bool:
        """Whether the agent's question that the form answers is no longer open."""
        about = await self._about(form)
        if about is None:
            return False
        session, question = about
        live = self._house.manager.live(session)
        return live is None or all(one.id != question for one in live.questions)

    async def _about(self, form: Form) -> tuple[str, str] | None:
        """The session and the question whose answer the form is; None if it is no agent's."""
        menu = await self._menu(form.token)
        for action in menu.actions if menu else ():
            if action.verb == "answer":
                return action.args[0], action.args[1]
        return None

    async def _is_forgotten(self, origin: Origin, expected: Expecting, form: Form) -> bool:
        """Whether what is said here now is rather meant for the session."""
        asked_at = expected.expires_at - FORM_SECONDS
        if self._house.now() - asked_at <= FORGOTTEN_SECONDS or await self._house.session_at(origin) is None:
            return False
        return await self._about(form) is None

    async def _form(self, root: str) -> Form | None:
        menu = await self._menu(root)
        return codec.loads(menu.actions[0].args[1], Form) if menu is not None else None

    async def _menu(self, token: str) -> Menu | None:
        named = parsed(token)
        return await self._house.records.menu(named[0]) if named else None

    # --- steps -----------------------------------------------------------------------------------

    async def _taken(
        self, origin: Origin, root: str, form: Form, given: Mapping[str, str], field: Field, text: str
    ) -> Step:
        try:
            value = value_of(field, text)
        except UserError as error:
            return await self._asked(origin, root, form, given, field, str(error), by=origin.key)
        return await self._next(origin, root, form, {**given, field.name: value}, by=origin.key)

    async def _next(self, origin: Origin, root: str, form: Form, given: Mapping[str, str], *, by: str) -> Step:
        field = next((field for field in form.fields if field.name not in given), None)
        if field is not None:
            return await self._asked(origin, root, form, given, field, "", by=by)
        await self._house.records.expect(None, where=origin.where, who=origin.who.key)
        return Pressed(origin, form.token, given)

    async def _asked(
        self, origin: Origin, root: str, form: Form, given: Mapping[str, str], field: Field, lead: str, *, by: str
    ) -> Reply:
        """`by`: the key of the inbound whose reply asks; empty if that replaces another."""
        until = self._house.now() + FORM_SECONDS
        what = Expecting(origin.where, origin.who.key, root, field.name, given, until, by)
        await self._house.records.expect(what, where=origin.where, who=origin.who.key)
        text = "\n".join([lead or form.title, *_progress(form, field), *_listed(field), *_how(field)])
        choices = await self._choices(root, field, origin.who)
        return Reply(text, choices=choices, form=replace(form, fields=(field,)))

    async def _choices(self, root: str, field: Field, who: UserRef) -> tuple[Choice, ...]:
        buttons = [
            Button(label, Action("fill", ("", root, field.name, value)), opens=Opens.HERE)
            for value, label in (field.options if _has_buttons(field) else ())
        ]
        if not field.required:
            skip = Action("fill", ("", root, field.name, field.default))
            buttons.append(Button("Skip", skip, opens=Opens.HERE))
        buttons.append(Button("Cancel", Action("leave_form", ("", root, field.name)), opens=Opens.HERE))
        return await self._house.buttons(buttons, presser=who)


# --- one field -------------------------------------------------------------------------------------


def value_of(field: Field, text: str) -> str:
    """What a typed answer means; raises UserError with a sentence that asks again."""
    text = text.strip()
    if field.kind == "choices":
        parts = [part for part in text.replace("\n", ",").split(",") if part.strip()]
        return json.dumps([_option(field, part) for part in parts], ensure_ascii=False)
    if field.options:
        return _option(field, text)
    if field.kind in ("integer", "number"):
        _check_number(text, whole=field.kind == "integer")
    return text


def check_numbers(fields: Sequence[Field], values: Mapping[str, str]) -> None:
    """Of a dialog that knows no numbers; raises UserError with a sentence."""
    for field in fields:
        if field.kind in ("integer", "number") and (given := values.get(field.name, "").strip()):
            _check_number(given, whole=field.kind == "integer")


def _option(field: Field, text: str) -> str:
    """By its value, its label, or its number in the list."""
    said = text.strip().casefold()
    for value, label in field.options:
        if said in (value.casefold(), label.casefold()):
            return value
    if field.kind == "boolean" and said in YES | NO:
        return "true" if said in YES else "false"
    if said.isascii() and said.isdigit() and 0 < int(said) <= len(field.options):
        return field.options[int(said) - 1][0]
    raise UserError(f"“{text.strip()[:100]}” is none of the choices.")


def _check_number(text: str, *, whole: bool) -> None:
    try:
        is_fit = math.isfinite(int(text) if whole else float(text))
    except (ValueError, OverflowError):
        is_fit = False
    if not is_fit:
        raise UserError(f"“{text[:100]}” is no {'whole ' if whole else ''}number.")


def _has_buttons(field: Field) -> bool:
    return field.kind != "choices" and len(field.options) <= MOST_BUTTONS


def _progress(form: Form, field: Field) -> list[str]:
    return [f"({form.fields.index(field) + 1} of {len(form.fields)})"] if len(form.fields) > 1 else []


def _how(field: Field) -> list[str]:
    """What to do where there is nothing to press."""
    return [] if field.options else [HOW]


def _listed(field: Field) -> list[str]:
    """Options that are no buttons."""
    if not field.options or _has_buttons(field):
        return []
    lines = [f"{number}. {label}" for number, (_, label) in enumerate(field.options, start=1)]
    return [*lines, "Several are separated by commas."] if field.kind == "choices" else lines
