"""Examples of values, and the moment at which they happen."""

from __future__ import annotations

from typing import Any

from openacp_bot.core.events import Event, Said
from openacp_bot.core.inbound import Action, Menu
from openacp_bot.core.model import (
    Option,
    Place,
    Prompt,
    Question,
    SessionRecord,
    Settlement,
    Source,
    ThreadRef,
    ToolCall,
    UserRef,
)
from openacp_bot.core.ports import Audit

NOW = 1_700_000_000.0
ANN = UserRef("telegram", "17", "Ann", ("dev",))
HERE = ThreadRef("telegram", "-100", "5")


def session(id: str = "s1", **fields: Any) -> SessionRecord:
    given: dict[str, Any] = {
        "agent": "demo",
        "provider": "ours",
        "model": "",
        "workspace": "/srv/project",
        "source": Source.MANUAL,
        "owner": ANN.key,
        "created_at": NOW,
        "active_at": NOW,
    }
    return SessionRecord(id=id, **{**given, **fields})


def prompt(id: str = "p1", session: str = "s1", **fields: Any) -> Prompt:
    return Prompt(id=id, session=session, **{"author": ANN, "text": "Fix the tests", "asked_at": NOW, **fields})


def place(id: str = "pl1", session: str | None = "s1", ref: ThreadRef | None = HERE, **fields: Any) -> Place:
    return Place(id=id, session=session, ref=ref, **{"adapter": "telegram", "space": "-100", "title": "Work", **fields})


def question(id: str = "q1", session: str = "s1", **fields: Any) -> Question:
    given: dict[str, Any] = {
        "turn": "p1",
        "title": "Run a command",
        "requester": ANN,
        "asked_at": NOW,
        "expires_at": NOW + 1800,
        "call": ToolCall("c1", "ls", "execute", command="ls -l"),
        "options": (Option("m1.0", "Allow", "allow_once"), Option("m1.1", "Reject", "reject_once")),
    }
    return Question(id=id, session=session, **{**given, **fields})


def menu(id: str = "m1", **fields: Any) -> Menu:
    return Menu(id=id, **{"actions": (Action("answer", ("q1", "allow")), Action("answer", ("q1", "no"))), **fields})


def said(rev: int, event: Event, *, turn: str | None = "p1", session: str = "s1") -> Said:
    return Said(session, turn, rev, NOW + rev, event)


ALLOWED = Settlement("answered", NOW + 5, "allow_once", "Allow", ANN, allowed=True)
LINE = Audit(NOW + 5, ANN.key, "execute ls -l", "allow_once", "s1")
