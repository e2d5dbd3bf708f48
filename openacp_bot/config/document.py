"""A layer of the configuration as plain values, with the place where each stood: the YAML file, the environment.

1. Our own keys may be written in camelCase; names (of agents, of variables, of headers) are taken as they are.
2. `max_concurrent_sessions` may stand at the top level too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from openacp_bot.config.problems import ConfigError, dotted, suggestion
from openacp_bot.config.schema import KeyPath, is_text, known_keys

PREFIX = "OPENACP_"
NOT_SETTINGS = ("OPENACP_CONFIG",)
AT_TOP_TOO = "max_concurrent_sessions"
DEEPEST = 20


@dataclass
class Layer:
    """Values, and for each path where it stood: `line 4`, or the variable's name."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def lift_limit(self) -> None:
        """Move a `max_concurrent_sessions` from the top level to where it lives."""
        if AT_TOP_TOO not in self.values:
            return
        value = self.values.pop(AT_TOP_TOO)
        place = self.places[(AT_TOP_TOO,)]
        sessions = self.values.setdefault("sessions", {})
        if not isinstance(sessions, dict):
            return
        if AT_TOP_TOO in sessions:
            twice = f"{self.places['sessions', AT_TOP_TOO]} and {place}"
            self.problems.append(f"sessions.{AT_TOP_TOO} is given twice: {twice}")
        sessions[AT_TOP_TOO] = value
        self.places["sessions", AT_TOP_TOO] = place


def holds_names(path: KeyPath) -> bool:
    """Whether the keys of this mapping are names that a person chose."""
    return path == ("agents",) or (len(path) > 2 and path[0] == "agents" and path[-1] in ("env", "headers"))


def snake(key: str) -> str:
    """`maxConcurrentSessions` → `max_concurrent_sessions`."""
    return re.sub(r"(?<=[a-z0-9])[A-Z]+", lambda found: f"_{found.group().lower()}", key)


# --- the file ------------------------------------------------------------------------------------


def read_file(path: Path) -> Layer:
    """The file as a layer; raises ConfigError if it cannot be read, or is not YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(path, [f"it is not UTF-8 text (byte {error.start})"]) from error
    except OSError as error:
        raise ConfigError(path, [f"it cannot be read: {error.strerror}"]) from error
    try:
        layer = _parsed_layer(text)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(path, [_syntax(error)]) from error
    except yaml.YAMLError as error:  # among them: characters that YAML does not allow
        raise ConfigError(path, [f"it is not YAML: {error}"]) from error
    layer.lift_limit()
    return layer


def _parsed_layer(text: str) -> Layer:
    loader = yaml.SafeLoader(text)
    try:
        return _Reader(loader).read(loader.get_single_node())
    finally:
        loader.dispose()


def _syntax(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    told = ", ".join(part for part in (error.context, error.problem) if part)
    hint = "; indent with spaces, not with tabs" if "\\t" in told else ""
    return f"{where}this cannot be read: {told}{hint}"


class _Reader:
    """Walks a YAML node tree; the values come from PyYAML, the lines and doubles from us."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        self._loader = loader
        self._layer = Layer()

    def read(self, node: yaml.Node | None) -> Layer:
        value = None if node is None else self._value(node, ())
        if value is None:
            return self._layer
        if not isinstance(value, dict):
            self._layer.problems.append("the file must consist of keys and values, such as `default_agent: claude`")
            return self._layer
        self._layer.values = value
        return self._layer

    def _value(self, node: yaml.Node, path: KeyPath) -> Any:
        self._layer.places[path] = f"line {node.start_mark.line + 1}"
        if len(path) > DEEPEST:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=node.start_mark)
        if isinstance(node, yaml.MappingNode) and node.tag == self._loader.DEFAULT_MAPPING_TAG:
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == self._loader.DEFAULT_SEQUENCE_TAG:
            return [self._value(item, (*path, place)) for place, item in enumerate(node.value)]
        return self._loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        self._find_doubles(node, path)
        self._loader.flatten_mapping(node)  # the merge key, `<<: *other`
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            value = self._value(value_node, (*path, key))
            self._layer.places[(*path, key)] = f"line {key_node.start_mark.line + 1}"
            if value is not None:
                values[key] = value
            elif path == ("agents",):
                values[key] = {}  # `claude:` with nothing below it lacks its command, and is told so
        return values

    def _find_doubles(self, node: yaml.MappingNode, path: KeyPath) -> None:
        seen: dict[str, int] = {}
        for key_node, _ in node.value:
            key, line = self._key(key_node, path), key_node.start_mark.line + 1
            if key in seen:
                self._layer.problems.append(f"{dotted((*path, key))} is given twice: line {seen[key]} and line {line}")
            seen[key] = line

    def _key(self, node: yaml.Node, path: KeyPath) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise yaml.MarkedYAMLError(problem="a key must be a word", problem_mark=node.start_mark)
        return str(node.value) if holds_names(path) else snake(str(node.value))


# --- the environment -----------------------------------------------------------------------------


def read_environment(env: Mapping[str, str], agents: tuple[str, ...]) -> Layer:
    """`OPENACP_SECTION__KEY` as a layer. `agents`: names in the file, so that their case is known."""
    layer = Layer()
    for variable in sorted(env):
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        path = _path(variable, agents)
        unknown = _unknown(path)
        if unknown:
            # Only a warning: other programs have variables with this prefix too.
            layer.warnings.append(f"${variable} is ignored: {unknown}")
        else:
            _put(layer, path, _parsed(env[variable], path), variable)
    layer.lift_limit()
    return layer


def _unknown(path: KeyPath) -> str:
    """Why there is no such key; empty if there is."""
    if path == (AT_TOP_TOO,):
        return ""
    for length, step in enumerate(path):
        known, above = known_keys(path[:length]), path[:length]
        if holds_names(above):
            continue
        if not known:
            return f"{dotted(above)} has no keys of its own"
        if step not in known:
            return f"there is no key {dotted((*above, step))}; {suggestion(str(step), known)}"
    return ""


def _path(variable: str, agents: tuple[str, ...]) -> KeyPath:
    steps = variable.removeprefix(PREFIX).split("__")
    if len(steps) >= 3 and steps[0].lower() == "agents":
        named = {re.sub(r"\W", "_", name).lower(): name for name in agents}
        name = named.get(steps[1].lower(), steps[1].lower())
        if steps[2].lower() == "env" and len(steps) > 3:
            return ("agents", name, "env", "__".join(steps[3:]))
        return ("agents", name, *(step.lower() for step in steps[2:]))
    return tuple(step.lower() for step in steps)


def _parsed(text: str, path: KeyPath) -> Any:
    if is_text(path):
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text  # the schema will say what it wants instead


def _put(layer: Layer, path: KeyPath, value: Any, variable: str) -> None:
    place = layer.values
    for step in path[:-1]:
        inner = place.setdefault(str(step), {})
        if not isinstance(inner, dict):  # OPENACP_WEB=… beside OPENACP_WEB__PORT=…
            layer.problems.append(f"${variable} contradicts the variable for {dotted(path[:-1])}")
            return
        place = inner
    place[str(path[-1])] = value
    layer.places[path] = f"${variable}"
