"""config.example.yaml and the README's table name every key, with its default."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from openacp_bot.config import Config, load
from openacp_bot.config.schema import Root
from openacp_bot.core.model import AgentSpec

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config.example.yaml"
DEMO = AgentSpec("demo", "python3")
NAMES = {("agents",): ("NAME",), ("agents", "NAME", "mcp_servers"): (), ("permissions", "rules"): ()}
SHOWN = {None: "never", True: "true", False: "false"}


def keys(kind: Any = Root, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every key of the schema with its default."""
    for name, field in kind.model_fields.items():
        path = (*above, field.alias or name)
        inner = field.annotation
        if path in NAMES:
            yield path, None
            path, inner = (*path, *NAMES[path]), inner.__args__[-1]
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from keys(inner, path)
        else:
            yield path, field.default


EVERY = list(keys())


def loaded(path: Path | None, cwd: Path) -> Config:
    return load(path, env={"HOME": "/home/me"}, cwd=cwd, found=(DEMO,))


def test_the_example_is_what_one_gets_without_it(tmp_path: Path) -> None:
    assert replace(loaded(EXAMPLE, tmp_path), source=None) == loaded(None, tmp_path)


def test_the_example_with_everything_uncommented_is_valid(tmp_path: Path) -> None:
    text = re.sub(r"^#(?=[^\s#])|^#(?=  )", "", EXAMPLE.read_text(), flags=re.MULTILINE)
    text = text.replace("  rules: []\n", "  rules:\n").replace("put-yours-here", "a-real-one")
    path = tmp_path / "config.yaml"
    path.write_text(text)
    path.chmod(0o600)

    config = loaded(path, tmp_path)

    assert list(config.settings.agents) == ["claude", "demo"]
    assert len(config.settings.agents["claude"].mcp_servers) == 2
    assert len(config.settings.permissions.rules) == 3
    assert config.settings.data_dir == Path("/home/me/.local/share/openacp-bot")
    assert config.telegram is not None and config.discord is not None


@pytest.mark.parametrize("path", [path for path, _ in EVERY], ids=".".join)
def test_the_example_names_every_key(path: tuple[str, ...]) -> None:
    assert re.search(rf"\b{path[-1]}: |\b{path[-1]}:$|`{path[-1]}`|\b{path[-1]}, ", EXAMPLE.read_text(), re.MULTILINE)


@pytest.mark.parametrize(("path", "default"), EVERY, ids=[".".join(path) for path, _ in EVERY])
def test_the_readme_has_a_row_for_every_key_with_its_default(path: tuple[str, ...], default: Any) -> None:
    row = re.search(rf"^\| `{re.escape('.'.join(path))}` \| (.*?) \|", (ROOT / "README.md").read_text(), re.MULTILINE)

    assert row, f"README.md has no row for {'.'.join(path)}"
    if default is PydanticUndefined:
        assert row[1] == "required"
    elif default not in ("", [], {}) and (default is not None or path[-1] == "archive_after_days"):
        shown = SHOWN[default] if default is None or isinstance(default, bool) else str(default)
        assert row[1] == f"`{shown}`"


def test_the_readme_has_no_row_for_a_key_that_is_not_there() -> None:
    table = (ROOT / "README.md").read_text().partition("## Configuration")[2]
    rows = set(re.findall(r"^\| `([a-zA-Z_.]+)` \|", table, re.MULTILINE))

    assert rows == {".".join(path) for path, _ in EVERY}
