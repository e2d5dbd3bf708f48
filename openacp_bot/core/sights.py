"""What can be looked at, and by whom; looking changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from openacp_bot.core import access, export
from openacp_bot.core.commands.house import House
from openacp_bot.core.commands.queue import waiting
from openacp_bot.core.commands.table import COMMANDS
from openacp_bot.core.errors import NotAllowed, UserError
from openacp_bot.core.events import Said
from openacp_bot.core.masking import Mask
from openacp_bot.core.model import Prompt, PromptState, SessionRecord, UserRef
from openacp_bot.core.ports import SessionFilter
from openacp_bot.core.suggesting import Suggesting
from openacp_bot.core.views import (
    CommandInfo,
    CommandMenu,
    Conversation,
    Document,
    Health,
    HealthView,
    History,
    HistoryView,
    NewChat,
    NewChatChoices,
    OneQuestion,
    OneSession,
    OneTurn,
    Query,
    QuestionView,
    SessionPage,
    SessionRow,
    Sessions,
    SessionView,
    Suggestions,
    TurnView,
)

PAGE = 500  # items at once


class Sights:
    """One method for each view."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._suggesting = Suggesting(house)

    async def see(self, query: Query[Any], who: UserRef) -> object:
        match query:
            case Sessions():
                return await self._sessions(query, who)
            case OneSession(id=id):
                return await self._session(id, who)
            case History():
                return await self._history(query, who)
            case OneTurn(id=id):
                return await self._turn(id, who)
            case OneQuestion(id=id):
                return await self._question(id, who)
            case Conversation(session=session):
                return await self._conversation(session, who)
            case CommandMenu():
                return await self._commands(query, who)
            case Suggestions():
                return await self._suggesting.look(query, who)
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
        return await self._house.means.transcript.history(
            query.session, after=query.after, before=query.before, limit=query.limit
        )

    async def _turn(self, id: str, who: UserRef) -> TurnView:
        prompt = await self._house.records.prompt(id)
        if prompt is None:
            raise UserError("This turn no longer exists.")
        record = await self._visible(prompt.session, who)
        items = await self._house.means.transcript.turn(id)
        live = self._house.manager.live(record.id)
        doing = live.doing if live is not None and live.turn is not None and live.turn.id == id else ""
        verbosity = record.verbosity or self._house.settings.verbosity
        ahead = await self._place_in_queue(prompt)
        kept = bool(ahead) and self._house.manager.stopping
        return TurnView(record, prompt, tuple(items), verbosity, doing, ahead, kept)

    async def _place_in_queue(self, prompt: Prompt) -> int:
        queue = await waiting(self._house, prompt.session) if prompt.state is PromptState.QUEUED else ()
        return next((place for place, one in enumerate(queue, start=1) if one.id == prompt.id), 0)

    async def _question(self, id: str, who: UserRef) -> QuestionView:
        question = await self._house.records.question(id)
        if question is None:
            raise UserError("This question no longer exists.")
        return QuestionView(await self._visible(question.session, who), question)

    async def _conversation(self, session: str, who: UserRef) -> Document:
        record = await self._visible(session, who)
        items: list[Said] = []
        more, before = True, None
        while more:
            page = await self._house.means.transcript.history(session, before=before, limit=PAGE)
            items[:0] = page.items
            more, before = page.more and bool(page.items), page.items[0].first if page.items else None
        return export.conversation(record, items, mask=Mask(self._house.settings.secrets))

    async def _visible(self, id: str, who: UserRef) -> SessionRecord:
        record = await self._house.record(id)
        settings = self._house.settings
        if not access.owns(settings, who, record) and not access.is_surface(settings, who):
            raise NotAllowed("This session belongs to somebody else.")
        return record

    async def _commands(self, menu: CommandMenu, who: UserRef) -> tuple[CommandInfo, ...]:
        admin = self._house.is_admin(who) or access.is_surface(self._house.settings, who)
        ours = [
            CommandInfo(
                spec.name,
                spec.summary,
                spec.usage,
                spec.about_session,
                spec.admin,
                private=spec.private,
                params=spec.all_params,
            )
            for spec in COMMANDS
            if (admin or not spec.admin) and (menu.options or not spec.for_options)
        ]
        live = self._house.manager.live(menu.session) if menu.session else None
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
