"""The page before the real core, in a real Chromium: what a fake hub might hide."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from openacp_bot.core.commands.house import MESSAGE_LIMIT
from openacp_bot.core.model import Diff, ToolCall
from tests.web.browser import WITHOUT_CHROMIUM, choose, log, opened, row, send
from tests.web.house import lived_in

pytestmark = [pytest.mark.browser, pytest.mark.wall_clock, pytest.mark.asyncio(loop_scope="module"), WITHOUT_CHROMIUM]


async def test_new_typed_in_a_chat_shows_its_wizard_which_leads_to_the_new_chat(
    chromium: Browser, tmp_path: Path
) -> None:
    async with lived_in(tmp_path) as on:
        session = await on.new()
        async with opened(chromium, on, session) as page:
            await send(page, "/new")
            card = log(page).get_by_role("group", name="Answer")
            await expect(card).to_contain_text("agent")
            await card.get_by_role("button", name="other").click()
            await expect(card).to_contain_text("in which directory?")
            await card.get_by_role("button", name="Base directory").click()
            await on.until_agents(2)

            await expect(page.locator("#head")).to_contain_text("other")
            assert not page.url.endswith(session)


async def test_new_with_an_agent_asks_for_the_directory(chromium: Browser, tmp_path: Path) -> None:
    async with lived_in(tmp_path) as on:
        session = await on.new()
        async with opened(chromium, on, session) as page:
            await send(page, "/new fake")

            await expect(log(page)).to_contain_text("in which directory?")
            assert page.url.endswith(session)


async def test_newchat_and_a_whole_new_line_open_the_new_chat(chromium: Browser, tmp_path: Path) -> None:
    async with lived_in(tmp_path) as on:
        session = await on.new()
        async with opened(chromium, on, session) as page:
            for line in ("/newchat", f"/new other {on.base}"):
                before = page.url
                await send(page, line)
                await expect(page).not_to_have_url(before)


async def test_a_command_that_only_begins_like_new_does_not_lead_away(chromium: Browser, tmp_path: Path) -> None:
    async with lived_in(tmp_path) as on:
        session = await on.new()
        async with opened(chromium, on, session) as page:
            await send(page, "/newer")

            await expect(log(page)).to_contain_text("Did you mean")
            await expect(page.get_by_role("textbox", name="Message")).to_have_value("/newer")


async def test_stop_says_in_passing_what_was_not_sent(chromium: Browser, tmp_path: Path) -> None:
    async with lived_in(tmp_path) as on:
        session = await on.new()
        async with opened(chromium, on, session) as page:
            await send(page, "first thing")
            await on.until_asked("first thing")
            await expect(page.get_by_role("button", name="Send")).to_have_count(1)
            await send(page, "fix the tests")
            queue = page.get_by_role("region", name="Queue")
            await expect(queue.get_by_role("button", name="Send now: fix the tests", exact=True)).to_be_visible()
            await page.get_by_role("button", name="Stop").click()

            await expect(page.locator("#toasts")).to_contain_text("1 queued message was not sent")
            await expect(log(page).get_by_role("group", name="Answer")).to_have_count(0)
            again = log(page).get_by_role("button", name="Send again: fix the tests", exact=True)
            await again.click()
            await on.until_asked("fix the tests")


async def test_a_crash_is_said_once_and_continue_is_a_small_line(chromium: Browser, tmp_path: Path) -> None:
    async with lived_in(tmp_path) as on:
        session = await on.new()
        async with opened(chromium, on, session, width=390) as page:
            await send(page, "do the work")
            agent = await on.until_asked("do the work")
            agent.say("Half of it")
            agent.die(3, "boom " + "x" * 300)
            offer = log(page).get_by_role("button", name="Continue")
            await expect(offer).to_be_visible()

            await expect(page.locator("#head .state")).to_have_text("error")
            text = await page.locator("#main").inner_text()
            assert len(re.findall("crashed|interrupted", text, re.IGNORECASE)) == 1
            assert text.count("boom") == 1
            assert await page.evaluate("document.documentElement.scrollWidth") <= 390
            assert await page.evaluate("document.getElementById('main').scrollWidth") <= 390

            await offer.click()
            await on.until_agents(2)
            await on.until_asked("was interrupted")
            asked = log(page).get_by_text("The previous turn was interrupted")
            await expect(log(page).get_by_text("Continued")).to_be_visible()
            await expect(asked).to_be_hidden()
            await log(page).get_by_text("Continued").click()
            await expect(asked).to_be_visible()
            on.agent.finish()


async def test_a_refused_message_comes_back_into_the_box(chromium: Browser, tmp_path: Path) -> None:
    async with lived_in(tmp_path) as on:
        session = await on.new()
        async with opened(chromium, on, session) as page:
            message = page.get_by_role("textbox", name="Message")
            await send(page, "x" * (MESSAGE_LIMIT + 1))
            await expect(page.locator(".composer .note")).to_contain_text("too long")
            await page.evaluate("localStorage.clear()")
            await message.fill("")
            await send(page, "/bypass maybe")

            await expect(log(page)).to_contain_text("takes on or off")
            await expect(message).to_have_value("/bypass maybe")
            await message.fill("𝔘" * (MESSAGE_LIMIT // 2 + 1))  # two units each in a browser, one character to the core
            await page.get_by_role("button", name="Send", exact=True).click()
            await on.until_asked("𝔘" * 20)


async def test_what_is_being_written_is_not_replaced_by_what_was_refused(chromium: Browser, tmp_path: Path) -> None:
    async with lived_in(tmp_path) as on:
        session = await on.new()
        async with opened(chromium, on, session) as page:
            message = page.get_by_role("textbox", name="Message")
            await page.evaluate(
                """() => {
                    const real = WebSocket.prototype.send;
                    WebSocket.prototype.send = function (text) { setTimeout(() => real.call(this, text), 300); };
                }"""
            )
            await send(page, "/bypass maybe")
            await message.fill("the next one")

            await expect(log(page)).to_contain_text("takes on or off")
            await expect(message).to_have_value("the next one")


async def test_an_empty_chat_says_what_to_do_until_the_first_message(chromium: Browser, tmp_path: Path) -> None:
    async with lived_in(tmp_path) as on:
        session = await on.new()
        async with opened(chromium, on, session) as page:
            hint = page.get_by_role("heading", name="Write what you want done")
            await expect(hint).to_be_visible()
            await expect(page.locator(".welcome")).to_contain_text(f"fake works in {on.base}")
            await send(page, "hello")
            await on.until_asked("hello")

            await expect(hint).to_have_count(0)
            on.agent.say("Hi.")
            on.agent.finish()
            await expect(log(page)).to_contain_text("✓")
            await page.reload()
            await expect(log(page)).to_contain_text("✓")
            await expect(hint).to_have_count(0)


async def test_a_permission_says_each_thing_once_and_folds_when_it_is_answered(
    chromium: Browser, tmp_path: Path
) -> None:
    async with lived_in(tmp_path) as on:
        session = await on.new()
        async with opened(chromium, on, session) as page:
            await send(page, "work")
            agent = await on.until_asked("work")
            agent.ask("1", call=ToolCall("c", "`make all`", "execute", "pending", command="make all", input="{}"))
            question = log(page).get_by_role("group", name="Permission")
            await expect(question).to_be_visible()
            assert (await question.inner_text()).count("make all") == 1
            assert "`" not in await page.locator("#main").inner_text()
            await expect(log(page).get_by_role("group", name="make all", exact=True)).to_have_count(0)
            await question.get_by_role("button", name="Allow once").click()

            await expect(question).to_contain_text("Allowed by you: Allow once")
            await expect(question.get_by_role("button")).to_have_count(0)
            await expect(page.locator(".toast")).to_have_count(0)  # it would stand below the next question
            box = await question.bounding_box()
            assert box is not None
            assert box["height"] < 60

            path = str(on.base / "notes.txt")
            diff = Diff(path, "one\n", "two\n")
            call = ToolCall("d", "Edit notes.txt", "edit", "pending", input=f'{{"path": "{path}"}}', diffs=(diff,))
            agent.ask("2", call=call)
            second = question.nth(1)
            await expect(second).to_contain_text("two")
            assert (await second.inner_text()).count(path) == 1
            await second.get_by_role("button", name="Reject").click()
            await expect(second).to_contain_text("Rejected by you: Reject")
            await expect(second.get_by_text("two")).to_be_hidden()
            await second.locator("summary").click()
            await expect(second.get_by_text("two")).to_be_visible()
            agent.finish()


async def test_cards_name_their_buttons_by_what_they_are_about(chromium: Browser, tmp_path: Path) -> None:
    async with lived_in(tmp_path) as on:
        session = await on.new("Long answer")
        async with opened(chromium, on, session) as page:
            await send(page, "/rename")
            form = log(page).get_by_role("form", name="Rename")
            await form.get_by_label("Title").fill("Longer answer")
            await form.get_by_role("button", name="Rename", exact=True).click()
            await expect(page.get_by_role("heading", level=1)).to_have_text("Longer answer")
            await send(page, "hello")
            await on.until_asked("hello")
            on.agent.finish()
            await send(page, "/sessions")

            rows = log(page).get_by_role("group", name="Answer").get_by_role("listitem")
            buttons = rows.filter(has_text="Longer answer").get_by_role("button")
            for name in await buttons.evaluate_all("all => all.map(one => [one.textContent, one.ariaLabel])"):
                assert name[1] == f"{name[0]} Longer answer"
            assert await buttons.count() > 0


async def test_a_pin_refusal_goes_when_the_chat_is_unpinned(chromium: Browser, tmp_path: Path) -> None:
    async with lived_in(tmp_path) as on:
        session = await on.new()
        async with opened(chromium, on, session) as page:
            await choose(page, "Work", "Pin")
            await expect(page.locator("#toasts")).to_contain_text("Pinned")
            await send(page, "/archive")
            refused = log(page).get_by_role("group", name="Answer")
            await expect(refused).to_contain_text("pinned")
            await page.get_by_role("textbox", name="Message").fill("")
            await choose(page, "Work", "Unpin")

            await expect(refused).to_have_count(0)


async def test_restoring_selects_the_active_tab_and_shows_the_chat(chromium: Browser, tmp_path: Path) -> None:
    async with lived_in(tmp_path) as on:
        session = await on.new()
        async with opened(chromium, on, session) as page:
            await send(page, "hello")
            await on.until_asked("hello")
            on.agent.finish()
            await expect(log(page)).to_contain_text("✓")
            await choose(page, "Work", "Archive")
            await page.get_by_role("tab", name="Archived").click()
            await row(page, "Work").get_by_role("link").click()
            await page.get_by_role("button", name="Restore to active").click()

            await expect(page.get_by_role("tab", name="Active")).to_have_attribute("aria-selected", "true")
            await expect(page.get_by_role("textbox", name="Message")).to_be_visible()
            assert page.url.endswith(session)


async def test_a_directory_that_is_offered_is_withdrawn_when_another_is_typed(
    chromium: Browser, tmp_path: Path
) -> None:
    async with lived_in(tmp_path) as on, opened(chromium, on) as page:
        await page.get_by_role("button", name="New Chat").click()
        dialog = page.get_by_role("dialog", name="New chat")
        await dialog.get_by_label("Workspace").fill(str(on.base / "nowhere"))
        await dialog.get_by_role("button", name="Start").click()
        create = dialog.get_by_role("button", name="Create")
        await expect(create).to_be_visible()
        await expect(dialog.get_by_role("button", name="Cancel")).to_have_count(1)
        await dialog.get_by_label("Workspace").press_sequentially("x")

        await expect(create).to_be_hidden()


async def test_the_palette_shows_usage_and_only_what_makes_sense(chromium: Browser, tmp_path: Path) -> None:
    async with lived_in(tmp_path) as on:
        session = await on.new()
        async with opened(chromium, on, session) as page:
            message = page.get_by_role("textbox", name="Message")
            await message.press_sequentially("/")
            options = page.get_by_role("option")
            await expect(options.filter(has_text="/new [agent] [workspace]")).to_have_count(1)
            await expect(options.filter(has_text="/pin")).to_have_count(1)

            for name in ("/restore", "/unpin"):
                await expect(options.filter(has_text=re.compile(f"^{name}"))).to_have_count(0)
