"""What a configuration comes to, in lines for a person; values of agents' variables are not shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from openacp_bot.config.values import Config
from openacp_bot.core.model import AgentSpec
from openacp_bot.core.settings import AccessList, Rule


def report(config: Config) -> Iterator[tuple[str, str]]:
    """Every key that is in force, with its value."""
    settings, web = config.settings, config.web
    yield "configuration", str(config.source or "none, so everything is as it comes")
    yield "data_dir", str(settings.data_dir)
    yield "default_agent", settings.default_agent
    yield "timezone", settings.timezone
    for agent in settings.agents.values():
        yield f"agents.{agent.name}", _agent(agent)
    yield "workspace.base_dir", str(settings.base_dir)
    yield "workspace.roots", ", ".join(map(str, settings.roots)) or "none"
    yield from _sessions(config)
    yield "permissions.approvers", settings.permissions.approvers
    yield "permissions.timeout_minutes", _minutes(settings.permissions.timeout)
    for number, rule in enumerate(settings.permissions.rules, start=1):
        yield f"permissions.rules[{number}]", _rule(rule)
    yield "display.verbosity", settings.verbosity
    yield from _telegram(config)
    yield from _discord(config)
    yield "web.enabled", str(web.enabled).lower()
    yield "web.host", web.host
    yield "web.port", str(web.port or "any free one")
    yield "web.tls", f"{web.tls_cert}, {web.tls_key}" if web.tls_cert else "none"
    yield "web.insecure", str(web.insecure).lower()
    yield "shutdown.drain_seconds", f"{settings.drain.total_seconds():g}"
    yield "logging.level", config.logging.level
    yield "logging.format", config.logging.format


def _telegram(config: Config) -> Iterator[tuple[str, str]]:
    bot = config.telegram
    if bot is None:
        yield "telegram", "not configured"
        return
    listed = config.settings.access["telegram"]
    yield "telegram.token", f"{bot.token.partition(':')[0]}:…"
    yield "telegram.api_base_url", bot.api_base_url or "the public one"
    yield "telegram.chat_ids", ", ".join(map(str, bot.chats)) or "none (private chats only)"
    yield "telegram.allowed_user_ids", "everyone" if listed.everyone else ", ".join(sorted(listed.users)) or "nobody"
    yield "telegram.admin_user_ids", _admins(listed)
    yield "telegram.general", bot.general
    yield "telegram.streaming", str(bot.streaming).lower()
    yield "telegram.mode", "webhook" if bot.webhook else "polling"
    if (hook := bot.webhook) is not None:
        yield "telegram.webhook.url", hook.url
        yield "telegram.webhook.listen", f"{hook.listen_host}:{hook.listen_port}"


def _discord(config: Config) -> Iterator[tuple[str, str]]:
    bot = config.discord
    if bot is None:
        yield "discord", "not configured"
        return
    listed = config.settings.access["discord"]
    yield "discord.token", "…"
    yield "discord.api_base_url", bot.api_base_url or "the public one"
    yield "discord.guild_id", str(bot.guild or "the only one that the bot is in")
    yield "discord.channel_id", str(bot.channel or "one that is made")
    yield "discord.allowed_user_ids", "everyone" if listed.everyone else ", ".join(sorted(listed.users)) or "nobody"
    yield "discord.allowed_role_ids", ", ".join(sorted(listed.roles)) or "none"
    yield "discord.admin_user_ids", _admins(listed)
    yield "discord.mention_anywhere", str(bot.mention_anywhere).lower()
    yield "discord.streaming", str(bot.streaming).lower()


def _admins(listed: AccessList) -> str:
    """As `core.access` takes them."""
    is_one = len(listed.users) == 1 and not listed.everyone and not listed.roles
    return ", ".join(sorted(listed.admins)) or ("the only allowed one" if is_one else "none")


def _sessions(config: Config) -> Iterator[tuple[str, str]]:
    limits = config.settings.sessions
    archive = limits.archive_after
    yield "sessions.max_concurrent_sessions", str(limits.max_concurrent)
    yield "sessions.idle_timeout_minutes", _minutes(limits.idle_timeout)
    yield "sessions.silence_minutes", _minutes(limits.silence)
    yield "sessions.naming", limits.naming
    yield "sessions.queue_limit", str(limits.queue_limit)
    yield "sessions.archive_after_days", "never" if archive is None else f"{archive / timedelta(days=1):g}"
    yield "sessions.min_free_mb", str(limits.min_free_mb)
    yield "sessions.context_tokens", str(limits.context_tokens)


def _agent(agent: AgentSpec) -> str:
    words = " ".join((*agent.launcher, agent.command, *agent.args))
    facts = {
        "variables": ", ".join(agent.env),
        "provider": agent.provider,
        "model": agent.model,
        "models": ", ".join(agent.models),
        "mcp_servers": ", ".join(server.name for server in agent.mcp_servers),
        "client_files": "true" if agent.client_files else "",
    }
    return "; ".join((words, *(f"{name}: {value}" for name, value in facts.items() if value)))


def _rule(rule: Rule) -> str:
    patterns = {"kind": rule.kind, "path": rule.path, "command": rule.command, "agent": rule.agent}
    told = ", ".join(f"{name} {value}" for name, value in patterns.items() if value)
    return f"{rule.decide} {told or 'everything'} (sessions: {rule.audience})"


def _minutes(time: timedelta) -> str:
    return f"{time / timedelta(minutes=1):g}"
