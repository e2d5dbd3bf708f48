"""What waits behind the running turn."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from openacp_bot.core import naming
from openacp_bot.core.commands.here import check_not_archived, clear, send_again
from openacp_bot.core.commands.house import House, check_text, refusal
from openacp_bot.core.commands.spec import Call
from openacp_bot.core.inbound import Action, Look, Opens, Reply, Row
from openacp_bot.core.menus import Button
from openacp_bot.core.model import Phase, Prompt
from openacp_bot.core.parts import dropped, reworded

GONE = "This message is no longer queued."


async def queue(house: House, call: Call) -> Reply:
    """List it; or, with typed values, do something to one of its messages."""
    prompt = call.values.get("prompt", "")
    match call.values.get("do") or call.args.strip().lower():
        case "":
            return await _listed(house, call)
        case "clear":
            return await clear(house, call)
        case "remove":
            return await _changed(house, call, prompt, None)
        case "edit":
            return await _changed(house, call, prompt, call.values.get("text", ""))
        case "now":
            return await _now(house, call, prompt)
        case "again":
            return await send_again(house, _about(call, prompt))
        case other:
            return refusal(f"/queue takes nothing, or clear; not “{other}”.")


async def remove(house: House, call: Call) -> Reply:
    """One message, by its button."""
    return await _changed(house, call, call.words[0], None)


async def send_now(house: House, call: Call) -> Reply:
    """One message first, by its button: cancels the running turn; the others stay."""
    return await _now(house, call, call.words[0])


async def in_queue(house: House, call: Call) -> Reply:
    """Remove, Send now or Clear of the list: the list as it then is."""
    verb, prompt = call.words
    match verb:
        case "clear":
            cleared = await clear(house, replace(call, words=()))
            return replace(cleared, quiet=False, private=True, replaces=True)
        case "send_now":
            check_not_archived(call.record)
            done = await _now(house, call, prompt)
        case _:
            done = await _changed(house, call, prompt, None)
    left = await _listed(house, call, but=prompt)
    return replace(left, text=f"{done.text} {left.text}", private=True, replaces=True)


async def waiting(house: House, session: str) -> tuple[Prompt, ...]:
    """What is queued, in order."""
    live = house.manager.live(session)
    return live.queue if live else tuple(await house.records.queued(session))


async def _listed(house: House, call: Call, *, but: str = "") -> Reply:
    """`but`: a message that is about to go."""
    record = await house.record(call.record.id)
    prompts = [prompt for prompt in await waiting(house, record.id) if prompt.id != but]
    if not prompts:
        return Reply("The queue is empty.")
    rows = []
    for place, prompt in enumerate(prompts, start=1):
        buttons = [
            Button("Send now", Action("in_queue", (record.id, "send_now", prompt.id)), opens=Opens.HERE),
            Button("Remove", Action("in_queue", (record.id, "remove", prompt.id)), Look.DANGER, Opens.HERE),
        ]
        choices = await house.buttons(buttons, session=record.id)
        rows.append(Row(f"{place}.", naming.first_line(naming.subject(prompt)), choices=choices))
    clears = Button("Clear", Action("in_queue", (record.id, "clear", "")), Look.DANGER, Opens.HERE)
    everything = await house.buttons([clears], session=record.id)
    held = " They wait for Continue, Run the queue or a new message." if record.held else ""
    count = "1 message waits." if len(prompts) == 1 else f"{len(prompts)} messages wait."
    return Reply(f"{count}{held}", rows=tuple(rows), choices=everything)


async def _changed(house: House, call: Call, prompt: str, text: str | None) -> Reply:
    if text is not None:
        check_text(text.strip())
    edit = dropped if text is None else partial(reworded, text=text)
    if await house.manager.queues.change(call.record, prompt, edit, key=call.key) is None:
        return refusal(GONE)
    return Reply("Removed." if text is None else "Changed.", quiet=True)


async def _now(house: House, call: Call, prompt: str) -> Reply:
    session = await house.manager.wake(call.record.id)
    held = session.record.held
    position = session.mailbox.advance(prompt)
    if position is None:
        return refusal(GONE)
    if session.phase in (Phase.RUNNING, Phase.WAITING):
        session.cancel(keep_queue=True)
    await house.records.change_prompts([prompt], key=call.key, position=position)
    if held:
        await house.records.change_session(session.id, held=False)
    return Reply("Sending it now.", quiet=True)


def _about(call: Call, prompt: str) -> Call:
    return Call(call.origin, call.session, words=(prompt,))
