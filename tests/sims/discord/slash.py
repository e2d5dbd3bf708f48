"""What a client sends of a command: the options as they were filled in or are being typed."""

from __future__ import annotations

from typing import Any

from tests.sims.discord.world import Command, Json

NESTED = (1, 2)  # sub-commands and their groups
TYPES: dict[int, type | tuple[type, ...]] = {3: str, 4: int, 5: bool, 10: (int, float)}


def command_data(command: Command, path: list[str], values: dict[str, Any], focused: str = "") -> Json:
    """`path`: the words after the command's own name, of sub-commands. `focused`: the option being typed."""
    data: Json = {"id": str(command.id), "name": command.name, "type": command.shape.get("type") or 1}
    if command.guild is not None:
        data["guild_id"] = str(command.guild)
    return data | {"options": _options(command.shape, path, values, focused)}


def _options(shape: Json, path: list[str], values: dict[str, Any], focused: str) -> list[Json]:
    offered = {option["name"]: option for option in shape.get("options") or ()}
    if path:
        inner = offered.get(path[0])
        assert inner is not None and inner["type"] in NESTED, f"no sub-command {path[0]} among {sorted(offered)}"
        below = _options(inner, path[1:], values, focused)
        return [{"name": path[0], "type": inner["type"], "options": below}]
    assert not any(option["type"] in NESTED for option in offered.values()), f"one of {sorted(offered)} must be named"
    unknown = set(values) - set(offered)
    assert not unknown, f"no options {sorted(unknown)} among {sorted(offered)}"
    missing = [name for name, option in offered.items() if option.get("required") and name not in values]
    assert not missing or focused, f"{missing} must be filled in"
    return [_option(offered[name], value, name == focused) for name, value in values.items()]


def _option(option: Json, value: object, focused: bool) -> Json:
    """A client lets nothing through that does not fit; while typing it does not look yet."""
    kind = option["type"]
    assert kind in TYPES, f"people here cannot fill in options of type {kind}"
    shown: Json = {"name": option["name"], "type": kind, "value": value}
    if focused:
        return shown | {"focused": True}
    assert isinstance(value, TYPES[kind]), f"{value!r} does not fit into {option['name']}"
    choices = [one["value"] for one in option.get("choices") or ()]
    assert not choices or value in choices, f"{value!r} is none of {choices}"
    if isinstance(value, str):
        assert len(value) <= option.get("max_length", 6000), f"{option['name']} is too long"
        assert len(value) >= option.get("min_length", 0), f"{option['name']} is too short"
    return shown
