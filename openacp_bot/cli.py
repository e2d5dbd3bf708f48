"""The command line. What a command needs is imported when it runs, so that the others stay quick."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openacp_bot import __version__
from openacp_bot.core.errors import Problem, UserError

if TYPE_CHECKING:
    from openacp_bot.config import Config
    from openacp_bot.core.model import AgentSpec

app = typer.Typer(
    help="Drive AI coding agents from Telegram, Discord or a local web page. Without a command: run.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

ConfigOption = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The configuration file.")]
DataDirOption = Annotated[Path | None, typer.Option("--data-dir", metavar="DIR", help="In place of data_dir.")]
HostOption = Annotated[str | None, typer.Option("--host", help="In place of web.host.")]
PortOption = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="In place of web.port; 0: any free.")]

HOW_TO_GET = {
    "npx": "install Node.js 22 or newer",
    "node": "install Node.js 22 or newer",
    "uvx": "pip install uv",
    "docker": "install Docker",
    "bwrap": "install bubblewrap",
}


def main() -> None:
    """What the `openacp-bot` command calls."""
    app(prog_name="openacp-bot")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"openacp-bot {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    ctx: typer.Context,
    config: ConfigOption = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What comes before a command; without one, `run`."""
    ctx.obj = config
    if ctx.invoked_subcommand is None:
        run(ctx)


@app.command()
def run(
    ctx: typer.Context,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    host: HostOption = None,
    port: PortOption = None,
) -> None:
    """Run the daemon; prints `ready` and its address."""

    def read() -> Config:
        return _read(config or ctx.obj, data_dir=data_dir, host=host, port=port)

    with _problems_told():
        first = read()
        for warning in first.warnings:
            typer.echo(f"openacp-bot: {warning}", err=True)
        from openacp_bot.app import daemon

        raise typer.Exit(daemon.run(first, read))


@app.command("check-config")
def check_config(ctx: typer.Context, config: ConfigOption = None) -> None:
    """Print what would be used, or what is wrong."""
    with _problems_told():
        from openacp_bot.config.report import report

        checked = _read(config or ctx.obj)
        lines = tuple(report(checked))
        width = max(len(key) for key, _ in lines)
        for key, value in lines:
            typer.echo(f"{key:<{width}}  {value}")
        for warning in checked.warnings:
            typer.echo(f"warning: {warning}", err=True)


@app.command()
def agents(ctx: typer.Context, config: ConfigOption = None) -> None:
    """List the agents, and what they lack."""
    with _problems_told():
        settings = _read(config or ctx.obj).settings
        heads = ("NAME", "FROM", "STATE", "PROVIDER", "MODELS", "COMMAND")
        rows = [_row(agent, default=agent.name == settings.default_agent) for agent in settings.agents.values()]
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
        for row in (heads, *rows):
            cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
            typer.echo("  ".join(cells).rstrip())
        for agent in settings.agents.values():
            if lacking := _lacking(agent):
                typer.echo(f"\n{agent.name}: {lacking} is not installed; {_remedy(lacking)}")


def _row(agent: AgentSpec, *, default: bool) -> tuple[str, ...]:
    from openacp_bot.agents.catalogue import demo

    origin = "found" if agent.found else "built in" if agent == demo() else "configured"
    command = shlex.join((*agent.launcher, agent.command, *agent.args))
    models = ", ".join(agent.models) or agent.model or "-"
    state = "not installed" if _lacking(agent) else "installed"
    return (f"{agent.name} (default)" if default else agent.name, origin, state, agent.provider or "-", models, command)


def _lacking(agent: AgentSpec) -> str:
    """The program that is not there; empty if it is. Behind a launcher only the launcher can be looked at."""
    program = (*agent.launcher, agent.command)[0]
    path = agent.env.get("PATH") or os.environ.get("PATH", os.defpath)
    return "" if shutil.which(program, path=path) else program


def _remedy(program: str) -> str:
    return HOW_TO_GET.get(program, "install it, or give the full path of its command in the configuration")


@app.command("open")
def open_(ctx: typer.Context, config: ConfigOption = None, data_dir: DataDirOption = None) -> None:
    """Print the address of the page, with its key."""
    with _problems_told():
        settings = _read(config or ctx.obj, data_dir=data_dir).settings
        url = _running(settings.data_dir)
        typer.echo(f"{url}/?key={_key(settings.data_dir)}")


def _running(data_dir: Path) -> str:
    """The address of the daemon of this data directory; raises UserError if none runs."""
    try:
        told = json.loads((data_dir / "daemon.json").read_text(encoding="utf-8"))
        pid, url = int(told["pid"]), str(told["url"])
    except FileNotFoundError:
        pid, url = 0, ""
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{data_dir / 'daemon.json'} cannot be read: {error}. Restart the daemon.") from error
    if not _is_alive(pid):
        raise UserError(f"No daemon runs with the data directory {data_dir}. Start it with `openacp-bot run`.")
    return url


def _is_alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True  # it is another user's
    return True


def _key(data_dir: Path) -> str:
    try:
        return (data_dir / "key").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The page's key in {data_dir / 'key'} cannot be read: {error}.") from error


# --- what commands share -------------------------------------------------------------------------


def _read(
    path: Path | None, *, data_dir: Path | None = None, host: str | None = None, port: int | None = None
) -> Config:
    from openacp_bot.agents import catalogue
    from openacp_bot.config import load

    given = {"OPENACP_DATA_DIR": data_dir, "OPENACP_WEB__HOST": host, "OPENACP_WEB__PORT": port}
    overrides = {name: str(value) for name, value in given.items() if value is not None}
    found = (*catalogue.found(), catalogue.demo())
    return load(path, env={**os.environ, **overrides}, cwd=Path.cwd(), found=found)


@contextmanager
def _problems_told() -> Iterator[None]:
    """Known errors become a sentence and exit code 1; bugs keep their traceback."""
    try:
        yield
    except Problem as problem:
        _tell(problem)
        raise typer.Exit(1) from problem
    except ExceptionGroup as group:  # what ended the daemon's tasks
        known, bugs = group.split(Problem)
        if bugs is not None or known is None:
            raise
        _each(known, _tell)
        raise typer.Exit(1) from group


def _each(error: Exception, tell: Callable[[Exception], None]) -> None:
    if isinstance(error, ExceptionGroup):
        for inner in error.exceptions:
            _each(inner, tell)
    else:
        tell(error)


def _tell(problem: Exception) -> None:
    typer.echo(f"openacp-bot: {problem}", err=True)
