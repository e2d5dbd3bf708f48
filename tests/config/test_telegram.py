"""The `telegram.` section: off without a token, closed without ids."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from openacp_bot.config import Config, ConfigError, TelegramConfig, load
from openacp_bot.config.report import report
from openacp_bot.config.values import TelegramWebhook
from openacp_bot.core.model import AgentSpec
from openacp_bot.core.settings import AccessList

DEMO = AgentSpec("demo", "python3")


def loaded(tmp_path: Path, text: str, **env: str) -> Config:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    path.chmod(0o600)
    return load(path, env={"HOME": "/home/me", **env}, cwd=tmp_path, found=(DEMO,))


def test_without_the_section_there_is_no_telegram(tmp_path: Path) -> None:
    config = loaded(tmp_path, "{}")

    assert config.telegram is None
    assert config.settings.access == {}


def test_one_person_and_one_group(tmp_path: Path) -> None:
    config = loaded(tmp_path, "telegram: {token: '123:abc', chat_id: -100, allowed_user_ids: 7}")

    assert config.telegram == TelegramConfig("123:abc", chats=(-100,), general="all")
    assert config.settings.access == {"telegram": AccessList(users=frozenset({"7"}))}
    assert config.settings.secrets == ("123:abc",)
    assert config.warnings == ()


def test_camel_case_ids_in_quotes_and_several_chats(tmp_path: Path) -> None:
    text = "telegram: {token: '123:abc', chatIds: ['-100', -200], allowedUserIds: ['7', 8], adminUserIds: [9]}"
    config = loaded(tmp_path, text)

    assert config.telegram is not None
    assert config.telegram.chats == (-100, -200)
    assert config.telegram.general == "mention"
    assert config.settings.access["telegram"].users == {"7", "8", "9"}
    assert config.settings.access["telegram"].admins == {"9"}


def test_the_token_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("123:abc\n")
    config = loaded(tmp_path, "telegram: {token_file: token, allowed_user_ids: [7]}")

    assert config.telegram is not None
    assert config.telegram.token == "123:abc"


def test_everything_from_the_environment(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        "{}",
        OPENACP_TELEGRAM__TOKEN="123:abc",
        OPENACP_TELEGRAM__CHAT_ID="-100",
        OPENACP_TELEGRAM__ALLOWED_USER_IDS="[7]",
        OPENACP_TELEGRAM__GENERAL="off",
    )

    assert config.telegram == TelegramConfig("123:abc", chats=(-100,), general="off")


def test_nobody_allowed_is_pointed_out(tmp_path: Path) -> None:
    (warning,) = loaded(tmp_path, "telegram: {token: '123:abc'}").warnings

    assert warning.startswith("telegram.allowed_user_ids is empty, so nobody may use the bot")
    assert warning.endswith("and restart")  # a bot that is off is not started by a reload


def test_several_people_without_an_admin_are_pointed_out(tmp_path: Path) -> None:
    (warning,) = loaded(tmp_path, "telegram: {token: '123:abc', allowed_user_ids: [7, 8]}").warnings

    assert "nobody in Telegram is an admin" in warning


def test_a_token_in_a_file_that_others_can_read_is_pointed_out(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("telegram: {token: '123:abc', allowed_user_ids: [7]}")
    path.chmod(0o644)

    (warning,) = load(path, env={"HOME": "/home/me"}, cwd=tmp_path, found=(DEMO,)).warnings

    assert "holds a bot's token; chmod 600" in warning


def test_the_token_is_in_no_representation(tmp_path: Path) -> None:
    config = loaded(tmp_path, "telegram: {token: '123:abcdef', allowed_user_ids: [7]}")

    assert "abcdef" not in repr(config)


BOT = "token: '123:abc', allowed_user_ids: [7]"


def test_updates_are_polled_for_by_default(tmp_path: Path) -> None:
    config = loaded(
        tmp_path, f"telegram: {{{BOT}, mode: polling, rich_messages: false, webhook: {{listen_port: 9000}}}}"
    )

    assert config.telegram and config.telegram.webhook is None
    assert ("telegram.mode", "polling") in set(report(config))


def test_rich_messages_are_off_unless_they_are_asked_for(tmp_path: Path) -> None:
    off, on = (loaded(tmp_path, f"telegram: {{{BOT}{more}}}").telegram for more in ("", ", rich_messages: true"))

    assert off and on and (off.rich_messages, on.rich_messages) == (False, True)


def test_the_token_of_the_example_is_not_taken_for_one(tmp_path: Path) -> None:
    example = (Path(__file__).parents[2] / "config.example.yaml").read_text()
    token = re.search(r"^#? +token: (\S+:\S+)$", example, re.MULTILINE)
    assert token is not None
    with pytest.raises(ConfigError, match="still the one of the example; @BotFather gives it"):
        loaded(tmp_path, f"telegram: {{token: '{token[1]}', allowed_user_ids: [7]}}")


def test_a_person_s_private_chat_may_be_named_but_lets_nobody_in(tmp_path: Path) -> None:
    config = loaded(tmp_path, f"telegram: {{{BOT}, chat_ids: [7, 8]}}")

    assert config.telegram and config.telegram.chats == (7, 8)
    (warning,) = config.warnings
    assert "add 8 to telegram.allowed_user_ids" in warning


def test_a_webhook(tmp_path: Path) -> None:
    hook = "{url: 'https://bot.example.org:8443/hook', secret: abc_DEF-1}"
    config = loaded(tmp_path, f"telegram: {{{BOT}, mode: webhook, webhook: {hook}}}")

    assert config.telegram is not None
    assert config.telegram.webhook == TelegramWebhook(
        "https://bot.example.org:8443/hook", "127.0.0.1", 8443, "abc_DEF-1"
    )
    assert config.settings.secrets == ("123:abc", "abc_DEF-1")
    assert "abc_DEF-1" not in repr(config.telegram) + repr(set(report(config)))
    assert config.warnings == ()


def test_a_webhook_from_the_environment(tmp_path: Path) -> None:
    env = {"MODE": "webhook", "WEBHOOK__URL": "http://127.0.0.1:9/x", "WEBHOOK__SECRET": "123"}
    config = loaded(tmp_path, f"telegram: {{{BOT}}}", **{f"OPENACP_TELEGRAM__{key}": env[key] for key in env})

    assert config.telegram and config.telegram.webhook
    assert (config.telegram.webhook.url, config.telegram.webhook.secret) == ("http://127.0.0.1:9/x", "123")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("mode: webhook, webhook: {secret: abc}", "telegram.webhook.url (line 1) is missing"),
        ("mode: webhook, webhook: {url: 'https://example.org/'}", "telegram.webhook.secret (line 1) is missing"),
        ("mode: webhook, webhook: {url: 'https://example.org/', secret: 'a b'}", "characters that Telegram refuses"),
        ("mode: webhook, webhook: {url: 'http://example.org/', secret: abc}", "must begin with https://"),
        ("mode: webhook, webhook: {url: 'https:///x', secret: abc}", "must begin with https://"),
        ("mode: webhook, webhook: {url: 'https://example.org:80x/', secret: abc}", "is no address"),
        ("mode: webhook, webhook: {url: 'https://example.org:8080/', secret: abc}", "the ports 443, 80, 88, 8443 only"),
        ("mode: push", "use polling or webhook"),
        ("chat_id: 1001234567890", "a group's id is negative, -1001234567890"),
        ("chat_ids: [0]", "a group's id is negative"),
        (
            "chat_id: 'https://t.me/c/123/4'",
            "a numeric id, not a name; write /status in the group, and the log names its id",
        ),
        ("chat_ids: ['@mygroup']", "numeric ids, not names; write /status in the group, and the log names its id"),
        ("allowed_user_ids: [bob]", "must be numeric ids, not names; /start to @userinfobot tells them"),
        ("allowed_user_ids: [7, -5]", "must be numeric ids, not names, and -5 cannot be one; /start to @userinfobot"),
        ("admin_user_ids: 99999999999999999999999", "9999999 cannot be one"),
        ("chat_id: 0", "a group's id is negative"),
        ("mode: webhook, webhook: {url: 'https://a.b/', secret: put-yours-here}", "still the one of the example"),
        ("webhook: {secret: [7]}", "telegram.webhook.secret (line 1) is “…”; it must be text"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, keys: str, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, f"telegram: {{{BOT}, {keys}}}")

    assert words in str(refused.value)


def test_a_server_of_ones_own_takes_any_port(tmp_path: Path) -> None:
    hook = "{url: 'https://example.org:9000/', secret: abc, listen_host: 0.0.0.0}"
    (warning,) = loaded(
        tmp_path, f"telegram: {{{BOT}, api_base_url: 'http://localhost:8081', mode: webhook, webhook: {hook}}}"
    ).warnings

    assert "only the proxy should get there" in warning
