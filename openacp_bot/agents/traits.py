"""What an agent said about itself in its answer to `initialize`, and what we say about ourselves."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from openacp_bot.agents.blocks import Takes
from openacp_bot.agents.loose import Json, advertised, first_text, obj, objects, strings, text
from openacp_bot.core.model import AgentSpec, McpServer

NOTHING_BUT_TEXT = Takes()
VERSION = 1  # acp.md §1.2: offering 2 with parameters in the shape of 1 makes agents refuse


@dataclass(frozen=True, slots=True)
class Traits:
    """Capabilities. ACP: what is absent is not supported."""

    name: str = ""
    version: str = ""
    load: bool = False
    resume: bool = False
    close: bool = False
    delete: bool = False
    http: bool = False
    sse: bool = False
    takes: Takes = NOTHING_BUT_TEXT
    logins: tuple[Json, ...] = ()


def traits_of(result: Json) -> Traits:
    can = obj(result, "agentCapabilities")
    session, prompt, mcp = (obj(can, f"{key}Capabilities") for key in ("session", "prompt", "mcp"))
    who = obj(result, "agentInfo")
    return Traits(
        name=first_text(who, "title", "name"),
        version=text(who, "version"),
        load=advertised(can, "loadSession"),
        resume=advertised(session, "resume"),
        close=advertised(session, "close"),
        delete=advertised(session, "delete"),
        http=advertised(mcp, "http"),
        sse=advertised(mcp, "sse"),
        takes=Takes(advertised(prompt, "image"), advertised(prompt, "audio"), advertised(prompt, "embeddedContext")),
        logins=tuple(objects(result, "authMethods")),
    )


def introduction(version: str, *, files: bool) -> Json:
    """The parameters of `initialize`. What is advertised has effects, so only what is really served."""
    return {
        "protocolVersion": VERSION,
        "clientInfo": {"name": "openacp-bot", "title": "openacp-bot", "version": version},
        "clientCapabilities": {
            "fs": {"readTextFile": files, "writeTextFile": files},
            "terminal": False,
            # A login in a terminal is served by telling the person its command line.
            "auth": {"terminal": True},
            "elicitation": {"form": {}},
            "session": {"configOptions": {"boolean": {}}, "notices": {}},
        },
    }


def mcp_servers(servers: Sequence[McpServer], traits: Traits) -> tuple[list[Json], list[str]]:
    """Those that the agent can reach, as ACP wants them, and the names of the others."""
    reachable = [server for server in servers if _can_reach(traits, server.kind)]
    return [_server(server) for server in reachable], [one.name for one in servers if one not in reachable]


def login_help(spec: AgentSpec, traits: Traits) -> str:
    """The agent's ways to log in, one a line."""
    ways = [f"• {_way(spec, method)}" for method in traits.logins if text(method, "id") or text(method, "name")]
    return "\n".join(ways) if ways else "It names no way to do so; see its documentation."


def _can_reach(traits: Traits, kind: str) -> bool:
    return {"stdio": True, "http": traits.http, "sse": traits.sse}.get(kind, False)


def _server(server: McpServer) -> Json:
    if server.kind == "stdio":
        env = [{"name": name, "value": value} for name, value in server.env.items()]
        return {"name": server.name, "command": server.command, "args": list(server.args), "env": env}
    headers = [{"name": name, "value": value} for name, value in server.headers.items()]
    return {"type": server.kind, "name": server.name, "url": server.url, "headers": headers}


def _way(spec: AgentSpec, method: Json) -> str:
    name = text(method, "name") or text(method, "id")
    about = text(method, "description")
    told = f"{name}: {about}" if about else name
    if command := _command(spec, method):
        return f"{told}\n  Run in a terminal: {command}"
    wanted = [text(one, "name") for one in objects(method, "vars")] or [text(method, "varName")]
    if text(method, "type") == "env_var" and any(wanted):  # dropped from ACP, still sent by codex-acp 0.16
        return f"{told}\n  Set in the agent's env: {', '.join(name for name in wanted if name)}"
    return told


def _command(spec: AgentSpec, method: Json) -> str:
    """The line to type. ACP: the method's arguments are appended to the agent's own, its variables are set."""
    older = obj(obj(method, "_meta"), "terminal-auth")
    if text(method, "type") == "terminal":
        env, parts = obj(method, "env"), [spec.command, *spec.args, *strings(method.get("args"))]
    elif text(older, "command"):
        env, parts = obj(older, "env"), [text(older, "command"), *strings(older.get("args"))]
    else:
        return ""
    settings = [f"{name}={shlex.quote(value)}" for name, value in env.items() if isinstance(value, str)]
    return " ".join([*settings, shlex.join(parts)])
