"""The README says what the program does: its tables come from the program's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from openacp_bot.adapters.discord.checks import NEEDED
from openacp_bot.adapters.telegram.hints import MANAGE_TOPICS, TOPICS_ON, TRY_AGAIN, add, grant, promote
from openacp_bot.core.commands.table import COMMANDS

README = Path(__file__).parent.parent / "README.md"


def test_every_chat_command_stands_in_the_readme_as_the_table_says_it() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()

    for spec in COMMANDS:
        usage = f" {spec.usage}".rstrip().replace("|", "\\|")
        assert f"| `/{spec.name}{usage}` | {spec.summary} |" in lines


@pytest.mark.parametrize(
    "taps", [TOPICS_ON, add("the bot"), promote("the bot"), f"{grant(MANAGE_TOPICS, 'the bot')}{TRY_AGAIN}"]
)
def test_what_to_tap_in_telegram_stands_in_the_readme_as_the_log_says_it(taps: str) -> None:
    words = " ".join(README.read_text(encoding="utf-8").replace("**", "").split())

    assert taps.casefold() in words.casefold()


@pytest.mark.parametrize("right", NEEDED.values())
def test_every_right_that_the_bot_needs_in_discord_is_ticked_in_the_readme(right: str) -> None:
    invitation = README.read_text(encoding="utf-8").partition("2. **Invite it.**")[2].partition("3. **You.**")[0]

    assert right in " ".join(invitation.split())
