"""What a reply looks like, to everybody alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from openacp_bot.chat import keyboards
from openacp_bot.chat.blocks import Block, Item, Line, Link, Tone
from openacp_bot.chat.notices import lines
from openacp_bot.chat.paths import from_home
from openacp_bot.chat.questions import field_detail
from openacp_bot.chat.sheet import Drawing, Rank, Sheet
from openacp_bot.core.cards import Card
from openacp_bot.core.inbound import Form, Reply, Row
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import Place, SessionRecord, Wanted
from openacp_bot.core.views import Document
from openacp_bot.core.words import KEPT, counted, queued_line

OPENING = "/sessions leads there as soon as it is open."  # true for ever: not every platform lets it be corrected
GONE = Drawing((), Rank.REMOVAL, gone=True)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A reply and what it speaks of, as that now is. `queued`: its prompt still waits; `ahead`: at this place; `kept`:
    for the daemon's restart."""

    reply: Reply
    record: SessionRecord | None = None
    place: Place | None = None
    queued: bool = False
    ahead: int = 0
    kept: bool = False
    history: Document | None = None


def drawn_reply(spoken: Spoken, card: Card, mask: Mask, *, has_menus: bool = False) -> Drawing:
    """Not final while the topic of the session that it speaks of is being opened."""
    reply = spoken.reply
    if reply.prompt and not spoken.queued:
        return GONE
    said = lines(mask(_text(spoken)))
    asked = _form(reply.form, reply.text, mask) if reply.form is not None else ()
    blocks = [*said[:1], *asked, *said[1:], *_rows(reply.rows, mask)]
    if reply.not_taken > 1:
        blocks.append(Line(f"{counted(reply.not_taken, 'message')} were not taken."))
    elsewhere = _elsewhere(spoken, card)
    opening = elsewhere is not None and _is_opening(elsewhere)
    if opening:
        blocks.append(Line(OPENING, Tone.FAINT))
    elif elsewhere is not None and elsewhere.url and not _is_linked(elsewhere.url, reply):
        title = spoken.record.shown_title if spoken.record else elsewhere.title
        blocks.append(Link(mask(title), elsewhere.url))
    sheet = Sheet(
        tuple(blocks),
        keyboards.of_list(reply.rows, reply.choices, has_menus=has_menus),
        file=spoken.history,
        asks_text=reply.form is not None,
        rings=reply.not_taken > 0,
    )
    return Drawing((sheet,), _rank(reply, card), final=not opening)


def _rank(reply: Reply, card: Card) -> Rank:
    """That messages are not taken is said soon; how many they are, and which wait, when there is time."""
    if reply.not_taken and not card.pages:
        return Rank.ERROR
    return Rank.RECEIPT if reply.prompt or reply.not_taken else Rank.PERSON


def _text(spoken: Spoken) -> str:
    """After the restart it is one that waits like any other."""
    still_kept = spoken.kept and spoken.reply.text == KEPT
    return queued_line(spoken.ahead) if spoken.ahead and not still_kept else spoken.reply.text


def _rows(rows: tuple[Row, ...], mask: Mask) -> Iterator[Block]:
    for number, row in enumerate(rows, start=1):
        marks = [row.mark]
        if len(rows) > 1 and row.mark != f"{number}.":
            marks.insert(0, f"{number}.")
        yield Item(" ".join(mark for mark in marks if mark), mask(row.title), mask(from_home(row.detail)), row.url)


def _form(form: Form, said: str, mask: Mask) -> Iterator[Block]:
    """Its title, unless that is what was said, and the field that is asked for; its choices are buttons, or listed."""
    if form.title and form.title not in said:
        yield Line(mask(form.title), Tone.STRONG)
    for field in form.fields:
        yield Item("✏️", mask(field.label or field.name), mask(field_detail(field, choices=False)))


def _elsewhere(spoken: Spoken, card: Card) -> Place | None:
    """Where its session is, if that is not where the reply stands."""
    place = spoken.place
    if place is None or place.id == card.place or place.wanted is not Wanted.OPEN:
        return None
    return None if place.ref is not None and place.ref == card.where else place


def _is_linked(url: str, reply: Reply) -> bool:
    return url in reply.text or any(row.url == url for row in reply.rows)


def _is_opening(place: Place) -> bool:
    return place.ref is None and not place.refused
