"""A turn, as it is seen in a real Chromium."""

from __future__ import annotations

import re
import time

import pytest
from playwright.async_api import Browser, expect

from openacp_bot.core.events import (
    Notice,
    Outcome,
    PlanChanged,
    PromptChanged,
    TextChunk,
    ThoughtChunk,
    ToolCallChanged,
    ToolOutput,
    TurnEnded,
)
from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import (
    Diff,
    Field,
    Option,
    PlanEntry,
    Prompt,
    PromptState,
    Question,
    ToolCall,
    UserRef,
    Verbosity,
)
from tests.web.browser import SCRIPTS, WITHOUT_CHROMIUM, log, opened, send
from tests.web.stage import stage

pytestmark = [pytest.mark.browser, pytest.mark.wall_clock, pytest.mark.asyncio(loop_scope="module"), WITHOUT_CHROMIUM]


async def test_stop_keeps_what_was_said_and_drops_the_queue_for_sending_again(chromium: Browser) -> None:
    async with stage(SCRIPTS) as on:
        session = on.hub.make("Work")
        async with opened(chromium, on, session) as page:
            await send(page, "count slowly")
            await expect(log(page)).to_contain_text("word3 ")
            await send(page, "and then this")
            await expect(page.get_by_role("region", name="Queue")).to_contain_text("and then this")
            await page.get_by_role("button", name="Stop").click()

            await expect(log(page)).to_contain_text("Stopped ·")
            await expect(log(page)).to_contain_text("word3 ")
            await expect(page.get_by_role("button", name="Stop")).to_be_hidden()
            await expect(log(page)).to_contain_text("not sent")
            await page.get_by_role("button", name="Send again").click()
            await expect(log(page)).to_contain_text("You said: and then this")


async def test_the_queue_can_be_edited_removed_and_sent_now(chromium: Browser) -> None:
    async with stage(SCRIPTS) as on:
        session = on.hub.make("Work")
        async with opened(chromium, on, session) as page:
            queue = page.get_by_role("region", name="Queue")
            await send(page, "count slowly")
            for text in ("first", "second", "third"):
                await send(page, text)
                await expect(queue).to_contain_text(text)
            lines = queue.get_by_role("listitem")
            await lines.nth(0).get_by_role("button", name="Remove").click()
            await expect(lines).to_have_count(2)
            await lines.nth(0).get_by_role("button", name="Edit").click()
            await queue.get_by_role("textbox", name="Queued prompt").fill("changed")
            await page.keyboard.press("Enter")
            await expect(queue).to_contain_text("changed")
            await lines.nth(1).get_by_role("button", name="Send now").click()

            await expect(log(page)).to_contain_text("You said: third")
            await expect(log(page)).to_contain_text("You said: changed")
            await expect(queue).to_be_hidden()


async def test_a_permission_shows_its_diff_and_is_answered_by_the_agents_own_words(chromium: Browser) -> None:
    async with stage(SCRIPTS) as on:
        session = on.hub.make("Work")
        async with opened(chromium, on, session) as page:
            await send(page, "ask me")
            question = log(page).get_by_role("group", name="Permission")
            await expect(question).to_contain_text("wants to edit")
            await expect(question).to_contain_text("old line")
            await expect(question).to_contain_text("new line")
            await expect(question.get_by_role("button", name="Never")).to_be_visible()
            await expect(question.get_by_role("button", name="Allow for this session")).to_be_visible()
            await expect(page).to_have_title(re.compile("^●"))
            await question.get_by_role("button", name="Yes, once").click()

            await expect(log(page)).to_contain_text("As you said.")
            await expect(question).to_contain_text("Allowed by you: Yes, once")
            await expect(question.get_by_role("button")).to_have_count(0)
            await expect(page).to_have_title(re.compile("^[^●]"))


async def test_a_form_sends_its_values(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work")
        fields = (
            Field("name", "Your name"),
            Field("size", "Size", "choice", (("s", "Small"), ("l", "Large"))),
            Field("parts", "Parts", "choices", (("a", "A, one"), ("b", "B")), required=False),
            Field("sure", "Sure", "boolean", (("true", "Yes"), ("false", "No")), default="true"),
        )
        options = (Option("f.0", "Submit", "submit"), Option("f.1", "Decline", "decline"))
        async with opened(chromium, on, session) as page:
            on.hub.ask(
                session, Question("f", session.record.id, None, "Who?", None, 1.0, None, "", None, options, fields)
            )
            question = log(page).get_by_role("group", name="Question")
            await question.get_by_role("button", name="Submit").click()
            await expect(question.get_by_label("Your name")).to_be_focused()
            await question.get_by_label("Your name").fill("Ada")
            await question.get_by_label("Size").select_option("Large")
            await question.get_by_label("A, one").check()
            await question.get_by_role("button", name="Submit").click()
            await expect(question).to_contain_text("Answered by you")
            await expect(question.get_by_role("term")).to_have_text(["Your name", "Size", "Parts", "Sure"])
            await expect(question.get_by_role("definition")).to_have_text(["Ada", "Large", "A, one", "Yes"])
            await expect(question.locator("summary")).to_have_count(0)  # there is nothing more to unfold

    values = dict(on.hub.handled[-1].values)  # type: ignore[union-attr]
    assert values == {"name": "Ada", "size": "l", "parts": '["a, one"]'.replace("a, one", "a"), "sure": "true"}


async def test_tools_thoughts_and_plans_are_shown(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work")
        async with opened(chromium, on, session) as page:
            on.hub.say(session, ThoughtChunk("h", "Let me think."), "t")
            on.hub.say(session, PlanChanged((PlanEntry("Look", "completed"), PlanEntry("Do"))), "t")
            on.hub.say(session, ToolCallChanged(ToolCall("c", "Run tests", "execute", "in_progress", "make test")), "t")
            on.hub.say(session, ToolOutput("c", "one passed\n"), "t")
            tool = log(page).get_by_role("group", name="Run tests")
            await tool.locator("summary").click()
            await expect(tool.get_by_role("region", name="Input")).to_contain_text("make test")
            await expect(tool.get_by_role("region", name="Result")).to_contain_text("one passed")
            on.hub.say(session, ToolOutput("c", "two passed\n"), "t")
            on.hub.say(session, ToolCallChanged(ToolCall("c", "Run tests", "execute", "completed", "make test")), "t")
            on.hub.say(session, TurnEnded(Outcome.CRASHED, "Traceback: boom"), "t")

            await expect(tool.get_by_role("region", name="Result")).to_contain_text("one passed two passed")
            await expect(log(page).get_by_role("list", name="Plan").get_by_role("listitem")).to_have_text(
                ["Look (done)", "Do (open)"]
            )
            await expect(log(page)).to_contain_text("The agent crashed")
            await expect(log(page)).to_contain_text("Traceback: boom")
            await expect(log(page).get_by_text("Let me think.")).to_be_hidden()
            await log(page).get_by_text("Thought", exact=True).click()
            await expect(log(page).get_by_text("Let me think.")).to_be_visible()


async def test_low_verbosity_hides_tools(chromium: Browser) -> None:
    async with stage() as on:
        session = on.hub.make("Work", verbosity=Verbosity.LOW)
        on.hub.say(session, ToolCallChanged(ToolCall("c", "Run tests")), "t")
        on.hub.say(session, TurnEnded(Outcome.DONE, tools=1), "t")
        async with opened(chromium, on, session) as page:
            await expect(log(page)).to_contain_text("1 tool")
            await expect(log(page).get_by_role("group", name="Run tests")).to_have_count(0)


async def test_what_agents_and_people_write_is_never_markup(chromium: Browser) -> None:
    evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    async with stage() as on:
        session = on.hub.make(evil, agent=evil, workspace=evil)
        you = UserRef("web", "local", "you")
        prompt = Prompt("p", session.record.id, you, evil, time.time(), state=PromptState.STARTED)
        diff = Diff(evil, evil, evil + "\n" + evil)
        call = ToolCall("c", evil, evil, "completed", evil, evil, evil, (diff,))
        options = (Option("x.0", evil, evil),)
        on.hub.say(session, PromptChanged(prompt), "p")
        on.hub.say(session, TextChunk("1", evil + "\n\n```" + evil + "\n" + evil), "p")
        on.hub.say(session, ToolCallChanged(call), "p")
        on.hub.say(session, PlanChanged((PlanEntry(evil, evil),)), "p")
        on.hub.ask(session, Question("q", session.record.id, "p", evil, None, 1.0, None, evil, call, options))
        on.hub.say(session, TurnEnded(Outcome.FAILED, evil), "p")
        on.hub.say(session, Notice("n", evil, (on.hub.choice(evil, lambda pressed: Reply(evil)),)), None)
        async with opened(chromium, on, session) as page:
            await expect(log(page)).to_contain_text("The agent failed")
            await log(page).locator("details summary").first.click()
            await log(page).locator(".notice button").click()
            await expect(page.locator("img[src=x], #main script, #sidebar script")).to_have_count(0)
            await expect(page).to_have_title(f"● {evil} – openacp-bot")
