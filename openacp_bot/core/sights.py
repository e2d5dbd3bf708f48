"""What can be looked at, and by whom; looking changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from openacp_bot.core import access
from openacp_bot.core.commands.house import House
from openacp_bot.core.commands.queue import waiting
from openacp_bot.core.commands.table import COMMANDS
from openacp_bot.core.errors import NotAllowed, UserError
from openacp_bot.core.model import SessionRecord, UserRef
from openacp_bot.core.ports import SessionFilter
from openacp_bot.core.views import (
    CommandInfo,
    CommandMenu,
    Health,
    HealthView,
    History,
    HistoryView,
    NewChat,
    NewChatChoices,
    OneSession,
    Query,
    SessionPage,
    SessionRow,
    Sessions,
    SessionView,
)


class Sights:
    """One method for each view."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def see(self, query: Query[Any], who: UserRef) -> object:
        match query:
            case Sessions():
                return await self._sessions(query, who)
            case OneSession(id=id):
                return await self._session(id, who)
            case History():
                return await self._history(query, who)
            case CommandMenu(session=session):
                return await self._commands(session, who)
            case NewChatChoices():
                return await self._new_chat()
            case Health():
                return await self._health()
            case _:
                raise UserError("There is nothing to see.")

    async def _sessions(self, query: Sessions, who: UserRef) -> SessionPage:
        which = SessionFilter(
            group=query.group,
            search=query.search,
            states=query.states,
            hide_empty=query.hide_empty,
            owner=None if self._house.is_admin(who) else who.key,
            offset=query.offset,
            limit=query.limit,
        )
        records, total = await self._house.records.sessions(which)
        return SessionPage(tuple([await self._row(record) for record in records]), total)

    async def _row(self, record: SessionRecord) -> SessionRow:
        place = await self._house.records.place_of(record.id)
        return SessionRow(self._house.manager.current(record), self._house.manager.phase(record.id), place)

    async def _session(self, id: str, who: UserRef) -> SessionView:
        record = await self._visible(id, who)
        live = self._house.manager.live(id)
        return SessionView(
            row=await self._row(record),
            queue=await waiting(self._house, id),
            questions=live.questions if live else (),
            options=live.options if live else (),
            usage=live.usage if live else None,
            doing=live.doing if live else "",
        )

    async def _history(self, query: History, who: UserRef) -> HistoryView:
        await self._visible(query.session, who)
        return await self._house.desk.transcript.history(
            query.session, after=query.after, before=query.before, limit=query.limit
        )

    async def _visible(self, id: str, who: UserRef) -> SessionRecord:
        record = await self._house.record(id)
        if not access.owns(self._house.settings, who, record):
            raise NotAllowed("This session belongs to somebody else.")
        return record

    async def _commands(self, session: str | None, who: UserRef) -> tuple[CommandInfo, ...]:
        admin = self._house.is_admin(who)
        ours = [
            CommandInfo(spec.name, spec.summary, spec.usage, spec.about_session, spec.admin)
            for spec in COMMANDS
            if admin or not spec.admin
        ]
        live = self._house.manager.live(session) if session else None
        theirs = [
            CommandInfo(one.name, one.description, one.hint, needs_session=True, agent=True)
            for one in (live.commands if live else ())
        ]
        taken = {one.name for one in ours}
        return (*ours, *(replace(one, name=f"/{one.name}") if one.name in taken else one for one in theirs))

    async def _new_chat(self) -> NewChat:
        settings = self._house.settings
        base = str(settings.base_dir)
        recent = [path for path in await self._house.records.workspaces() if path != base]
        return NewChat(tuple(settings.agents.values()), settings.default_agent, tuple(recent), base)

    async def _health(self) -> HealthView:
        return HealthView(
            counts=await self._house.records.counts(),
            slots_used=self._house.manager.slots_used,
            slots=self._house.settings.sessions.max_concurrent,
            surfaces=self._house.surfaces(),
            uptime=self._house.now() - self._house.started_at,
            version=self._house.version,
        )
