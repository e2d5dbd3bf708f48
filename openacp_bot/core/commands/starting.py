"""How a session comes to be: asked for by a person, or begun by a plain message where there is none."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from openacp_bot.core import naming, workspaces
from openacp_bot.core.commands import chats
from openacp_bot.core.commands.house import House, new_prompt
from openacp_bot.core.commands.spec import Call
from openacp_bot.core.inbound import Ground, Message, Reply
from openacp_bot.core.model import (
    AgentSpec,
    Part,
    Place,
    Prompt,
    PromptState,
    SessionRecord,
    Source,
    State,
    TitleRank,
    UserRef,
    Wanted,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A session to be. Empty: not chosen yet; `model` empty: the agent's own."""

    agent: str = ""
    workspace: str = ""
    model: str = ""
    message: str = ""
    create: bool = False  # a missing directory may be made


async def started(house: House, call: Call, draft: Draft, spec: AgentSpec) -> SessionRecord | None:
    """The session of a finished draft; None if the key was seen before. In a chat that holds one session, the one
    before ends."""
    record = replace(_record(house, call.who, draft, spec), pinned=call.origin.ground is Ground.CHAT)
    before = await chats.holder(house, call)
    prompt = new_prompt(record.id, call, Part(draft.message), now=house.now()) if draft.message else None
    place = chats.place_for(call.origin, record)
    instead_of = before.id if before else ""
    if not await house.manager.create(record, prompt=prompt, place=place, instead_of=instead_of, key=call.key):
        return None
    if before is not None:
        await chats.leave(house, before)
    return record


async def begun(house: House, call: Call, message: Message, part: Part) -> tuple[Prompt, Reply] | None:
    """A trigger session where a plain message found none: the pinned one of a chat (or of General), or one in a topic
    that a person opened. Its first prompt, and what is said; None if the key was seen before."""
    spec = house.settings.agents[house.settings.default_agent]
    path = workspaces.resolved(str(house.settings.base_dir), house.settings, admin=True)
    workspaces.created(path)
    record = _record(house, call.who, Draft(spec.name, str(path), message=part.words or _names(message)), spec)
    record = replace(record, source=Source.TRIGGER, pinned=not (call.origin.where.topic or message.opens))
    if call.origin.where.topic and (title := naming.by_person(message.title)):
        record = replace(record, title=title, title_rank=TitleRank.PERSON)
    place = chats.place_for(call.origin, record) if message.opens else _place_here(call, record)
    state = PromptState.GATHERING if message.album else PromptState.QUEUED
    prompt = new_prompt(
        record.id,
        call,
        part,
        now=house.now(),
        place=place.id if place and not message.opens else None,
        files=message.files,
        state=state,
    )
    if not await house.manager.create(record, prompt=prompt, place=place, key=call.key):
        return None
    text = f"New session with {spec.name} in {workspaces.tilde(str(path))}."
    return prompt, Reply(text, session=record.id, quiet=not message.opens)


def _place_here(call: Call, record: SessionRecord) -> Place:
    """The chat or topic that there already is; its name stays until the session gets a better title."""
    where, title = call.origin.where, record.shown_title
    return Place(
        secrets.token_hex(6),
        record.id,
        where.adapter,
        where.space,
        where,
        title,
        url=call.origin.url,
        shown=Wanted.OPEN,
        named=title,
        insists=record.title_rank is TitleRank.PERSON,
    )


def _record(house: House, who: UserRef, draft: Draft, spec: AgentSpec) -> SessionRecord:
    title = naming.first_line(draft.message)
    return SessionRecord(
        id=secrets.token_hex(6),
        agent=spec.name,
        provider=spec.provider,
        model=draft.model,
        workspace=draft.workspace,
        source=Source.MANUAL,
        owner=who.key,
        created_at=house.now(),
        active_at=house.now(),
        state=State.INITIALIZING,
        title=title,
        title_rank=TitleRank.FIRST_MESSAGE if title else TitleRank.ID,
    )


def _names(message: Message) -> str:
    return message.files[0].name if message.files else ""
