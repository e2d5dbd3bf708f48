"""One turn, from its start to its close: stored as started, files fetched, sent, minded, ended.

1. A prompt is stored as started before the pipe is written.
2. Everything of a turn comes before its TurnEnded, and that is stored before it is shown.
3. Every wait of a turn minds what cuts it off: a cancel that takes too long, the daemon's stop, the agent's silence.
   Silence does not count while a person is asked or a file is fetched, and ends no turn while a tool call is open.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from functools import partial
from pathlib import Path

from openacp_bot.core import handover, offers
from openacp_bot.core.events import Notice, Outcome, PromptChanged, ToolCallChanged, TurnEnded
from openacp_bot.core.hearing import Hearing
from openacp_bot.core.life import MOMENT, Life, loop_time
from openacp_bot.core.mailbox import Mailbox
from openacp_bot.core.model import Ending, FileRef, Phase, Prompt, PromptKind, PromptState
from openacp_bot.core.ports import Agent
from openacp_bot.core.turn import Turn, last_words
from openacp_bot.core.uploads import Luggage, fetched

CANCEL_SECONDS = 10.0  # then the agent is killed and launched again, in the same slot
UNHEARD = "🎙 {} takes no audio, so it is given recordings as files. Write down what it is to know for certain."
NOTHING_LEFT = "Nothing is left of this message, so the agent was not asked."
END_SECONDS = 5.0  # how long a running turn may take to end when its session ends


class Conduct:
    """Takes a life's prompts through their turns, one at a time."""

    def __init__(self, life: Life, mailbox: Mailbox, hearing: Hearing) -> None:
        self._life = life
        self._mailbox = mailbox
        self._hearing = hearing
        self._means = life.means
        self._unheard_told = False

    async def run(self, agent: Agent, prompt: Prompt) -> None:
        """Returns when the turn is closed, or the prompt was dropped on its way out of the queue."""
        at, time = self._means.now(), loop_time()
        self._life.turn = turn = Turn(replace(prompt, state=PromptState.STARTED, started_at=at), time, time)
        self._life.enter(Phase.WAITING if self._life.asking.open else Phase.RUNNING)
        words = await self._words(prompt)
        if not await self._means.records.start_turn(prompt.id, at):
            self._life.turn = None
            return
        turn.started = True
        await self._take_back_offer(prompt)
        self._life.say(PromptChanged(turn.prompt), turn=turn.id)
        luggage = await self._fetched(agent, turn)
        if luggage.missing and not luggage.paths and not prompt.text:
            turn.ended = turn.ended or TurnEnded(Outcome.CANCELLED, NOTHING_LEFT)
        if self._result(turn) is None and turn.cancel_by is None:
            agent.prompt("\n".join(part for part in (words, *luggage.missing) if part), luggage.paths)
            turn.sent = True
            self._hearing.ask_for_title(agent, prompt)
            await self._hand_over()
        await self.close(await self._end_of(agent, turn))

    def cancel(self, within: float) -> None:
        """The running turn has so many seconds to end by itself; then its process is killed."""
        turn = self._life.turn
        assert turn is not None
        turn.cancel_by = loop_time() + within
        if turn.sent and self._life.agent is not None:
            self._life.agent.cancel()
        self._life.enter(Phase.CANCELLING)
        self._life.asking.close("cancelled")  # ACP: a cancelled turn must answer its open questions

    # --- what the agent is sent ------------------------------------------------------------------

    async def _words(self, prompt: Prompt) -> str:
        """The prompt with its age, and our record where the agent has lost its own."""
        words = handover.aged(prompt, self._means.now())
        if self._life.record.handed_over:
            return words
        record = await self.lost_conversation()
        return f"{record}\n\n{words}" if record else words

    async def lost_conversation(self) -> str:
        """Our record of the conversation, for an agent that has lost its own; empty if nothing was said."""
        history = await self._means.transcript.history(self._life.id, limit=1000)
        return handover.transcript(history.items, tokens=self._means.current().sessions.context_tokens)

    async def _hand_over(self) -> None:
        """The agent has our record now."""
        if not self._life.record.handed_over:
            self._life.record = replace(self._life.record, handed_over=True)
            await self._means.records.change_session(self._life.id, handed_over=True)

    async def _take_back_offer(self, prompt: Prompt) -> None:
        """Continue, offered after the turn before, would now ask for something long past."""
        if prompt.kind is PromptKind.CONTINUE:  # it was taken up
            return
        for before in await self._means.records.last_prompts(self._life.id, 2):
            if before.id != prompt.id and before.state is PromptState.INTERRUPTED:
                self._life.say(offers.taken(before.id, "The conversation has gone on."))

    async def _fetched(self, agent: Agent, turn: Turn) -> Luggage:
        """The prompt's files. What ends the turn ends the fetching too."""
        if not turn.prompt.files:
            return Luggage()
        workspace = Path(self._life.record.workspace)
        fetching = self._life.spawn(partial(fetched, turn.prompt, workspace, self._means.fetch))
        fetching.add_done_callback(lambda _: self._life.ring())
        turn.fetching = True
        while not fetching.done() and self._result(turn) is None:
            await self._mind(agent, turn)
        turn.fetching = False
        turn.patience_from = loop_time()
        if not fetching.done():
            fetching.cancel()
            return Luggage()
        luggage = fetching.result()
        assert isinstance(luggage, Luggage)
        for why in luggage.missing:
            self._life.say(Notice(secrets.token_hex(4), f"⚠️ {why}", soon=True), turn=turn.id)
        if not agent.takes_audio:
            self._tell_unheard(turn, luggage.files)
        return luggage

    def _tell_unheard(self, turn: Turn, given: tuple[FileRef, ...]) -> None:
        """Once a session: its notice has the same id for ever."""
        if not self._unheard_told and any(file.mime.startswith("audio/") for file in given):
            self._unheard_told = True
            self._life.say(Notice("unheard", UNHEARD.format(self._life.record.agent), soon=True), turn=turn.id)

    # --- until its end ---------------------------------------------------------------------------

    async def _end_of(self, agent: Agent, turn: Turn) -> TurnEnded:
        """Waits for the agent's word, or for whatever cuts the turn off."""
        while (ended := self._result(turn)) is None:
            await self._mind(agent, turn)
        return ended

    def _result(self, turn: Turn) -> TurnEnded | None:
        return turn.result(self._life.gone, killed=self._life.kill)

    async def _mind(self, agent: Agent, turn: Turn) -> None:
        """Waits until something may have happened; cuts the turn off where it is time to."""
        now = loop_time()
        if turn.cancel_by is not None:
            if now >= turn.cancel_by:
                self._life.kill = True
            else:
                await self._life.wait(turn.cancel_by)
        elif self._life.ending is Ending.STOPPED and now >= self._life.cut_off_at:
            turn.cut = Outcome.INTERRUPTED
            self.cancel(END_SECONDS)
        else:
            await self._life.wait(await self._next_look(agent, turn))

    async def _next_look(self, agent: Agent, turn: Turn) -> float | None:
        """When to look at the running turn again. Tells of silence, and at three times the limit cancels for it."""
        if self._life.ending is Ending.STOPPED:
            return self._life.cut_off_at
        if self._life.asking.open or turn.fetching:
            return None
        limit = self._means.current().sessions.silence.total_seconds()
        quiet = min(agent.silent_for, loop_time() - turn.patience_from)
        if quiet < limit:
            turn.warned = False
            return loop_time() + max(MOMENT, limit - quiet)
        if not turn.warned:
            turn.warned = True
            tool = next(iter(turn.calls.values())).title if turn.calls else ""
            await self._life.offer(offers.be_patient(self._life.id, turn.id, quiet=quiet, tool=tool))
        if turn.calls:  # an hour's test run survives
            return None
        if quiet >= 3 * limit:
            turn.cut = Outcome.STUCK
            self.cancel(CANCEL_SECONDS)
        return loop_time() + max(MOMENT, 3 * limit - quiet)

    # --- its close -------------------------------------------------------------------------------

    async def close(self, ended: TurnEnded) -> None:
        """The turn's end, committed before it is shown."""
        life, turn = self._life, self._life.turn
        assert turn is not None
        await life.close_questions()
        for call in turn.left_open():
            life.say(ToolCallChanged(call), turn=turn.id)
        unfinished = ended.outcome in offers.UNFINISHED
        at = self._means.now()
        state = PromptState.INTERRUPTED if unfinished else PromptState.ENDED
        await self._means.transcript.flush()
        held = unfinished and bool(self._mailbox.queue)
        await self._means.records.end_turn(turn.id, state=state, outcome=ended.outcome, at=at, held=held)
        await self._note_usage(at)
        if unfinished:
            life.failure = life.failure or ended.detail or f"The turn ended: {ended.outcome}."
            life.record = replace(life.record, held=held)
        elif life.gone is not None and turn.cancel_by is not None:
            life.failure = last_words(life.gone)
        life.say(PromptChanged(replace(turn.prompt, state=state, outcome=ended.outcome, ended_at=at)), turn=turn.id)
        self._show_end(turn, ended)
        life.record = replace(life.record, active_at=at)
        if unfinished:
            life.offered = True
            queued = len(self._mailbox.queue)
            await life.offer(offers.go_on(life.id, turn.id, queued=queued))

    def close_unstored(self, why: str) -> None:
        """Its end cannot be stored: it is shown all the same."""
        if (turn := self._life.turn) is not None:
            self._show_end(turn, TurnEnded(Outcome.FAILED, why))

    def _show_end(self, turn: Turn, ended: TurnEnded) -> None:
        """Nothing runs any more."""
        self._life.turn = None
        seconds = loop_time() - turn.began
        self._life.say(replace(ended, seconds=seconds, tools=len(turn.seen)), turn=turn.id)

    async def _note_usage(self, at: float) -> None:
        if (usage := self._hearing.usage) is not None:
            await self._means.records.add_usage(self._life.id, at, usage.used, usage.cost, usage.currency)
