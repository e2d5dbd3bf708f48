"""What every command works with."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from openacp_bot.core import access, naming
from openacp_bot.core.commands.spec import Call
from openacp_bot.core.errors import NotAllowed, UserError
from openacp_bot.core.inbound import Action, Choice, Look, Opens, Origin, Reply, Row
from openacp_bot.core.manager import Manager
from openacp_bot.core.means import Means
from openacp_bot.core.menus import Button, minted
from openacp_bot.core.model import FileRef, Part, Prompt, PromptKind, PromptState, SessionRecord, TitleRank, UserRef
from openacp_bot.core.ports import Records
from openacp_bot.core.session import Session
from openacp_bot.core.settings import Settings
from openacp_bot.core.words import span

MENU_SECONDS = 7 * 86400.0
MESSAGE_LIMIT = 200_000  # characters


@dataclass(frozen=True, slots=True)
class House:
    """The rooms behind the front door, and the few things that many commands do alike."""

    means: Means
    manager: Manager
    surfaces: Callable[[], Mapping[str, str]]
    version: str
    started_at: float

    @property
    def records(self) -> Records:
        return self.means.records

    @property
    def settings(self) -> Settings:
        return self.means.current()

    def now(self) -> float:
        return self.means.now()

    def is_admin(self, who: UserRef) -> bool:
        return access.is_admin(self.settings, who)

    def check_owner(self, who: UserRef, record: SessionRecord) -> None:
        """Raises NotAllowed unless the session is theirs or they are an admin."""
        if not access.owns(self.settings, who, record):
            raise NotAllowed("Only the person who started this session, or an admin, may do that.")

    async def buttons(
        self, buttons: Sequence[Button], *, session: str | None = None, presser: UserRef | None = None
    ) -> tuple[Choice, ...]:
        """Buttons with tokens, stored."""
        if not buttons:
            return ()
        who = presser.key if presser else None
        menu, choices = minted(buttons, session=session, presser=who, expires_at=self.now() + MENU_SECONDS)
        await self.records.mint(menu)
        return choices

    async def record(self, id: str) -> SessionRecord:
        """The session as it now is; raises UserError if it is gone."""
        record = await self.records.session(id)
        if record is None:
            raise UserError("This session no longer exists.")
        return self.manager.current(record)

    async def session_at(self, origin: Origin) -> SessionRecord | None:
        """The session that this comes from; raises UserError if it is gone."""
        id = origin.session
        if id is None and (place := await self.records.place_at(origin.where)) is not None:
            id = place.session
        return await self.record(id) if id else None

    async def submit(
        self,
        call: Call,
        record: SessionRecord,
        said: Part,
        *,
        kind: PromptKind = PromptKind.PERSON,
        first: bool = False,
        place: str | None = None,
        files: tuple[FileRef, ...] = (),
    ) -> tuple[Session, str, int] | None:
        """Wake the session, store the prompt, queue it: the session, the prompt's id and its place, as `hand_in` says
        it. None: the key was seen before. Raises CapReached, UserError."""
        session = await self.awake(record, kind)
        now = self.now()
        prompt = new_prompt(record.id, call, said, now=now, kind=kind, place=place, files=files)
        with session.mailbox.expecting():
            stored = await self.records.queue_prompt(prompt, first=first, key=call.key)
        if stored is None:
            return None
        session, ahead = await self.hand_in(session, stored)
        return session, stored.id, ahead

    async def awake(self, record: SessionRecord, kind: PromptKind = PromptKind.PERSON) -> Session:
        """The session, woken, with room in its queue. Raises CapReached, UserError."""
        session = await self.manager.wake(record.id)
        limit = self.settings.sessions.queue_limit
        if kind is PromptKind.PERSON and len(session.queue) + session.mailbox.coming >= limit:
            raise UserError(f"The queue is full ({limit} messages wait). Wait, /cancel, or remove some with /queue.")
        return session

    async def hand_in(self, session: Session, stored: Prompt) -> tuple[Session, int]:
        """A stored prompt joins its session's queue: the session that it runs in, and its place there; 0 if nothing is
        ahead of it."""
        if self.manager.live(stored.session) is not session or session.record.archived_at is not None:
            return await self._woken_for(stored), 0
        held = session.record.held
        place = session.mailbox.submit(stored)
        ahead = 0 if place == 1 and session.turn is None else place
        if held:
            await self.records.change_session(session.id, held=False)
        await self._first_title(session, stored)
        return session, ahead

    async def _woken_for(self, prompt: Prompt) -> Session:
        """The session ended, or was archived, while the prompt was being stored."""
        try:
            session = await self.manager.wake(prompt.session)
        except UserError:
            await self.records.change_prompts([prompt.id], state=PromptState.DROPPED)
            raise
        if session.record.held:
            session.mailbox.release()
            await self.records.change_session(session.id, held=False)
        await self._first_title(session, prompt)
        return session

    async def _first_title(self, session: Session, prompt: Prompt) -> None:
        title = naming.first_line(naming.subject(prompt))
        if title and naming.outranks(session.record, TitleRank.FIRST_MESSAGE):
            rank = TitleRank.FIRST_MESSAGE
            session.note(title=title, title_rank=rank)
            await self.records.change_session(session.id, title=title, title_rank=rank)
            is_passing = self.settings.sessions.naming == "agent"
            await self.means.homes.title(session.id, title, rank, is_passing=is_passing)

    async def cap_refusal(self, call: Call, why: str, *, wanted: str = "") -> Reply:
        """Names the cap and lists the sessions that could be ended, longest idle first. `wanted`: the draft of the
        session that there is no room for."""
        rows = []
        for session in self.manager.longest_idle():
            record = session.record
            choices: tuple[Choice, ...] = ()
            if access.owns(self.settings, call.who, record):
                end = Button("End", Action("make_room", (record.id, wanted)), Look.DANGER, Opens.HERE)
                choices = await self.buttons([end], presser=call.who)
            elif not self.is_admin(call.who):
                continue
            state = session.doing or f"idle for {span(self.now() - record.active_at)}"
            rows.append(
                Row(
                    record.state.mark,
                    record.shown_title,
                    f"{record.agent} · {state}",
                    session=record.id,
                    choices=choices,
                )
            )
        return Reply(why, rows=tuple(rows), refused=True)


def new_prompt(
    session: str,
    call: Call,
    said: Part,
    *,
    now: float,
    kind: PromptKind = PromptKind.PERSON,
    place: str | None = None,
    files: tuple[FileRef, ...] = (),
    state: PromptState = PromptState.QUEUED,
) -> Prompt:
    """A prompt by the person who called."""
    return Prompt(
        id=secrets.token_hex(8),
        session=session,
        author=call.who,
        text=said.words,
        asked_at=min(call.origin.sent, now) or now,
        kind=kind,
        place=place,
        message=said.message,
        parts=(said,) if said.quote or said.album else (),
        files=files,
        state=state,
    )


def check_text(text: str) -> None:
    """Raises UserError if it is no message."""
    if not text:
        raise UserError("This message is empty.")
    if len(text) > MESSAGE_LIMIT:
        raise UserError(
            f"This message has {len(text):,} characters; {MESSAGE_LIMIT:,} are the most. Put the text into a file "
            "in the workspace and name the file instead."
        )


def refusal(why: str) -> Reply:
    """What was asked was not done, and why."""
    return Reply(why, refused=True, private=True)
