"""The `discord.` section: off without a token, closed without ids."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from openacp_bot.config import Config, ConfigError, DiscordConfig, load
from openacp_bot.config.report import report
from openacp_bot.core.model import AgentSpec
from openacp_bot.core.settings import AccessList

DEMO = AgentSpec("demo", "python3")
BOT = "token: abc.DEF-12_3, allowed_user_ids: [100000000000000007]"


def loaded(tmp_path: Path, text: str, **env: str) -> Config:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    path.chmod(0o600)
    return load(path, env={"HOME": "/home/me", **env}, cwd=tmp_path, found=(DEMO,))


def test_without_the_section_there_is_no_discord(tmp_path: Path) -> None:
    config = loaded(tmp_path, "{}")

    assert config.discord is None
    assert config.settings.access == {}
    assert ("discord", "not configured") in set(report(config))


def test_one_person(tmp_path: Path) -> None:
    config = loaded(tmp_path, f"discord: {{{BOT}}}")

    assert config.discord == DiscordConfig("abc.DEF-12_3")
    assert config.settings.access == {"discord": AccessList(users=frozenset({"100000000000000007"}))}
    assert config.settings.secrets == ("abc.DEF-12_3",)
    assert config.warnings == ()
    assert config.telegram is None


def test_every_key_in_camel_case_and_ids_in_quotes(tmp_path: Path) -> None:
    keys = (
        "apiBaseUrl: 'http://127.0.0.1:9/api/v10/', guildId: '100000000000000001', channelId: 100000000000000002, "
        "allowedUserIds: ['100000000000000007', 100000000000000008], allowedRoleIds: 100000000000000005, "
        "adminUserIds: [100000000000000009], mentionAnywhere: true, streaming: false"
    )
    config = loaded(tmp_path, f"discord: {{token: abc.DEF-12_3, {keys}}}")

    assert config.discord == DiscordConfig(
        "abc.DEF-12_3",
        "http://127.0.0.1:9/api/v10",
        guild=100000000000000001,
        channel=100000000000000002,
        mention_anywhere=True,
        streaming=False,
    )
    assert config.settings.access["discord"] == AccessList(
        users=frozenset({"100000000000000007", "100000000000000008", "100000000000000009"}),
        roles=frozenset({"100000000000000005"}),
        admins=frozenset({"100000000000000009"}),
    )
    assert config.warnings == ()


def test_the_token_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc.DEF-12_3\n")
    config = loaded(tmp_path, "discord: {token_file: token, allowed_user_ids: [100000000000000007]}")

    assert config.discord == DiscordConfig("abc.DEF-12_3")


def test_everything_from_the_environment(tmp_path: Path) -> None:
    env = {
        "TOKEN": "abc.DEF-12_3",
        "GUILD_ID": f"{10**17}",
        "ALLOWED_ROLE_IDS": "[100000000000000005]",
        "ADMIN_USER_IDS": f"[{10**17}]",
    }
    config = loaded(tmp_path, "{}", **{f"OPENACP_DISCORD__{key}": env[key] for key in env})

    assert config.discord == DiscordConfig("abc.DEF-12_3", guild=10**17)
    assert config.settings.access["discord"].roles == {"100000000000000005"}


def test_both_platforms_at_once(tmp_path: Path) -> None:
    config = loaded(tmp_path, f"discord: {{{BOT}}}\ntelegram: {{token: '123:abc', allowed_user_ids: [8]}}")

    assert {name: listed.users for name, listed in config.settings.access.items()} == {
        "discord": {"100000000000000007"},
        "telegram": {"8"},
    }
    assert set(config.settings.secrets) == {"abc.DEF-12_3", "123:abc"}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("", "discord.allowed_user_ids and discord.allowed_role_ids are empty, so nobody may use the bot"),
        (
            ", allow_everyone: true, admin_user_ids: [100000000000000007]",
            "everybody in the server can run agents on this machine",
        ),
        (", allowed_user_ids: [100000000000000007, 100000000000000008]", "nobody in Discord is an admin"),
        (", allowed_role_ids: [100000000000000005]", "nobody in Discord is an admin"),
        (
            ", allowed_role_ids: [100000000000000005], allowed_user_ids: [100000000000000007]",
            "nobody in Discord is an admin",
        ),
    ],
)
def test_what_is_probably_not_meant_is_pointed_out(tmp_path: Path, keys: str, words: str) -> None:
    (warning,) = loaded(tmp_path, f"discord: {{token: abc.DEF-12_3{keys}}}").warnings

    assert words in warning


def test_a_token_in_a_file_that_others_can_read_is_pointed_out(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"discord: {{{BOT}}}")
    path.chmod(0o644)

    (warning,) = load(path, env={"HOME": "/home/me"}, cwd=tmp_path, found=(DEMO,)).warnings

    assert "holds a bot's token; chmod 600" in warning


def test_the_token_is_in_no_representation_and_no_report(tmp_path: Path) -> None:
    config = loaded(tmp_path, f"discord: {{{BOT}}}")

    assert "DEF" not in repr(config) + repr(list(report(config)))


def test_the_report_says_what_is_in_force(tmp_path: Path) -> None:
    told = dict(report(loaded(tmp_path, f"discord: {{{BOT}}}")))

    assert {key.removeprefix("discord."): value for key, value in told.items() if key.startswith("discord.")} == {
        "token": "…",
        "api_base_url": "the public one",
        "guild_id": "the only one that the bot is in",
        "channel_id": "one that is made",
        "allowed_user_ids": "100000000000000007",
        "allowed_role_ids": "none",
        "admin_user_ids": "the only allowed one",
        "mention_anywhere": "false",
        "streaming": "true",
    }


def test_where_a_role_is_allowed_the_only_listed_person_is_no_admin_by_that(tmp_path: Path) -> None:
    told = dict(report(loaded(tmp_path, f"discord: {{{BOT}, allowed_role_ids: [100000000000000005]}}")))

    assert (told["discord.allowed_role_ids"], told["discord.admin_user_ids"]) == ("100000000000000005", "none")


def test_the_token_of_the_example_is_not_taken_for_one(tmp_path: Path) -> None:
    example = (Path(__file__).parents[2] / "config.example.yaml").read_text().partition("#discord:")[2]
    token = re.search(r"^# +token: (\S+)$", example, re.MULTILINE)
    assert token is not None
    with pytest.raises(ConfigError, match="still the one of the example; the developer portal"):
        loaded(tmp_path, f"discord: {{token: '{token[1]}', allowed_user_ids: [100000000000000007]}}")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("streaming: true", "discord.token (line 1) is missing; the developer portal (discord.com/developers"),
        ("token: 'a b'", "discord.token (line 1) is no bot token; the developer portal"),
        ("token: [1, 2]", "discord.token (line 1) is “…”; it must be text"),
        ("token: abcdefgh, token_file: t", "discord.token_file (line 1) is given beside discord.token"),
        ("token_file: nowhere", "nowhere”, which cannot be read: No such file or directory"),
        (
            "token: abcdefgh, guild_id: 0",
            "discord.guild_id (line 1) is 0; it must be a numeric id, not a name, and 0 cannot be one",
        ),
        ("token: abcdefgh, channel_id: -3", "it must be a numeric id, not a name, and -3 cannot be one; right"),
        ("token: abcdefgh, channel_id: general", "is “general”; it must be a numeric id, not a name; right-click"),
        ("token: abcdefgh, api_base_url: discord.com", "it must begin with http:// or https://"),
        ("token: abcdefgh, allowed_role_ids: 99999999999999999999999", "9999999 cannot be one"),
        ("token: abcdefgh, allowed_user_ids: [bob]", "must be numeric ids, not names"),
        ("token: abcdefgh, guild: 1", "discord.guild (line 1) is not a known key; did you mean guild_id?"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, keys: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, f"discord: {{{keys}}}")

    assert words in str(refused.value)


def test_an_address_without_a_version_is_warned_of(tmp_path: Path) -> None:
    keys = "token: abcdefgh, api_base_url: 'https://discord.com/api', allowed_user_ids: [12]"
    config = loaded(tmp_path, f"discord: {{{keys}}}")

    assert [one for one in config.warnings if "does not end with a version" in one]
    assert config.discord is not None and config.discord.api_base_url == "https://discord.com/api"
