"""A form as a modal, and what was filled in.

Discord, "Modals": a title of 45 characters, 5 components, labels of 45, custom ids of 100 that are unique; options as a
select within a label. Fields, their names and options may come from an agent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from openacp_bot.adapters.discord.components import LONGEST_OPTION, OPTIONS, cut
from openacp_bot.adapters.discord.rest import Json
from openacp_bot.core.inbound import Form
from openacp_bot.core.model import Field, UserRef

MOST_FIELDS = 5
MOST_TYPED = 100
LONGEST_LABEL = 45
LONGEST_HINT = 100
LONGEST_INPUT = 4000
LONGEST_NAME = 100
ACTION_ROW, SELECT, INPUT, LABEL = 1, 3, 4, 18
SHORT, PARAGRAPH = 1, 2
SEVERAL = "[]"  # how the custom id of a field ends that takes several choices
LINES = ("message", "prompt", "text")  # what may well have several lines


def fits(form: Form) -> bool:
    """Whether a modal can ask for all of it."""
    names = {_name(field) for field in form.fields}
    return len(form.fields) <= MOST_FIELDS and len(names) == len(form.fields) and all(map(_fits, form.fields))


def _fits(field: Field) -> bool:
    values = {value for value, _ in field.options}
    is_told_apart = field.kind == "choices" or not field.name.endswith(SEVERAL)
    return (
        field.name.strip() != ""
        and len(_name(field)) <= LONGEST_NAME
        and is_told_apart
        and len(values) == len(field.options) <= OPTIONS
        and all(value.strip() and len(value) <= LONGEST_OPTION for value in values)
    )


def _name(field: Field) -> str:
    """Its custom id."""
    return f"{field.name}{SEVERAL}" if field.kind == "choices" and field.options else field.name


def modal(form: Form) -> Json:
    """Its custom id is the form's token."""
    fields = [_field(field) for field in form.fields]
    return {"custom_id": form.token, "title": cut(form.title or "Form", LONGEST_LABEL), "components": fields}


def filled(form: Form, typed: Mapping[str, str]) -> Form:
    """As somebody left it."""
    fields = (replace(field, default=typed.get(field.name, field.default)) for field in form.fields)
    return replace(form, fields=tuple(fields))


class Typed:
    """What people typed into forms that were refused lately; Discord shows them empty when they are opened again."""

    def __init__(self) -> None:
        self._forms: dict[tuple[str, str], Mapping[str, str]] = {}

    def of(self, who: UserRef, token: str) -> Mapping[str, str]:
        return self._forms.get((who.key, token), {})

    def keep(self, who: UserRef, token: str, typed: Mapping[str, str]) -> None:
        self._forms[who.key, token] = typed
        while len(self._forms) > MOST_TYPED:
            del self._forms[next(iter(self._forms))]


def _field(field: Field) -> Json:
    if field.options:
        label = {"type": LABEL, "label": cut(field.label or field.name, LONGEST_LABEL), "component": _select(field)}
        return label | ({"description": cut(field.hint, LONGEST_HINT)} if field.hint else {})
    return {"type": ACTION_ROW, "components": [_input(field)]}


def _select(field: Field) -> Json:
    given = _given(field)
    options = [
        {"label": cut(label or value, LONGEST_OPTION), "value": value, "default": value in given}
        for value, label in field.options
    ]
    most = len(options) if field.kind == "choices" else 1
    least = 1 if field.required else 0
    return {
        "type": SELECT,
        "custom_id": _name(field),
        "options": options,
        "min_values": least,
        "max_values": most,
        "required": field.required,
    }


def _given(field: Field) -> frozenset[str]:
    if field.kind != "choices":
        return frozenset({field.default})
    try:
        chosen = json.loads(field.default or "[]")
    except ValueError:
        return frozenset()
    return frozenset(map(str, chosen)) if isinstance(chosen, list) else frozenset()


def _input(field: Field) -> Json:
    made: Json = {
        "type": INPUT,
        "custom_id": _name(field),
        "label": cut(field.label or field.name, LONGEST_LABEL),
        "style": PARAGRAPH if field.name in LINES else SHORT,
        "required": field.required,
        "max_length": LONGEST_INPUT,
    }
    if field.default:
        made["value"] = field.default[:LONGEST_INPUT]
    if field.hint:
        made["placeholder"] = cut(field.hint, LONGEST_HINT)
    return made


def values(components: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """By field, what a modal was filled in with; several choices as JSON."""
    return {str(one.get("custom_id", "")).removesuffix(SEVERAL): _value(one) for one in _leaves(components)}


def _value(one: Mapping[str, Any]) -> str:
    if "values" not in one:
        return str(one.get("value") or "")
    chosen = [str(value) for value in one["values"]]
    return json.dumps(chosen, ensure_ascii=False) if str(one["custom_id"]).endswith(SEVERAL) else "".join(chosen[:1])


def _leaves(components: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    for one in components:
        if "component" in one:
            yield one["component"]
        elif "components" in one:
            yield from one["components"]
        else:
            yield one
