"""What the operator decided about Discord, and how patient the adapter is; without discord.py, as app uses it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DiscordConfig:
    """`api_base_url` empty: the public service. `guild` 0: the only one that the bot is in. `channel` 0: one that the
    bot makes. `mention_anywhere`: a mention in any channel of the guild starts a session there."""

    token: str = field(repr=False)
    api_base_url: str = ""
    guild: int = 0
    channel: int = 0
    mention_anywhere: bool = False
    streaming: bool = True


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what is waited for, in seconds. Pairs: the first pause, and the longest."""

    away: tuple[float, float] = (1.0, 60.0)
    refused: float = 300.0  # until a refused token, or missing intents, are tried again
    connect: float = 60.0  # from the beginning of a connection until it is ready
    acknowledge: float = 2.0  # of the 3 s that Discord waits for the first answer to an interaction
    arrive: float = 1.5  # an interaction that comes while we start waits so long for that
    store: tuple[float, float] = (1.0, 30.0)
    read: float = 5.0  # one page of what was missed; and what a pass may spend on what cannot be read
    behind: float = 10.0  # what is written where something that was missed cannot be read waits so long for that
    recheck: float = 3600.0  # from one look at commands and permissions to the next
    apart: float = 10.0  # at least so long lies between two looks, whatever happens
    goodbye: float = 10.0  # what is still to be shown when we stop
    titles: float = 30.0  # a thread's one free renaming waits so long for the agent's own name


USUAL = Patience()
