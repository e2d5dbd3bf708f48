"""How a prompt's result ends its turn."""

from __future__ import annotations

from openacp_bot.agents.loose import short, text
from openacp_bot.agents.oddities import Oddities
from openacp_bot.agents.traits import Traits, login_help
from openacp_bot.agents.wire import AUTH_REQUIRED, CANCELLED, Answer, Refused
from openacp_bot.core.events import Outcome, TurnEnded
from openacp_bot.core.model import AgentSpec

STOP_REASONS = {
    str(one): one
    for one in (Outcome.DONE, Outcome.MAX_TOKENS, Outcome.MAX_REQUESTS, Outcome.REFUSED, Outcome.CANCELLED)
}


def turn_ended(answer: Answer, spec: AgentSpec, traits: Traits, oddities: Oddities, *, cancelled: bool) -> TurnEnded:
    """`cancelled`: the agent was asked to end it. Hermes answers that with an error instead of a stop reason, others
    with `end_turn`, against ACP."""
    if answer.error:
        if cancelled or answer.error.code == CANCELLED:
            return TurnEnded(Outcome.CANCELLED)
        return TurnEnded(Outcome.FAILED, failure(answer.error, spec, traits))
    reason = answer.members.get("stopReason")
    if cancelled and reason == Outcome.DONE:
        return TurnEnded(Outcome.CANCELLED)
    if isinstance(reason, str) and reason in STOP_REASONS:
        return TurnEnded(STOP_REASONS[reason])
    oddities.note("stop reason", reason)
    said = short(text(answer.members, "stopReason"))
    return TurnEnded(
        Outcome.UNKNOWN, f"{spec.name} stopped: {said}" if said else f"{spec.name} stopped without a reason."
    )


def failure(error: Refused, spec: AgentSpec, traits: Traits) -> str:
    """The agent's error for a person."""
    return needs_login(spec, traits) if error.code == AUTH_REQUIRED else error.words


def needs_login(spec: AgentSpec, traits: Traits) -> str:
    return (
        f"{spec.name} needs you to log in first, on the machine where it runs. It offers:\n{login_help(spec, traits)}"
    )
