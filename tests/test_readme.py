"""The README says what the program does: its tables come from the program's own."""

from __future__ import annotations

from pathlib import Path

from openacp_bot.core.commands.table import COMMANDS

README = Path(__file__).parent.parent / "README.md"


def test_every_chat_command_stands_in_the_readme_as_the_table_says_it() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()

    for spec in COMMANDS:
        usage = f" {spec.usage}".rstrip().replace("|", "\\|")
        assert f"| `/{spec.name}{usage}` | {spec.summary} |" in lines
