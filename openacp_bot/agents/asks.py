"""What the agent asks: permissions and forms as `Asked`, and the answers as ACP wants them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from openacp_bot.agents.forms import Unfit, content_of, fields_of
from openacp_bot.agents.loose import Json, label, obj, objects, text
from openacp_bot.agents.oddities import Oddities
from openacp_bot.agents.wire import RequestId
from openacp_bot.core.events import Asked, AskOption
from openacp_bot.core.model import Field, ToolCall

KINDS = frozenset({"allow_once", "allow_always", "reject_once", "reject_always"})
CANCELLED: Json = {"outcome": {"outcome": "cancelled"}}
DECLINE: Json = {"action": "decline"}
CANCEL: Json = {"action": "cancel"}


@dataclass(frozen=True, slots=True)
class Settled:
    """An answer on its way back. `problem`: why a form was declined for the person."""

    request: RequestId
    result: Json
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Open:
    request: RequestId
    fields: tuple[Field, ...] | None  # None: a permission


class Asks:
    """The questions of one agent that are open, oldest first."""

    def __init__(self, oddities: Oddities) -> None:
        self._oddities = oddities
        self._prefix = secrets.token_hex(4)
        self._count = 0
        self._open: dict[str, _Open] = {}

    def permission(self, request: RequestId, params: Json, call: ToolCall | None) -> Asked | None:
        """`call`: the tool call it is about, as known so far. None if it offers nothing to choose."""
        options = tuple(self._options(objects(params, "options")))
        if not options:
            return None
        return Asked(self._opened(_Open(request, None)), title_of(call), call=call, options=options)

    def form(self, request: RequestId, params: Json) -> Asked:
        schema = obj(params, "requestedSchema")
        fields = fields_of(schema)
        title, _, more = text(params, "message").strip().partition("\n")
        body = "\n\n".join(part for part in (more.strip(), text(schema, "description")) if part)
        title = title or text(schema, "title") or "The agent asks"
        return Asked(self._opened(_Open(request, fields)), label(title), body, fields=fields)

    def answer(self, ask: str, option: str | None, values: Mapping[str, str] | None) -> Settled | None:
        """None if it is not open. An agent's option wins over values; neither is a cancellation."""
        opened = self._open.pop(ask, None)
        if opened is None:
            return None
        if opened.fields is None:
            chosen = CANCELLED if option is None else {"outcome": {"outcome": "selected", "optionId": option}}
            return Settled(opened.request, chosen)
        if values is None:
            return Settled(opened.request, CANCEL if option is None else DECLINE)
        try:
            return Settled(opened.request, {"action": "accept", "content": content_of(opened.fields, values)})
        except Unfit as unfit:
            return Settled(opened.request, DECLINE, f"{unfit} The agent was told that the form was declined.")

    def withdrawn(self, request: object) -> str | None:
        """The agent takes back the question that it asked with this request id."""
        for ask, opened in self._open.items():
            if type(request) is type(opened.request) and request == opened.request:
                del self._open[ask]
                return ask
        return None

    def ids(self) -> tuple[str, ...]:
        """Those that are open."""
        return tuple(self._open)

    def _opened(self, opened: _Open) -> str:
        self._count += 1
        id = f"{self._prefix}-{self._count}"
        self._open[id] = opened
        return id

    def _options(self, items: list[Json]) -> Iterator[AskOption]:
        for item in items:
            kind = text(item, "kind")
            if kind not in KINDS:
                self._oddities.note("kind of permission option", kind)
            if id := text(item, "optionId"):  # without one it cannot be chosen
                yield AskOption(id, label(text(item, "name") or id), kind)


def title_of(call: ToolCall | None) -> str:
    """What a permission is about, in a line."""
    return label(call.title or call.command if call else "") or "Permission"


def refusal(method: str) -> Json:
    """The answer to a question that no person will see."""
    return CANCELLED if method == "session/request_permission" else CANCEL
