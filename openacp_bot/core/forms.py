"""Forms where there are no dialogs: one field after the other, each a question that the person's next plain message,
or a button, answers.

1. What is expected of whom where is stored: ten minutes, and over a restart.
2. A wrong answer is asked for again, with a sentence; the button Cancel leaves the form, and `/cancel` does so too.
3. The last answer presses the form's own token, with every field's value.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

from openacp_bot.core import codec
from openacp_bot.core.commands.house import House, check_text
from openacp_bot.core.errors import UserError
from openacp_bot.core.inbound import Action, Choice, Expecting, Form, Opens, Origin, Pressed, Reply
from openacp_bot.core.menus import Button, parsed
from openacp_bot.core.model import Field, UserRef

FORM_SECONDS = 600.0
MOST_BUTTONS = 30  # more options are listed by number
YES = frozenset({"yes", "y", "on", "true", "1"})
NO = frozenset({"no", "n", "off", "false", "0"})
GONE = "This button is no longer valid."

Step: TypeAlias = Reply | Pressed  # the next question, or the form as it was filled in


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
        asked = await self._asked(origin, root[0].token, form, {}, form.fields[0], reply.text)
        return replace(asked, session=reply.session)

    async def leave(self, origin: Origin) -> bool:
        """Nothing is expected of this person here any more; False if nothing was."""
        if await self._expected(origin) is None:
            return False
        await self._house.records.expect(None, where=origin.where, who=origin.who.key)
        return True

    async def said(self, origin: Origin, text: str) -> Step | None:
        """A plain message; None if it answers nothing."""
        expected = await self._expected(origin)
        form = await self._form(expected.token) if expected else None
        if expected is None or form is None:
            return None
        check_text(text)
        field = next(field for field in form.fields if field.name == expected.field)
        return await self._taken(origin, expected.token, form, expected.given, field, text)

    async def chosen(self, origin: Origin, root: str, name: str, value: str) -> Step:
        """A button of a field."""
        expected = await self._expected(origin)
        form = await self._form(root)
        if form is None or expected is None or (expected.token, expected.field) != (root, name):
            raise UserError(GONE)
        return await self._next(origin, root, form, {**expected.given, name: value})

    async def _expected(self, origin: Origin) -> Expecting | None:
        if origin.dialogs:
            return None
        return await self._house.records.expected(origin.where, origin.who.key, self._house.now())

    async def _form(self, root: str) -> Form | None:
        token = parsed(root)
        menu = await self._house.records.menu(token[0]) if token else None
        return codec.loads(menu.actions[0].args[1], Form) if menu is not None else None

    # --- steps -----------------------------------------------------------------------------------

    async def _taken(
        self, origin: Origin, root: str, form: Form, given: Mapping[str, str], field: Field, text: str
    ) -> Step:
        try:
            value = value_of(field, text)
        except UserError as error:
            return await self._asked(origin, root, form, given, field, str(error))
        return await self._next(origin, root, form, {**given, field.name: value})

    async def _next(self, origin: Origin, root: str, form: Form, given: Mapping[str, str]) -> Step:
        field = next((field for field in form.fields if field.name not in given), None)
        if field is not None:
            return await self._asked(origin, root, form, given, field, "")
        await self._house.records.expect(None, where=origin.where, who=origin.who.key)
        return Pressed(origin, form.token, given)

    async def _asked(
        self, origin: Origin, root: str, form: Form, given: Mapping[str, str], field: Field, lead: str
    ) -> Reply:
        until = self._house.now() + FORM_SECONDS
        what = Expecting(origin.where, origin.who.key, root, field.name, given, until)
        await self._house.records.expect(what, where=origin.where, who=origin.who.key)
        text = "\n".join([lead or form.title, *_progress(form, field), *_listed(field)])
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
        buttons.append(Button("Cancel", Action("leave_form"), opens=Opens.HERE))
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


def _listed(field: Field) -> list[str]:
    """Options that are no buttons."""
    if not field.options or _has_buttons(field):
        return []
    lines = [f"{number}. {label}" for number, (_, label) in enumerate(field.options, start=1)]
    return [*lines, "Several are separated by commas."] if field.kind == "choices" else lines
