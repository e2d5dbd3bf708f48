"""/new and /newchat: agent, then workspace, then a session that can be used at once.

What was chosen so far travels as one `Draft` in the menu's actions, so a wizard survives a restart.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path

from openacp_bot.core import codec, workspaces
from openacp_bot.core.commands import here
from openacp_bot.core.commands.house import House, check_text, refusal
from openacp_bot.core.commands.spec import Call, nearest
from openacp_bot.core.commands.starting import Draft, started
from openacp_bot.core.errors import CapReached, UserError
from openacp_bot.core.inbound import Action, Form, Ground, Look, Opens, Reply
from openacp_bot.core.menus import Button
from openacp_bot.core.model import AgentSpec, Field, Phase
from openacp_bot.core.words import TOPIC

RECENT = 5
PAGE = 8


async def new(house: House, call: Call) -> Reply | None:
    """From a typed line, a dialog's values, or a button of the wizard."""
    if call.words:
        draft = codec.loads(call.words[0], Draft)
        page = int(call.words[1]) if len(call.words) > 1 else 0
        return await _next_step(house, call, _with_typed(draft, call), page=page)
    if call.values:
        values = call.values
        create = values.get("create", "").lower() in ("yes", "true", "on", "1")
        draft = Draft(
            values.get("agent", ""),
            values.get("workspace", ""),
            values.get("model", ""),
            values.get("message", ""),
            create,
        )
    else:
        draft = _parsed(call.args, house)
        if (meant := _agent_meant(house, call, draft)) is not None:
            return await _ask_what_was_meant(house, call, draft, meant)
    return await _next_step(house, call, draft)


async def newchat(house: House, call: Call) -> Reply | None:
    """Same agent and workspace, without the wizard."""
    record = call.record
    return await _created(house, call, Draft(record.agent, record.workspace, record.model))


async def choose_model(house: House, call: Call) -> Reply:
    """The Model button: what the agent's configuration names, or any name typed."""
    draft = codec.loads(call.words[0], Draft)
    page = int(call.words[1]) if len(call.words) > 1 else 0
    spec = house.settings.agents.get(draft.agent)
    if spec is None:
        return refusal(_unknown_agent(draft.agent, house))
    models = spec.models
    if not models:
        return await _form(house, call, draft, Field("model", "Model"), "Which model?")
    shown = models[page * PAGE : (page + 1) * PAGE]
    buttons = (
        []
        if page
        else [_button(f"The agent's own{f' ({spec.model})' if spec.model else ''}", replace(draft, model=""))]
    )
    buttons += [_button(model, replace(draft, model=model)) for model in shown]
    buttons.append(_models_button("Back", draft, page - 1) if page else _button("Back", draft))
    if len(models) > (page + 1) * PAGE:
        buttons.append(_models_button("Next", draft, page + 1))
    buttons.append(Button("Cancel", Action("never_mind"), opens=Opens.HERE))
    return Reply("Which model?", choices=await house.buttons(buttons, presser=call.who), replaces=_goes_on(call))


async def type_path(house: House, call: Call) -> Reply:
    """The Type a path button."""
    draft = codec.loads(call.words[0], Draft)
    return await _ask_path(house, call, draft, "Which directory?")


async def make_room(house: House, call: Call) -> Reply:
    """End, of a session that the refusal at the cap lists: the refusal turns into a button for what it refused."""
    ended, wanted = await here.end(house, call), call.words[0]
    if not wanted:
        text = f"{ended.text} Then send your message again."
        return replace(ended, text=text, quiet=False, replaces=True)
    choices = await house.buttons([_button("Create", codec.loads(wanted, Draft), Look.GOOD)], presser=call.who)
    return replace(ended, choices=(*choices, *ended.choices), quiet=False, replaces=True)


# --- the steps -------------------------------------------------------------------------------------


async def _next_step(house: House, call: Call, draft: Draft, *, page: int = 0) -> Reply | None:
    if draft.message:
        check_text(draft.message)
    agents = tuple(house.settings.agents.values())
    if not draft.agent and len(agents) > 1:
        return await _ask_agent(house, call, draft, agents, page)
    draft = replace(draft, agent=draft.agent or agents[0].name)
    if draft.agent not in house.settings.agents:
        return refusal(_unknown_agent(draft.agent, house))
    if not draft.workspace:
        return await _ask_workspace(house, call, draft)
    return await _created(house, call, draft)


async def _ask_agent(house: House, call: Call, draft: Draft, agents: tuple[AgentSpec, ...], page: int) -> Reply:
    shown = agents[page * PAGE : (page + 1) * PAGE]
    buttons = [_button(_agent_label(agent, house), replace(draft, agent=agent.name)) for agent in shown]
    if page:
        buttons.append(_page_button("Back", draft, page - 1))
    if len(agents) > (page + 1) * PAGE:
        buttons.append(_page_button("Next", draft, page + 1))
    buttons.append(Button("Cancel", Action("never_mind"), opens=Opens.HERE))
    choices = await house.buttons(buttons, presser=call.who)
    where = f" in {_named(house, call, draft.workspace)}" if draft.workspace else ""
    return Reply(f"New session{where}: which agent?", choices=choices, replaces=_goes_on(call))


async def _ask_what_was_meant(house: House, call: Call, draft: Draft, agent: str) -> Reply:
    buttons = [
        _button(agent, replace(draft, agent=agent, workspace="")),
        _button(f"Create {workspaces.short(draft.workspace)}", replace(draft, create=True)),
        Button("Cancel", Action("never_mind"), opens=Opens.HERE),
    ]
    choices = await house.buttons(buttons, presser=call.who)
    missing = _named(house, call, draft.workspace)
    return Reply(f"{missing} does not exist. Did you mean the agent {agent}?", choices=choices, refused=True)


async def _ask_workspace(house: House, call: Call, draft: Draft) -> Reply:
    base = str(house.settings.base_dir)
    recent = [path for path in await house.records.workspaces(RECENT + 1) if path != base][:RECENT]
    data = codec.dumps(draft)
    buttons = [_button(workspaces.short(path), replace(draft, workspace=path)) for path in recent]
    buttons.append(_button("Base directory", replace(draft, workspace=base)))
    buttons.append(Button("Type a path", Action("new_path", ("", data)), opens=Opens.FORM))
    spec = house.settings.agents[draft.agent]
    model = draft.model or spec.model or "the agent's own"
    opens = Opens.HERE if spec.models else Opens.FORM
    buttons.append(Button(f"Model: {model}", Action("new_model", ("", data)), opens=opens))
    buttons.append(Button("Cancel", Action("never_mind"), opens=Opens.HERE))
    choices = await house.buttons(buttons, presser=call.who)
    return Reply(f"New session with {draft.agent}: in which directory?", choices=choices, replaces=_goes_on(call))


async def _created(house: House, call: Call, draft: Draft) -> Reply | None:
    spec = house.settings.agents.get(draft.agent)
    if spec is None:
        return refusal(_unknown_agent(draft.agent, house))
    try:
        path = workspaces.resolved(draft.workspace, house.settings, admin=house.is_admin(call.who))
    except UserError as error:
        if "workspace" not in call.values or call.origin.dialogs:
            raise
        return await _ask_path(house, call, replace(draft, workspace=""), str(error))
    if not path.exists():
        if not draft.create and path != house.settings.base_dir:
            return await _offer_creation(house, call, draft, path)
        workspaces.created(path)
    try:
        record = await started(house, call, replace(draft, workspace=str(path)), spec)
    except CapReached as error:
        return await _no_room(house, call, replace(draft, workspace=str(path)), str(error))
    if record is None:
        return None
    model = f" ({draft.model})" if draft.model else ""
    where = f"Write in its {TOPIC}." if call.origin.ground is Ground.TOPIC else "The agent is starting; just write."
    text = f"New session with {spec.name}{model} in {workspaces.tilde(str(path))}. {where}"
    return Reply(text, session=record.id, replaces=_goes_on(call))


async def _no_room(house: House, call: Call, draft: Draft, why: str) -> Reply:
    if call.pressed and any(one.phase is Phase.ENDING for one in house.manager.longest_idle()):
        return refusal("A session is still ending. Try again in a moment.")
    return await house.cap_refusal(call, why, wanted=codec.dumps(draft))


async def _offer_creation(house: House, call: Call, draft: Draft, path: Path) -> Reply:
    buttons = [
        _button("Create", replace(draft, workspace=str(path), create=True), Look.GOOD),
        Button("Cancel", Action("never_mind"), opens=Opens.HERE),
    ]
    choices = await house.buttons(buttons, presser=call.who)
    return Reply(f"{path} does not exist. Create it?", choices=choices, refused=True, replaces=_goes_on(call))


def _goes_on(call: Call) -> bool:
    """A button of the wizard was pressed: its message becomes the next step."""
    return call.pressed and bool(call.words)


async def _ask_path(house: House, call: Call, draft: Draft, title: str) -> Reply:
    hint = f"a name under {workspaces.tilde(str(house.settings.base_dir))}, or a path"
    return await _form(house, call, draft, Field("workspace", "Workspace", hint=hint), title)


async def _form(house: House, call: Call, draft: Draft, field: Field, title: str) -> Reply:
    """Beside a dialog, what it was opened from stays; elsewhere it becomes the question."""
    (choice,) = await house.buttons([_button("Submit", draft)], presser=call.who)
    replaces = _goes_on(call) and not call.origin.dialogs
    return Reply(title, form=Form(choice.token, title, (field,)), replaces=replaces)


# --- reading and writing -----------------------------------------------------------------------------


def _parsed(line: str, house: House) -> Draft:
    """`[agent] [workspace] [--model NAME] [-- first message]`; raises UserError with the corrected line."""
    line = re.sub(r"(?<!\S)[—–](?=\s|$|model\b)", "--", line)  # phones turn two dashes into one
    head, *message = re.split(r"(?:^|\s)--(?:\s|$)", line, maxsplit=1)
    try:
        words = shlex.split(head)
    except ValueError as error:
        raise UserError(
            f"The quotes of this line do not match ({error}). Quote a path as a whole, or not at all."
        ) from error
    model = ""
    if "--model" in words:
        at = words.index("--model")
        if at + 1 == len(words):
            raise UserError("--model needs a name behind it.")
        model = words[at + 1]
        del words[at : at + 2]
    if option := next((word for word in words if word.startswith("--")), ""):
        raise UserError(
            f"/new knows no {option}, only --model NAME. A first message goes behind two dashes: -- message"
        )
    if len(words) > 2:
        quoted = " ".join(shlex.quote(word) for word in words[:2])
        raise UserError(
            f"Too many words. The first message goes behind two dashes: /new {quoted} -- {' '.join(words[2:])}"
        )
    if len(words) == 1 and words[0] not in house.settings.agents:
        return Draft("", words[0], model, "".join(message).strip())
    agent, workspace = (*words, "", "")[:2]
    return Draft(agent, workspace, model, "".join(message).strip())


def _agent_meant(house: House, call: Call, draft: Draft) -> str | None:
    """The agent that one word nearly names, which would be a directory that does not exist."""
    if draft.agent or not draft.workspace:
        return None
    close = nearest(draft.workspace, house.settings.agents)
    if close is None or workspaces.resolved(draft.workspace, house.settings, admin=house.is_admin(call.who)).exists():
        return None
    return close


def _named(house: House, call: Call, workspace: str) -> str:
    """The directory in full; as it was typed if nobody may work there, which is said later."""
    try:
        return workspaces.tilde(str(workspaces.resolved(workspace, house.settings, admin=house.is_admin(call.who))))
    except UserError:
        return workspace


def _with_typed(draft: Draft, call: Call) -> Draft:
    """What a form of the wizard was given."""
    return replace(
        draft,
        workspace=call.values.get("workspace", "").strip() or draft.workspace,
        model=call.values.get("model", "").strip() or draft.model,
    )


def _unknown_agent(name: str, house: House) -> str:
    known = house.settings.agents
    close = nearest(name, known)
    meant = f" Did you mean “{close}”?" if close else ""
    return f"There is no agent “{name}”.{meant} Known: {', '.join(known)}."


def _button(label: str, draft: Draft, look: Look = Look.PLAIN) -> Button:
    return Button(label, Action("new", ("", codec.dumps(draft))), look, Opens.HERE)


def _page_button(label: str, draft: Draft, page: int) -> Button:
    return Button(label, Action("new", ("", codec.dumps(draft), str(page))), opens=Opens.HERE)


def _models_button(label: str, draft: Draft, page: int) -> Button:
    return Button(label, Action("new_model", ("", codec.dumps(draft), str(page))), opens=Opens.HERE)


def _agent_label(agent: AgentSpec, house: House) -> str:
    return f"{agent.name} (default)" if agent.name == house.settings.default_agent else agent.name
