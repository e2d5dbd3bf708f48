"""Speaking: greeting, streaming, plans, thoughts, forms, trouble, titles, usage."""

from __future__ import annotations

import asyncio
import base64
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from acp import schema
from acp.exceptions import RequestError

from tests.demo_agent.visit import LIMIT, visit

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # 1 × 1


async def test_it_introduces_itself_and_says_what_it_can_do(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        assert await here.say(session, "help") == "end_turn"

        for word in ("list files", "edit FILE", "run COMMAND", "slow answer", str(work)):
            assert word in here.text()


async def test_it_says_what_it_can_as_an_agent(home: Path) -> None:
    async with visit(home) as here:
        hello = await here.greet()

        assert hello.protocol_version == 1
        can = hello.agent_capabilities
        assert can is not None and can.load_session
        assert can.session_capabilities is not None
        assert None not in (
            can.session_capabilities.list,
            can.session_capabilities.resume,
            can.session_capabilities.close,
            can.session_capabilities.delete,
        )
        assert can.prompt_capabilities is not None
        assert can.prompt_capabilities.image and can.prompt_capabilities.embedded_context


async def test_only_the_first_turn_greets(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        await here.say(session, "something")
        first = here.text()
        await here.say(session, "something")

        assert first.startswith("Hello! I am the demo agent")
        assert "Hello!" not in here.text().removeprefix(first)


async def test_anything_else_is_named_and_answered_with_three_suggestions(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        await here.say(session, "Tell me about the weather")

        assert "You said “Tell me about the weather”" in here.text()
        assert here.text().split("try ")[1].count("`") == 6


async def test_text_comes_word_by_word_and_one_message_keeps_its_id(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        await here.say(session, "long answer")

        chunks = here.updates("agent_message_chunk")
        assert max(len(chunk["content"]["text"].split()) for chunk in chunks) == 1
        assert len({chunk["messageId"] for chunk in chunks}) == 1
        for sign in ("# A long", "| Agent |", "```python", "- [x]", "> ", "](https://", "     - "):
            assert sign in here.text()


async def test_a_plan_progresses_to_its_end(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        await here.say(session, "plan")

        states = [[entry["status"] for entry in update["entries"]] for update in here.updates("plan")]
        assert states[0] == ["in_progress", "pending", "pending", "pending"]
        assert states[2] == ["completed", "completed", "in_progress", "pending"]
        assert states[-1] == ["completed"] * 4


async def test_it_thinks_before_it_answers(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)
        await here.say(session, "anything")
        before = len(here.updates())

        await here.say(session, "think about the sea")

        kinds = [update["sessionUpdate"] for update in here.updates()[before:]]
        assert "the sea" in here.text("agent_thought_chunk")
        assert kinds.index("agent_thought_chunk") < kinds.index("agent_message_chunk")
        assert "agent_thought_chunk" not in kinds[kinds.index("agent_message_chunk") :]


async def test_a_slow_answer_is_cancelled_at_once_and_the_session_goes_on(home: Path, work: Path) -> None:
    async with visit(home, pace="0.2") as here:
        session = await here.opened(work)
        turn = asyncio.create_task(here.say(session, "slow answer"))
        await here.heard("This answer takes")

        await here.agent.cancel(session_id=session)

        assert await turn == "cancelled"
        assert "That was all." not in here.text()
        assert await here.say(session, "title Next") == "end_turn"


async def test_a_cancel_that_follows_the_prompt_at_once_cancels_it(home: Path, work: Path) -> None:
    async with visit(home, pace="0.2") as here:
        session = await here.opened(work)
        turn = asyncio.create_task(here.say(session, "slow answer"))
        await asyncio.sleep(0)  # let the prompt be written first

        await here.agent.cancel(session_id=session)

        assert await turn == "cancelled"


async def test_a_cancel_between_turns_does_nothing(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        await here.agent.cancel(session_id=session)
        await here.agent.cancel(session_id="unknown")

        assert await here.say(session, "hello") == "end_turn"


async def test_a_second_prompt_meanwhile_is_refused_with_a_sentence(home: Path, work: Path) -> None:
    async with visit(home, pace="0.2") as here:
        session = await here.opened(work)
        turn = asyncio.create_task(here.say(session, "slow answer"))
        await here.heard("This answer")

        with pytest.raises(RequestError, match="one prompt at a time"):
            await here.say(session, "hello")

        await here.agent.cancel(session_id=session)
        assert await turn == "cancelled"


async def test_sessions_of_one_process_work_at_the_same_time(home: Path, work: Path) -> None:
    async with visit(home, pace="0.2") as here:
        slow = await here.opened(work)
        quick = (await here.agent.new_session(cwd=str(work), mcp_servers=[])).session_id
        turn = asyncio.create_task(here.say(slow, "slow answer"))
        await here.heard("This answer")

        assert await here.say(quick, "title Quick") == "end_turn"

        assert not turn.done()
        await here.agent.cancel(session_id=slow)
        assert await turn == "cancelled"


async def test_a_form_is_asked_and_its_answers_are_named(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work, forms=True)
        here.guest.form = {"action": "accept", "content": {"drink": "tea", "cups": 2}}

        assert await here.say(session, "ask") == "end_turn"

        assert "drink: **tea**" in here.text()
        assert "cups: **2**" in here.text()


async def test_a_declined_form_is_fine_and_a_cancelled_one_ends_the_turn(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work, forms=True)

        assert await here.say(session, "ask") == "end_turn"
        assert "no answers needed" in here.text()

        here.guest.form = {"action": "cancel"}
        assert await here.say(session, "ask") == "cancelled"


async def test_a_client_without_forms_is_told_so(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        assert await here.say(session, "ask") == "end_turn"

        assert "shows no forms" in here.text()


async def test_fail_is_a_protocol_error_and_the_session_goes_on(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        with pytest.raises(RequestError, match="as it was asked to") as caught:
            await here.say(session, "fail")

        assert caught.value.code == -32603
        assert await here.say(session, "hello") == "end_turn"


async def test_crash_ends_the_process_with_code_3_after_its_last_words(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        with pytest.raises(ConnectionError):
            await here.say(session, "crash")

        async with asyncio.timeout(LIMIT):
            assert await here.process.wait() == 3
        assert "about to crash" in here.text()


async def test_an_image_is_a_real_picture(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        await here.say(session, "image")

        (content,) = (u["content"] for u in here.updates("agent_message_chunk") if u["content"]["type"] == "image")
        picture = base64.b64decode(content["data"])
        width, height = struct.unpack(">II", picture[16:24])
        body = picture[picture.index(b"IDAT") + 4 : picture.index(b"IEND") - 8]
        assert picture.startswith(b"\x89PNG\r\n\x1a\n")
        assert len(zlib.decompress(body)) == height * (1 + 3 * width)


async def test_usage_is_told_each_turn_and_grows(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        await here.say(session, "help")
        await here.say(session, "long answer")

        first, second = here.updates("usage_update")
        assert 0 < first["used"] < second["used"] < second["size"]


async def test_a_title_is_told_as_session_info(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        await here.say(session, "title The great rewrite")

        assert [update["title"] for update in here.updates("session_info_update")] == ["The great rewrite"]


async def test_a_hidden_naming_prompt_gets_a_bare_title_and_leaves_no_trace(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)

        await here.say(
            session, "Write a title of at most 5 words. Answer with the title only.\n\nPlease edit notes.txt"
        )

        assert here.text() == "Edit notes.txt"
        assert (await here.agent.list_sessions()).sessions == []


async def test_it_says_what_came_along_with_a_prompt(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)
        blocks: list[Any] = [
            schema.TextContentBlock(type="text", text="what is this?"),
            schema.ImageContentBlock(type="image", data=PIXEL, mime_type="image/png"),
            schema.EmbeddedResourceContentBlock(
                type="resource", resource=schema.TextResourceContents(uri="file:///tmp/notes.txt", text="Hello")
            ),
            schema.ResourceContentBlock(type="resource_link", name="plan.md", uri="file:///tmp/plan.md"),
        ]

        await here.agent.prompt(session_id=session, prompt=blocks)

        assert "an image (image/png, 1 × 1, 70 bytes)" in here.text()
        assert "the file `notes.txt` (5 characters)" in here.text()
        assert "a link to `plan.md`" in here.text()


async def test_a_picture_without_words_is_answered(home: Path, work: Path) -> None:
    async with visit(home) as here:
        session = await here.opened(work)
        picture = schema.ImageContentBlock(type="image", data=PIXEL, mime_type="image/png")

        await here.agent.prompt(session_id=session, prompt=[picture])

        assert "You sent no words. With it came an image" in here.text()
