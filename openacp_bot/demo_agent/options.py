"""What a client may set: the mode (ask or auto) and the model."""

from __future__ import annotations

from openacp_bot.demo_agent.history import Conversation
from openacp_bot.demo_agent.wire import INVALID_PARAMS, Json, RpcError

MODES = {
    "ask": ("Ask", "Asks before it edits a file or runs a command"),
    "auto": ("Auto", "Edits and runs without asking"),
}
MODELS = {
    "demo-small": ("Demo small", "Quick and to the point"),
    "demo-large": ("Demo large", "The same, with a larger context window"),
}
CONTEXT_WINDOW = {"demo-small": 32_000, "demo-large": 200_000}


def settings(conversation: Conversation) -> Json:
    """The part of an answer to session/new, load and resume that tells modes and options."""
    return {"modes": modes(conversation), "configOptions": config_options(conversation)}


def modes(conversation: Conversation) -> Json:
    known = [{"id": key, "name": name, "description": words} for key, (name, words) in MODES.items()]
    return {"currentModeId": conversation.mode, "availableModes": known}


def config_options(conversation: Conversation) -> list[Json]:
    return [
        _select("mode", "Mode", conversation.mode, MODES),
        _select("model", "Model", conversation.model, MODELS),
    ]


def _select(key: str, name: str, current: str, choices: dict[str, tuple[str, str]]) -> Json:
    options = [{"value": value, "name": label, "description": words} for value, (label, words) in choices.items()]
    return {"id": key, "name": name, "category": key, "type": "select", "currentValue": current, "options": options}


def choose(conversation: Conversation, option: str, value: object) -> None:
    """Set `mode` or `model`; raises RpcError for anything else."""
    choices = {"mode": MODES, "model": MODELS}.get(option)
    if choices is None:
        raise RpcError(INVALID_PARAMS, f"there is no option {option!r}; there are mode and model")
    if not isinstance(value, str) or value not in choices:
        raise RpcError(INVALID_PARAMS, f"{option} cannot be {value!r}; it can be {' or '.join(choices)}")
    setattr(conversation, option, value)
