"""An agent's own settings, unified: config options; where it has none of a category, its old modes and models.

ACP: config options come whole, and where there is one for the mode, `modes` is to be ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from openacp_bot.agents.loose import Json, label, obj, objects, text
from openacp_bot.agents.oddities import Oddities
from openacp_bot.core.events import AgentOption, OptionsChanged

CATEGORIES = ("mode", "model", "thought_level")
YES = "true"
NO = "false"


@dataclass(frozen=True, slots=True)
class Change:
    """The call that sets an option; `sessionId` is still to be added."""

    option: AgentOption
    value: str
    method: str
    params: Json


class Options:
    """As the agent last told them."""

    def __init__(self, oddities: Oddities) -> None:
        self._oddities = oddities
        self._config: tuple[AgentOption, ...] = ()
        self._old: tuple[AgentOption, ...] = ()

    def told(self, result: Json) -> None:
        """By the answer that opened the conversation, or that set an option."""
        if type(result.get("configOptions")) is list:
            self._config = tuple(self._read(objects(result, "configOptions")))
        found = (_old_modes(obj(result, "modes")), _old_models(obj(result, "models")))
        if any(found):
            self._old = tuple(option for option in found if option)

    def mode_is(self, mode: str) -> None:
        """By `current_mode_update`, which also confirms a config option of that category (Claude)."""
        self._config = tuple(_valued(one, mode) if one.category == "mode" else one for one in self._config)
        self._old = tuple(_valued(one, mode) if one.id == "mode" else one for one in self._old)

    def event(self) -> OptionsChanged:
        return OptionsChanged(tuple(self._all()))

    def find(self, id: str) -> AgentOption | None:
        return next((option for option in self._all() if option.id == id), None)

    def model(self) -> AgentOption | None:
        """The option that chooses the model."""
        return next((option for option in self._all() if option.category == "model"), None)

    def change(self, option: AgentOption, value: str) -> Change:
        """How to set it. A value may be given by its label."""
        value = meant(option, value)
        if option in self._config:
            chosen = {"type": "boolean", "value": value == YES} if option.kind == "boolean" else {"value": value}
            return Change(option, value, "session/set_config_option", {"configId": option.id, **chosen})
        if option.id == "mode":
            return Change(option, value, "session/set_mode", {"modeId": value})
        return Change(option, value, "session/set_model", {"modelId": value})

    def changed(self, change: Change, result: Json) -> None:
        """By the answer to `change`; if that carries no list, what was asked for is believed."""
        self._config = tuple(_valued(one, change.value) if one.id == change.option.id else one for one in self._config)
        if change.method != "session/set_config_option":
            self._old = tuple(_valued(one, change.value) if one.id == change.option.id else one for one in self._old)
        self.told(result)

    def _all(self) -> Iterator[AgentOption]:
        yield from self._config
        known = {option.category for option in self._config} | {option.id for option in self._config}
        yield from (option for option in self._old if option.category not in known)

    def _read(self, items: list[Json]) -> Iterator[AgentOption]:
        for item in items:
            id = text(item, "id")
            category = text(item, "category") or (id if id in CATEGORIES else "")
            name = label(text(item, "name") or id)
            value = item.get("currentValue")
            if text(item, "type") == "boolean":
                yield AgentOption(
                    id, name, category, YES if value is True else NO, "boolean", ((YES, "On"), (NO, "Off"))
                )
            elif text(item, "type") in ("select", ""):
                choices = tuple(_choices(objects(item, "options")))
                yield AgentOption(id, name, category, value if isinstance(value, str) else "", choices=choices)
            else:
                self._oddities.note("config option type", item.get("type"))


def meant(option: AgentOption, value: str) -> str:
    """The option's value that a person means by `value`: itself, or the value with this label."""
    if any(value == known for known, _ in option.choices):
        return value
    folded = value.casefold()
    return next((known for known, label in option.choices if folded in (known.casefold(), label.casefold())), value)


def _valued(option: AgentOption, value: str) -> AgentOption:
    return AgentOption(option.id, option.name, option.category, value, option.kind, option.choices)


def _choices(items: list[Json]) -> Iterator[tuple[str, str]]:
    for item in items:
        if "value" in item:
            yield text(item, "value"), label(text(item, "name") or text(item, "value"))
        else:
            yield from _choices(objects(item, "options"))  # a group


def _old_modes(modes: Json) -> AgentOption | None:
    choices = tuple((text(mode, "id"), label(text(mode, "name"))) for mode in objects(modes, "availableModes"))
    return AgentOption("mode", "Mode", "mode", text(modes, "currentModeId"), choices=choices) if choices else None


def _old_models(models: Json) -> AgentOption | None:
    choices = tuple(
        (text(model, "modelId"), label(text(model, "name"))) for model in objects(models, "availableModels")
    )
    return AgentOption("model", "Model", "model", text(models, "currentModelId"), choices=choices) if choices else None
