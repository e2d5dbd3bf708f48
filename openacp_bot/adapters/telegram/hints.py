"""What to tap in Telegram, worded once. `bot`: its name with an @, or “the bot”."""

from __future__ import annotations

MANAGE_TOPICS = "“Manage Topics”"
DELETE_MESSAGES = "“Delete Messages”"
TRY_AGAIN = "; then press Try again"
TOPICS_ON = "tap the group's name, Edit, and switch on “Topics”"


def add(bot: str) -> str:
    return f"tap the group's name, Add members, and choose {bot}"


def unban(bot: str) -> str:
    return f"tap the group's name, Edit, Removed users, and take {bot} off that list; then {add(bot)}"


def promote(bot: str) -> str:
    return (
        f"tap the group's name, Edit, Administrators, Add administrator, {bot}, and switch on {MANAGE_TOPICS} and "
        f"{DELETE_MESSAGES}"
    )


def grant(right: str, bot: str) -> str:
    """To an administrator."""
    return f"tap the group's name, Edit, Administrators, {bot}, and switch on {right}"


def grant_or_promote(right: str, bot: str) -> str:
    """To a bot that may be no administrator yet."""
    return grant(right, f"{bot} (if the bot is not in that list: Add administrator)")


def sentence(taps: str, *, then: str = "") -> str:
    return f"{taps[:1].upper()}{taps[1:]}{then}."
