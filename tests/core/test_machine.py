"""A session in the hands of chance: people, agent, disk and clock do what they like, in any order and at once."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from openacp_bot.core.errors import StoreError
from openacp_bot.core.events import AskWithdrawn, Outcome, QuestionAsked, TitleChanged, ToolCallChanged
from openacp_bot.core.inbound import Choice, Reply
from openacp_bot.core.model import TitleRank, ToolCall
from openacp_bot.core.ports import How
from tests.core.lodge import Lodge, changed, lodge
from tests.core.slow import SlowLauncher, SlowStore, not_installed
from tests.core.witness import Bugs, Witness
from tests.fakes import FakeAgent
from tests.virtual_time import VirtualLoop, settle

T = TypeVar("T")
Draw: TypeAlias = st.DataObject
Deed: TypeAlias = Callable[["Stage", Draw], Awaitable[None]]
SLOTS = 2
MOMENT = 0.05  # after every step: enough for a quick launch, not for a slow one
ROUNDS = 100  # turns of the loop in which everything that needs no time gets done
ENDS = [Outcome.DONE, Outcome.DONE, Outcome.CANCELLED, Outcome.FAILED, Outcome.MAX_TOKENS, Outcome.REFUSED]
WAITS = [0.005, 0.3, 1.0, 4.0, 6.0, 11.0, 61.0, 601.0, 1801.0, 3700.0, 7300.0]


class Stage:
    """One running core, and one method for each thing that may happen in it."""

    def __init__(self, core: Lodge, store: SlowStore, launcher: SlowLauncher) -> None:
        self.core = core
        self.store = store
        self.launcher = launcher
        self.witness = Witness(core, store, launcher)
        self.sessions: list[str] = []
        self.replies: list[Reply] = []
        self._numbers = itertools.count(1)

    # --- people ----------------------------------------------------------------------------------

    async def send(self, draw: Draw) -> None:
        text = f"m{next(self._numbers)}"
        await self._sent(self._session(draw), text)

    async def reply_to_question(self, draw: Draw) -> None:
        if asked := self._asked():
            question = _one_of(draw, asked).question
            text = f"m{next(self._numbers)}"
            await self._sent(question.session, text, answers=question.id)

    async def answer(self, draw: Draw) -> None:
        if asked := self._asked():
            question = _one_of(draw, asked[-4:]).question
            await self._heard(self.core.press(_one_of(draw, question.options).id))

    async def cancel(self, draw: Draw) -> None:
        await self._heard(self.core.command("cancel", session=self._session(draw)))

    async def finish(self, draw: Draw) -> None:
        await self._heard(self.core.command("finish", session=self._session(draw)))

    async def archive(self, draw: Draw) -> None:
        await self._heard(self.core.command("archive", session=self._session(draw)))

    async def restore(self, draw: Draw) -> None:
        await self._heard(self.core.command("restore", session=self._session(draw)))

    async def retry(self, draw: Draw) -> None:
        await self._heard(self.core.command("retry", session=self._session(draw)))

    async def rename(self, draw: Draw) -> None:
        await self._heard(self.core.command("rename", "mine", self._session(draw)))

    async def bypass(self, draw: Draw) -> None:
        word = draw.draw(st.sampled_from(["on", "off"]))
        await self._heard(self.core.command("bypass", word, self._session(draw)))

    async def queue(self, draw: Draw) -> None:
        """Edit, remove or send now one that is, or was, queued."""
        session = self._session(draw)
        prompts = [prompt for prompt in self.store.prompts if prompt.session == session][-4:]
        do = draw.draw(st.sampled_from(["edit", "remove", "now", "again", "clear"]))
        if prompts:
            prompt, text = _one_of(draw, prompts), f"m{next(self._numbers)}"
            if do == "edit":
                self.witness.edited.add(prompt.text)
            await self._heard(self.core.command("queue", session=session, do=do, prompt=prompt.id, text=text))

    async def press_notice(self, draw: Draw) -> None:
        """A button of one of the newest notices."""
        await self._press(draw, [choice for notice in self.core.notices()[-3:] for choice in notice.choices])

    async def press_reply(self, draw: Draw) -> None:
        """A button of one of the newest replies."""
        await self._press(draw, [choice for reply in self.replies[-3:] for choice in reply.choices])

    async def another(self, draw: Draw) -> None:
        """Another session, as far as there are slots."""
        if len(self.sessions) < SLOTS + 1:
            await self._heard(self.core.command("new", "fake ."))

    async def delete(self, draw: Draw) -> None:
        """All but the first may be deleted."""
        if len(self.sessions) > 1:
            session = _one_of(draw, self.sessions[1:])
            await self._heard(self.core.command("delete", session=session, confirm="yes"))

    # --- the agent -------------------------------------------------------------------------------

    async def chunk(self, draw: Draw) -> None:
        self._agent(draw, lambda agent: agent.say("word "))

    async def tool(self, draw: Draw) -> None:
        status = draw.draw(st.sampled_from(["in_progress", "completed"]))
        call = ToolCall(draw.draw(st.sampled_from("ab")), "Build", "execute", status, command="make")
        self._agent(draw, lambda agent: agent.say(ToolCallChanged(call)))

    async def ask(self, draw: Draw) -> None:
        id = f"q{next(self._numbers)}"
        self._agent(draw, lambda agent: agent.ask(id))

    async def withdraw(self, draw: Draw) -> None:
        asked = [f"q{number}" for number in range(1, 30)]
        self._agent(draw, lambda agent: agent.say(*map(AskWithdrawn, asked)))

    async def entitle(self, draw: Draw) -> None:
        self._agent(draw, lambda agent: agent.say(TitleChanged("The agent's", TitleRank.AGENT)))

    async def end_turn(self, draw: Draw) -> None:
        outcome = draw.draw(st.sampled_from(ENDS))
        self._agent(draw, lambda agent: agent.finish(outcome))

    async def die(self, draw: Draw) -> None:
        code = draw.draw(st.sampled_from([0, 1, None]))
        self._agent(draw, lambda agent: agent.die(code))

    async def disobey(self, draw: Draw) -> None:
        self._agent(draw, _toggle_obedience)

    # --- the world -------------------------------------------------------------------------------

    async def wait(self, draw: Draw) -> None:
        await asyncio.sleep(draw.draw(st.sampled_from(WAITS)))

    async def launches_fail(self, draw: Draw) -> None:
        self.launcher.fail = [not_installed()]

    async def launches_take(self, draw: Draw) -> None:
        self.launcher.delay = draw.draw(st.sampled_from([0.01, 5.0]))

    async def ends_take(self, draw: Draw) -> None:
        self.launcher.end_delay = draw.draw(st.sampled_from([0.01, 3.0]))

    async def memory(self, draw: Draw) -> None:
        self.launcher.resumes = draw.draw(st.sampled_from([How.RESUMED, How.NEW_WITHOUT_HISTORY]))

    async def disk(self, draw: Draw) -> None:
        self.store.refuses = "" if self.store.refuses else "The disk is full. Free some space."
        self.witness.troubled.update(self.sessions)

    # --- small things ----------------------------------------------------------------------------

    async def begin(self) -> None:
        reply = await self.core.command("new", "fake .")
        assert reply is not None and reply.session
        self.sessions.append(reply.session)

    def _session(self, draw: Draw) -> str:
        return _one_of(draw, [self.sessions[0], *self.sessions])

    def _asked(self) -> list[QuestionAsked]:
        return [event for event in self.core.screen.events(QuestionAsked) if isinstance(event, QuestionAsked)]

    def _agent(self, draw: Draw, does: Callable[[FakeAgent], None]) -> None:
        agent = self.launcher.agent_of(self._session(draw))
        if agent is not None:
            does(agent)

    async def _press(self, draw: Draw, choices: list[Choice]) -> None:
        if choices:
            await self._heard(self.core.press(_one_of(draw, choices).token))

    async def _sent(self, session: str, text: str, answers: str = "") -> None:
        try:
            reply = await self.core.send(session, text, answers=answers)
        except StoreError:
            return
        if reply is None or not reply.refused:
            self.witness.accepted[text] = session
        if reply is not None:
            self.replies.append(reply)

    async def _heard(self, asking: Coroutine[Any, Any, Reply | None]) -> None:
        try:
            reply = await asking
        except StoreError:
            assert self.store.refuses or self.witness.troubled
            return
        assert reply is not None, "nothing was answered"
        self.replies.append(reply)
        if reply.text.startswith("New session with"):
            self.sessions.append(reply.session)


def _one_of(draw: Draw, some: Sequence[T]) -> T:
    """By its place, since ids differ from run to run."""
    return some[draw.draw(st.integers(0, 5)) % len(some)]


def _toggle_obedience(agent: FakeAgent) -> None:
    agent.obeys_cancel = not agent.obeys_cancel


OFTEN: list[Deed] = [Stage.send, Stage.cancel, Stage.chunk, Stage.ask, Stage.answer, Stage.end_turn, Stage.wait]
ALL: list[Deed] = [
    *OFTEN,
    *OFTEN,
    Stage.reply_to_question,
    Stage.finish,
    Stage.archive,
    Stage.restore,
    Stage.retry,
    Stage.rename,
    Stage.bypass,
    Stage.queue,
    Stage.queue,
    Stage.press_notice,
    Stage.press_notice,
    Stage.press_reply,
    Stage.another,
    Stage.delete,
    Stage.tool,
    Stage.withdraw,
    Stage.entitle,
    Stage.die,
    Stage.disobey,
    Stage.launches_fail,
    Stage.launches_take,
    Stage.ends_take,
    Stage.memory,
    Stage.disk,
]


class SessionMachine(RuleBasedStateMachine):
    """One thing after another, or several at once."""

    def __init__(self) -> None:
        super().__init__()
        self._bugs = Bugs()
        logging.getLogger("openacp_bot.core").addHandler(self._bugs)
        self._folder = tempfile.TemporaryDirectory()
        self._runner = asyncio.Runner(loop_factory=VirtualLoop)
        self._stay: asyncio.Task[None] | None = None

    @initialize(write_turns=st.integers(0, 6), look_turns=st.integers(0, 6))
    def open(self, write_turns: int, look_turns: int) -> None:
        self._runner.run(self._opened(write_turns, look_turns))

    async def _opened(self, write_turns: int, look_turns: int) -> None:
        loop = asyncio.get_running_loop()
        store = SlowStore(loop.time, write_turns=write_turns, look_turns=look_turns)
        launcher = SlowLauncher()
        ready: asyncio.Future[Lodge] = loop.create_future()
        self._leave = asyncio.Event()
        self._stay = loop.create_task(self._lodged(store, launcher, ready))
        self.stage = Stage(await ready, store, launcher)
        await self._done(self.stage.begin())

    async def _lodged(self, store: SlowStore, launcher: SlowLauncher, ready: asyncio.Future[Lodge]) -> None:
        """Open as long as the example lasts; entered and left in one task, as its TaskGroup demands."""
        async with AsyncExitStack() as stack:
            core = await stack.enter_async_context(lodge(Path(self._folder.name), store=store, launcher=launcher))
            core.settings = changed(core.settings, max_concurrent=SLOTS)
            ready.set_result(core)
            await self._leave.wait()

    @rule(deed=st.sampled_from(ALL), draw=st.data())
    def one(self, deed: Deed, draw: Draw) -> None:
        self._runner.run(self._done(deed(self.stage, draw)))

    @rule(deeds=st.lists(st.sampled_from(ALL), min_size=2, max_size=4), draw=st.data())
    def at_once(self, deeds: list[Deed], draw: Draw) -> None:
        self._runner.run(self._done(*(deed(self.stage, draw) for deed in deeds)))

    async def _done(self, *deeds: Awaitable[None]) -> None:
        await asyncio.gather(*deeds)
        await settle(ROUNDS)
        await asyncio.sleep(MOMENT)
        await settle(ROUNDS)

    @invariant()
    def nothing_is_wrong(self) -> None:
        if self._stay is None:
            return
        assert not self._bugs.found, self._bugs.found
        assert not self._stay.done(), "the core is gone"
        self._runner.run(self.stage.witness.look())

    def teardown(self) -> None:
        try:
            if self._stay is not None:
                self._runner.run(self._closed())
                assert not self._bugs.found, self._bugs.found
        finally:
            logging.getLogger("openacp_bot.core").removeHandler(self._bugs)
            self._runner.close()
            self._folder.cleanup()

    async def _closed(self) -> None:
        """Stops in order, whatever the disk does; then nothing is left open."""
        assert self._stay is not None
        self._leave.set()
        await self._stay
        await self.stage.witness.look()


LONG = bool(os.environ.get("OPENACP_LONG_MACHINE"))  # many steps with random seeds, for a night or a release
SessionMachine.TestCase.settings = settings(
    max_examples=400 if LONG else 120,
    stateful_step_count=60 if LONG else 40,
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
test_session_machine = SessionMachine.TestCase
