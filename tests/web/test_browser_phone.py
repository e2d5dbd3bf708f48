"""A phone's width, and what must not jump or cover, in a real Chromium."""

from __future__ import annotations

import base64

import pytest
from playwright.async_api import Browser, expect

from openacp_bot.core.events import FileSent, Notice, Outcome, TextChunk, TurnEnded
from openacp_bot.core.model import Blob, Phase, State
from openacp_bot.demo_agent.skills import picture
from tests.web.browser import SCRIPTS, WITHOUT_CHROMIUM, choose, log, opened, row, send
from tests.web.stage import stage

pytestmark = [pytest.mark.browser, pytest.mark.wall_clock, pytest.mark.asyncio(loop_scope="module"), WITHOUT_CHROMIUM]

LONG = "a-very-long-word-without-any-space-" * 20


async def test_nothing_is_wider_than_a_phone_whatever_the_reason_of_an_error(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make(LONG, agent="agent-" * 12, model="model-" * 12, workspace="/" + LONG, provider="p")
        on.hub.say(session, TurnEnded(Outcome.CRASHED, LONG), "t")
        on.hub.say(session, Notice("n", LONG), None)
        async with opened(chromium, on, session, width=390) as page:
            on.hub.set(session, state=State.ERROR, phase=Phase.ASLEEP, reason=LONG)
            await expect(page.locator("#head .state")).to_have_text("error")
            wide = await page.evaluate(
                "() => ['html', '#main', '#head', '#scroller', '#foot']"
                ".filter(name => document.querySelector(name).scrollWidth > 390)"
            )

            assert wide == []


async def test_a_phone_has_new_chat_in_the_head_and_only_one_at_a_time(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work")
        async with opened(chromium, on, session, width=390) as page:
            button = page.get_by_role("button", name="New Chat")
            await expect(button).to_have_count(1)
            await page.get_by_role("button", name="List of sessions").click()
            await expect(button).to_have_count(1)
            await page.get_by_role("button", name="Close the list").click(position={"x": 380, "y": 700})
            await expect(button).to_have_count(1)  # the list takes a moment to slide away
            await button.click()

            await expect(page.get_by_role("dialog", name="New chat")).to_be_visible()


async def test_a_picture_that_loads_late_does_not_push_the_end_out_of_sight(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work")
        for number in range(60):
            on.hub.say(session, Notice(str(number), f"notice {number}"), None)
        async with opened(chromium, on, session) as page:
            await expect(log(page).get_by_text("notice 59", exact=True)).to_be_in_viewport()
            data = base64.b64encode(picture(400)).decode()
            on.hub.say(session, FileSent("f", Blob("image/png", data=data)), "t")
            shown = log(page).get_by_role("img", name="Picture from the agent")
            await expect(shown).to_have_js_property("complete", True)
            await page.wait_for_function(
                "() => { const e = document.getElementById('scroller');"
                " return e.scrollHeight - e.scrollTop - e.clientHeight < 2 && e.querySelector('img').height > 300; }"
            )
            on.hub.say(session, Notice("more", "and more"), None)

            await expect(log(page).get_by_text("and more")).to_be_in_viewport()
            await expect(page.get_by_role("button", name="New messages")).to_be_hidden()


async def test_a_toast_stands_between_conversation_and_composer_one_at_a_time(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work")
        async with opened(chromium, on, session) as page:
            before = await page.locator("#scroller").bounding_box()
            await choose(page, "Work", "Pin")
            await expect(row(page, "Work")).to_contain_text("pinned")
            await choose(page, "Work", "Unpin")
            toast = page.locator(".toast")
            await expect(toast).to_have_text("Unpinned.")
            await expect(toast).to_have_count(1)
            scroller, shown, foot = [
                await page.locator(name).bounding_box() for name in ("#scroller", ".toast", "#foot")
            ]

            assert before is not None and scroller is not None and shown is not None and foot is not None
            assert scroller == before
            assert shown["y"] >= scroller["y"] + scroller["height"]
            assert shown["y"] + shown["height"] <= foot["y"]
            middle = scroller["x"] + scroller["width"] / 2
            assert abs(shown["x"] + shown["width"] / 2 - middle) < 20


async def test_an_answer_that_grows_is_not_called_thinking(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work")
        on.hub.doing = "thinking"
        async with opened(chromium, on, session) as page:
            working = page.locator(".working")
            on.hub.set(session, phase=Phase.RUNNING, state=State.ACTIVE)
            await expect(working).to_have_text("Thinking")
            on.hub.say(session, TextChunk("1", "word "), "t")

            await expect(working).to_have_text("Writing")


async def test_a_queued_prompt_that_is_edited_can_be_left_as_it_was(chromium: Browser) -> None:
    async with stage(SCRIPTS) as on:
        session = on.hub.make("Work")
        async with opened(chromium, on, session) as page:
            await send(page, "count slowly")
            await send(page, "and then")
            queue = page.get_by_role("region", name="Queue")
            await queue.get_by_role("button", name="Edit").click()
            await queue.get_by_role("textbox").fill("something else")
            await expect(page.get_by_role("textbox", name="Message")).to_have_count(1)
            await queue.get_by_role("button", name="Cancel").click()

            await expect(queue).to_contain_text("and then")
            await expect(queue.get_by_role("textbox")).to_have_count(0)


async def test_a_screen_reader_hears_once_who_wrote_a_message(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work")
        async with opened(chromium, on, session) as page:
            await send(page, "hello")
            await expect(log(page)).to_contain_text("You said: hello")

            heard = await log(page).aria_snapshot()
            assert heard.count("you") == 1, heard


async def test_the_palette_fits_on_a_phone(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work")
        async with opened(chromium, on, session, width=390) as page:
            await page.get_by_role("textbox", name="Message").press_sequentially("/se")
            line = page.get_by_role("option")
            await expect(line).to_be_visible()

            assert await line.evaluate("line => line.scrollWidth <= line.clientWidth")


async def test_a_new_chat_with_the_demo_agent_offers_what_to_try(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work")
        async with opened(chromium, on, session) as page:
            await expect(page.get_by_role("heading", name="Try the demo agent")).to_be_visible()
            await page.get_by_role("button", name="list files").click()

            await expect(log(page)).to_contain_text("You said: list files")
            await expect(page.get_by_role("heading", name="Try the demo agent")).to_have_count(0)
