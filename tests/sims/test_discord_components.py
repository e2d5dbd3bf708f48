"""Buttons, menus and layouts of the simulated Discord through the real discord.py."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import discord
import pytest
from discord import ui

from tests.sims.discord.client import Team, a_team, refused

pytestmark = pytest.mark.wall_clock
Asked = discord.Interaction[discord.Client]
Handle = Callable[[Asked], Coroutine[Any, Any, None]]


@pytest.fixture
async def team() -> AsyncIterator[Team]:
    async with a_team() as team:
        yield team
        assert team.sim.strange == []


class Question(ui.View):
    """Buttons that outlive a restart of the bot: they have ids of their own and no timeout."""

    def __init__(self, handle: Handle, *labels: str) -> None:
        super().__init__(timeout=None)
        for number, label in enumerate(labels):
            button: ui.Button[Question] = ui.Button(label=label, custom_id=f"q.{number}")
            button.callback = handle  # type: ignore[method-assign, assignment]
            self.add_item(button)


async def test_a_button_is_pressed_and_its_message_redrawn(team: Team) -> None:
    async def pressed(interaction: Asked) -> None:
        assert interaction.data and interaction.data.get("custom_id") == "q.1"
        await interaction.response.edit_message(content="denied", view=None)

    sent = await team.text.send("Allow?", view=Question(pressed, "Allow", "Deny"))
    (message,) = team.sim.sent(team.channel)
    assert message.labels == ["Allow", "Deny"]
    assert team.sim.transcript(team.channel).endswith("TestBot: Allow?\n    [Allow] [Deny]")
    asked = await team.ann.press(message, "Deny").answered()

    assert (asked.answer, message.text, message.labels, message.id) == (7, "denied", [], sent.id)
    with pytest.raises(AssertionError, match="no button"):
        team.ann.press(message, "Allow")


async def test_a_press_is_acknowledged_and_its_message_redrawn_later(team: Team) -> None:
    async def pressed(interaction: Asked) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="later")
        await interaction.followup.send("and more", ephemeral=True)

    await team.text.send("Allow?", view=Question(pressed, "Allow"))
    (message,) = team.sim.sent(team.channel)
    asked = await team.ann.press(message, "Allow").answered()

    assert asked.answer == 6
    await team.sim.until(lambda: message.text == "later")
    await team.sim.until(lambda: [(one.text, one.ephemeral) for one in asked.messages] == [("and more", True)])


async def test_buttons_work_after_a_restart_of_the_bot() -> None:
    async def pressed(interaction: Asked) -> None:
        await interaction.response.send_message("still here", ephemeral=True)

    async with a_team() as team:
        sent = await team.text.send("Allow?", view=Question(pressed, "Allow"))
        team.bot.add_view(Question(pressed, "Allow"))
        team.bot._connection._view_store.remove_message_tracking(sent.id)

        said = await team.ann.press(team.sim.sent(team.channel)[0], "Allow").said()

        assert said.text == "still here"


async def test_a_menu(team: Team) -> None:
    chosen: list[str] = []

    class Menu(ui.View):
        @ui.select(
            custom_id="m",
            placeholder="Which?",
            max_values=2,
            options=[discord.SelectOption(label=f"Option {name}", value=name) for name in "abc"],
        )
        async def pick(self, interaction: Asked, select: ui.Select[Menu]) -> None:
            chosen.extend(select.values)
            await interaction.response.defer()

    await team.text.send("x", view=Menu())
    (message,) = team.sim.sent(team.channel)
    await team.ann.choose(message, "Option a", "c", menu="Which?").answered()

    assert chosen == ["a", "c"]
    with pytest.raises(AssertionError, match="no option"):
        team.ann.choose(message, "d")


async def test_components_that_discord_refuses(team: Team) -> None:
    def row(*parts: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"type": 1, "components": list(parts)}]

    def button(**what: Any) -> dict[str, Any]:
        return {"type": 2, "style": 1, "label": "x", "custom_id": "a"} | what

    def menu(**what: Any) -> dict[str, Any]:
        options = [{"label": str(number), "value": str(number)} for number in range(26)]
        return {"type": 3, "custom_id": "s", "options": options[:2]} | what

    many = [{"label": str(number), "value": str(number)} for number in range(26)]
    for components, words in (
        (row(button(), button()), "Component custom id cannot be duplicated"),
        (row(*(button(custom_id=str(n)) for n in range(6))), "Must be between 1 and 5 in length"),
        (row() * 1, "Must be between 1 and 5 in length"),
        ([row(button(custom_id=str(n)))[0] for n in range(6)], "Must be 5 or fewer in length"),
        (row(button(label="l" * 81)), "Must be 80 or fewer in length"),
        (row(button(custom_id="i" * 101)), "100"),
        (row({"type": 2, "style": 1, "custom_id": "a"}), "A label or emoji is required"),
        (row({"type": 2, "style": 1, "label": "x"}), "This field is required"),
        (row(button(style=5, url="https://example.org")), "cannot both be specified"),
        (row({"type": 2, "style": 5, "label": "x", "url": "u" * 513}), "512"),
        (row({"type": 2, "style": 5, "label": "x", "url": "file:///etc/passwd"}), 'Scheme "file" is not supported'),
        (row(button(emoji={"name": "smile"})), "Invalid emoji"),
        (row(menu(options=[many[0] | {"emoji": {"name": "x"}}])), "Invalid emoji"),
        (row(menu(), button()), "exceeds the maximum width"),
        (row(menu(options=many)), "25"),
        (row(menu(options=[])), "Must be between 1 and 25"),
        (row(menu(options=[many[0], many[0]])), "The specified option value is already used"),
        (row(menu(options=[{"label": "l" * 101, "value": "v"}])), "100"),
        (row(menu(placeholder="p" * 151)), "150"),
        (row(menu(max_values=3)), "exceeds the number of options"),
        ([button()], "Value of field"),
        ([{"type": 10, "content": "text"}], "Value of field"),
    ):
        payload = {"content": "x", "components": components}
        params = discord.http.MultipartParameters(payload=payload, multipart=None, files=None)
        await refused(team.bot.http.send_message(team.channel.id, params=params), 400, 50035, words)


async def test_layouts(team: Team) -> None:
    class Card(ui.LayoutView):
        box: ui.Container[Card] = ui.Container(
            ui.TextDisplay("# Title"),
            ui.Section("a line", accessory=ui.Button(label="Open", custom_id="open")),
            ui.ActionRow(ui.Button(label="Deny", custom_id="deny")),
        )

    sent = await team.text.send(view=Card())
    (message,) = team.sim.sent(team.channel)

    assert (message.words, message.labels) == ("# Title\na line", ["Open", "Deny"])
    await refused(sent.edit(content="plain"), 400, 50035, "IS_COMPONENTS_V2")
    long = ui.LayoutView().add_item(ui.TextDisplay("x" * 2001)).add_item(ui.TextDisplay("x" * 2000))
    await refused(team.text.send(view=long), 400, 50035, "4000")
    wide = ui.LayoutView()
    for _ in range(4):
        wide.add_item(ui.Container(*(ui.TextDisplay("x") for _ in range(9))))
    await team.text.send(view=wide)
    payload = {"flags": 1 << 15, "content": "x", "components": [{"type": 10, "content": "x"}]}
    params = discord.http.MultipartParameters(payload=payload, multipart=None, files=None)
    await refused(team.bot.http.send_message(team.channel.id, params=params), 400, 50035, "'content' field")
