"""Elicitation forms: a flat JSON schema → fields for people, and their answers → typed content.

Several choices in one value are a JSON array of strings, or their values separated by commas or new lines.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping

from openacp_bot.agents.loose import Json, first_text, label, obj, objects, strings, text
from openacp_bot.agents.options import NO, YES
from openacp_bot.core.model import Field

TRUTHS = frozenset({YES, "yes", "y", "on", "1"})
FALSEHOODS = frozenset({NO, "no", "n", "off", "0"})


class Unfit(ValueError):
    """An answer that does not fit its field; the text says why."""


def fields_of(schema: Json) -> tuple[Field, ...]:
    """The form's fields, in the schema's order."""
    required = set(strings(schema.get("required")))
    properties = obj(schema, "properties")
    return tuple(_field(name, obj(properties, name), name in required) for name in properties)


def content_of(fields: tuple[Field, ...], values: Mapping[str, str]) -> Json:
    """The content of an accepted form; raises Unfit. Optional fields that were left empty are left out."""
    content: Json = {}
    for field in fields:
        given = values.get(field.name, field.default)
        if given.strip():
            content[field.name] = _typed(field, given)
        elif field.required:
            raise Unfit(f"“{field.label}” needs an answer.")
    return content


def _field(name: str, schema: Json, required: bool) -> Field:
    title = label(text(schema, "title") or name)
    kind, options = _kind(schema)
    return Field(name, title, kind, options, required, _default(schema.get("default")), text(schema, "description"))


def _kind(schema: Json) -> tuple[str, tuple[tuple[str, str], ...]]:
    match text(schema, "type"):
        case "boolean":
            return "boolean", ((YES, "Yes"), (NO, "No"))
        case "integer" | "number" as kind:
            return kind, ()
        case "array":
            return "choices", tuple(_choices(obj(schema, "items")))
        case _:
            options = tuple(_choices(schema))
            return ("choice", options) if options else ("text", ())


def _choices(schema: Json) -> Iterator[tuple[str, str]]:
    for key in ("oneOf", "anyOf"):
        for option in objects(schema, key):
            if value := text(option, "const"):
                yield value, label(first_text(option, "title") or value)
    names = strings(schema.get("enumNames"))
    for number, value in enumerate(strings(schema.get("enum"))):
        yield value, label(names[number] if number < len(names) else value)


def _default(value: object) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, list):
        return json.dumps(strings(value), ensure_ascii=False) if value else ""
    return "" if value is None or isinstance(value, dict) else str(value)


def _typed(field: Field, given: str) -> str | int | float | bool | list[str]:
    match field.kind:
        case "boolean":
            return _truth(field, given)
        case "integer" | "number":
            return _number(field, given)
        case "choices":
            return [_value(field, one) for one in _several(field, given)]
        case "choice":
            return _value(field, given)
        case _:
            return given


def _truth(field: Field, given: str) -> bool:
    folded = given.strip().casefold()
    if folded in TRUTHS | FALSEHOODS:
        return folded in TRUTHS
    raise Unfit(f"“{field.label}” takes yes or no.")


def _number(field: Field, given: str) -> int | float:
    try:
        number = int(given) if field.kind == "integer" else float(given)
        is_fit = math.isfinite(number)
    except (ValueError, OverflowError):
        is_fit = False
    if not is_fit:
        raise Unfit(f"“{field.label}” takes a {'whole ' if field.kind == 'integer' else ''}number.")
    return number


def _several(field: Field, given: str) -> list[str]:
    if any(given == value for value, _ in field.options):
        return [given]
    try:
        listed = json.loads(given)
    except ValueError:
        listed = None
    if isinstance(listed, list):
        return strings(listed)
    return [part.strip() for part in re.split(r"[,\n]", given) if part.strip()]


def _value(field: Field, given: str) -> str:
    """The option's value that was meant: by value, or by label."""
    folded = given.strip().casefold()
    for value, words in field.options:
        if given == value or folded in (value.casefold(), words.casefold()):
            return value
    if not field.options:
        return given
    raise Unfit(f"“{field.label}” takes one of: {', '.join(words for _, words in field.options)}.")
