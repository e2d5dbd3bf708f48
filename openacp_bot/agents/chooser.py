"""Setting the agent's own options: at a person's wish, at the start, and again after a resume."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from openacp_bot.agents.limits import Limits
from openacp_bot.agents.loose import NONE, short
from openacp_bot.agents.options import Change, Options, meant
from openacp_bot.agents.wire import Answer, Refused, Wire
from openacp_bot.core.errors import AgentError, AgentGone
from openacp_bot.core.events import AgentEvent, AgentNotice, AgentOption

log = logging.getLogger(__name__)


class Chooser:
    """One conversation's. What became of a choice is emitted in the order of the line."""

    def __init__(
        self, name: str, wire: Wire, options: Options, limits: Limits, emit: Callable[[AgentEvent], None]
    ) -> None:
        self._name = name
        self._wire = wire
        self._options = options
        self._limits = limits
        self._emit = emit

    async def choose(self, conversation: str, id: str, value: str) -> None:
        """Ends in OptionsChanged or in AgentNotice."""
        option = self._options.find(id)
        if option is None:
            self._emit(AgentNotice(f"{self._name} has no option “{id}”."))
            return
        try:
            await self._set(conversation, option, value)
        except AgentError as error:
            if not isinstance(error, AgentGone):
                self._emit(AgentNotice(str(error)))

    async def choose_model(self, conversation: str, wanted: str) -> None:
        """Raises AgentError with a sentence if the agent cannot use it."""
        option = self._options.model()
        if option is None:
            raise AgentError(
                f"{self._name} takes no model: it offers none to choose from, and its command has no {{model}} in it. "
                f"Start it without one."
            )
        if meant(option, wanted) != option.value:
            await self._set(conversation, option, wanted)

    async def choose_default_model(self, conversation: str, wanted: str) -> None:
        """The configured model, where the agent offers it; else its own default stands."""
        option = self._options.model()
        if option is None or all(meant(option, wanted) != value for value, _ in option.choices):
            log.info("%s does not offer its configured model %s; its own default stands", self._name, wanted)
            return
        await self.choose_model(conversation, wanted)

    async def choose_again(self, conversation: str, saved: Mapping[str, str]) -> None:
        """What the person had chosen before; what the agent no longer offers is told and left."""
        for id, value in saved.items():
            option = self._options.find(id)
            if option is not None and option.value == value:
                continue
            await self.choose(conversation, id, value)

    async def _set(self, conversation: str, option: AgentOption, value: str) -> None:
        change = self._options.change(option, value)

        def then(answer: Answer) -> None:
            if not answer.error:
                # acp.md §4.12: the answer's list counts; not every agent sends an update.
                self._options.changed(change, answer.members or NONE)
                self._emit(self._options.event())

        params = {"sessionId": conversation, **change.params}
        try:
            await self._wire.call(change.method, params, limit=self._limits.setting, then=then)
        except Refused as error:
            raise AgentError(self._refused(change, error.words)) from error
        except TimeoutError as error:
            raise AgentError(self._refused(change, "it did not answer")) from error

    def _refused(self, change: Change, why: str) -> str:
        offered = ", ".join(value for value, _ in change.option.choices[:12])
        more = ", …" if len(change.option.choices) > 12 else ""
        said = f"{self._name} did not set {change.option.name or change.option.id} to “{short(change.value)}”: {why}."
        return f"{said} It offers: {offered}{more}." if offered else said
