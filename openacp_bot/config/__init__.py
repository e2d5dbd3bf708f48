"""The configuration: a YAML file and the environment become frozen values, or sentences that say what is wrong.

1. Nothing is guessed: an unknown key, a key given twice and a value of the wrong kind are errors.
2. All errors are told at once, each with key path, place, value, and what is allowed.
3. The environment wins over the file.
"""

from openacp_bot.config.load import load
from openacp_bot.config.problems import ConfigError
from openacp_bot.config.values import Config, DiscordConfig, LoggingConfig, TelegramConfig, WebConfig

__all__ = ["Config", "ConfigError", "DiscordConfig", "LoggingConfig", "TelegramConfig", "WebConfig", "load"]
