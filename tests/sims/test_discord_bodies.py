"""Bodies that the simulated Discord refuses, and routes that a library seldom takes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from aiohttp import ClientSession
from discord.http import Route

from tests.sims.discord import Intent, Interaction
from tests.sims.discord.client import Team, a_team, refused

pytestmark = pytest.mark.wall_clock
V2 = 1 << 15


@pytest.fixture
async def team() -> AsyncIterator[Team]:
    async with a_team() as team:
        yield team


async def call(team: Team, method: str, path: str, body: Any = None) -> Any:
    """Any call of the API, with the bot's token."""
    return await team.bot.http.request(Route(method, path), **({} if body is None else {"json": body}))


async def post(team: Team, body: Any) -> Any:
    return await call(team, "POST", f"/channels/{team.channel.id}/messages", body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"content": 7}, "content: Could not interpret"),
        ({"content": "x", "nonce": 1.5}, "nonce"),
        ({"content": "x", "tts": "yes"}, "tts: Must be either true or false"),
        ({"content": "x", "flags": "4"}, "flags"),
        ({"content": "x", "flags": -1}, "greater than or equal to 0"),
        ({"content": "x", "embeds": {}}, "embeds: Only iterables"),
        ({"content": "x", "embeds": [7]}, "embeds.0: Only dictionaries"),
        ({"content": "x", "embeds": [{"title": "t"}] * 11}, "embeds: Must be 10 or fewer"),
        ({"content": "x", "embeds": [{"fields": [{"name": "n", "value": ""}]}]}, "value: This field is required"),
        ({"content": "x", "components": {}}, "components: Only iterables"),
        ({"content": "x", "components": [7]}, "components.0.type"),
        ({"content": "x", "components": [{"type": 1, "components": [{"type": 4}]}]}, "components.0.components.0.type"),
        ({"content": "x", "embeds": [{"title": "t", "url": "http://localhost:8765/"}]}, "Not a well formed URL"),
        ({"content": "x", "attachments": [{"id": 0, "filename": "a"}]}, "No file files[0]"),
        ({"content": "x", "attachments": [{"id": "a"}]}, "is not snowflake"),
        ({"content": "x", "allowed_mentions": []}, "allowed_mentions: Only dictionaries"),
        ({"content": "x", "allowed_mentions": {"parse": ["all"]}}, "parse.0"),
        ({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, "mutually exclusive"),
        ({"content": "x", "sticker_ids": ["1"]}, "sticker_ids"),
        ({"content": "x", "poll": {"question": {"text": "?"}}}, "polls"),
        ({"content": "x", "message_reference": {"message_id": "7"}}, "message_reference: Unknown message"),
        ([], "Only dictionaries"),
    ],
)
async def test_messages(team: Team, body: Any, words: str) -> None:
    await refused(post(team, body), 400, 50035, words)
    assert team.sim.sent(team.channel) == []


@pytest.mark.parametrize(
    ("components", "words"),
    [
        ([{"type": 2, "style": 1, "label": "x", "custom_id": "a"}], "components.0.type"),
        ([{"type": 17, "components": []}], "Must be between 1 and 40"),
        ([{"type": 17, "components": [{"type": 17, "components": []}]}], "components.0.components.0.type"),
        ([{"type": 10, "content": ""}], "This field is required"),
        ([{"type": 10, "content": "x"}] * 41, "maximum total number of components is 40"),
        ([{"type": 9, "components": [{"type": 10, "content": "x"}]}], "accessory: This field is required"),
        ([{"type": 9, "components": [{"type": 14}], "accessory": {"type": 11, "media": {"url": "u"}}}], "(10,)"),
        ([{"type": 12, "items": []}], "Must be between 1 and 10"),
        ([{"type": 12, "items": [{"media": {"url": "u"}}] * 11}], "Must be between 1 and 10"),
        ([{"type": 11, "media": {"url": "u"}}], "components.0.type"),
        ([{"type": 10, "content": "x", "colour": 1}], "colour is not known here"),
    ],
)
async def test_layouts(team: Team, components: Any, words: str) -> None:
    await refused(post(team, {"flags": V2, "components": components}), 400, 50035, words)


async def test_a_layout_stays_one(team: Team) -> None:
    sent = await post(team, {"flags": V2, "components": [{"type": 10, "content": "x"}]})
    plain = await post(team, {"content": "x"})
    at = f"/channels/{team.channel.id}/messages"

    back = call(team, "PATCH", f"{at}/{sent['id']}", {"flags": 0, "content": "y", "components": []})
    await refused(back, 400, 50035, "cannot be removed")
    layout = {"flags": V2, "components": [{"type": 10, "content": "y"}]}
    await refused(call(team, "PATCH", f"{at}/{plain['id']}", layout), 400, 50035, "'content' field")
    await call(team, "PATCH", f"{at}/{plain['id']}", layout | {"content": None})
    assert [one.words for one in team.sim.sent(team.channel)] == ["x", "y"]


async def test_notes_of_discords_own_are_neither_answered_nor_edited(team: Team) -> None:
    team.sim.make_thread(team.channel, team.sim.bot, "Talk")
    (note,) = team.ann.sees(team.channel)

    await refused(post(team, {"content": "x", "message_reference": {"message_id": str(note.id)}}), 400, 50035, "system")
    await refused(call(team, "PATCH", f"/channels/{team.channel.id}/messages/{note.id}", {"content": "x"}), 403, 50021)
    await refused(call(team, "PUT", f"/channels/{team.channel.id}/messages/pins/{note.id}"), 403, 50021)


def form(*components: Any, **what: Any) -> dict[str, Any]:
    return {"custom_id": "m", "title": "t", "components": list(components)} | what


def line(**what: Any) -> dict[str, Any]:
    return {"type": 1, "components": [{"type": 4, "custom_id": "n", "style": 1, "label": "l"} | what]}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"type": 3}, "Value must be one of {4, 5, 9}"),
        ({"type": 6}, "Value must be one of {4, 5, 9}"),
        ({"type": 8, "data": {"choices": []}}, "Value must be one of {4, 5, 9}"),
        ({"type": 4, "data": {"content": "x", "thread_name": "y"}}, "thread_name"),
        ({"type": 4, "data": {"content": "x" * 2001}}, "data.content"),
        ({"type": 5, "data": {"flags": 4096}}, "data.flags"),
        ({"type": 9}, "This field is required"),
        ({"type": 9, "data": form(line(), title="")}, "data.title"),
        ({"type": 9, "data": form(*(line(custom_id=str(n)) for n in range(6)))}, "Must be between 1 and 5"),
        ({"type": 9, "data": form(line(), line())}, "cannot be duplicated"),
        ({"type": 9, "data": form(line(label="l" * 46))}, "45"),
        ({"type": 9, "data": form(line(max_length=4001))}, "4000"),
        ({"type": 9, "data": form(line(style=3))}, "style"),
        ({"type": 9, "data": form({"type": 1, "components": [{"type": 2}]})}, "(4,)"),
        ({"type": 9, "data": form({"type": 2})}, "(1, 10, 18)"),
        ({"type": 9, "data": form({"type": 18, "label": "l", "component": {"type": 2}})}, "component.type"),
        ({"type": 9, "data": form({"type": 18, "label": "l" * 46, "component": line()["components"][0]})}, "45"),
        (
            {
                "type": 9,
                "data": form(
                    {"type": 18, "label": "l", "component": {"type": 21, "custom_id": "r", "options": [{"label": "x"}]}}
                ),
            },
            "Must be between 2 and 10",
        ),
    ],
)
async def test_answers_to_a_command(team: Team, answer: dict[str, Any], words: str) -> None:
    asked = await _asked(team)

    await refused(call(team, "POST", f"/interactions/{asked.id}/{asked.token}/callback", answer), 400, 50035, words)

    assert not asked.answer
    assert team.sim.sent(team.channel) == []


async def test_a_wrong_token_is_no_interaction(team: Team) -> None:
    asked = await _asked(team)

    await refused(call(team, "POST", f"/interactions/{asked.id}/wrong/callback", {"type": 5}), 404, 10062)
    await refused(call(team, "POST", f"/webhooks/{team.sim.bot.id}/wrong", {"content": "x"}), 401, 50027)
    await refused(call(team, "POST", f"/webhooks/4711/{asked.token}", {"content": "x"}), 404, 10015)


async def test_people_fill_in_radio_buttons_and_checkboxes(team: Team) -> None:
    asked = await _asked(team)
    options = [{"label": name.title(), "value": name} for name in ("fast", "slow")]
    fields = (
        {"type": 18, "label": "Pace", "component": {"type": 21, "custom_id": "pace", "options": options}},
        {"type": 18, "label": "Extras", "component": {"type": 22, "custom_id": "extras", "options": options}},
        {"type": 18, "label": "Sure?", "component": {"type": 23, "custom_id": "sure"}},
        {"type": 10, "content": "a note"},
    )
    opened = {"type": 9, "data": form(*fields)}
    await call(team, "POST", f"/interactions/{asked.id}/{asked.token}/callback", opened)

    given = team.ann.submit(await asked.opened(), {"Pace": "slow", "Extras": ["fast"], "Sure?": True})

    values = [row["component"] for row in given.data["components"]]
    assert [one.get("value", one.get("values")) for one in values] == ["slow", ["fast"], True]


async def _asked(team: Team) -> Interaction:
    await call(team, "PUT", f"/applications/{team.sim.bot.id}/commands", [{"name": "new", "description": "d"}])
    return team.ann.slash(team.channel, "new")


async def test_commands_one_by_one(team: Team) -> None:
    at = f"/applications/{team.sim.bot.id}/guilds/{team.guild.id}/commands"
    made = await call(team, "POST", at, {"name": "new", "description": "d"})
    again = await call(team, "POST", at, {"name": "new", "description": "other"})
    await call(team, "PATCH", f"{at}/{made['id']}", {"name": "newer"})

    assert again["id"] == made["id"]
    assert (await call(team, "GET", f"{at}/{made['id']}"))["name"] == "newer"
    await call(team, "DELETE", f"{at}/{made['id']}")
    assert await call(team, "GET", at) == []
    await refused(call(team, "GET", f"{at}/{made['id']}"), 404, 10063, "Unknown application command")
    everywhere = f"/applications/{team.sim.bot.id}/commands"
    made = await call(team, "POST", everywhere, {"name": "Look it up", "type": 3})
    await refused(call(team, "POST", everywhere, {"name": "x", "type": 3, "description": "d"}), 400, 50035)
    await call(team, "PATCH", f"{everywhere}/{made['id']}", {"name": "Look up"})
    assert [one["name"] for one in await call(team, "GET", everywhere)] == ["Look up"]
    await call(team, "DELETE", f"{everywhere}/{made['id']}")
    await refused(call(team, "GET", "/applications/@me/commands"), 400, 50035)
    await refused(call(team, "GET", f"/applications/{team.sim.bot.id}/guilds/4711/commands"), 403, 50001)


async def test_looking_around(team: Team) -> None:
    bob = team.sim.other_bot("Beep", team.guild)
    guild = await team.bot.fetch_guild(team.guild.id)

    assert {channel.name for channel in await guild.fetch_channels()} == {"general"}
    assert len(await call(team, "GET", f"/guilds/{team.guild.id}/members?limit=2")) == 2
    team.sim.privileged = Intent.CONTENT
    await refused(call(team, "GET", f"/guilds/{team.guild.id}/members?limit=2"), 403, 50001)
    assert [one.name async for one in team.bot.fetch_guilds()] == ["Team"]
    assert (await call(team, "GET", "/applications/@me"))["flags"] & 1 << 19
    assert (await team.bot.http.get_bot_gateway())[1] == team.sim.gateway_url
    assert (await guild.fetch_member(bob.id)).bot
    await refused(team.bot.fetch_user(4711), 404, 10013, "Unknown User")
    await refused(guild.fetch_member(4711), 404, 10013)
    stranger = team.sim.person("Eve")
    await refused(guild.fetch_member(stranger.id), 404, 10007, "Unknown Member")
    await refused(call(team, "POST", "/users/@me/channels", {"recipient_id": str(bob.id)}), 403, 50007)
    await refused(call(team, "POST", "/users/@me/channels", {"recipient_id": "4711"}), 404, 10013)
    await refused(call(team, "GET", "/channels/general"), 400, 50035, "is not snowflake")


async def test_a_body_that_is_no_json(team: Team) -> None:
    path = f"{team.sim.url}/channels/{team.channel.id}/messages"
    headers = {"Authorization": f"Bot {team.sim.token}", "Content-Type": "application/json"}
    async with ClientSession() as session, session.post(path, data="{", headers=headers) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 50109)
    async with ClientSession() as session, session.get(f"{team.sim.url}/users/@me") as answer:
        assert (answer.status, await answer.json()) == (401, {"message": "401: Unauthorized", "code": 0})


async def test_what_was_not_seen_is_told_with_the_last_calls(team: Team) -> None:
    await team.text.send("x")

    with pytest.raises(AssertionError, match="create_message 200"):
        await team.sim.until(lambda: False, seconds=0.01)
    asked = await _asked(team)
    asked.deadline = 0.0
    with pytest.raises(AssertionError, match="did not respond"):
        await asked.answered()


async def test_members_hear_of_no_channel_but_their_own() -> None:
    async with a_team(intents=discord.Intents(guilds=True, guild_messages=True, message_content=True)) as team:
        bob = team.sim.person("Bob")

        assert bob.sees(team.channel) == []
        with pytest.raises(AssertionError, match="can't write"):
            bob.write(team.channel, "x")
        with pytest.raises(AssertionError, match="cannot use commands"):
            bob.slash(team.channel, "new")
