"""What may be meant by what a person has typed so far: agents, workspaces, models, sessions, the agent's commands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from openacp_bot.core import workspaces
from openacp_bot.core.commands.house import House
from openacp_bot.core.commands.spec import AGENT
from openacp_bot.core.model import SessionRecord, UserRef
from openacp_bot.core.ports import SessionFilter
from openacp_bot.core.views import Suggestions

MOST = 25
LOOKED_SECONDS = 0.5  # so long a person waits for the names of directories
Pairs = tuple[tuple[str, str], ...]


class Suggesting:
    """Looks only; what somebody may not see is not suggested to them."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def look(self, query: Suggestions, who: UserRef) -> Pairs:
        match query.param:
            case "agent":
                return _matching(((name, name) for name in self._house.settings.agents), query.typed)
            case "workspace":
                return await self._workspaces(query.typed, who)
            case "model":
                return _matching(((name, name) for name in self._models(query)), query.typed)
            case "session":
                return await self._sessions(query, who)
            case "name" if query.command == AGENT:
                return _matching(await self._commands(query), query.typed.lstrip("/"))
            case _:
                return ()

    async def _workspaces(self, typed: str, who: UserRef) -> Pairs:
        """Those that sessions had, newest first, the base directory, and what lies below it."""
        settings, admin = self._house.settings, self._house.is_admin(who)
        known = workspaces.offered(await self._house.records.workspaces(MOST), settings, admin=admin)
        named = _matching(((path, workspaces.tilde(path)) for path in known), typed)
        below = await _in_time(partial(workspaces.below_base, typed, settings, admin=admin, most=MOST))
        return tuple((dict(named) | {path: workspaces.tilde(path) for path in below}).items())[:MOST]

    def _models(self, query: Suggestions) -> list[str]:
        agents = self._house.settings.agents
        meant = agents.get(query.given.get("agent", "") or self._house.settings.default_agent)
        specs = [meant] if meant is not None else agents.values()
        return list(dict.fromkeys(model for spec in specs for model in (spec.model, *spec.models) if model))

    async def _sessions(self, query: Suggestions, who: UserRef) -> Pairs:
        which = SessionFilter(
            group="archived" if query.command == "restore" else "active", search=query.typed, limit=MOST
        )
        if not self._house.is_admin(who):
            which = replace(which, owner=who.key, space=(query.where.adapter, query.where.space))
        records, _ = await self._house.records.sessions(which)
        return tuple((record.id, _label(self._house.manager.current(record))) for record in records)

    async def _commands(self, query: Suggestions) -> list[tuple[str, str]]:
        place = await self._house.records.place_at(query.where)
        if place is None or place.session is None:
            return []
        record = await self._house.record(place.session)
        offered = self._house.manager.commands(record)
        known = self._house.manager.commands_before(record) if offered is None else offered
        return [(one.name, f"{one.name}: {one.description}" if one.description else one.name) for one in known]


async def _in_time(listing: Callable[[], list[str]]) -> list[str]:
    """Nothing, if the disk takes too long."""
    try:
        async with asyncio.timeout(LOOKED_SECONDS):
            return await asyncio.to_thread(listing)
    except TimeoutError:
        return []


def _matching(pairs: Iterable[tuple[str, str]], typed: str) -> Pairs:
    """Those that begin so first, then those that have it anywhere."""
    words = typed.strip().casefold()
    found = [pair for pair in pairs if words in pair[1].casefold() or words in pair[0].casefold()]
    return tuple(sorted(found, key=lambda pair: not pair[1].casefold().startswith(words))[:MOST])


def _label(record: SessionRecord) -> str:
    return f"{record.state.mark} {record.shown_title} · {record.agent}"
