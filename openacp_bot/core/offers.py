"""What a person is offered when something did not go on by itself: sentences and buttons, the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from openacp_bot.core.events import Notice, Outcome
from openacp_bot.core.inbound import Action, Choice, Look
from openacp_bot.core.menus import Button
from openacp_bot.core.words import span

UNFINISHED = frozenset({Outcome.CRASHED, Outcome.STUCK, Outcome.INTERRUPTED})  # turns after which Continue is offered


@dataclass(frozen=True, slots=True)
class Offer:
    """A notice before its buttons have tokens. `id`: a later offer with the same id replaces it. `ring` False: what it
    goes on from has been heard already."""

    id: str
    text: str
    buttons: tuple[Button, ...]
    ring: bool = True

    def notice(self, choices: tuple[Choice, ...]) -> Notice:
        """With its buttons."""
        return Notice(self.id, self.text, choices, ring=self.ring, soon=True)


def go_on(session: str, prompt: str, *, queued: int) -> Offer:
    """After a turn that was broken off; why it was is told by the turn's end, right above."""
    waiting = f" {_messages(queued)} behind it {'waits' if queued == 1 else 'wait'}." if queued else ""
    about = (session, prompt)
    buttons = [Button("Continue", Action("continue", about), Look.GOOD)]
    if queued:
        buttons.append(Button("Run the queue", Action("run_queue", about)))
        buttons.append(Button("Clear", Action("clear", about), Look.DANGER))
    return Offer(f"interrupted:{prompt}", f"What was answered so far is kept.{waiting}", tuple(buttons), ring=False)


def taken(prompt: str, what: str) -> Notice:
    """The offer after it was taken up: without buttons."""
    return Notice(f"interrupted:{prompt}", what)


def try_again(session: str, life: str, *, why: str, queued: int, own_model: bool) -> Offer:
    """After a launch that failed. `own_model`: it may do without the model that was asked for."""
    buttons = [Button("Try again", Action("try_again", (session, life, why)), Look.GOOD)]
    if own_model:
        buttons.append(Button("Model: the agent's own", Action("own_model", (session, life, why))))
    if queued:
        buttons.append(Button("Clear", Action("clear", (session,)), Look.DANGER))
    waiting = f"\n\n{_messages(queued)} {'waits' if queued == 1 else 'wait'} for the agent." if queued else ""
    return Offer(f"launch:{life}", f"❌ {why}{waiting}", tuple(buttons))


def tried_again(life: str, why: str, what: str) -> Notice:
    """The offer after it was taken up: without buttons."""
    return Notice(f"launch:{life}", f"❌ {why}\n\n{what}")


def be_patient(session: str, prompt: str, *, quiet: float, tool: str) -> Offer:
    """While a running turn is silent."""
    what = f"A tool has been at work for a while ({tool})." if tool else "It may be thinking, or stuck."
    return Offer(
        f"silent:{prompt}",
        f"⏳ Nothing has come from the agent for {span(quiet)}. {what}",
        (
            Button("Wait", Action("wait", (session,))),
            Button("Stop", Action("stop", (session,)), Look.DANGER),
        ),
    )


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"
