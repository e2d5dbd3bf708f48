"""Commands, scrolling and a phone's width in a real Chromium."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from openacp_bot.core.events import (
    Notice,
    TextChunk,
    ToolCallChanged,
)
from openacp_bot.core.inbound import Command, Message
from openacp_bot.core.model import (
    Phase,
    State,
    ToolCall,
)
from tests.web.browser import SCRIPTS, WITHOUT_CHROMIUM, log, opened, row, send
from tests.web.stage import stage

pytestmark = [pytest.mark.browser, pytest.mark.wall_clock, pytest.mark.asyncio(loop_scope="module"), WITHOUT_CHROMIUM]


async def test_the_palette_completes_and_answers_become_cards(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work")
        async with opened(chromium, on, session) as page:
            message = page.get_by_role("textbox", name="Message")
            await message.press_sequentially("/se")
            await expect(page.get_by_role("option")).to_have_text(
                ["/sessions [active|archived|scheduled] [search]List sessions"]
            )
            await page.keyboard.press("Tab")
            await expect(message).to_have_value("/sessions ")
            await page.keyboard.press("Enter")
            card = log(page).get_by_role("group", name="Answer")
            await expect(card.get_by_role("link", name="Work")).to_be_visible()
            await card.get_by_role("button", name="Again").click()
            await expect(card).to_have_text("Looked again.")
            await card.get_by_role("button", name="Dismiss").click()
            await expect(card).to_have_count(0)

            await send(page, "/nonsense")
            await expect(card).to_contain_text("There is no command /nonsense.")


async def test_a_form_of_an_answer_is_sent(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work")
        async with opened(chromium, on, session) as page:
            await send(page, "/form")
            await log(page).get_by_role("form", name="A form").get_by_label("Your name").fill("Ada")
            await page.keyboard.press("Enter")

            await expect(log(page)).to_contain_text("Got {'name': 'Ada'}")


async def test_a_form_tells_its_question_once_and_goes_with_what_it_was_opened_from(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work")
        async with opened(chromium, on, session) as page:
            await send(page, "/pick")
            await log(page).get_by_role("button", name="Type a path").click()
            form = log(page).get_by_role("form", name="Which directory?")
            await expect(log(page).get_by_text("Which directory?")).to_have_count(1)
            await form.get_by_label("Path").fill("/srv")
            await page.keyboard.press("Enter")
            cards = log(page).get_by_role("group", name="Answer")

            await expect(cards).to_have_text(["Got /srv."])


async def test_enter_sends_shift_enter_breaks_the_line_and_drafts_are_kept(chromium: Browser) -> None:
    async with stage() as on:
        one, other = on.hub.make("One"), on.hub.make("Other")
        async with opened(chromium, on, one) as page:
            message = page.get_by_role("textbox", name="Message")
            await message.press_sequentially("line one")
            await page.keyboard.press("Shift+Enter")
            await message.press_sequentially("line two")
            await row(page, "Other").get_by_role("link").click()
            await expect(message).to_have_value("")
            await row(page, "One").get_by_role("link").click()
            await expect(message).to_have_value("line one\nline two")
            await message.press("Enter")
            await expect(log(page)).to_contain_text("You said: line one")
            await page.reload()
            await expect(message).to_have_value("")

    assert other.record.prompts == 1
    (sent,) = [inbound for inbound in on.hub.handled if isinstance(inbound, Message)]
    assert sent.text == "line one\nline two"


async def test_who_reads_above_is_left_alone_and_told_of_news(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work")
        for number in range(300):
            on.hub.say(session, Notice(str(number), f"notice {number}"), None)
        async with opened(chromium, on, session) as page:
            await expect(log(page).get_by_text("notice 299", exact=True)).to_be_in_viewport()
            await log(page).get_by_text("notice 150", exact=True).scroll_into_view_if_needed()
            on.hub.say(session, Notice("new", "something new"), None)
            pill = page.get_by_role("button", name="New messages")
            await expect(pill).to_be_visible()
            await expect(log(page).get_by_text("notice 150", exact=True)).to_be_in_viewport()
            await pill.click()
            await expect(log(page).get_by_text("something new")).to_be_in_viewport()
            await expect(pill).to_be_hidden()


async def test_older_items_come_when_one_scrolls_up(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work")
        for number in range(300):
            on.hub.say(session, Notice(str(number), f"notice {number}"), None)
        async with opened(chromium, on, session) as page:
            await expect(log(page).get_by_text("notice 299", exact=True)).to_be_in_viewport()
            await expect(log(page).get_by_text("notice 99", exact=True)).to_have_count(0)
            await log(page).get_by_text("notice 100", exact=True).scroll_into_view_if_needed()

            await expect(log(page).locator(".notice").first).to_have_text("notice 0")
            await expect(log(page).locator(".notice")).to_have_count(300)
            await expect(log(page).get_by_text("notice 100", exact=True)).to_be_in_viewport()


async def test_on_a_phone_the_list_opens_and_closes_and_nothing_is_cut_off(chromium: Browser) -> None:
    async with stage(SCRIPTS) as on:
        session = on.hub.make("A rather long title that does not fit on one line of a phone")
        on.hub.make("Other")
        table = "|" + "wide column|" * 12 + "\n|" + "--|" * 12 + "\n|" + "x|" * 12
        on.hub.say(session, TextChunk("1", f"{table}\n\n```\n{'code ' * 100}\n```\n{'word' * 100}"), "t")
        on.hub.say(session, ToolCallChanged(ToolCall("c", "t" * 300)), "t")
        async with opened(chromium, on, session, width=360) as page:
            await expect(page.get_by_role("list", name="Sessions")).to_be_hidden()
            await expect(log(page)).to_contain_text("wide column")
            assert await page.evaluate("document.documentElement.scrollWidth") == 360
            assert await page.evaluate("document.getElementById('scroller').scrollWidth") == 360
            await page.get_by_role("button", name="List of sessions").click()
            await row(page, "Other").get_by_role("link").click()

            await expect(page.get_by_role("heading", level=1)).to_have_text("Other")
            await expect(page.get_by_role("list", name="Sessions")).to_be_hidden()
            await send(page, "hi")
            await expect(log(page)).to_contain_text("You said: hi")


async def test_the_keyboard_reaches_everything(chromium: Browser) -> None:
    async with stage() as on:
        on.hub.make("Work")
        async with opened(chromium, on) as page:
            await expect(row(page, "Work")).to_be_visible()
            await page.get_by_role("searchbox").focus()
            await page.keyboard.press("Tab")
            await expect(row(page, "Work").get_by_role("link")).to_be_focused()
            await page.keyboard.press("Tab")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
            await page.keyboard.press("ArrowDown")
            await page.keyboard.press("Enter")
            await expect(row(page, "Work")).to_contain_text("pinned")
            await expect(row(page, "Work").get_by_role("button", name="Actions")).to_be_focused()

    assert [inbound.name for inbound in on.hub.handled if isinstance(inbound, Command)] == ["pin"]


async def test_a_session_that_is_gone_says_so(chromium: Browser) -> None:
    async with stage() as on, opened(chromium, on) as page:
        await page.goto(f"{on.server.url}/#/s/nope")

        await expect(log(page)).to_contain_text("This session does not exist any more.")
        await expect(page.get_by_role("textbox", name="Message")).to_have_count(0)


async def test_bypass_and_state_stand_in_the_head(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work", bypass=True, state=State.ACTIVE)
        async with opened(chromium, on, session) as page:
            head = page.locator("#head")
            await expect(head).to_contain_text("active")
            await expect(head).to_contain_text("bypass")
            on.hub.set(session, state=State.ERROR, phase=Phase.ASLEEP, reason="it crashed")
            await expect(head).to_contain_text("error")
            await expect(head).not_to_contain_text("it crashed")
            await expect(page.locator("#tail")).to_have_text("it crashed")  # nothing in the conversation says it
