"""The lists and what else can be asked for, over real WebSockets."""

from __future__ import annotations

import pytest

from openacp_bot.core.events import (
    UsageChanged,
)
from openacp_bot.core.model import State
from openacp_bot.core.views import Sessions
from tests.web.fake_hub import FakeHub
from tests.web.stage import Stage, eventually

pytestmark = pytest.mark.wall_clock


async def test_lists_are_pushed_when_something_listed_changes_and_only_then(on: Stage) -> None:
    session = on.hub.make("One", pinned=True)
    async with on.tab() as tab:
        await tab.say(op="list", group="active", search="", limit=50)
        first = await tab.hear_op("list")
        assert [(row["title"], row["state"], row["pinned"]) for row in first["rows"]] == [("One", "finished", True)]

        looked = _looks_at_lists(on.hub)
        on.hub.say(session, UsageChanged(1, 2), None)  # changes no line of the list
        await eventually(lambda: _looks_at_lists(on.hub) > looked)
        on.hub.set(session, state=State.ERROR)
        second = await tab.hear_op("list")

    assert second["rows"][0]["state"] == "error"
    assert len([frame for frame in tab.frames if frame["op"] == "list"]) == 2


async def test_a_burst_of_changes_is_one_look(on: Stage) -> None:
    session = on.hub.make("One")
    async with on.tab() as tab:
        await tab.say(op="list", group="active", search="", limit=50)
        await tab.hear_op("list")
        looked = _looks_at_lists(on.hub)
        for state in [State.ERROR, State.FINISHED, State.ACTIVE] * 20:
            on.hub.set(session, state=state)
        await tab.hear_op("list")

    assert _looks_at_lists(on.hub) == looked + 1


async def test_each_tab_has_its_own_list(on: Stage) -> None:
    on.hub.make("Apple")
    on.hub.make("Pear")
    on.hub.make("Old", archived_at=1.0)
    async with on.tab() as tab, on.tab() as other:
        await tab.say(op="list", group="active", search="app", limit=50)
        await other.say(op="list", group="archived", search="", limit=50)
        assert [row["title"] for row in (await tab.hear_op("list"))["rows"]] == ["Apple"]
        assert [row["title"] for row in (await other.hear_op("list"))["rows"]] == ["Old"]


async def test_the_menu_and_the_choices_can_be_asked_for(on: Stage) -> None:
    session = on.hub.make()
    async with on.tab() as tab:
        await tab.say(op="menu", number=1, session=session.record.id)
        menu = await tab.hear_op("told")
        await tab.say(op="choices", number=2)
        choices = await tab.hear_op("told")

    assert "compact" in [command["name"] for command in menu["commands"]]
    assert choices["agents"][0] == {"name": "demo", "provider": "", "model": "", "models": ["small", "large"]}
    assert choices["workspaces"][0] == "/srv/project"


def _looks_at_lists(hub: FakeHub) -> int:
    return sum(isinstance(look, Sessions) for look in hub.looks)
