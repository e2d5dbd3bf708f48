"""A strict Discord REST and gateway server on loopback; the real discord.py talks to it.

Written from Discord's documented rules, never from our adapter. It refuses what Discord refuses, with its codes; what
Discord would pass over in silence, and routes and parameters that it does not know, stand in `strange`.

1. With the default limits only renames are scarce (two in ten minutes); `Limits()` has Discord's observed sizes.
2. Not simulated: voice, polls, guild webhooks and emoji, automod, slow mode, audit log, more than one shard.

    async with Discord() as sim:
        ann = sim.person("Ann")
        guild = sim.guild("Team", ann)
        channel = sim.text_channel(guild, "general")
        ...                                                       # a bot at sim.url with sim.token connects
        answer = await ann.slash(channel, "new", agent="claude").said()
        thread = await sim.until(lambda: sim.threads(channel) and sim.threads(channel)[0])
        ann.write(thread, "hello")
        message = (await sim.until(lambda: sim.sent(thread)))[-1]
        await ann.press(message, "Allow").answered()
        assert not sim.strange, sim.transcript(thread)
"""

from tests.sims.discord.buckets import GENEROUS, Limits
from tests.sims.discord.faults import (
    BAD_GATEWAY,
    BAD_GATEWAY_AFTER,
    BANNED,
    CUT_AFTER,
    CUT_BEFORE,
    SERVER_ERROR,
    UNAUTHORIZED,
    UNAVAILABLE,
    UNREADABLE,
    Fault,
    flood,
    hang,
    refuse,
    slow,
)
from tests.sims.discord.interactions import Interaction, Modal
from tests.sims.discord.permissions import BOT, EVERYONE, EVERYTHING, Right
from tests.sims.discord.person import Person
from tests.sims.discord.server import Discord
from tests.sims.discord.sessions import Intent
from tests.sims.discord.world import Call, Channel, Guild, Message, Overwrite, Role, User

__all__ = [
    "BAD_GATEWAY", "BAD_GATEWAY_AFTER", "BANNED", "BOT", "CUT_AFTER", "CUT_BEFORE", "EVERYONE", "EVERYTHING",
    "GENEROUS", "SERVER_ERROR", "UNAUTHORIZED", "UNAVAILABLE", "UNREADABLE", "Call", "Channel", "Discord", "Fault",
    "Guild", "Intent", "Interaction", "Limits", "Message", "Modal", "Overwrite", "Person", "Right", "Role", "User",
    "flood", "hang", "refuse", "slow",
]  # fmt: skip
