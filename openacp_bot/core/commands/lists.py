"""Lists and summaries: /sessions, /status, /help, and the picker for a command without a session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from openacp_bot.core import access
from openacp_bot.core.commands import chats, here
from openacp_bot.core.commands.house import House, refusal
from openacp_bot.core.commands.queue import waiting
from openacp_bot.core.commands.spec import Call, CommandSpec, Deed
from openacp_bot.core.inbound import Action, Ground, Look, Opens, Origin, Reply, Row
from openacp_bot.core.menus import Button
from openacp_bot.core.model import Place, SessionRecord, State, Wanted
from openacp_bot.core.ports import SessionFilter
from openacp_bot.core.words import TOPIC, span, surface_name

PAGE = 10
GROUPS = ("active", "archived", "scheduled")
REMOVABLE = {"finished": State.FINISHED, "errored": State.ERROR, "cancelled": State.CANCELLED}
MOST_REMOVED = 10_000
IN_LIST: Mapping[str, Deed] = MappingProxyType({"pin": here.pin, "unpin": here.unpin, "restore": here.restore})


# --- /sessions -------------------------------------------------------------------------------------


async def sessions(house: House, call: Call) -> Reply:
    """A page of the list; its buttons turn pages and remove."""
    group, search, offset = _asked(call)
    which = replace(seen_by(house, call), group=group, search=search, offset=offset, limit=PAGE)
    records, total = await house.records.sessions(which)
    if not records and offset:  # what the last page showed is gone
        return await sessions(house, replace(call, words=(group, search, str(max(0, offset - PAGE)))))
    records = [house.manager.current(record) for record in records]
    shown = (group, search, str(offset))
    rows = [await _row(house, call, record, shown) for record in records]
    turning = [
        Button(label, Action("sessions", ("", group, search, str(at))), opens=Opens.HERE)
        for label, at in (("Back", offset - PAGE), ("Next", offset + PAGE))
        if 0 <= at < total
    ]
    choices = await house.buttons([*turning, *await _removals(house, call, "" if search else group)], presser=call.who)
    matching = f" matching “{search}”" if search else ""
    pages = f" ({offset + 1}–{offset + len(rows)} of {total})" if total > PAGE else ""
    text = f"{total or 'No'} {group} session{'' if total == 1 else 's'}{matching}{pages}"
    return Reply(text, rows=tuple(rows), choices=choices, replaces=call.pressed)


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


async def _row(house: House, call: Call, record: SessionRecord, shown: tuple[str, ...]) -> Row:
    """`shown`: the part of the list that it stands in; empty: it stands alone."""
    place = await house.records.place_of(record.id)
    detail = " · ".join(
        part
        for part in (
            record.agent,
            f"{span(max(0.0, house.now() - record.active_at))} ago",
            "pinned" if record.pinned else "",
            "bypass" if record.bypass else "",
            _lives(call.origin, place),
        )
        if part
    )
    title = f"{record.source.mark} {record.shown_title}".strip()
    pick = Button(title, Action("card", (record.id,)), opens=Opens.HERE)
    buttons = [*_row_buttons(house, call, record, shown), pick]
    *choices, picked = await house.buttons(buttons, session=record.id, presser=call.who)
    url = place.url if place and _may_be_entered(call, record, place) else ""
    return Row(record.state.mark, title, detail, url, record.id, tuple(choices), picked)


def _may_be_entered(call: Call, record: SessionRecord, place: Place) -> bool:
    """A private chat is its owner's alone."""
    return not place.is_chat or record.owner == call.who.key


def _lives(origin: Origin, place: Place | None) -> str:
    """Where it is, where its link does not say that, or there is none."""
    is_page = origin.ground is Ground.NONE
    if place is None or place.refused:
        return "" if is_page else "on the page"
    if place.wanted is not Wanted.OPEN:
        return ""
    if place.ref == origin.where:
        return "here"
    if place.adapter != origin.where.adapter:
        return f"in {surface_name(place.adapter)}"
    return "in its own chat" if place.is_chat else ""


async def card(house: House, call: Call) -> Reply:
    """One session of the list, picked from a menu: what can be done with it."""
    group = "active" if call.record.archived_at is None else "archived"
    back = Button("Back", Action("sessions", ("", group, "", "0")), opens=Opens.HERE)
    choices = await house.buttons([back], presser=call.who)
    row = await _row(house, call, call.record, ())
    return Reply("", rows=(row,), choices=choices, private=True, replaces=call.pressed)


async def in_list(house: House, call: Call) -> Reply | None:
    """Pin, Unpin or Restore of a row: the list, or the row that stands alone, as it then is."""
    verb, *shown = call.words
    if verb != "restore":
        here.check_not_archived(call.record)
    done = await IN_LIST[verb](house, call)
    if done is None or done.refused:
        return done
    now = replace(call, session=await house.record(call.record.id), words=tuple(shown), args="")
    redrawn = replace(await (sessions(house, now) if shown else card(house, now)), private=True)
    if verb != "restore":
        return redrawn
    restored = f"“{call.record.shown_title}” was restored. Its next message wakes it."
    return replace(redrawn, text=f"{restored}\n{redrawn.text}".rstrip())


def _row_buttons(house: House, call: Call, record: SessionRecord, shown: tuple[str, ...]) -> list[Button]:
    about = (record.id,)
    rename = Button("Rename", Action("rename", about), opens=Opens.FORM)
    if record.archived_at is not None:
        buttons = [rename, _redrawing("Restore", record, shown), Button("History", Action("history", about))]
    else:
        buttons = [Button("Open", Action("open", about)), rename]
        buttons.append(_redrawing("Unpin" if record.pinned else "Pin", record, shown))
        if not record.pinned and access.owns(house.settings, call.who, record):
            buttons.append(Button("Archive", Action("archive", about)))
    if access.owns(house.settings, call.who, record):
        buttons.append(Button("Delete", Action("delete", about), Look.DANGER))
    return buttons


def _redrawing(label: str, record: SessionRecord, shown: tuple[str, ...]) -> Button:
    return Button(label, Action("in_list", (record.id, label.lower(), *shown)), opens=Opens.HERE)


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
        theirs = f"its history and {TOPIC}" if len(doomed) == 1 else f"their histories and {TOPIC}s"
        return Reply(f"Remove {count} with {theirs}?{ends} This cannot be undone.", choices=choices)
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
    if place is not None and call.origin.ground is not Ground.NONE:
        place = await _opened_anew(house, call, place)
    return Reply(_whereabouts(call.origin, record, place), session=record.id)


async def _opened_anew(house: House, call: Call, place: Place) -> Place | None:
    """A person closed or deleted its topic, or it was refused; now it is wanted."""
    if place.is_closed_by_hand:
        await house.means.homes.reopen(place)
    elif place.refused and place.wanted is Wanted.OPEN:
        await house.means.homes.try_again(place, asked_in=call.origin.where)
    return await house.records.place(place.id)


def _whereabouts(origin: Origin, record: SessionRecord, place: Place | None) -> str:
    """Where a session is to be written to; a chat adds the link to its topic."""
    title = f"“{record.shown_title}”"
    if origin.ground is Ground.NONE:
        return f"{record.shown_title} {place.url if place else ''}".strip()
    if place is None or place.wanted is not Wanted.OPEN or place.refused:
        return f"{title} lives on the page."
    if place.is_chat:
        return f"{title} is the session of {'this' if place.ref == origin.where else 'its'} chat."
    return f"{title} is here. Just write." if place.ref == origin.where else f"{title} is in its {TOPIC}. Write there."


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
    return Reply("\n".join(lines))


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
    """What a newcomer sees first. Beside topics a plain message is often for nobody, so it says where to write."""
    buttons = [
        Button("New session", Action("new", ("",)), Look.GOOD),
        Button("Sessions", Action("sessions", ("", "active", "", "0"))),
    ]
    has_topics = call.origin.ground is Ground.TOPIC
    own, then = (f", in a {TOPIC} of its own", "write there") if has_topics else ("", "just write")
    return Reply(
        "Hello! I connect you with coding agents on this machine. Every session is one conversation with one agent in "
        f"one directory{own}. Start one, then {then}; /help lists the commands.",
        choices=await house.buttons(buttons),
    )


def help_text(specs: tuple[CommandSpec, ...], *, admin: bool, options: bool = False) -> str:
    """One line a command. `options`: as they are filled in, instead of typed."""
    shown = [spec for spec in specs if (admin or not spec.admin) and (options or not spec.for_options)]
    usages = [_options(spec) if options else spec.usage for spec in shown]
    return "\n".join(
        f"/{spec.name}{usage and f' {usage}'}: {spec.summary}" for spec, usage in zip(shown, usages, strict=True)
    )


def _options(spec: CommandSpec) -> str:
    return " ".join(one.name if one.required else f"[{one.name}]" for one in spec.all_params)


async def pick(house: House, call: Call, spec: CommandSpec) -> Reply:
    """Which session is meant by a command that needs one."""
    group = "archived" if spec.name == "restore" else "active"
    records, total = await house.records.sessions(replace(seen_by(house, call), group=group, limit=PAGE))
    if not records:
        is_empty = "Nothing is archived." if group == "archived" else "There is no active session yet. /new starts one."
        return refusal(is_empty)
    buttons = [
        Button(f"{record.state.mark} {record.shown_title} · {record.agent}", Action(spec.name, (record.id, call.args)))
        for record in map(house.manager.current, records)
    ]
    more = f" Here are the newest {PAGE} of {total}; /{spec.name} ID names another." if total > PAGE else ""
    choices = await house.buttons(buttons, presser=call.who)
    return Reply(f"Which session is /{spec.name} for?{more}", choices=choices, private=True)
