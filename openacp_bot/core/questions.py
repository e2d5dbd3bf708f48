"""The questions that a session has open, and what an answer to one means for the agent."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from openacp_bot.core.events import Asked, AskOption
from openacp_bot.core.inbound import Action, Menu
from openacp_bot.core.model import Field, Grant, Option, Question, Settlement, UserRef
from openacp_bot.core.permissions import pick

ALLOW_SESSION = "allow_session"
SUBMIT = "submit"
DECLINE = "decline"
CHOICE = "choice"
MOST_CHOICES = 30  # as buttons; more are a form's, where they are listed by number
ALLOWS = frozenset({"allow_once", "allow_always", ALLOW_SESSION})


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the agent: its own option id, a form's values, or neither (cancelled)."""

    option: str | None = None
    values: Mapping[str, str] | None = None


CANCELLED = Answer()


@dataclass(slots=True)
class Open:
    """One question that waits."""

    question: Question
    asked: Asked
    menu: Menu
    grant: Grant | None
    answers: Mapping[str, Answer] = field(default_factory=dict)  # by our option id
    reminded: bool = False
    shown: bool = False  # screens were told that it is open


def opened(
    asked: Asked,
    *,
    session: str,
    turn: str | None,
    requester: UserRef | None,
    grant: Grant | None,
    now: float,
    limit: float,
) -> Open:
    """A question to a person out of what the agent asks."""
    id = secrets.token_hex(6)
    menu = secrets.token_urlsafe(6)
    answers: dict[str, Answer] = {}
    options: list[Option] = []
    for label, kind, answer in _choices(asked, grant):
        option = Option(f"{menu}.{len(options)}", label, kind)
        options.append(option)
        answers[option.id] = answer
    question = Question(
        id=id,
        session=session,
        turn=turn,
        title=asked.title,
        body=asked.body,
        requester=requester,
        asked_at=now,
        expires_at=now + limit,
        call=asked.call,
        options=tuple(options),
        fields=() if _single_choice(asked) else asked.fields,
    )
    actions = tuple(Action("answer", (session, id, option.id)) for option in options)
    return Open(question, asked, Menu(menu, actions, session=session, question=id), grant, answers)


def settlement(
    open: Open, option: str | None, values: Mapping[str, str] | None = None, *, by: UserRef, at: float
) -> Settlement:
    """How a person's press (or, with None, their reply instead) settles the question."""
    if option is None:
        return Settlement("answered", at, kind="reject_once", label="a reply instead", by=by)
    chosen = next(one for one in open.question.options if one.id == option)
    allowed = chosen.kind in ALLOWS | {SUBMIT, CHOICE}
    given = _given(open.question, values or {}) if chosen.kind == SUBMIT else ()
    return Settlement("answered", at, chosen.kind, chosen.label, by, allowed=allowed, values=given)


def _given(question: Question, values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, values[field.name]) for field in question.fields if values.get(field.name))


def answer_to(open: Open, option: str | None, values: Mapping[str, str] | None) -> Answer:
    """What the agent is told."""
    if option is None:
        return rejection(open.asked)
    answer = open.answers[option]
    return Answer(values=dict(values or {})) if answer.values is not None and not answer.values else answer


def rejection(asked: Asked) -> Answer:
    """The agent's own way of saying no; cancelled where it has none."""
    option = pick(asked.options, "reject_once", "reject_always")
    return Answer(option.id if option else None)


def permission(asked: Asked) -> AskOption | None:
    """The option that a rule's allow picks."""
    return pick(asked.options, "allow_once", "allow_always")


def closed(how: str, at: float) -> Settlement:
    """A question that nobody answered: timeout, cancelled, interrupted or withdrawn."""
    return Settlement(how, at)


def missing(question: Question, values: Mapping[str, str]) -> tuple[Field, ...]:
    """The required fields of a form that are not filled."""
    return tuple(one for one in question.fields if one.required and not values.get(one.name, one.default).strip())


def _choices(asked: Asked, grant: Grant | None) -> Iterator[tuple[str, str, Answer]]:
    for option in asked.options:
        yield option.label, option.kind, Answer(option.id)
    allow = permission(asked)
    if grant and allow and not pick(asked.options, "allow_always"):
        yield "Allow for this session", ALLOW_SESSION, Answer(allow.id)
    if single := _single_choice(asked):
        for value, label in single.options:
            yield label, CHOICE, Answer(values={single.name: value})
    elif asked.fields or not asked.options:
        yield "Submit", SUBMIT, Answer(values={})
    if not asked.options:
        yield "Decline", DECLINE, Answer("decline")


def _single_choice(asked: Asked) -> Field | None:
    """The only field of a form, where buttons can answer it."""
    if len(asked.fields) != 1:
        return None
    field = asked.fields[0]
    fits = 0 < len(field.options) <= MOST_CHOICES
    return field if fits and field.kind in ("choice", "boolean") else None
