"""The one table that every menu, palette, help text and document comes from."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from openacp_bot.core.commands import here, lists, queue, wizard
from openacp_bot.core.commands.house import House, refusal
from openacp_bot.core.commands.spec import AGENT, Call, CommandSpec, Deed
from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import Verbosity
from openacp_bot.core.places import close_place, open_place
from openacp_bot.core.views import Param


async def _help(house: House, call: Call) -> Reply:
    greeting = await lists.greeting(house, call)
    text = lists.help_text(COMMANDS, admin=house.is_admin(call.who), options=call.origin.options)
    return Reply(text, choices=greeting.choices)


async def _no_name(house: House, call: Call) -> Reply:
    """With a name it is a message to the agent (`Messages.command`)."""
    return refusal(f"Say which command of the agent: /{AGENT} NAME [message].")


NEW = (
    Param("agent", "who is to work", suggests=True),
    Param("workspace", "a directory", suggests=True),
    Param("model", "instead of the agent's own", suggests=True),
    Param("message", "what to begin with"),
)
COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec(
        "new", "start a session", wizard.new, "[agent] [workspace] [--model NAME] [-- first message]", params=NEW
    ),
    CommandSpec("newchat", "new session, same agent and workspace", wizard.newchat, about_session=True, archived=True),
    CommandSpec("cancel", "stop the running turn and clear the queue", here.cancel, about_session=True),
    CommandSpec("finish", "end the agent; the next message wakes it", here.finish, about_session=True, owner=True),
    CommandSpec("status", "what this session, or the daemon, is doing", lists.status, private=True, archived=True),
    CommandSpec(
        "sessions",
        "list sessions",
        lists.sessions,
        "[active|archived|scheduled] [search]",
        private=True,
        params=(Param("query", "active, archived or scheduled, and words of a title"),),
    ),
    CommandSpec(
        "queue", "what waits behind the running turn", queue.queue, "[clear]", about_session=True, private=True
    ),
    CommandSpec("retry", "ask the last message again", here.retry, about_session=True),
    CommandSpec(
        "rename",
        "give the session a title",
        here.rename,
        "[title]",
        about_session=True,
        archived=True,
        params=(Param("name", "its new title"),),
    ),
    CommandSpec("pin", "keep the session first and unarchived", here.pin, about_session=True),
    CommandSpec("unpin", "undo /pin", here.unpin, about_session=True),
    CommandSpec("archive", "end the session and make it read-only", here.archive, about_session=True, owner=True),
    CommandSpec("restore", "bring an archived session back", here.restore, about_session=True, archived=True),
    CommandSpec(
        "delete", "delete the session with its history", here.delete, about_session=True, owner=True, archived=True
    ),
    CommandSpec(
        "verbosity",
        "how much of the tool work is shown",
        here.verbosity,
        "low|medium|high",
        params=(Param("level", "how much", choices=tuple(Verbosity)),),
    ),
    CommandSpec(
        "bypass",
        "approve what no rule forbids",
        here.bypass,
        "[on|off]",
        about_session=True,
        admin=True,
        params=(Param("on", "on or off", choices=("on", "off")),),
    ),
    CommandSpec(
        AGENT,
        "a command of the agent in this session",
        _no_name,
        "name [message]",
        params=(
            Param("name", "its name", suggests=True, required=True),
            Param("message", "what goes with it"),
        ),
        for_options=True,
    ),
    CommandSpec("help", "this list", _help, private=True),
    CommandSpec("start", "greeting", lists.greeting, private=True),
    CommandSpec("menu", "buttons for the most usual things", lists.greeting, private=True),
)

BY_NAME: Mapping[str, CommandSpec] = MappingProxyType({spec.name: spec for spec in COMMANDS})

# What buttons do besides commands; the first argument of each is a session, or empty. ONCE: a second press of the
# same menu does nothing. STEPS: one after another, towards a new session.
VERBS: Mapping[str, Deed] = MappingProxyType(
    {
        "new_model": wizard.choose_model,
        "new_path": wizard.type_path,
        "make_room": wizard.make_room,
        "never_mind": here.never_mind,
        "card": lists.card,
        "in_list": lists.in_list,
        "open": lists.open_session,
        "history": lists.history,
        "open_place": open_place,
        "close_place": close_place,
        "remove": lists.remove,
        "remove_queued": queue.remove,
        "send_now": queue.send_now,
        "in_queue": queue.in_queue,
        "clear": here.clear,
        "stop": here.stop,
        "wait": here.wait,
        "end": here.end,
        "continue": here.resume_turn,
        "run_queue": here.run_queue,
        "send_again": here.send_again,
        "try_again": here.try_again,
        "own_model": here.own_model,
    }
)
OWNER_VERBS = frozenset({"end", "make_room", "close_place"})
ONCE = frozenset({"continue", "own_model", "send_again", "try_again"})
STEPS = frozenset({"new", "new_model", "new_path", "newchat"})
WAKING = frozenset(
    {"continue", "run_queue", "send_again", "send_now", "try_again", "own_model"}
)  # not in archived sessions
