"""The gates that clerks keep."""

from __future__ import annotations

from openacp_bot.chat.clerk import Clerks
from openacp_bot.chat.gate import Gate, Turnstile
from openacp_bot.chat.sheet import Rank
from tests.chat.test_gate import GROUP, Clock


async def _keep(gate: Gate) -> None:
    pass


def test_gates_at_which_nothing_counts_any_more_are_forgotten() -> None:
    clock = Clock()
    clerks = Clerks(lambda name: Gate(name, GROUP, clock), lambda gate: iter(()), Turnstile(30, clock), clock, _keep)
    rested, used = clerks.gate("rested"), clerks.gate("used")
    rested.ended(Rank.PERSON)
    clock.now += 50
    used.ended(Rank.PERSON)
    clock.now += 50
    clerks.gate("new")

    assert clerks.gate("used") is used
    assert clerks.gate("rested") is not rested
