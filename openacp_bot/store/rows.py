"""Values to columns and back. A column is named like the field; what is not a plain value is JSON."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any

from openacp_bot.core import codec
from openacp_bot.core.cards import Card, CardKind, Page, PageState
from openacp_bot.core.inbound import Action, Expecting, Menu
from openacp_bot.core.model import (
    NOTHING,
    FileRef,
    Grant,
    Part,
    Place,
    Prompt,
    PromptKind,
    PromptState,
    Question,
    SessionRecord,
    Settlement,
    Source,
    State,
    ThreadRef,
    TitleRank,
    UserRef,
    Verbosity,
    Wanted,
)


def columns(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: column(value) for name, value in fields.items()}


def column(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case bool():
            return int(value)
        case Mapping() | tuple():
            return codec.dumps(value)
        case _ if dataclasses.is_dataclass(value):
            return codec.dumps(value)
        case _:
            return value


def session_columns(record: SessionRecord) -> dict[str, object]:
    return {**columns(_fields(record)), "sought": sought(record.title, record.id)}


def sought(title: str, id: str) -> str:
    """What a search looks at; an untitled session is called by its id."""
    return (title or f"Session {id}").casefold()


def session_of(row: sqlite3.Row) -> SessionRecord:
    found = _named(row, SessionRecord)
    verbosity = found["verbosity"]
    found |= {
        "source": Source(found["source"]),
        "state": State(found["state"]),
        "title_rank": TitleRank(found["title_rank"]),
        "verbosity": None if verbosity is None else Verbosity(verbosity),
        "options": strings(found["options"]),
        "grants": codec.loads(found["grants"], tuple[Grant, ...]),
        **{name: bool(found[name]) for name in ("pinned", "held", "bypass", "handed_over")},
    }
    return SessionRecord(**found)


def prompt_columns(prompt: Prompt) -> dict[str, object]:
    return columns(_fields(prompt))


def prompt_of(row: sqlite3.Row) -> Prompt:
    found = _named(row, Prompt)
    found |= {
        "author": codec.loads(found["author"], UserRef),
        "kind": PromptKind(found["kind"]),
        "parts": codec.loads(found["parts"], tuple[Part, ...]),
        "files": codec.loads(found["files"], tuple[FileRef, ...]),
        "state": PromptState(found["state"]),
    }
    return Prompt(**found)


def place_columns(place: Place) -> dict[str, object]:
    """All but those that only the store knows (opening_at, created_at)."""
    found = columns(_fields(place))
    ref = place.ref
    del found["ref"]
    return {**found, "space": ref.space if ref else place.space, "topic": ref.topic if ref else None}


def place_of(row: sqlite3.Row) -> Place:
    found = _named(row, Place)
    found |= {
        "ref": None if row["topic"] is None else ThreadRef(row["adapter"], row["space"], row["topic"]),
        "wanted": Wanted(found["wanted"]),
        "shown": None if found["shown"] is None else Wanted(found["shown"]),
        "insists": bool(found["insists"]),
        "asked_in": None if found["asked_in"] is None else codec.loads(found["asked_in"], ThreadRef),
    }
    return Place(**found)


def question_columns(question: Question) -> dict[str, object]:
    return {
        "id": question.id,
        "session": question.session,
        "turn": question.turn,
        "asked_at": question.asked_at,
        "expires_at": question.expires_at,
        "body": codec.dumps(dataclasses.replace(question, settled=None)),
        "settled": None if question.settled is None else codec.dumps(question.settled),
    }


def question_of(row: sqlite3.Row) -> Question:
    question = codec.loads(row["body"], Question)
    if row["settled"] is None:
        return question
    return dataclasses.replace(question, settled=codec.loads(row["settled"], Settlement))


def menu_of(row: sqlite3.Row) -> Menu:
    found = _named(row, Menu)
    return Menu(**{**found, "actions": codec.loads(found["actions"], tuple[Action, ...])})


def menu_columns(menu: Menu) -> dict[str, object]:
    return columns(_fields(menu))


def expecting_of(row: sqlite3.Row) -> Expecting:
    where = ThreadRef(row["adapter"], row["space"], row["topic"])
    given = strings(row["given"])
    return Expecting(where, row["who"], row["token"], row["field"], given, row["expires_at"], row["asked_by"])


def card_of(row: sqlite3.Row, pages: Iterable[sqlite3.Row]) -> Card:
    found = _named(row, Card)
    found |= {
        "kind": CardKind(found["kind"]),
        "place": found["place"] or "",
        "where": None if row["space"] is None else ThreadRef(row["adapter"], row["space"], row["topic"]),
        "pages": tuple(page_of(page) for page in pages),
    }
    return Card(**found)


def card_columns(card: Card) -> dict[str, object]:
    """All but `adapter`, which may be that of the place."""
    found = columns(_fields(card))
    del found["where"], found["pages"]
    address = (None, None) if card.where is None else (card.where.space, card.where.topic)
    return {**found, "place": card.place or None, "space": address[0], "topic": address[1]}


def page_of(row: sqlite3.Row) -> Page:
    return Page(row["number"], row["message"], PageState(row["state"]), bool(row["rings"]), row["tries"])


def strings(text: str) -> Mapping[str, str]:
    found = codec.loads(text, Mapping[str, str])
    return MappingProxyType(found) if found else NOTHING


def _fields(value: Any) -> dict[str, object]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _named(row: sqlite3.Row, cls: Any) -> dict[str, Any]:
    names = row.keys()
    return {field.name: row[field.name] for field in dataclasses.fields(cls) if field.name in names}
