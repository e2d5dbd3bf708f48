"""From a file and the environment to frozen values, or to everything that is wrong with them."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from openacp_bot.config import discord, freeze, telegram
from openacp_bot.config.document import Layer, read_environment, read_file
from openacp_bot.config.problems import ConfigError, sentences
from openacp_bot.config.schema import Root
from openacp_bot.config.values import Config
from openacp_bot.core.model import AgentSpec

OUR_FOLDER = "openacp-bot"


def load(path: Path | None, *, env: Mapping[str, str], cwd: Path, found: tuple[AgentSpec, ...] = ()) -> Config:
    """The configuration at `path`, else where one is looked for, beneath what the environment says.

    `found`: the agents that are offered where none is configured. Raises ConfigError with all that is wrong."""
    source = _source(path, env=env, cwd=cwd)
    file = read_file(source) if source else Layer()
    environment = read_environment(env, _agents_in(file))
    places = {**file.places, **environment.places}
    problems = [*file.problems, *environment.problems]
    try:
        root = Root.of(environment.values, file.values)
    except ValidationError as error:
        raise ConfigError(source, [*problems, *sentences(error, places)]) from error

    ground = freeze.Ground(places, home=_home(env), cwd=cwd, source=source, problems=problems)
    data_dir = _folder(env, "XDG_DATA_HOME", ".local/share") / OUR_FOLDER
    settings = freeze.settings(root, ground, default_data_dir=data_dir, found=found)
    web = freeze.web(root, ground)
    bots = telegram.frozen(root.telegram, ground), discord.frozen(root.discord, ground)
    if problems:
        raise ConfigError(source, problems)
    access = {
        name: listed
        for name, bot, listed in (
            ("telegram", bots[0], telegram.access(root.telegram)),
            ("discord", bots[1], discord.access(root.discord)),
        )
        if bot is not None
    }
    secrets = tuple(secret for bot in bots if bot is not None for secret in bot.secrets)
    settings = replace(settings, access=access, secrets=secrets)
    warnings = [*_readable_secrets(source, root), *telegram.warnings(root.telegram), *discord.warnings(root.discord)]
    return Config(settings, web, *bots, freeze.logging(root), source, (*environment.warnings, *warnings))


def _source(path: Path | None, *, env: Mapping[str, str], cwd: Path) -> Path | None:
    """The file that is named, which must exist, else the first that does; None if there is none."""
    named = path or (Path(env["OPENACP_CONFIG"]) if env.get("OPENACP_CONFIG") else None)
    if named:
        told = Path(str(_home(env)) + str(named)[1:]) if str(named).startswith("~/") else named
        whole = cwd / told
        if not whole.is_file():
            raise ConfigError(whole, ["there is no such file"])
        return whole
    places = (cwd, _folder(env, "XDG_CONFIG_HOME", ".config") / OUR_FOLDER)
    return next((place / "config.yaml" for place in places if (place / "config.yaml").is_file()), None)


def _home(env: Mapping[str, str]) -> Path:
    return Path(env["HOME"]) if env.get("HOME") else Path.home()


def _folder(env: Mapping[str, str], variable: str, otherwise: str) -> Path:
    """An XDG base directory; the specification says to ignore relative ones."""
    given = env.get(variable, "")
    return Path(given) if given.startswith("/") else _home(env) / otherwise


def _agents_in(file: Layer) -> tuple[str, ...]:
    agents = file.values.get("agents")
    return tuple(agents) if isinstance(agents, dict) else ()


def _readable_secrets(source: Path | None, root: Root) -> list[str]:
    """A warning where keys lie open to other users of the machine."""
    kept = [
        what
        for what, given in (
            ("agents' variables", any(agent.env for agent in root.agents.values())),
            ("a bot's token", bool(root.telegram.token or root.discord.token)),
            ("the webhook's secret", bool(root.telegram.webhook.secret)),
        )
        if given
    ]
    if source is None or not kept or not source.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        return []
    return [f"{source} can be read by other users and holds {' and '.join(kept)}; chmod 600 {source}"]
