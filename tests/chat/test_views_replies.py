"""What replies and notices look like."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from openacp_bot.chat.blocks import Item, Line, Link, Tone
from openacp_bot.chat.sheet import Drawing, Rank, Sheet
from openacp_bot.core.cards import CardKind
from openacp_bot.core.events import Notice
from openacp_bot.core.inbound import Choice, Form, Look, Opens, Reply, Row
from openacp_bot.core.model import Field, Place, PromptState, Wanted
from openacp_bot.core.neighbours import CARD
from openacp_bot.core.views import Document
from openacp_bot.core.words import KEPT
from tests.chat.scenes import (
    GENERAL,
    HOME,
    MASKED,
    RECORD,
    SECRET,
    TOPIC,
    LookingHub,
    blocks,
    card,
    drawer,
    labels,
    notice,
    reply,
    turn_view,
)

OPENING = Line("/sessions leads there as soon as it is open.", Tone.FAINT)


# --- notices -----------------------------------------------------------------------------------------


async def test_a_notice_is_its_lines_with_buttons_below() -> None:
    choices = (Choice("Continue", "m.0", Look.GOOD), Choice("Clear", "m.1", Look.DANGER))
    drawing = await notice(Notice("n", "⚠️ Interrupted. **Kept**.\n\n 2 wait. ", choices, ring=True))

    assert drawing == Drawing(
        (Sheet((Line("⚠️ Interrupted. **Kept**."), Line("2 wait.")), (choices,), rings=True),), Rank.ERROR
    )


async def test_a_quiet_notice_does_not_ring() -> None:
    drawing = await notice(Notice("n", "Nothing was asked."))

    assert (drawing.stretches[0].rings, drawing.rank, drawing.final) == (False, Rank.RENAME, True)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("In {home}/code/a and ({home}).", "In ~/code/a and (~)."),
        ("Workspace: {home}", "Workspace: ~"),
        ("/srv{home}/a {home}ly {home}.old", "/srv{home}/a {home}ly {home}.old"),
    ],
)
async def test_paths_below_our_home_are_short(said: str, shown: str) -> None:
    home = str(Path.home())

    told = await notice(Notice("n", said.format(home=home)))
    answered = await reply(Reply(said.format(home=home), (Row("", "One", said.format(home=home)),)))

    assert blocks(told) == [(Line(shown.format(home=home)),)]
    assert blocks(answered) == [(Line(shown.format(home=home)), Item("", "One", shown.format(home=home)))]


async def test_what_somebody_waits_for_goes_first_and_rings_only_if_it_is_to() -> None:
    drawing = await notice(Notice("n", "⚠️ “a.bin” is too large.", soon=True))

    assert (drawing.stretches[0].rings, drawing.rank) == (False, Rank.PERSON)


async def test_a_notice_to_somebody_goes_first_and_ends_with_its_link() -> None:
    drawing = await notice(Notice("n", f"Key {SECRET}", to=GENERAL, url="https://t.me/c/100/7"))

    assert drawing.rank is Rank.PERSON
    assert blocks(drawing) == [(Line(f"Key {MASKED}"), Link("Open", "https://t.me/c/100/7"))]


async def test_what_a_topic_begins_with_is_not_overtaken_by_what_is_said_in_it() -> None:
    assert (await notice(Notice(CARD, "claude · ~/code"))).rank is Rank.CARD


async def test_a_body_that_cannot_be_read_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    broken = replace(card(CardKind.NOTICE, "n"), body="{")

    assert await drawer(LookingHub()).drawing(broken) is None
    assert "cannot be read" in caplog.text


# --- replies -----------------------------------------------------------------------------------------


async def test_a_reply_is_silent_and_final_and_its_text_is_never_markdown() -> None:
    drawing = await reply(Reply("Renamed to “a_b_c”.\nDone."))

    assert drawing == Drawing((Sheet((Line("Renamed to “a_b_c”."), Line("Done."))),), Rank.PERSON)


async def test_a_list_numbers_its_rows_and_their_buttons() -> None:
    rows = (
        Row("🟢", "One", "demo · 3 min ago", "https://t.me/c/100/7", choices=(Choice("Open", "a.0"),)),
        Row("", f"Two {SECRET}", choices=(Choice("Open", "b.0"), Choice("Delete", "b.1", Look.DANGER))),
    )
    drawing = await reply(Reply("2 active sessions", rows, (Choice("Next", "c.0", opens=Opens.HERE),)))

    (sheet,) = drawing.stretches
    assert sheet.blocks == (
        Line("2 active sessions"),
        Item("1. 🟢", "One", "demo · 3 min ago", "https://t.me/c/100/7"),
        Item("2.", f"Two {MASKED}"),
    )
    assert labels(sheet.keyboard) == [["Open 1"], ["Open 2", "Delete 2"], ["Next"]]


async def test_rows_that_are_numbered_already_are_not_numbered_twice() -> None:
    drawing = await reply(Reply("2 messages wait.", (Row("1.", "First"), Row("2.", "Second"))))

    assert blocks(drawing)[0][1:] == (Item("1.", "First"), Item("2.", "Second"))


async def test_a_single_row_has_no_number() -> None:
    assert blocks(await reply(Reply("One", (Row("🟢", "Only"),))))[0][1:] == (Item("🟢", "Only"),)


async def test_a_form_asks_for_its_field() -> None:
    form = Form("m.0", "Rename", (Field("title", "Title", hint="at most 60 characters", default="Old"),))
    drawing = await reply(Reply("What should this session be called?", form=form))

    (sheet,) = drawing.stretches
    assert sheet.asks_text
    assert sheet.blocks == (
        Line("What should this session be called?"),
        Line("Rename", Tone.STRONG),
        Item("✏️", "Title", "at most 60 characters · now: Old"),
    )


async def test_the_field_stands_above_what_is_to_be_done_about_it() -> None:
    form = Form("m.0", "Which one?", (Field("size", "Size"),))
    drawing = await reply(Reply("Which one?\n(2 of 5)\nSend it as your next message.", form=form))

    assert blocks(drawing) == [
        (
            Line("Which one?"),
            Item("✏️", "Size"),
            Line("(2 of 5)"),
            Line("Send it as your next message."),
        )
    ]


async def test_a_forms_title_is_not_said_twice_and_its_options_are_the_given_buttons() -> None:
    field = Field("size", "Size", "choice", (("s", "Small"), ("l", "Large")))
    choices = (Choice("Small", "m.0"), Choice("Large", "m.1"), Choice("Cancel", "m.2"))
    drawing = await reply(Reply("Which size?", choices=choices, form=Form("m.0", "Which size?", (field,))))

    (sheet,) = drawing.stretches
    assert sheet.blocks == (Line("Which size?"), Item("✏️", "Size"))
    assert labels(sheet.keyboard) == [["Small", "Large", "Cancel"]]


# --- sessions elsewhere ------------------------------------------------------------------------------


async def about_session(home: Place | None, said: str = "New session.", **kwargs: Any) -> Drawing:
    hub = LookingHub()
    hub.session(home)
    return await reply(Reply(said, session=RECORD.id), hub, **kwargs)


async def test_a_session_that_lives_elsewhere_is_linked() -> None:
    drawing = await about_session(HOME)

    assert blocks(drawing) == [(Line("New session."), Link("Fix the parser", HOME.url))]
    assert drawing.final


@pytest.mark.parametrize(
    ("home", "kwargs"),
    [
        (HOME, {"place": HOME.id, "where": None}),
        (HOME, {"where": TOPIC}),
        (None, {}),
        (replace(HOME, url=""), {}),
        (replace(HOME, wanted=Wanted.CLOSED), {}),
        (replace(HOME, ref=None, url="", refused="no right to"), {}),
        (replace(HOME, adapter="telegram", ref=GENERAL), {"where": GENERAL}),
    ],
)
async def test_there_is_no_link_to_here_or_to_nowhere(home: Place | None, kwargs: dict[str, Any]) -> None:
    drawing = await about_session(home, **kwargs)

    assert blocks(drawing) == [(Line("New session."),)]
    assert drawing.final


async def test_a_link_that_was_said_is_not_said_again() -> None:
    drawing = await about_session(HOME, f"Fix the parser {HOME.url}")

    assert blocks(drawing) == [(Line(f"Fix the parser {HOME.url}"),)]


async def test_a_topic_that_is_not_yet_open_is_waited_for() -> None:
    drawing = await about_session(replace(HOME, ref=None, url=""))

    assert blocks(drawing) == [(Line("New session."), OPENING)]
    assert not drawing.final


async def test_a_reply_about_a_deleted_session_still_stands() -> None:
    drawing = await reply(Reply("Deleted.", session="gone"))

    assert (blocks(drawing), drawing.final) == ([(Line("Deleted."),)], True)


# --- prompts and histories ---------------------------------------------------------------------------


@pytest.mark.parametrize("state", [PromptState.QUEUED, PromptState.GATHERING])
async def test_a_queued_reply_stays_while_its_prompt_waits(state: PromptState) -> None:
    hub = LookingHub()
    hub.turn(turn_view(state=state))
    choices = (Choice("Send now", "m.0"), Choice("Remove", "m.1", Look.DANGER))

    drawing = await reply(Reply("Queued, number 1.", choices=choices, prompt="7a11b2c3d4"), hub)

    assert blocks(drawing) == [(Line("Queued, number 1."),)]
    assert labels(drawing.stretches[0].keyboard) == [["Send now", "Remove"]]
    assert not drawing.gone


async def test_a_queued_reply_tells_the_place_that_its_prompt_now_has_and_that_may_wait() -> None:
    hub = LookingHub()
    hub.turn(replace(turn_view(state=PromptState.QUEUED), ahead=2))

    same = await reply(Reply("Queued, number 2.", prompt="7a11b2c3d4"), hub)
    moved = await reply(Reply("Queued, number 3.", prompt="7a11b2c3d4"), hub)

    assert blocks(same) == blocks(moved) == [(Line("Queued, number 2."),)]
    assert same.rank is moved.rank is Rank.RECEIPT


async def test_a_message_that_waits_for_the_restart_is_one_that_waits_like_any_other_after_it() -> None:
    hub = LookingHub()
    kept = Reply(KEPT, prompt="7a11b2c3d4")
    hub.turn(replace(turn_view(state=PromptState.QUEUED), ahead=2, kept=True))
    before = await reply(kept, hub)
    hub.turn(replace(turn_view(state=PromptState.QUEUED), ahead=2))
    after = await reply(kept, hub)
    hub.turn(turn_view(state=PromptState.STARTED))

    assert (blocks(before), blocks(after)) == ([(Line(KEPT),)], [(Line("Queued, number 2."),)])
    assert (await reply(kept, hub)).gone


async def test_messages_that_were_not_taken_are_counted_and_heard() -> None:
    once = await reply(Reply("The queue is full.", refused=True, not_taken=1))
    often = await reply(Reply("The queue is full.", refused=True, not_taken=40))

    assert blocks(once) == [(Line("The queue is full."),)]
    assert blocks(often) == [(Line("The queue is full."), Line("40 messages were not taken."))]
    assert once.stretches[0].rings and once.rank is Rank.ERROR


@pytest.mark.parametrize("state", [PromptState.STARTED, PromptState.ENDED, PromptState.DROPPED])
async def test_a_queued_reply_goes_once_its_prompt_does_not_wait_any_more(state: PromptState) -> None:
    hub = LookingHub()
    hub.turn(turn_view(state=state))

    drawing = await reply(Reply("Queued, number 1.", prompt="7a11b2c3d4"), hub)

    assert (drawing.gone, drawing.stretches, drawing.rank, drawing.final) == (True, (), Rank.REMOVAL, True)


async def test_a_queued_reply_goes_with_a_prompt_that_nobody_knows() -> None:
    assert (await reply(Reply("Queued, number 1.", prompt="gone"))).gone


async def test_a_history_is_a_file_with_the_text_as_its_caption() -> None:
    hub = LookingHub()
    document = Document("fix.md", "text/markdown", "# Fix")
    hub.conversation(document)

    drawing = await reply(Reply("📦 “Fix” was archived.", history=RECORD.id), hub)

    assert drawing.stretches == (Sheet((Line("📦 “Fix” was archived."),), file=document),)


async def test_without_its_history_a_reply_is_text() -> None:
    drawing = await reply(Reply("Archived.", history="gone"))

    assert drawing.stretches == (Sheet((Line("Archived."),)),)
