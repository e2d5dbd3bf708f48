"""Messages of the simulated Discord through the real discord.py."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import discord
import pytest
from discord.http import Route

from tests.sims.discord.client import Team, a_team, refused

pytestmark = pytest.mark.wall_clock


@pytest.fixture
async def team() -> AsyncIterator[Team]:
    async with a_team() as team:
        yield team
        assert team.sim.strange == []


async def test_a_message_is_sent_edited_and_deleted(team: Team) -> None:
    sent = await team.text.send("one", silent=True)
    await sent.edit(content="two")

    (message,) = team.sim.sent(team.channel)
    assert (message.text, message.rings, [look.text for look in message.looks]) == ("two", False, ["one", "two"])
    assert (await team.text.fetch_message(sent.id)).content == "two"
    await sent.delete()
    assert team.ann.sees(team.channel) == []
    await refused(team.text.fetch_message(sent.id), 404, 10008, "Unknown Message")
    await refused(sent.edit(content="x"), 404, 10008)


async def test_what_a_person_does_is_heard(team: Team) -> None:
    first = team.ann.write(team.channel, f"hello <@{team.bot.user.id if team.bot.user else 0}>")
    heard: discord.Message = await team.bot.hears("message")
    mentioned = [user.id for user in heard.mentions]
    reply = team.ann.write(team.channel, "and more", reply_to=first)
    second: discord.Message = await team.bot.hears("message", 2)
    team.ann.edit(first, "hello all")
    edited: discord.RawMessageUpdateEvent = await team.bot.hears("raw_message_edit")
    team.ann.delete(reply)
    deleted: discord.RawMessageDeleteEvent = await team.bot.hears("raw_message_delete")

    assert (heard.id, heard.author.id, heard.guild and heard.guild.id) == (first.id, team.ann.id, team.guild.id)
    assert mentioned == [team.sim.bot.id]
    assert second.reference and second.reference.message_id == first.id
    assert (edited.message_id, edited.message.content) == (first.id, "hello all")
    assert deleted.message_id == reply.id


async def test_texts_that_discord_refuses(team: Team) -> None:
    too_long = "Must be 2000 or fewer in length"

    await refused(team.text.send("x" * 2001), 400, 50035, too_long)
    await refused(team.text.send(" \n"), 400, 50006, "Cannot send an empty message")
    sent = await team.text.send("x" * 2000)
    await refused(sent.edit(content="x" * 2001), 400, 50035, too_long)
    await refused(sent.edit(content=""), 400, 50006)
    await refused(team.text.send("x", nonce="n" * 26), 400, 50035, "nonce")
    people = [discord.Object(number) for number in range(101)]
    await refused(team.text.send("x", allowed_mentions=discord.AllowedMentions(users=people)), 400, 50035, "users")


async def test_the_errors_are_a_tree(team: Team) -> None:
    with pytest.raises(discord.HTTPException) as caught:
        await team.text.send(embed=discord.Embed(title="t" * 257).add_field(name="n" * 257, value="v"))

    assert "embeds.0.title: Must be 256 or fewer in length." in caught.value.text.replace("In ", "")
    assert "embeds.0.fields.0.name" in caught.value.text


async def test_embeds_have_limits_each_and_together(team: Team) -> None:
    whole = discord.Embed(title="t" * 256, description="d" * 4096)

    await team.text.send(embed=whole)
    await refused(team.text.send(embeds=[whole, whole]), 400, 50035, "Embed size exceeds maximum size of 6000")
    await refused(team.text.send(embed=discord.Embed(description="d" * 4097)), 400, 50035, "4096")
    footer = discord.Embed(title="t").set_footer(text="f" * 2049)
    await refused(team.text.send(embed=footer), 400, 50035, "2048")
    assert "d" * 4096 in team.sim.sent(team.channel)[0].words


async def test_a_nonce_makes_a_message_unique(team: Team) -> None:
    first = await team.text.send("once", nonce="abc")
    again = await team.text.send("once", nonce="abc")
    other = await team.text.send("once", nonce="abd")

    assert first.id == again.id != other.id
    assert len(team.sim.sent(team.channel)) == 2


async def test_replies(team: Team) -> None:
    asked = team.ann.write(team.channel, "go")
    message: discord.Message = await team.bot.hears("message")

    answer = await message.reply("gone")
    team.ann.delete(asked)

    (sent,) = team.sim.sent(team.channel)
    assert sent.reply_to is asked and sent.mentions == [team.ann]
    assert isinstance((await team.text.fetch_message(answer.id)).reference, discord.MessageReference)
    await refused(message.reply("late"), 400, 50035, "Unknown message")
    lenient = discord.MessageReference.from_message(message, fail_if_not_exists=False)
    assert (await team.text.send("late", reference=lenient)).reference is None


async def test_files_come_and_go(team: Team) -> None:
    team.ann.write(team.channel, "look", files={"notes.txt": b"content"})
    heard: discord.Message = await team.bot.hears("message")
    sent = await team.text.send("mine", file=discord.File(io.BytesIO(b"answer"), "out.diff", description="a diff"))
    kept = await sent.edit(attachments=[*sent.attachments, discord.File(io.BytesIO(b"2"), "two.txt")])

    assert await heard.attachments[0].read() == b"content"
    (message,) = team.sim.sent(team.channel)
    assert [(file.name, file.data) for file in message.attachments] == [("out.diff", b"answer"), ("two.txt", b"2")]
    assert await kept.attachments[0].read() == b"answer"
    async with team.bot.http._HTTPClient__session.get(kept.attachments[0].url.split("?")[0]) as answer:  # type: ignore[attr-defined]
        assert answer.status == 404


async def test_files_have_a_limit(team: Team) -> None:
    big = b"x" * (10 * 1024 * 1024 + 1)

    await refused(team.text.send(file=discord.File(io.BytesIO(big), "big.bin")), 413, 40005, "too large")
    await team.text.send(file=discord.File(io.BytesIO(big[:-1]), "big.bin"))
    team.guild.tier = 2
    await team.text.send(file=discord.File(io.BytesIO(big), "big.bin"))


async def test_forwards_and_stickers_have_no_words_of_their_own(team: Team) -> None:
    asked = team.ann.write(team.channel, "go")
    team.ann.forward(asked, team.channel)
    team.ann.write(team.channel, sticker="Wave")

    forward, sticker = [await team.bot.hears("message", n) for n in (2, 3)]

    assert (forward.content, forward.message_snapshots[0].content) == ("", "go")
    assert (sticker.content, [one.name for one in sticker.stickers]) == ("", ["Wave"])


async def test_a_link_is_shown_by_an_update_that_is_no_edit(team: Team) -> None:
    asked = team.ann.write(team.channel, "see https://example.org")
    team.sim.unfurl(asked, "https://example.org")

    told: discord.RawMessageUpdateEvent = await team.bot.hears("raw_message_edit")

    assert (told.message.edited_at, told.message.content) == (None, "see https://example.org")
    assert told.message.embeds[0].url == "https://example.org"


async def test_the_last_message_is_one_for_all(team: Team) -> None:
    asked = team.ann.write(team.channel, "go")
    team.sim.post(team.channel, team.sim.bot, text="hush", receiver=team.ann, flags=64)

    channel = await team.bot.fetch_channel(team.channel.id)

    assert isinstance(channel, discord.TextChannel) and channel.last_message_id == asked.id


async def test_voice_messages(team: Team) -> None:
    team.ann.write(team.channel, files={"voice-message.ogg": b"ogg"}, voice=True)

    heard: discord.Message = await team.bot.hears("message")

    assert heard.flags.voice and heard.attachments[0].is_voice_message()
    assert heard.attachments[0].content_type == "audio/ogg"


async def test_history_in_pages(team: Team) -> None:
    ids = [(await team.text.send(str(number))).id for number in range(7)]

    async def texts(**where: discord.Object | int) -> list[str]:
        return [one.content async for one in team.text.history(**where)]  # type: ignore[arg-type]

    assert await texts(limit=3) == ["6", "5", "4"]
    assert await texts(before=discord.Object(ids[3])) == ["2", "1", "0"]
    assert await texts(after=discord.Object(ids[3])) == ["4", "5", "6"]
    assert await texts(around=discord.Object(ids[3]), limit=3) == ["4", "3", "2"]
    await refused(team.bot.http.logs_from(team.channel.id, 101), 400, 50035, "100")
    await refused(team.bot.http.logs_from(team.channel.id, 1, before="now"), 400, 50035, "is not snowflake")


async def test_only_own_messages_are_edited(team: Team) -> None:
    asked = team.ann.write(team.channel, "go")
    theirs = await team.text.fetch_message(asked.id)

    await refused(theirs.edit(content="x"), 403, 50005, "another user")
    await theirs.delete()
    assert asked.deleted
    direct = team.ann.write(team.ann.direct(), "hi")
    await refused(team.bot.http.delete_message(direct.channel.id, direct.id), 403, 50003)


async def test_reactions_and_pins(team: Team) -> None:
    asked = team.ann.write(team.channel, "go")
    message: discord.Message = await team.bot.hears("message")

    await message.add_reaction("👀")
    await message.pin()
    team.ann.react(asked, "🎉")
    await team.bot.hears("raw_reaction_add", 2)

    assert {sign: [user.name for user in users] for sign, users in asked.reactions.items()} == {
        "👀": ["TestBot"], "🎉": ["Ann"],
    }  # fmt: skip
    assert [one.id async for one in team.text.pins()] == [asked.id]
    assert team.sim.seen(team.channel, team.ann)[-1].kind == 6
    await message.remove_reaction("👀", team.bot.user or discord.Object(0))
    await message.unpin()
    assert (list(asked.reactions), asked.pinned_at) == (["🎉"], None)
    await refused(message.add_reaction("nonsense"), 404, 10014)
    assert [user.id async for user in (await team.text.fetch_message(asked.id)).reactions[0].users()] == [team.ann.id]
    await message.remove_reaction("🎉", team.ann)
    await message.add_reaction("👀")
    await message.clear_reactions()
    assert asked.reactions == {}
    for number in range(20):
        team.ann.react(asked, chr(0x1F600 + number))
    await refused(message.add_reaction("👀"), 400, 30010)


async def test_pins_run_out(team: Team) -> None:
    sent = await team.text.send("x")
    for _ in range(250):
        team.sim.post(team.channel, team.ann, text="y", pinned_at=1.0)

    await refused(sent.pin(), 400, 30003, "250")


async def test_ten_files_at_most(team: Team) -> None:
    files = [discord.File(io.BytesIO(b"x"), f"{number}.txt") for number in range(11)]

    with discord.http.handle_message_parameters("x", files=files) as params:
        await refused(team.bot.http.send_message(team.channel.id, params=params), 400, 50035, "10 or fewer")


async def test_many_are_deleted_at_once(team: Team) -> None:
    sent = [await team.text.send(str(number)) for number in range(4)]

    await team.text.delete_messages(sent[:3])

    assert [one.text for one in team.sim.sent(team.channel)] == ["3"]
    await team.bot.hears("raw_bulk_message_delete")


async def test_direct_messages(team: Team) -> None:
    ann = await team.bot.fetch_user(team.ann.id)

    await ann.send("hello")
    team.ann.write(team.ann.direct(), "hi")
    heard: discord.Message = await team.bot.hears("message", 2)

    assert [one.text for one in team.ann.sees(team.ann.direct())] == ["hello", "hi"]
    assert isinstance(heard.channel, discord.DMChannel) and heard.guild is None
    team.ann.takes_messages = False
    await refused(ann.send("again"), 403, 50007, "Cannot send messages to this user")


async def test_typing_is_seen(team: Team) -> None:
    async with team.text.typing():
        assert team.sim.is_typing(team.channel)

    await team.text.send("x")
    assert not team.sim.is_typing(team.channel)


async def test_what_the_simulator_does_not_know_is_refused_and_noted() -> None:
    async with a_team() as team:
        here = team.channel.id
        send = Route("POST", "/channels/{channel_id}/messages", channel_id=here)
        unknown_field = team.bot.http.request(send, json={"content": "x", "colour": 1})
        unknown_route = team.bot.http.request(Route("GET", "/channels/{channel_id}/invites", channel_id=here))
        ephemeral = team.bot.http.request(send, json={"content": "x", "flags": 64})

        await refused(unknown_field, 400, 50035, "colour")
        await refused(unknown_route, 404, 0)
        await refused(ephemeral, 400, 50035, "flags")

        assert len(team.sim.strange) == 2
        assert team.sim.sent(team.channel) == []
