"""Commands, buttons, menus and forms of the simulated Discord, answered through the real discord.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import discord
import pytest
from discord import app_commands, ui

from tests.sims.discord import Interaction
from tests.sims.discord.client import Team, a_team, refused

pytestmark = pytest.mark.wall_clock
Asked = discord.Interaction[discord.Client]
Handle = Callable[[Asked], Coroutine[Any, Any, None]]


@pytest.fixture
async def team() -> AsyncIterator[Team]:
    async with a_team() as team:
        yield team
        assert team.sim.strange == []


async def command(team: Team, handle: Handle, name: str = "new") -> None:
    """Register a command without options."""

    async def callback(interaction: Asked) -> None:
        await handle(interaction)

    made: app_commands.Command[Any, ..., None] = app_commands.Command(name=name, description="d", callback=callback)
    team.bot.tree.add_command(made)
    await team.bot.tree.sync()


async def slash(team: Team, handle: Handle) -> Interaction:
    await command(team, handle)
    return team.ann.slash(team.channel, "new")


async def silence(interaction: Asked) -> None:
    """No answer."""


# --- answers -------------------------------------------------------------------------------------


async def test_a_command_is_answered_for_all_to_see(team: Team) -> None:
    async def answer(interaction: Asked) -> None:
        assert interaction.user.id == team.ann.id
        await interaction.response.send_message("done", silent=True)

    said = await (await slash(team, answer)).said()

    assert said in team.sim.sent(team.channel)
    assert (said.text, said.rings, said.kind) == ("done", False, 20)
    message: discord.Message = await team.bot.hears("message")
    assert message.interaction_metadata and message.interaction_metadata.user.id == team.ann.id


async def test_an_ephemeral_answer_is_seen_by_one(team: Team) -> None:
    bob = team.sim.person("Bob", team.guild)

    async def answer(interaction: Asked) -> None:
        await interaction.response.send_message("hush", ephemeral=True)
        await interaction.edit_original_response(content="hush!")

    asked = await slash(team, answer)
    await team.sim.until(lambda: asked.original and asked.original.text == "hush!")

    said = await asked.said()
    assert (said.ephemeral, said in team.ann.sees(team.channel)) == (True, True)
    assert team.sim.sent(team.channel) == bob.sees(team.channel) == []
    await refused(team.text.fetch_message(said.id), 404, 10008)


async def test_a_placeholder_is_filled_by_the_first_follow_up_and_keeps_its_sight(team: Team) -> None:
    async def answer(interaction: Asked) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send("first", ephemeral=False)
        await interaction.followup.send("second", ephemeral=False)

    asked = await slash(team, answer)
    await asked.answered()
    assert asked.original and asked.original.ephemeral
    await team.sim.until(lambda: len(asked.messages) == 2)

    assert [(one.text, one.ephemeral, one.loading) for one in asked.messages] == [
        ("first", True, False), ("second", False, False),
    ]  # fmt: skip


async def test_a_placeholder_for_all_stays_for_all(team: Team) -> None:
    async def answer(interaction: Asked) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.followup.send("first", ephemeral=True)

    said = await (await slash(team, answer)).said()

    assert (said.text, said.ephemeral, said.receiver) == ("first", False, None)


async def test_a_placeholder_is_seen_until_it_is_edited(team: Team) -> None:
    go = asyncio.Event()

    async def answer(interaction: Asked) -> None:
        await interaction.response.defer()
        await go.wait()
        await interaction.edit_original_response(content="at last")

    asked = await (await slash(team, answer)).answered()
    assert asked.original and asked.original.loading
    assert "(thinking)" in team.sim.transcript(team.channel)
    go.set()

    said = await asked.said()
    assert (said.text, said.loading, said.edited_at) == ("at last", False, None)


async def test_answers_after_their_time_or_a_second_time_are_refused() -> None:
    async with a_team({"answer_seconds": 0.05}) as team:
        problems: list[discord.HTTPException] = []

        async def answer(interaction: Asked) -> None:
            await asyncio.sleep(0.1)
            try:
                await interaction.response.send_message("late")
            except discord.HTTPException as problem:
                problems.append(problem)

        asked = await slash(team, answer)
        with pytest.raises(AssertionError, match="did not respond"):
            await asked.answered()
        assert asked.failed
        await team.sim.until(lambda: problems)
        assert [(one.status, one.code) for one in problems] == [(404, 10062)]


async def test_an_interaction_is_answered_once(team: Team) -> None:
    async def answer(interaction: Asked) -> None:
        await interaction.response.send_message("one")

    asked = await slash(team, answer)
    await asked.said()
    team.sim.repeat(asked)  # Discord may deliver twice

    await team.sim.until(lambda: len(team.sim.called("create_interaction_response")) == 2)
    assert [(call.status, call.code) for call in team.sim.calls[-2:]] == [(200, 0), (400, 40060)]
    assert len(team.sim.sent(team.channel)) == 1


async def test_a_token_runs_out() -> None:
    async with a_team({"token_seconds": 0.0}) as team:
        asked: list[Asked] = []

        async def answer(interaction: Asked) -> None:
            asked.append(interaction)
            await interaction.response.send_message("x")

        await (await slash(team, answer)).said()

        await refused(asked[0].followup.send("y"), 401, 50027, "Invalid Webhook Token")
        await refused(asked[0].edit_original_response(content="y"), 401, 50027)


async def test_follow_ups_before_an_answer_are_refused(team: Team) -> None:
    await slash(team, silence)

    asked: Asked = await team.bot.hears("interaction")

    await refused(asked.followup.send("y"), 404, 10015, "Unknown Webhook")


async def test_answers_in_a_thread_that_was_shut_meanwhile_are_refused(team: Team) -> None:
    thread = team.ann.open_thread(team.channel, "Talk")
    await command(team, silence)
    team.ann.slash(thread, "new")
    asked: Asked = await team.bot.hears("interaction")

    team.ann.archive(thread, locked=True)

    await refused(asked.response.send_message("x"), 403, 50083)


async def test_follow_ups_are_edited_and_deleted(team: Team) -> None:
    async def answer(interaction: Asked) -> None:
        await interaction.response.send_message("x")
        more = await interaction.followup.send("y", wait=True)
        await more.edit(content="z")
        await interaction.delete_original_response()

    asked = await slash(team, answer)

    await team.sim.until(lambda: [one.text for one in asked.messages] == ["z"])


async def test_a_form_is_opened_filled_in_and_answered(team: Team) -> None:
    class Rename(ui.Modal, title="Rename"):
        name: ui.TextInput[Rename] = ui.TextInput(label="New name", custom_id="name", max_length=10)

        async def on_submit(self, interaction: Asked, /) -> None:
            await interaction.response.send_message(f"now {self.name.value}", ephemeral=True)

    async def answer(interaction: Asked) -> None:
        await interaction.response.send_modal(Rename(custom_id="rename"))

    modal = await (await slash(team, answer)).opened()
    assert (modal.title, [field["label"] for field in modal.fields]) == ("Rename", ["New name"])
    with pytest.raises(AssertionError, match="too long"):
        team.ann.submit(modal, {"New name": "x" * 11})
    said = await team.ann.submit(modal, {"New name": "better"}).said()

    assert (said.text, said.receiver) == ("now better", team.ann)


async def test_forms_with_labels(team: Team) -> None:
    given: dict[str, Any] = {}

    class Form(ui.Modal, title="Form"):
        mode: ui.Label[Form] = ui.Label(
            text="Mode", component=ui.Select(custom_id="mode", options=[discord.SelectOption(label="fast")])
        )
        note: ui.Label[Form] = ui.Label(
            text="Note", description="any", component=ui.TextInput(custom_id="note", required=False)
        )

        async def on_submit(self, interaction: Asked, /) -> None:
            assert isinstance(self.mode.component, ui.Select) and isinstance(self.note.component, ui.TextInput)
            given.update(mode=self.mode.component.values, note=self.note.component.value)
            await interaction.response.send_message("ok")

    async def answer(interaction: Asked) -> None:
        await interaction.response.send_modal(Form())

    modal = await (await slash(team, answer)).opened()
    await team.ann.submit(modal, {"Mode": ["fast"], "Note": ""}).said()

    assert given == {"mode": ["fast"], "note": ""}


async def test_forms_that_discord_refuses(team: Team) -> None:
    refusals: list[str] = []

    async def answer(interaction: Asked) -> None:
        long = ui.Modal(title="t" * 46, custom_id="m")
        long.add_item(ui.TextInput(label="l" * 46))
        empty = ui.Modal(title="t", custom_id="m")
        for modal in (long, empty):
            try:
                await interaction.response.send_modal(modal)
            except discord.HTTPException as problem:
                refusals.append(problem.text)
        await interaction.response.send_message("x")

    await (await slash(team, answer)).said()

    assert "title: Must be 45 or fewer" in refusals[0].replace("between 1 and 45", "45 or fewer")
    assert "label" in refusals[0]
    assert "components" in refusals[1]


async def test_a_form_cannot_follow_a_form(team: Team) -> None:
    problems: list[discord.HTTPException] = []

    class Form(ui.Modal, title="Form"):
        name: ui.TextInput[Form] = ui.TextInput(label="Name")

        async def on_submit(self, interaction: Asked, /) -> None:
            try:
                await interaction.response.send_modal(Form())
            except discord.HTTPException as problem:
                problems.append(problem)
            await interaction.response.send_message("no")

    async def answer(interaction: Asked) -> None:
        await interaction.response.send_modal(Form())

    modal = await (await slash(team, answer)).opened()
    await team.ann.submit(modal, {"Name": "x"}).said()

    assert [(one.status, one.code) for one in problems] == [(400, 50035)]


async def test_a_command_in_a_direct_message(team: Team) -> None:
    async def answer(interaction: Asked) -> None:
        assert interaction.guild is None and interaction.user.id == team.ann.id
        await interaction.response.send_message("here")

    await command(team, answer)

    assert (await team.ann.slash(team.ann.direct(), "new").said()).text == "here"
