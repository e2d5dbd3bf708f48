"""The pen against a strict Discord: what its refusals mean, and threads that sleep, are locked, or were renamed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from discord.http import Route

from openacp_bot.adapters.discord.bearings import Bearings
from openacp_bot.adapters.discord.config import DiscordConfig
from openacp_bot.adapters.discord.errors import AlreadyAnswered, InteractionGone, ThreadArchived, ThreadLocked
from openacp_bot.adapters.discord.facts import Facts
from openacp_bot.adapters.discord.forums import Forums
from openacp_bot.adapters.discord.line import Ears
from openacp_bot.adapters.discord.pen import DiscordPen
from openacp_bot.adapters.discord.rest import Rest
from openacp_bot.chat.pen import (
    Forbidden,
    Later,
    Manner,
    MessageGone,
    NotDone,
    PenError,
    PerhapsDone,
    PlaceGone,
    Refused,
    Retry,
    RetryAfter,
)
from openacp_bot.core.model import Blob, Place
from openacp_bot.core.settings import AccessList
from tests.discord.house import where
from tests.fakes import ScriptedHub
from tests.sims.discord import BAD_GATEWAY, CUT_AFTER, UNREADABLE, Channel, Discord, Fault, Person, Right, flood, refuse

REFUSALS: dict[str, tuple[Fault, type[PenError]]] = {
    "a flood": (flood(30.0), RetryAfter),
    "a global flood": (flood(30.0, "global"), RetryAfter),
    "a ban": (Fault(429, page=True, via=False), RetryAfter),
    "unknown channel": (refuse(404, 10003, "Unknown Channel"), PlaceGone),
    "unknown message": (refuse(404, 10008, "Unknown Message"), MessageGone),
    "somebody else's": (refuse(403, 50005, "Cannot edit a message authored by another user"), MessageGone),
    "no access": (refuse(403, 50001, "Missing Access"), Forbidden),
    "no permission": (refuse(403, 50013, "Missing Permissions"), Forbidden),
    "archived": (refuse(400, 50083, "Thread is archived"), ThreadArchived),
    "locked": (refuse(400, 160005, "Thread is locked"), ThreadLocked),
    "too many threads": (refuse(400, 160006, "Maximum number of active threads reached"), Refused),
    "too large for a proxy": (Fault(413, page=True), Refused),
    "too large": (refuse(413, 40005, "Request entity too large"), Refused),
    "an invalid form": (refuse(400, 50035, "Invalid Form Body"), Refused),
    "gone": (refuse(404, 10062, "Unknown interaction"), InteractionGone),
    "expired": (refuse(401, 50027, "Invalid Webhook Token"), InteractionGone),
    "answered": (refuse(400, 40060, "Interaction has already been acknowledged."), AlreadyAnswered),
}


@pytest.fixture
async def rest(discord: Discord) -> AsyncIterator[Rest]:
    Route.BASE = discord.url
    ears = Ears(lambda event, thing: None)
    await ears.login(discord.token)
    yield Rest(ears.http)
    await ears.close()


@pytest.fixture
def pen(discord: Discord, rest: Rest, agents: Channel) -> DiscordPen:
    assert agents.guild is not None
    facts = Facts(guild=str(agents.guild.id), channel=str(agents.id))
    forums = Forums(ScriptedHub(), lambda: rest, Bearings(DiscordConfig(""), AccessList))
    return DiscordPen(lambda: rest.paced, lambda: facts, forums, streams=True, titles=0.0)


@pytest.fixture
def thread(discord: Discord, agents: Channel) -> Channel:
    return discord.make_thread(agents, discord.bot, "A title")


def place_at(thread: Channel) -> Place:
    ref = where(thread)
    return Place("p1", "s1", "discord", ref.space, ref, thread.name)


@pytest.mark.parametrize(("fault", "meaning"), REFUSALS.values(), ids=REFUSALS)
async def test_refusals(discord: Discord, rest: Rest, agents: Channel, fault: Fault, meaning: type[PenError]) -> None:
    discord.fail("create_message", 1, fault)
    with pytest.raises(PenError) as caught:
        await rest.send(str(agents.id), {"content": "hello"})
    assert type(caught.value) is meaning
    assert "<" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "meaning"), {413: Refused, 429: RetryAfter, 401: NotDone, 404: Refused, 502: NotDone}.items()
)
async def test_an_answer_that_cannot_be_read_is_judged_by_its_status(
    discord: Discord, pen: DiscordPen, thread: Channel, status: int, meaning: type[PenError]
) -> None:
    discord.fail("create_message", 1, replace(UNREADABLE, status=status))
    with pytest.raises(PenError) as caught:
        await pen.send(where(thread), "hello", (), Manner(nonce="n"))
    assert type(caught.value) is meaning


async def test_a_page_that_is_no_answer_at_all_is_in_doubt(discord: Discord, rest: Rest, agents: Channel) -> None:
    discord.fail("create_message", 2, replace(UNREADABLE, status=200))
    with pytest.raises(PerhapsDone):
        await rest.send(str(agents.id), {"content": "hello"})
    with pytest.raises(NotDone):
        await rest.send(str(agents.id), {"content": "again", "nonce": "n", "enforce_nonce": True})


async def test_a_cut_connection_is_in_doubt_unless_doing_it_twice_does_no_harm(
    discord: Discord, rest: Rest, agents: Channel
) -> None:
    discord.fail("create_message", 2, CUT_AFTER)
    with pytest.raises(PerhapsDone):
        await rest.send(str(agents.id), {"content": "hello"})
    with pytest.raises(NotDone):
        await rest.send(str(agents.id), {"content": "again", "nonce": "n", "enforce_nonce": True})


async def test_the_same_nonce_is_one_message_with_the_newest_words(
    discord: Discord, pen: DiscordPen, thread: Channel
) -> None:
    first = await pen.send(where(thread), "half", (), Manner(nonce="c1-0"))
    second = await pen.send(where(thread), "all of it", (), Manner(nonce="c1-0"))

    assert first == second
    assert [one.text for one in discord.sent(thread)] == ["all of it"]


async def test_only_what_rings_is_heard_and_nobody_is_pinged(
    discord: Discord, pen: DiscordPen, thread: Channel
) -> None:
    ann = next(user for user in discord.users.values() if user.name == "Ann")
    await pen.send(where(thread), f"<@{ann.id}> @everyone", (), Manner(rings=True))
    await pen.send(where(thread), "in passing", (), Manner())

    heard, passing = discord.sent(thread)
    assert (heard.rings, passing.rings) == (True, False)
    assert not heard.mentions and not heard.mention_everyone


async def test_a_sleeping_thread_is_woken_before_an_edit(
    discord: Discord, pen: DiscordPen, thread: Channel, ann: Person
) -> None:
    message = await pen.send(where(thread), "before", (), Manner())
    ann.archive(thread)
    for _ in range(2):
        with pytest.raises(Retry):
            await pen.edit(where(thread), message, "after")
    await pen.edit(where(thread), message, "after")
    assert discord.sent(thread)[0].text == "after"


async def test_a_locked_thread_is_woken_once_and_then_refuses(
    discord: Discord, pen: DiscordPen, thread: Channel, agents: Channel, ann: Person
) -> None:
    assert agents.guild is not None
    ann.archive(thread, locked=True)
    for _ in range(2):
        with pytest.raises(Retry):
            await pen.send(where(thread), "hello", (), Manner())
    await pen.send(where(thread), "hello", (), Manner())

    discord.restrict(agents.guild, Right.MANAGE_THREADS)
    with pytest.raises((Retry, Refused)):
        await pen.send(where(thread), "hello", (), Manner())
    with pytest.raises(Refused, match="Manage Threads"):
        for _ in range(4):
            try:
                await pen.send(where(thread), "hello", (), Manner())
            except Retry:
                continue


async def test_a_sleeping_thread_can_be_closed(pen: DiscordPen, thread: Channel, ann: Person) -> None:
    ann.archive(thread)
    for _ in range(2):
        with pytest.raises(Retry):
            await pen.close_place(place_at(thread))
    await pen.close_place(place_at(thread))
    assert (thread.archived, thread.locked) == (True, True)

    await pen.reopen_place(place_at(thread))
    assert (thread.archived, thread.locked) == (False, False)


async def test_without_the_right_to_lock_threads_our_own_are_archived_and_brought_back(
    discord: Discord, pen: DiscordPen, agents: Channel, thread: Channel
) -> None:
    assert agents.guild is not None
    discord.restrict(agents.guild, Right.MANAGE_THREADS | Right.ADMINISTRATOR)
    await pen.close_place(place_at(thread))
    assert (thread.archived, thread.locked) == (True, False)

    await pen.reopen_place(place_at(thread))
    assert not thread.archived


async def test_a_third_renaming_is_for_later_and_ours_are_known_once(pen: DiscordPen, thread: Channel) -> None:
    for title in ("One", "Two"):
        await pen.rename_place(place_at(thread), title)
    with pytest.raises(Later):
        await pen.rename_place(place_at(thread), "Three")
    assert [pen.has_named(str(thread.id), title) for title in ("One", "One", "Two", "Three")] == [
        True,
        False,
        True,
        False,
    ]


async def test_a_refused_renaming_is_not_taken_for_ours_and_one_in_doubt_is(
    discord: Discord, pen: DiscordPen, thread: Channel
) -> None:
    discord.fail("modify_channel", 1, refuse(403, 50013, "Missing Permissions"))
    with pytest.raises(Refused):
        await pen.rename_place(place_at(thread), "Refused")
    discord.fail("modify_channel", 1, CUT_AFTER)
    with pytest.raises(NotDone):
        await pen.rename_place(place_at(thread), "In doubt")

    assert thread.name == "In doubt"
    assert [pen.has_named(str(thread.id), title) for title in ("Refused", "In doubt")] == [False, True]


async def test_an_edit_of_an_old_message_is_for_later_and_holds_no_other(
    discord: Discord, pen: DiscordPen, thread: Channel
) -> None:
    message = await pen.send(where(thread), "one", (), Manner())
    other = await pen.send(where(thread), "other", (), Manner())
    limit = Fault(429, 30046, "Maximum number of edits to messages older than 1 hour reached", retry_after=15.0)
    discord.fail("edit_message", 1, limit)
    with pytest.raises(Later) as caught:
        await pen.edit(where(thread), message, "more")
    async with asyncio.timeout(5):  # the library would wait, and let nobody else edit
        await pen.edit(where(thread), other, "more")

    assert caught.value.seconds == 15.0
    assert [one.text for one in discord.sent(thread)] == ["one", "more"]


async def test_what_fails_at_discord_is_tried_once_where_its_caller_tries_again(
    discord: Discord, pen: DiscordPen, rest: Rest, thread: Channel
) -> None:
    discord.fail("create_message", 2, BAD_GATEWAY)
    with pytest.raises(NotDone):
        await pen.send(where(thread), "hello", (), Manner(nonce="n"))
    with pytest.raises(PerhapsDone):
        await pen.send(where(thread), "hello", (), Manner())
    await pen.send(where(thread), "hello", (), Manner(nonce="n"))

    discord.fail("create_message", 1, BAD_GATEWAY)
    await rest.send(str(thread.id), {"content": "patient"})
    assert [one.text for one in discord.sent(thread)] == ["hello", "patient"]


async def test_files_are_sent_up_to_the_server_s_limit(discord: Discord, pen: DiscordPen, thread: Channel) -> None:
    await pen.send_file(where(thread), Blob("image/png", data="aGVsbG8="), None, (), Manner(nonce="c1-1"))
    (message,) = discord.sent(thread)
    assert [(one.name, one.data) for one in message.attachments] == [("file.png", b"hello")]

    big = "A" * (11 * 2**20 * 4 // 3 // 4 * 4)
    with pytest.raises(Refused, match="10 MiB"):
        await pen.send_file(where(thread), Blob("text/plain", data=big), None, (), Manner())


async def test_a_deleted_thread_is_gone(discord: Discord, pen: DiscordPen, thread: Channel, ann: Person) -> None:
    ann.delete_channel(thread)
    with pytest.raises(PlaceGone):
        await pen.send(where(thread), "hello", (), Manner())
    await pen.delete_place(place_at(thread))
