"""What all tests of the page begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.web.browser import CHROMIUM, QUIET
from tests.web.stage import Stage, stage


@pytest.fixture
async def on() -> AsyncIterator[Stage]:
    """A running page with nothing in it."""
    async with stage() as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for a file's tests; each opens a context of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        await browser.close()
