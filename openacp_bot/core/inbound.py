"""What comes in (a call), and what is said at once to the one who asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from openacp_bot.core.model import NOTHING, Field, FileRef, ThreadRef, UserRef

# --- in ------------------------------------------------------------------------------------------


class Ground(StrEnum):
    """What a session that is started here lives in."""

    NONE = "none"  # no place: the page
    TOPIC = "topic"  # a topic or thread of its own
    CHAT = "chat"  # the chat itself, which holds one session


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an inbound comes from. `key` is unique for ever: the same key twice is handled once.

    `session` is set by a surface that shows sessions without places (the page); `dialogs`: it shows forms as
    dialogs, so that the person's next plain message is not taken for an answer; `late`: it waited at the platform while
    we were away. `home`: the space in which a topic for it is opened, if not there. `url`: a link to `where`.
    `options`: commands have named options there, and the agent's own are behind `/agent`."""

    key: str
    where: ThreadRef
    who: UserRef
    sent: float
    session: str | None = None
    dialogs: bool = False
    ground: Ground = Ground.TOPIC
    late: bool = False
    home: str = ""
    url: str = ""
    options: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """Text and files from a person. `answers` is the id of the question it replies to.

    Messages of one person with the same `album`, a second apart at most, are one prompt. `addressed` False: chatter of
    a group that is not meant for us; it may only answer a form. `title`: the name of a topic that a person opened.
    `opens`: it begins a session in a topic of its own."""

    origin: Origin
    id: str
    text: str
    files: tuple[FileRef, ...] = ()
    album: str = ""
    quote: str = ""
    answers: str = ""
    addressed: bool = True
    title: str = ""
    opens: bool = False


@dataclass(frozen=True, slots=True)
class Edited:
    """A chat message was edited; `text` None: deleted."""

    origin: Origin
    id: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Command:
    """A command: as a typed line (`args`, the text behind the name), or with typed `values`."""

    origin: Origin
    name: str
    args: str = ""
    values: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button or a form was pressed; `values` are the form's, by field name."""

    origin: Origin
    token: str
    values: Mapping[str, str] = field(default_factory=lambda: NOTHING)


class Report(StrEnum):
    """What became of a place."""

    OPENED = "opened"  # by us; `ref` and `url`
    REFUSED = "refused"  # `detail`: why, for a person
    LOST = "lost"  # found deleted
    DELETED = "deleted"  # by a person
    STAYS = "stays"  # it was to be closed, and could not be; `detail`: why, for a person
    GONE = "gone"  # by us, as it was to be; `ref`: where it was
    RENAMED = "renamed"  # by a person; `detail`: the new title
    CLOSED = "closed"  # by a person
    MOVED = "moved"  # the whole space of `place` ("" = every place of `origin.where.space`) is now `ref.space`


@dataclass(frozen=True, slots=True)
class PlaceReported:
    """A platform or a person did, or refused, what a place should be. A person's deed names the place by
    `origin.where`, and `place` is empty."""

    origin: Origin
    what: Report
    place: str
    ref: ThreadRef | None = None
    detail: str = ""
    url: str = ""


Inbound: TypeAlias = Message | Edited | Command | Pressed | PlaceReported


# --- said at once --------------------------------------------------------------------------------


class Look(StrEnum):
    """How a button looks."""

    PLAIN = "plain"
    GOOD = "good"
    DANGER = "danger"


class Opens(StrEnum):
    """Where what a button shows appears: in place of its message, as a new one, or as a form."""

    HERE = "here"
    NEW = "new"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Action:
    """What a press does. Stored in a menu row, never in callback data; only core reads it."""

    verb: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Menu:
    """The actions behind one message's buttons: the token of action n is `id.n`.

    `presser` None: anybody whom the action's own check allows."""

    id: str
    actions: tuple[Action, ...]
    session: str | None = None
    presser: str | None = None
    question: str | None = None
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A button."""

    label: str
    token: str
    look: Look = Look.PLAIN
    opens: Opens = Opens.NEW


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list. `session` is set where the row stands for one; `choices` act on the row; `pick` shows it
    alone, where a platform has menus and no room for everybody's choices."""

    mark: str
    title: str
    detail: str = ""
    url: str = ""
    session: str = ""
    choices: tuple[Choice, ...] = ()
    pick: Choice | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A modal, a dialog, or questions one by one."""

    token: str
    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to the one who asked.

    `private`: only they should see it. `replaces`: it redraws the message whose button was pressed.
    `session`: the session it speaks of (a new one to open, the one that was acted on). `prompt`: the queued prompt that
    it speaks of, and with which it may go. `history`: the session whose conversation it brings as a file. `closes`: the
    key of the inbound whose reply was a question that this person has answered by a message: it only says `closed_as`
    from now on. `not_taken`: so many messages for an agent were refused for the reason that it tells."""

    text: str
    rows: tuple[Row, ...] = ()
    choices: tuple[Choice, ...] = ()
    form: Form | None = None
    private: bool = False
    replaces: bool = False
    session: str = ""
    refused: bool = False  # what was asked was not done
    not_taken: int = 0
    quiet: bool = False  # a surface that shows the same by itself (the queue) may leave it out
    prompt: str = ""
    history: str = ""
    closes: str = ""
    closed_as: str = ""


@dataclass(frozen=True, slots=True)
class Expecting:
    """A person was asked for one field of a form here; their next plain message answers it. `asked_by`: the key of the
    inbound whose reply asks."""

    where: ThreadRef
    who: str
    token: str
    field: str
    given: Mapping[str, str]
    expires_at: float
    asked_by: str = ""
