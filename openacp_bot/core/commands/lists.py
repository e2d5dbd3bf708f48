"""Lists and summaries: /sessions, /status, /help, and the picker for a command without a session."""

from __future__ import annotations

from dataclasses import replace

from openacp_bot.core import access
from openacp_bot.core.commands import chats
from openacp_bot.core.commands.house import House, refusal
from openacp_bot.core.commands.queue import waiting
from openacp_bot.core.commands.spec import Call, CommandSpec
from openacp_bot.core.handover import span
from openacp_bot.core.inbound import Action, Choice, Ground, Look, Opens, Reply, Row
from openacp_bot.core.menus import Button
from openacp_bot.core.model import SessionRecord, State, Wanted
from openacp_bot.core.ports import SessionFilter

PAGE = 10
GROUPS = ("active", "archived", "scheduled")
REMOVABLE = {"finished": State.FINISHED, "errored": State.ERROR, "cancelled": State.CANCELLED}
MOST_REMOVED = 10_000


# --- /sessions -------------------------------------------------------------------------------------


async def sessions(house: House, call: Call) -> Reply:
    """A page of the list; its buttons turn pages and remove."""
    group, search, offset = _asked(call)
    which = replace(seen_by(house, call), group=group, search=search, offset=offset, limit=PAGE)
    records, total = await house.records.sessions(which)
    records = [house.manager.current(record) for record in records]
    rows = [await _row(house, call, record) for record in records]
    turning = [
        Button(label, Action("sessions", ("", group, search, str(at))), opens=Opens.HERE)
        for label, at in (("Back", offset - PAGE), ("Next", offset + PAGE))
        if 0 <= at < total
    ]
    choices = await house.buttons([*turning, *await _removals(house, call, "" if search else group)], presser=call.who)
    matching = f" matching “{search}”" if search else ""
    pages = f" ({offset + 1}–{offset + len(rows)} of {total})" if total > PAGE else ""
    text = f"{total or 'No'} {group} session{'' if total == 1 else 's'}{matching}{pages}"
    return Reply(text, rows=tuple(rows), choices=choices, private=True, replaces=call.pressed)


def seen_by(house: House, call: Call) -> SessionFilter:
    """Admins see all, others their own and this chat's."""
    if house.is_admin(call.who):
        return SessionFilter()
    where = call.origin.where
    return SessionFilter(owner=call.who.key, space=(where.adapter, where.space))


def _asked(call: Call) -> tuple[str, str, int]:
    if call.words:
        group, search, offset = call.words
        return group, search, int(offset)
    first, _, rest = call.args.partition(" ")
    if first.lower() in GROUPS:
        return first.lower(), rest.strip(), 0
    return "active", call.args.strip(), 0


async def _row(house: House, call: Call, record: SessionRecord) -> Row:
    place = await house.records.place_of(record.id)
    detail = " · ".join(
        part
        for part in (
            record.agent,
            f"{span(max(0.0, house.now() - record.active_at))} ago",
            "pinned" if record.pinned else "",
            "bypass" if record.bypass else "",
        )
        if part
    )
    title = f"{record.source.mark} {record.shown_title}".strip()
    choices = await house.buttons(_row_buttons(house, call, record), session=record.id, presser=call.who)
    return Row(record.state.mark, title, detail, place.url if place else "", record.id, choices)


def _row_buttons(house: House, call: Call, record: SessionRecord) -> list[Button]:
    about = (record.id,)
    buttons = [Button("Open", Action("open", about)), Button("Rename", Action("rename", about), opens=Opens.FORM)]
    if record.archived_at is not None:
        buttons.append(Button("Restore", Action("restore", about)))
        buttons.append(Button("History", Action("history", about)))
    else:
        buttons.append(
            Button("Unpin", Action("unpin", about)) if record.pinned else Button("Pin", Action("pin", about))
        )
        if not record.pinned and access.owns(house.settings, call.who, record):
            buttons.append(Button("Archive", Action("archive", about)))
    if access.owns(house.settings, call.who, record):
        buttons.append(Button("Delete", Action("delete", about), Look.DANGER))
    return buttons


async def _removals(house: House, call: Call, group: str) -> list[Button]:
    if group != "active":
        return []
    counts = await house.records.removable(_deletable_by(house, call))
    words = [word for word, state in REMOVABLE.items() if counts.get(state)]
    words += ["all"] if any(counts.values()) else []
    return [Button(f"Remove {word}", Action("remove", ("", word)), Look.DANGER) for word in words]


async def remove(house: House, call: Call) -> Reply:
    """Unpinned, unarchived sessions of one state, or all, that the presser may delete; asked twice."""
    word = call.words[0]
    states = () if word == "all" else (REMOVABLE[word],)
    doomed = await _removable(house, call, states)
    if not doomed:
        return Reply("There is nothing to remove.")
    count = "1 session" if len(doomed) == 1 else f"{len(doomed)} sessions"
    if "confirmed" not in call.words:
        running = sum(1 for one in doomed if (session := house.manager.live(one.id)) and session.turn)
        ends = f" {running} running turn{'' if running == 1 else 's'} will be ended." if running else ""
        buttons = [
            Button("Confirm", Action("remove", ("", word, "confirmed")), Look.DANGER, Opens.HERE),
            Button("Cancel", Action("never_mind"), opens=Opens.HERE),
        ]
        choices = await house.buttons(buttons, presser=call.who)
        return Reply(f"Remove {count} with their history and topics?{ends} This cannot be undone.", choices=choices)
    house.manager.delete_all(doomed)
    return Reply(f"Removing {count}.", replaces=True)


async def _removable(house: House, call: Call, states: tuple[State, ...]) -> list[SessionRecord]:
    which = replace(_deletable_by(house, call), states=states, limit=MOST_REMOVED)
    found, _ = await house.records.sessions(which)
    return [one for one in found if not one.pinned]


def _deletable_by(house: House, call: Call) -> SessionFilter:
    """Admins may delete every session, others their own."""
    return SessionFilter() if house.is_admin(call.who) else SessionFilter(owner=call.who.key)


async def open_session(house: House, call: Call) -> Reply:
    """Where it is; in a chat that holds one session, it comes here if it has no other place."""
    record = call.record
    if record.archived_at is not None:
        return refusal(f"“{record.shown_title}” is archived. Restore it first.")
    if await chats.take(house, call, record):
        return Reply(f"“{record.shown_title}” goes on here. Just write.", session=record.id)
    place = await house.records.place_of(record.id)
    has_place = place is not None and place.wanted is Wanted.OPEN and not place.refused
    if not has_place and call.origin.ground is not Ground.NONE:
        return Reply(f"“{record.shown_title}” lives on the page.", session=record.id)
    return Reply(f"{record.shown_title} {place.url if place else ''}".strip(), session=record.id)


async def history(house: House, call: Call) -> Reply:
    """Its conversation as a file."""
    record, where = call.record, call.origin.where
    place = await house.records.place_of(record.id)
    if place is None or (place.adapter, place.space) != (where.adapter, where.space):
        house.check_owner(call.who, record)
    return Reply(f"The conversation of “{record.shown_title}”.", session=record.id, history=record.id)


# --- /status ---------------------------------------------------------------------------------------


async def status(house: House, call: Call) -> Reply:
    """Here: everything about this session. Elsewhere: the daemon in numbers."""
    if call.session is not None:
        return await _session_status(house, call.session)
    counts = await house.records.counts()
    lines = [f"{state.mark} {state}: {counts[state]}" for state in State if counts.get(state)] or ["No sessions yet."]
    lines.append(f"Slots: {house.manager.slots_used} of {house.settings.sessions.max_concurrent} in use")
    lines.extend(f"{name}: {how}" for name, how in house.surfaces().items())
    lines.append(f"Up for {span(house.now() - house.started_at)} · version {house.version}")
    return Reply("\n".join(lines), private=True)


async def _session_status(house: House, record: SessionRecord) -> Reply:
    session = house.manager.live(record.id)
    queued = len(await waiting(house, record.id))
    marks = " · pinned" if record.pinned else ""
    lines = [
        f"{record.state.mark} {record.state}{marks}: {record.shown_title}",
        f"Doing: {session.doing or session.phase}"
        if session
        else f"Asleep{': ' + record.reason if record.reason else ''}",
        f"Agent: {record.agent}" + (f" ({record.provider})" if record.provider else ""),
        f"Model: {_model(record)}",
        f"Workspace: {record.workspace}",
        f"Source: {record.source}" + (f" ({record.task})" if record.task else ""),
        f"Queue: {queued}" + (" (held)" if record.held and queued else ""),
        f"Last activity: {span(max(0.0, house.now() - record.active_at))} ago",
    ]
    if record.archived_at is not None:
        lines.append("Archived: read-only until /restore")
    if record.bypass:
        lines.append("⚠️ Bypass is on")
    if session and session.usage:
        usage = session.usage
        share = f" ({usage.used * 100 // usage.size} %)" if usage.size else ""
        lines.append(f"Context: {usage.used:,} of {usage.size:,} tokens{share}")
        if usage.cost is not None:
            lines.append(f"Cost: {usage.cost:.2f} {usage.currency}".strip())
    return Reply("\n".join(lines), session=record.id)


def _model(record: SessionRecord) -> str:
    start = record.model or "the agent's default"
    now = record.current_model
    return f"{start}, now {now}" if now and now != record.model else start


# --- help and the picker -----------------------------------------------------------------------------


async def greeting(house: House, call: Call) -> Reply:
    """What a newcomer sees first."""
    buttons = [
        Button("New session", Action("new", ("",)), Look.GOOD),
        Button("Sessions", Action("sessions", ("", "active", "", "0"))),
    ]
    return Reply(
        "Hello! I connect you with coding agents on this machine. Every session is one conversation with one agent in "
        "one directory. Start one, then just write; /help lists the commands.",
        choices=await house.buttons(buttons),
        private=True,
    )


def help_text(specs: tuple[CommandSpec, ...], *, admin: bool) -> str:
    """One line a command."""
    return "\n".join(
        f"/{spec.name}{' ' + spec.usage if spec.usage else ''}: {spec.summary}"
        for spec in specs
        if admin or not spec.admin
    )


async def pick(house: House, call: Call, spec: CommandSpec) -> Reply:
    """Which session is meant by a command that needs one."""
    group = "archived" if spec.name == "restore" else "active"
    records, total = await house.records.sessions(replace(seen_by(house, call), group=group, limit=PAGE))
    if not records:
        return refusal(f"There is no {group} session yet. /new starts one.")
    rows = []
    for record in records:
        button = Button(record.shown_title, Action(spec.name, (record.id, call.args)))
        choices: tuple[Choice, ...] = await house.buttons([button], presser=call.who)
        rows.append(Row(record.state.mark, record.shown_title, record.agent, session=record.id, choices=choices))
    more = f" The newest {PAGE} of {total}; /{spec.name} ID names another." if total > PAGE else ""
    return Reply(f"Which session?{more}", rows=tuple(rows), private=True)
