"""A strict Telegram Bot API server on loopback; the real aiogram talks to it.

Written from Telegram's documented rules and the open-source server, never from our adapter. It refuses what Telegram
refuses, in its words; what Telegram would mend in silence, and parameters and methods it does not know, stand in
`oddities`.

    async with Telegram(limits=Limits()) as sim:
        ann = sim.person("Ann")
        forum = sim.forum("Team", ann)
        sim.say(ann, forum, "/new claude")                     # the bot behind sim.url and sim.token hears it
        message = (await sim.wait_for(lambda: sim.sent(forum)))[-1]
        await sim.press(ann, message, "Create").answered()
        assert not sim.oddities, sim.transcript(forum)
"""

from tests.sims.telegram.faults import (
    BAD_GATEWAY,
    CONFLICT,
    CUT_AFTER,
    CUT_BEFORE,
    SERVER_ERROR,
    UNAUTHORIZED,
    Fault,
    flood,
    hang,
    refuse,
)
from tests.sims.telegram.floods import Limits
from tests.sims.telegram.server import Telegram
from tests.sims.telegram.world import GROUP_RIGHTS, Call, Chat, Draft, Member, Message, Press, Topic, User

__all__ = [
    "BAD_GATEWAY", "CONFLICT", "CUT_AFTER", "CUT_BEFORE", "GROUP_RIGHTS", "SERVER_ERROR", "UNAUTHORIZED", "Call",
    "Chat", "Draft", "Fault", "Limits", "Member",
    "Message", "Press", "Telegram", "Topic", "User", "flood", "hang", "refuse",
]  # fmt: skip
