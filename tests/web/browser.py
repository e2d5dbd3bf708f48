"""Chromium, and the page through the names that keyboards and screen readers use."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from openacp_bot.core.events import (
    Outcome,
    TextChunk,
)
from openacp_bot.core.model import (
    Diff,
    Option,
    Question,
    ToolCall,
)
from tests.web.fake_hub import FakeHub, FakeSession, Script
from tests.web.house import LivedIn
from tests.web.stage import KEY, Stage

CHROMIUM = Path("/usr/bin/chromium")
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

WITHOUT_CHROMIUM = pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium is installed")

expect.set_options(timeout=10_000)


@asynccontextmanager
async def opened(
    browser: Browser, on: Stage | LivedIn, session: FakeSession | str | None = None, *, width: int = 1200
) -> AsyncIterator[Page]:
    """The page, let in; anything that it complains of on its console fails the test."""
    complaints: list[str] = []
    context = await browser.new_context(viewport={"width": width, "height": 800})
    page = await context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    await page.goto(f"{on.server.url}/?key={KEY}")
    if isinstance(session, str):
        await page.goto(f"{on.server.url}/#/s/{session}")
        await expect(page.get_by_role("textbox", name="Message")).to_be_visible()
    elif session is not None:
        await page.goto(f"{on.server.url}/#/s/{session.record.id}")
        await expect(page.get_by_role("heading", level=1)).to_have_text(session.record.shown_title)
    yield page
    assert [said for said in complaints if "WebSocket" not in said and "ERR_CONNECTION" not in said] == []
    await context.close()


def row(page: Page, title: str) -> Locator:
    return page.get_by_role("list", name="Sessions").get_by_role("listitem").filter(has_text=title)


def log(page: Page) -> Locator:
    return page.get_by_role("log", name="Conversation")


async def choose(page: Page, title: str, action: str) -> None:
    await row(page, title).hover()
    await row(page, title).get_by_role("button", name="Actions").click()
    await page.get_by_role("menuitem", name=action).click()


async def send(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Message").fill(text)
    await page.get_by_role("button", name="Send", exact=True).click()


async def slow(hub: FakeHub, session: FakeSession) -> Outcome:
    for number in range(10_000):
        hub.say(session, TextChunk("1", f"word{number} "))
        await asyncio.sleep(0.02)
    return Outcome.DONE


async def ask(hub: FakeHub, session: FakeSession) -> Outcome:
    call = ToolCall("c", "Edit", "edit", command="", diffs=(Diff("src/a.py", "old line\n", "new line\n"),))
    options = (
        Option("q.0", "Yes, once", "allow_once"),
        Option("q.1", "Never", "reject_always"),
        Option("q.2", "Allow for this session", "allow_session"),
    )
    hub.ask(session, Question("q", session.record.id, "t", "Edit src/a.py", None, time.time(), None, "", call, options))
    await session.answered["q"].wait()
    hub.say(session, TextChunk("1", "As you said."))
    return Outcome.DONE


SCRIPTS: dict[str, Script] = {"slowly": slow, "ask me": ask}
