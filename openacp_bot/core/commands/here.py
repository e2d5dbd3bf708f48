"""Commands about one session."""

from __future__ import annotations

from dataclasses import replace

from openacp_bot.core import naming
from openacp_bot.core.commands import chats
from openacp_bot.core.commands.house import House, refusal
from openacp_bot.core.commands.spec import Call
from openacp_bot.core.errors import StoreError, UserError
from openacp_bot.core.handover import go_on
from openacp_bot.core.inbound import Action, Choice, Form, Look, Opens, Reply
from openacp_bot.core.menus import Button
from openacp_bot.core.model import (
    Ending,
    Field,
    Part,
    Phase,
    Place,
    Prompt,
    PromptKind,
    PromptState,
    SessionRecord,
    State,
    TitleRank,
    Verbosity,
    Wanted,
)
from openacp_bot.core.offers import taken, tried_again
from openacp_bot.core.parts import edited
from openacp_bot.core.words import TOPIC

YES = frozenset({"yes", "on", "true", "1"})
NO = frozenset({"no", "off", "false", "0"})
STOPPING = "Stopping."


async def cancel(house: House, call: Call) -> Reply:
    """Aborts the running turn, clears the queue; the session stays active."""
    record = call.record
    session = house.manager.live(record.id)
    phase = house.manager.phase(record.id)
    if session is None or not session.started or phase is Phase.ENDING:
        dropped = await house.manager.queues.drop(record)
        if dropped:
            return await _not_sent(house, call, "Nothing was running.", dropped)
        return Reply("This session is ending." if session else "Nothing is running here.")
    dropped_now = session.cancel()
    if dropped_now is None:
        return Reply(
            "The agent is still starting; nothing is running." if phase is Phase.LAUNCHING else "Nothing is running."
        )
    try:
        await house.records.change_prompts([one.id for one in dropped_now], state=PromptState.DROPPED, key=call.key)
    except StoreError:
        session.mailbox.take_back(dropped_now)
        raise
    text = {
        Phase.LAUNCHING: "The agent goes on starting.",
        Phase.IDLE: "Nothing was running.",
        Phase.CANCELLING: "The agent does not react: it is ended and started again.",
    }.get(phase, f"{STOPPING} What was answered so far is kept.")
    return await _not_sent(house, call, text, dropped_now)


async def _not_sent(house: House, call: Call, text: str, dropped: tuple[Prompt, ...]) -> Reply:
    if not dropped:
        return Reply(text)
    count = "1 queued message was" if len(dropped) == 1 else f"{len(dropped)} queued messages were"
    again: list[Choice] = []
    for one in dropped:  # a menu each, since each can be pressed once
        label = f"Send again: {naming.first_line(naming.subject(one))[:30]}"
        button = Button(label, Action("send_again", (one.session, one.id)))
        again.extend(await house.buttons([button], session=call.record.id))
    return Reply(f"{text} {count} not sent.", choices=tuple(again), quiet=True)


async def finish(house: House, call: Call) -> Reply:
    """Ends the agent's process; the next message wakes the session."""
    dropped = await house.manager.queues.drop(call.record)
    ended = await house.manager.end(call.record, Ending.FINISH)
    text = "Finishing. Your next message wakes it." if ended else "No agent is running. Your next message wakes it."
    return await _not_sent(house, call, text, dropped)


async def archive(house: House, call: Call) -> Reply:
    """Read-only from now on; asked twice where a topic goes with it. The session of a chat unpins itself there."""
    record = call.record
    if record.archived_at is not None:
        return refusal("This session is archived already.")
    home = await house.records.place_of(record.id)
    has_topic = home is not None and home.wanted is Wanted.OPEN and not home.is_chat
    if has_topic and not record.pinned and not _confirmed(call):
        text = (
            f"Archive “{record.shown_title}”? It becomes read-only, and its {TOPIC} leaves the list. "
            "Its history stays available as a file, and it can be restored."
        )
        return await _confirm(house, call, "archive", text)
    if record.pinned and await chats.is_held_by(house, call, record):
        await house.manager.change(record, pinned=False)
        record = replace(record, pinned=False)
    await house.manager.archive(record, key=call.key)
    return replace(await _archived(house, call, home), replaces="confirmed" in call.words)


async def _archived(house: House, call: Call, home: Place | None) -> Reply:
    """What was done, and how it is undone. In a topic that is closed nobody can type."""
    if home is None or home.is_chat:
        return Reply("Archived. /restore brings it back.")
    button = Button("Restore", Action("restore", (call.record.id,)), Look.GOOD)
    outside = f" outside of this {TOPIC}" if home.ref == call.origin.where else ""
    return Reply(
        f"Archived. To bring it back, press Restore, or send /restore{outside}.",
        choices=await house.buttons([button], session=call.record.id),
    )


async def restore(house: House, call: Call) -> Reply:
    """Clears the archive mark."""
    with house.manager.restoring(call.record.id):
        record = await house.record(call.record.id)  # perhaps somebody has just restored it
        if record.archived_at is None:
            return refusal("This session is not archived.")
        await chats.restore(house, call, record)
    home = await house.records.place_of(call.record.id)
    is_elsewhere = home is not None and not home.is_chat and home.ref != call.origin.where
    return Reply(f"Restored. Your next message{f' in its {TOPIC}' if is_elsewhere else ''} wakes it.")


async def delete(house: House, call: Call) -> Reply:
    """Record, history and topic are gone; asked twice."""
    record = call.record
    if not _confirmed(call):
        text = f"Delete “{record.shown_title}” with its whole history? This cannot be undone."
        return await _confirm(house, call, "delete", text, Look.DANGER)
    await house.manager.deletions.delete(record, key=call.key)
    return Reply(f"“{record.shown_title}” was deleted.", replaces="confirmed" in call.words)


async def rename(house: House, call: Call) -> Reply:
    """A person's title is never overwritten."""
    title = naming.by_person(call.values.get("title") or call.values.get("name") or call.args)
    if not title:
        (choice,) = await house.buttons(
            [Button("Rename", Action("rename", (call.record.id,)))], session=call.record.id, presser=call.who
        )
        field = Field("title", "Title", default=call.record.shown_title)
        return Reply("What should this session be called?", form=Form(choice.token, "Rename", (field,)))
    await house.manager.change(call.record, key=call.key, title=title, title_rank=TitleRank.PERSON)
    return Reply(f"Renamed to “{title}”.")


async def pin(house: House, call: Call) -> Reply:
    """Stands first, and is never archived."""
    if call.record.archived_at is not None:
        return refusal("This session is archived. Restore it first.")
    await house.manager.change(call.record, key=call.key, pinned=True)
    return Reply("Pinned. It stands first and cannot be archived until it is unpinned.", quiet=True)


async def unpin(house: House, call: Call) -> Reply:
    """An ordinary session again."""
    await house.manager.change(call.record, key=call.key, pinned=False)
    return Reply("Unpinned.", quiet=True)


async def retry(house: House, call: Call) -> Reply:
    """The last prompt once more."""
    last = await house.records.last_prompts(call.record.id, 1)
    if not last:
        return refusal("Nothing was asked in this session yet.")
    await house.submit(call, call.record, Part(last[0].text), files=last[0].files)
    return Reply(f"Asked again: {naming.first_line(naming.subject(last[0]))}")


async def bypass(house: House, call: Call) -> Reply:
    """Approve everything that no deny rule forbids, in this session."""
    record = call.record
    wanted = (call.values.get("on") or call.args).strip().lower()
    if wanted in NO:
        await house.manager.change(record, key=call.key, bypass=False)
        return Reply("Bypass is off: the agent asks again.")
    if wanted in YES:
        if record.state is not State.ACTIVE:
            return refusal("Bypass works only while the session is active. Send a message first.")
        await house.manager.change(record, key=call.key, bypass=True)
        return Reply(
            "⚠️ Bypass is on: everything that no deny rule forbids is approved, until this session is no longer active."
        )
    if wanted:
        return refusal("/bypass takes on or off.")
    word, other = ("on", "off") if record.bypass else ("off", "on")
    choices = await house.buttons([Button(f"Turn {other}", Action("bypass", (record.id, other)))], session=record.id)
    return Reply(f"Bypass is {word} here.", choices=choices)


async def verbosity(house: House, call: Call) -> Reply:
    """How much of the tool work is shown."""
    wanted = (call.values.get("level") or call.args).strip().lower()
    if call.session is None:
        if wanted:
            return refusal(
                f"There is no session here, so nothing was changed. Send /verbosity {wanted} in the session that it is "
                "for; the default for all is display.verbosity in the configuration."
            )
        return Reply(
            f"Tool work is shown at {house.settings.verbosity}, where a session says nothing else. For one session, "
            "send /verbosity low, medium or high there; the default is display.verbosity in the configuration."
        )
    now = call.session.verbosity or house.settings.verbosity
    if not wanted:
        levels = [
            Button(str(level), Action("verbosity", (call.session.id, str(level))))
            for level in Verbosity
            if level is not now
        ]
        return Reply(f"Tool work is shown at {now} here.", choices=await house.buttons(levels, session=call.session.id))
    if wanted not in list(Verbosity):
        return refusal("/verbosity takes low, medium or high.")
    await house.manager.change(call.session, key=call.key, verbosity=Verbosity(wanted))
    return Reply(f"Tool work is shown at {wanted} here.")


# --- what buttons do -------------------------------------------------------------------------------


async def end(house: House, call: Call) -> Reply:
    """Frees a slot: the session is cancelled, and wakes with its next message."""
    dropped = await house.manager.queues.drop(call.record)
    if not await house.manager.end(call.record, Ending.SLOT):
        return await _not_sent(house, call, "It has ended already.", dropped)
    return await _not_sent(house, call, f"Ending “{call.record.shown_title}”. Its next message wakes it.", dropped)


async def stop(house: House, call: Call) -> Reply:
    """Stop, of the line that tells of silence."""
    return await cancel(house, call)


async def wait(house: House, call: Call) -> Reply:
    """Patience with a silent agent."""
    if session := house.manager.live(call.record.id):
        session.be_patient()
    return Reply("Waiting on.", quiet=True)


async def resume_turn(house: House, call: Call) -> Reply:
    """Continue: the agent checks what is done and goes on; what is queued follows."""
    last = await house.records.last_prompts(call.record.id, 1)
    if not last or last[0].id != call.words[0]:
        return refusal("The conversation has gone on since. Just write what should be continued.")
    interrupted = last[0]
    await house.submit(call, call.record, Part(go_on(interrupted)), kind=PromptKind.CONTINUE, first=True)
    _take_up(house, call, "Going on.")
    return Reply("Going on.", quiet=True)


async def run_queue(house: House, call: Call) -> Reply:
    """What was held runs, in order."""
    session = await house.manager.wake(call.record.id)
    session.mailbox.release()
    await house.records.change_session(session.id, held=False)
    _take_up(house, call, "Running the queue.")
    return Reply("Running the queue." if session.queue else "The queue is empty.", quiet=True)


async def clear(house: House, call: Call) -> Reply:
    """What waits is not sent."""
    dropped = await house.manager.queues.drop(call.record)
    await house.manager.change(call.record, held=False)
    _take_up(house, call, "The queue was cleared.")
    return await _not_sent(house, call, "Cleared." if dropped else "The queue is empty.", dropped)


def _take_up(house: House, call: Call, what: str) -> None:
    """The offer that was pressed loses its buttons; /queue clear has none."""
    if call.words:
        house.manager.say(call.record.id, taken(call.words[0], what))


async def try_again(house: House, call: Call) -> Reply:
    """Launch once more; what waits runs then."""
    await house.manager.wake(call.record.id)
    _take_up_launch(house, call, "Trying again.")
    return Reply("Trying again.", quiet=True)


async def own_model(house: House, call: Call) -> Reply:
    """The agent refused the model that the session was to start with."""
    if house.manager.live(call.record.id) is not None:
        return refusal("It runs already, so its model was not changed.")
    if not call.record.model:
        return refusal("It starts with the agent's own model already. Just write.")
    await house.manager.change(call.record, model="", current_model="")
    await house.manager.wake(call.record.id)
    _take_up_launch(house, call, "Starting with the agent's own model.")
    return Reply("Starting with the agent's own model.", quiet=True)


def _take_up_launch(house: House, call: Call, what: str) -> None:
    """The offer that was pressed loses its buttons; one of an earlier version does not tell which it is."""
    if call.words:
        life, why = call.words
        house.manager.say(call.record.id, tried_again(life, why, what))


async def send_again(house: House, call: Call) -> Reply:
    """A prompt that was not sent, or an edited one that has run, as a new one."""
    prompt = await house.records.prompt(call.words[0])
    if prompt is None or prompt.session != call.record.id:
        return refusal("This message no longer exists.")
    if len(call.words) > 1:
        text, message = call.words[1], call.words[2] if len(call.words) > 2 else prompt.message
        prompt = edited(prompt, message=message, text=text)
    await house.submit(call, call.record, Part(prompt.text), files=prompt.files)
    return Reply("Sent.", quiet=True)


def _confirmed(call: Call) -> bool:
    return call.values.get("confirm", "").lower() in YES or "confirmed" in call.words


async def _confirm(house: House, call: Call, verb: str, text: str, look: Look = Look.GOOD) -> Reply:
    buttons = [
        Button("Confirm", Action(verb, (call.record.id, "confirmed")), look, Opens.HERE),
        Button("Cancel", Action("never_mind"), opens=Opens.HERE),
    ]
    return Reply(text, choices=await house.buttons(buttons, session=call.record.id, presser=call.who))


async def never_mind(house: House, call: Call) -> Reply:
    """Cancel, of a question of ours."""
    return Reply("Nothing was changed.", replaces=True)


def check_not_archived(record: SessionRecord) -> None:
    """Raises UserError: an archived session is read-only."""
    if record.archived_at is not None:
        raise UserError("This session is archived and read-only. /restore brings it back.")
