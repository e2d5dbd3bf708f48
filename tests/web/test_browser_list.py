"""The list of sessions in a real Chromium."""

from __future__ import annotations

import re
import time

import pytest
from playwright.async_api import Browser, expect

from openacp_bot.core.events import (
    Notice,
)
from openacp_bot.core.model import (
    State,
)
from tests.web.browser import SCRIPTS, WITHOUT_CHROMIUM, choose, log, opened, row, send
from tests.web.stage import stage

pytestmark = [pytest.mark.browser, pytest.mark.wall_clock, pytest.mark.asyncio(loop_scope="module"), WITHOUT_CHROMIUM]


async def test_a_new_chat_starts_and_answers(chromium: Browser) -> None:
    async with stage(SCRIPTS) as on, opened(chromium, on) as page:
        await page.get_by_role("button", name="New Chat").click()
        dialog = page.get_by_role("dialog", name="New chat")
        await expect(dialog.get_by_label("Workspace")).to_have_value("/srv/project")
        await dialog.get_by_label("Agent").select_option("other")
        await dialog.get_by_label("Model").fill("large")
        await dialog.get_by_role("button", name="Start").click()
        await expect(dialog).to_have_count(0)
        await send(page, "hello there")

        await expect(log(page)).to_contain_text("You said: hello there")
        await expect(log(page)).to_contain_text("✓")
        await expect(page.get_by_role("textbox", name="Message")).to_have_value("")
        await expect(page.get_by_role("banner").or_(page.locator("#head"))).to_contain_text("other · large")
        assert re.search(r"#/s/[\w-]+$", page.url)


async def test_a_refused_new_chat_stays_open_with_the_sentence_and_its_choice(chromium: Browser) -> None:
    async with stage() as on, opened(chromium, on) as page:
        on.hub.missing_directories.add("/srv/nowhere")
        await page.get_by_role("button", name="New Chat").click()
        dialog = page.get_by_role("dialog", name="New chat")
        await dialog.get_by_label("Workspace").fill("/srv/nowhere")
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_role("alert")).to_contain_text("There is no directory /srv/nowhere.")
        await dialog.get_by_role("button", name="Create").click()

        await expect(page.get_by_role("textbox", name="Message")).to_be_visible()
        assert [session.record.workspace for session in on.hub.sessions.values()] == ["/srv/nowhere"]


async def test_the_list_says_everything_in_words_and_in_groups(chromium: Browser) -> None:
    async with stage() as on:
        now = time.time()
        on.hub.make("First", pinned=True, active_at=now - 5 * 86400)
        on.hub.make("Second", state=State.ERROR, active_at=now - 5 * 86400)
        on.hub.make("Third", state=State.ACTIVE)
        async with opened(chromium, on) as page:
            items = page.get_by_role("list", name="Sessions").get_by_role("listitem")
            await expect(items).to_have_count(3)

            await expect(items.nth(0)).to_contain_text("First")
            for word in ("finished", "manual", "page", "pinned"):
                await expect(items.nth(0)).to_contain_text(word)
            await expect(items.nth(2)).to_contain_text("error")
            headings = page.get_by_role("navigation").get_by_role("heading", level=3)
            await expect(headings).to_have_text(["Pinned", "Today", "Older"])


async def test_search_narrows_the_list(chromium: Browser) -> None:
    async with stage() as on:
        on.hub.make("Apple pie")
        on.hub.make("Pear tart")
        async with opened(chromium, on) as page:
            await expect(row(page, "Pear tart")).to_be_visible()
            await page.get_by_role("searchbox", name="Search sessions").fill("apple")

            await expect(row(page, "Pear tart")).to_have_count(0)
            await expect(row(page, "Apple pie")).to_be_visible()


async def test_rename_pin_and_archive_from_the_menu(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Old name")
        async with opened(chromium, on) as page:
            await choose(page, "Old name", "Rename")
            await page.get_by_role("textbox", name="New title").fill("New name")
            await page.keyboard.press("Enter")
            await choose(page, "New name", "Pin")
            await expect(row(page, "New name")).to_contain_text("pinned")
            await row(page, "New name").get_by_role("button", name="Actions").click()
            archive = page.get_by_role("menuitem", name="Archive")
            await expect(archive).to_be_disabled()
            await expect(archive).to_contain_text("Unpin it first")
            await page.keyboard.press("Escape")
            await choose(page, "New name", "Unpin")
            await expect(row(page, "New name")).not_to_contain_text("pinned")
            await choose(page, "New name", "Archive")
            await expect(row(page, "New name")).to_have_count(0)

    assert session.record.archived_at is not None


async def test_a_double_click_renames_in_place(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Old name")
        async with opened(chromium, on) as page:
            await row(page, "Old name").get_by_role("link").dblclick()
            await page.get_by_role("textbox", name="New title").fill("Better")
            await page.keyboard.press("Enter")
            await expect(row(page, "Better")).to_be_visible()

    assert session.record.title == "Better"


async def test_an_archived_session_is_read_only_until_restored(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Done", archived_at=1.0)
        on.hub.say(session, Notice("1", "what was said"), None)
        async with opened(chromium, on, session) as page:
            await page.get_by_role("tab", name="Archived").click()
            await expect(row(page, "Done")).to_be_visible()
            await expect(log(page)).to_contain_text("what was said")
            await expect(page.get_by_role("textbox", name="Message")).to_have_count(0)
            await page.get_by_role("button", name="Restore to active").click()

            await expect(page.get_by_role("textbox", name="Message")).to_be_visible()
            await expect(page.get_by_role("tab", name="Active")).to_have_attribute("aria-selected", "true")
            await expect(row(page, "Done")).to_be_visible()


async def test_delete_asks_first(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Away")
        async with opened(chromium, on, session) as page:
            await choose(page, "Away", "Delete")
            dialog = page.get_by_role("dialog", name="Delete session?")
            await dialog.get_by_role("button", name="Cancel").click()
            assert len(on.hub.sessions) == 1
            await choose(page, "Away", "Delete")
            await dialog.get_by_role("button", name="Delete").click()

            await expect(row(page, "Away")).to_have_count(0)
            await expect(page.get_by_role("textbox", name="Message")).to_have_count(0)


async def test_scheduled_has_an_empty_state(chromium: Browser) -> None:
    async with stage() as on, opened(chromium, on) as page:
        await page.get_by_role("tab", name="Active").focus()
        await page.keyboard.press("ArrowLeft")

        await expect(page.get_by_role("tab", name="Scheduled")).to_be_focused()
        await expect(page.get_by_role("tabpanel", name="Scheduled")).to_contain_text("Tasks that run by themselves")
