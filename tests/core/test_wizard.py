"""/new: typed in one line, by buttons, by a dialog's values, or word by word in a chat without dialogs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from openacp_bot.core.inbound import Reply
from openacp_bot.core.model import AgentSpec, SessionRecord, ThreadRef, Wanted
from tests.core.chat import ALICE, BOB, TEAM, Chat, button, choices, labels, refused
from tests.core.lodge import Lodge, changed, lodge
from tests.core.slow import SlowStore
from tests.virtual_time import virtual


async def only_session(core: Lodge) -> SessionRecord:
    (record,) = await core.store.sessions_like("")
    return record


async def none_yet(core: Lodge) -> bool:
    return not await core.store.sessions_like("")


async def started(core: Lodge, reply: Reply | None) -> SessionRecord:
    assert reply is not None and reply.session and not reply.refused, reply
    return await core.record(reply.session)


# --- the typed line -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "agent", "workspace", "model", "message"),
    [
        ("fake .", "fake", "", "", ""),
        ("other sub", "other", "sub", "", ""),
        ('fake "a b"', "fake", "a b", "", ""),
        ("fake 'a b/c'", "fake", "a b/c", "", ""),
        ("fake . --model large", "fake", "", "large", ""),
        ("--model large fake .", "fake", "", "large", ""),
        ("fake --model large . -- go on", "fake", "", "large", "go on"),
        ("fake . -- first words -- and more", "fake", "", "", "first words -- and more"),
        ('fake . -- don\'t "balance" quotes', "fake", "", "", 'don\'t "balance" quotes'),
        ("fake . --\ntwo\nlines", "fake", "", "", "two\nlines"),
        ("fake .\n-- message", "fake", "", "", "message"),
        ("fake . --", "fake", "", "", ""),
    ],
)
@virtual
async def test_a_line_says_it_all(
    line: str, agent: str, workspace: str, model: str, message: str, tmp_path: Path
) -> None:
    async with lodge(tmp_path) as core:
        for name in ("sub", "a b", "a b/c"):
            (core.settings.base_dir / name).mkdir()
        record = await started(core, await core.command("new", line))
        await core.pass_time(1)

        assert (record.agent, record.model) == (agent, model)
        assert Path(record.workspace) == core.settings.base_dir / workspace
        assert core.agent.prompts == ([message] if message else [])


@virtual
async def test_an_absolute_path_and_a_tilde_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "x").mkdir(parents=True)
    async with lodge(tmp_path) as core:
        for line in (f"fake {tmp_path}/home/x", "fake ~/x", 'fake "~/x"'):
            record = await started(core, await core.command("new", line))
            assert record.workspace == str(tmp_path / "home" / "x")


@virtual
async def test_one_word_is_an_agent_if_it_names_one_and_else_a_workspace(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        (core.settings.base_dir / "project").mkdir()
        agent_only = await core.command("new", "fake")
        assert agent_only is not None and agent_only.text == "New session with fake: in which directory?"
        workspace_only = await core.command("new", "project")
        assert workspace_only is not None and workspace_only.text.endswith("/project: which agent?")
        record = await started(core, await core.press(button(workspace_only, "other").token))

        assert (record.agent, record.workspace) == ("other", str(core.settings.base_dir / "project"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("fake . fix the tests", "/new fake . -- fix the tests"),
        ("fake 'a b' fix it", "/new fake 'a b' -- fix it"),
        ("fak .", "Did you mean “fake”? Known: fake, other."),
        ("nonsense .", "There is no agent “nonsense”. Known: fake, other."),
        ("fake --model", "--model needs a name behind it."),
        ("fake . --modle large", "no --modle"),
        ("fake 'a b", "quotes"),
        ("fake notes.txt", "is a file"),
        ("fake ~nobody-by-this-name/x", "cannot be looked at"),
        ("fake ../data", "own data"),
    ],
)
@virtual
async def test_a_wrong_line_is_refused_with_what_to_do(line: str, says: str, tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        (core.settings.base_dir / "notes.txt").write_text("x")

        assert says in refused(await core.command("new", line))
        assert await none_yet(core)


@virtual
async def test_a_first_message_that_is_too_long_makes_no_session_and_no_directory(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        values = {"agent": "fake", "workspace": "new", "message": "x" * 200_001, "create": "yes"}
        reply = await core.command("new", **values)

        assert "200,000" in refused(reply)
        assert await none_yet(core) and not (core.settings.base_dir / "new").exists()


# --- a missing directory --------------------------------------------------------------------------------


@virtual
async def test_a_missing_directory_is_offered_for_creation_and_made(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        offer = await core.command("new", "fake deep/new --model large -- hello")
        path = core.settings.base_dir / "deep" / "new"
        assert str(path) in refused(offer) and labels(offer) == ["Create", "Cancel"]
        assert await none_yet(core) and not path.exists()
        record = await started(core, await core.press(button(offer, "Create").token))
        await core.pass_time(1)

        assert path.is_dir()
        assert (record.workspace, record.model, core.agent.prompts) == (str(path), "large", ["hello"])


@virtual
async def test_create_pressed_twice_makes_one_session(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        offer = await core.command("new", "fake new")
        token = button(offer, "Create").token
        both = await asyncio.gather(core.press(token), core.press(token))
        later = await core.press(token)

        assert [reply.session != "" for reply in both if reply] == [True, False]
        assert "no longer valid" in refused(later)
        assert (await only_session(core)).workspace == str(core.settings.base_dir / "new")


@virtual
async def test_create_can_be_pressed_again_after_a_refusal(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        offer = await core.command("new", "fake new")
        core.settings = changed(core.settings, max_concurrent=0)
        assert "(the cap)" in refused(await core.press(button(offer, "Create").token))
        core.settings = changed(core.settings, max_concurrent=1)

        await started(core, await core.press(button(offer, "Create").token))


@virtual
async def test_a_directory_that_cannot_be_made_is_refused_with_why(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        (core.settings.base_dir / "file").write_text("x")
        offer = await core.command("new", "fake file/below")

        assert "could not be created" in refused(await core.press(button(offer, "Create").token))
        assert await none_yet(core)


@virtual
async def test_the_base_directory_itself_is_made_without_asking(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        core.settings.base_dir.rmdir()
        await started(core, await core.command("new", "fake ."))

        assert core.settings.base_dir.is_dir()


# --- by buttons -----------------------------------------------------------------------------------------


@virtual
async def test_by_buttons_from_the_greeting_to_the_session(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core, ALICE)
        agents = await chat.push(await chat.say("/start"), "New session")
        assert labels(agents) == ["fake (default)", "other", "Cancel"]
        where = await chat.push(agents, "other")
        assert where.replaces
        assert labels(where) == ["Base directory", "Type a path", "Model: the agent's own", "Cancel"]
        models = await chat.push(where, "Model")
        assert labels(models) == ["The agent's own", "small", "large", "Back", "Cancel"]
        where = await chat.push(models, "large")
        assert "Model: large" in labels(where)
        record = await started(core, await chat.push(where, "Base directory"))

        assert (record.agent, record.model, record.owner) == ("other", "large", ALICE.key)
        assert record.workspace == str(core.settings.base_dir)


@virtual
async def test_the_model_can_be_left_to_the_agent_and_its_question_be_left(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        where = await core.command("new", "other --model large")
        models = await core.press(button(where, "Model: large").token)
        back = await core.press(button(models, "Back").token)
        assert back is not None and back.replaces and labels(back) == labels(where)
        models = await core.press(button(back, "Model: large").token)
        where = await core.press(button(models, "The agent's own").token)
        assert "Model: the agent's own" in labels(where)
        record = await started(core, await core.press(button(where, "Base directory").token))

        assert record.model == ""


@virtual
async def test_one_word_that_is_no_agent_is_named_as_the_directory_that_it_is_taken_for(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        (core.settings.base_dir / "fakes").mkdir()
        for word in ("fakes", "project"):
            which = await core.command("new", word)
            assert which is not None and f"{core.settings.base_dir / word}: which agent?" in which.text


@virtual
async def test_one_word_that_is_nearly_an_agent_and_no_directory_asks_what_was_meant(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        asked = await core.command("new", "othr --model large -- go")
        assert "Did you mean the agent other?" in refused(asked)
        assert labels(asked) == ["other", "Create othr", "Cancel"] and await none_yet(core)
        where = await core.press(button(asked, "other").token)
        assert where is not None and where.text == "New session with other: in which directory?"
        record = await started(core, await core.press(button(where, "Base directory").token))
        assert (record.agent, record.model) == ("other", "large")


@virtual
async def test_a_directory_that_is_nearly_called_like_an_agent_can_be_created(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        agents = await core.press(button(await core.command("new", "othr"), "Create").token)
        record = await started(core, await core.press(button(agents, "fake").token))

        assert record.workspace == str(core.settings.base_dir / "othr")


@virtual
async def test_recent_workspaces_are_offered_first(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        for name in ("one", "two"):
            (core.settings.base_dir / name).mkdir()
            await core.send(await core.new(f"fake {name}"), "work")
            await core.pass_time(10)
        where = await core.command("new", "fake")

        assert [label.rpartition("/")[2] for label in labels(where)[:3]] == ["two", "one", "Base directory"]


@virtual
async def test_with_one_agent_the_first_question_is_skipped(tmp_path: Path) -> None:
    agents = MappingProxyType({"demo": AgentSpec("demo", "/bin/demo")})
    async with lodge(tmp_path, agents=agents, default_agent="demo") as core:
        where = await core.command("new")

        assert where is not None and where.text == "New session with demo: in which directory?"


@virtual
async def test_many_agents_are_paged(tmp_path: Path) -> None:
    agents = MappingProxyType({f"a{n}": AgentSpec(f"a{n}", "/bin/a") for n in range(10)})
    async with lodge(tmp_path, agents=agents, default_agent="a0") as core:
        first = await core.command("new")
        assert labels(first) == ["a0 (default)", *(f"a{n}" for n in range(1, 8)), "Next", "Cancel"]
        second = await core.press(button(first, "Next").token)
        assert labels(second) == ["a8", "a9", "Back", "Cancel"]
        again = await core.press(button(second, "Back").token)

        assert labels(again) == labels(first)


@virtual
async def test_cancel_of_the_wizard_changes_nothing(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        reply = await core.press(button(await core.command("new"), "Cancel").token)

        assert reply is not None and reply.text == "Nothing was changed." and await none_yet(core)


@virtual
async def test_somebody_elses_wizard_is_not_mine_to_press(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        agents = await Chat(core, ALICE).command("new")

        assert "the person who asked" in refused(await Chat(core, BOB).press(button(agents, "other")))


@virtual
async def test_the_wizard_survives_an_agent_that_is_gone(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        where = await core.press(button(await core.command("new"), "other").token)
        core.settings = replace(core.settings, agents={"fake": core.settings.agents["fake"]})

        for label in ("Base directory", "Model", "Type a path"):
            reply = await core.press(button(where, label).token)
            assert reply is not None and "error inside" not in reply.text
        assert await none_yet(core)


# --- a chat without dialogs -----------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["project", "{base}/project", "  project  "])
@virtual
async def test_a_path_is_asked_for_and_the_next_plain_message_is_it(typed: str, tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        (core.settings.base_dir / "project").mkdir()
        chat = Chat(core, ALICE)
        asked = await chat.push(await chat.command("new", "fake"), "Type a path")
        assert asked.form is not None and asked.text.startswith("Which directory?")
        assert "as your next message, or press Cancel" in asked.text and asked.replaces
        reply = await chat.say(typed.format(base=core.settings.base_dir))

        assert (await started(core, reply)).workspace == str(core.settings.base_dir / "project")


@virtual
async def test_a_path_of_one_name_is_no_command(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core, ALICE)
        await chat.push(await chat.command("new", "fake"), "Type a path")
        reply = await chat.say("/no-such-directory-here")

        assert "/no-such-directory-here does not exist. Create it?" in refused(reply)


@virtual
async def test_a_command_is_not_taken_for_the_answer(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core, ALICE)
        await chat.push(await chat.command("new", "fake"), "Type a path")
        status = await chat.say("/status")

        assert status is not None and "Slots" in status.text and await none_yet(core)


@virtual
async def test_the_answer_is_expected_from_that_person_there_for_ten_minutes(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core, ALICE)
        await chat.push(await chat.command("new", "fake"), "Type a path")
        for other in (chat.by(BOB), chat.at("9")):
            assert await core.store.expected(other.where, other.who.key, core.now()) is None
        assert await core.store.expected(chat.where, chat.who.key, core.now()) is not None
        await core.pass_time(601)

        assert await core.store.expected(chat.where, chat.who.key, core.now()) is None


@virtual
async def test_on_the_page_a_plain_message_is_never_an_answer(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        id = await core.new()
        asked = await core.command("rename", session=id)
        assert asked is not None and asked.form is not None
        await core.send(id, "hello agent")

        assert core.agent.prompts == ["hello agent"]


@virtual
async def test_a_dialogs_values_say_it_all(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        values = {"agent": "other", "workspace": "fresh", "model": "small", "message": "go", "create": "yes"}
        record = await started(core, await core.command("new", **values))
        await core.pass_time(1)

        assert (record.agent, record.model, core.agent.prompts) == ("other", "small", ["go"])
        assert record.workspace == str(core.settings.base_dir / "fresh")


# --- impatient fingers ----------------------------------------------------------------------------------


@virtual
async def test_every_step_uses_up_the_one_before(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core, ALICE)
        agents = await chat.command("new")
        where = await chat.push(agents, "other")
        models = await chat.push(where, "Model")
        last = await chat.push(models, "large")
        for old, label in ((agents, "other"), (agents, "Cancel"), (where, "Base directory"), (models, "small")):
            assert "no longer valid" in refused(await chat.push(old, label))
        assert await none_yet(core)
        await started(core, await chat.push(last, "Base directory"))

        assert "no longer valid" in refused(await chat.push(last, "Base directory"))
        assert (await only_session(core)).model == "large"


@virtual
async def test_a_flood_of_presses_makes_one_session(tmp_path: Path) -> None:
    store = SlowStore(asyncio.get_running_loop().time)
    async with lodge(tmp_path, access=TEAM, store=store) as core:
        chat = Chat(core, ALICE)
        agents = await chat.command("new")
        steps = await asyncio.gather(*(chat.push(agents, "other") for _ in range(5)))
        (where,) = [step for step in steps if not step.refused]
        await asyncio.gather(*(chat.push(where, "Base directory") for _ in range(5)))

        assert (await only_session(core)).agent == "other"


@virtual
async def test_a_path_that_was_typed_leaves_no_button_of_its_wizard(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core, ALICE)
        where = await chat.command("new", "fake")
        asked = await chat.push(where, "Type a path")
        await started(core, await chat.say("."))

        assert "no longer valid" in refused(await chat.push(where, "Base directory"))
        assert "no longer valid" in refused(await chat.push(asked, "Cancel"))
        await only_session(core)


@virtual
async def test_a_path_that_cannot_be_is_asked_for_again(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        (core.settings.base_dir / "notes.txt").write_text("x")
        chat = Chat(core, ALICE)
        await chat.push(await chat.command("new", "fake --model large"), "Type a path")
        again = await chat.say("notes.txt")
        assert again is not None and again.form is not None and "is a file" in again.text
        record = await started(core, await chat.say("."))

        assert (record.workspace, record.model) == (str(core.settings.base_dir), "large")


@virtual
async def test_another_button_leaves_the_question_for_a_path(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        chat = Chat(core, ALICE)
        greeting = await chat.command("start")
        asked = await chat.push(await chat.command("new", "fake"), "Type a path")
        await chat.push(greeting, "Sessions")

        assert "no longer valid" in refused(await chat.push(asked, "Cancel"))
        assert await core.store.expected(chat.where, chat.who.key, core.now()) is None


@virtual
async def test_on_the_page_the_step_stays_beside_its_dialog(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        where = await core.command("new", "fake")
        dialog = await core.press(button(where, "Type a path").token)
        assert dialog is not None and dialog.form is not None and not dialog.replaces
        assert "own data" in refused(await core.press(dialog.form.token, workspace="../data"))
        await started(core, await core.press(button(where, "Base directory").token))


@virtual
async def test_newchat_picked_twice_makes_one_session(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        old = await core.new()
        picker = await Chat(core, ALICE).command("newchat")
        await asyncio.gather(*(Chat(core, ALICE).press(choices(picker)[0]) for _ in range(3)))

        assert len(await core.store.sessions_like("")) == 2 and await core.record(old)


# --- places ---------------------------------------------------------------------------------------------


@virtual
async def test_a_session_of_a_chat_gets_a_place_there_and_one_of_the_page_does_not(tmp_path: Path) -> None:
    async with lodge(tmp_path, access=TEAM) as core:
        page = await core.new()
        assert await core.store.place_of(page) is None
        reply = await Chat(core, ALICE).command("new", "fake . -- tidy up")
        record = await started(core, reply)
        place = await core.store.place_of(record.id)
        assert place is not None
        assert (place.adapter, place.space, place.ref, place.title) == ("telegram", "-100", None, "tidy up")
        await Chat(core, ALICE).open(record.id, "7")
        place = await core.store.place_of(record.id)

        assert place is not None and place.ref == ThreadRef("telegram", "-100", "7") and place.wanted is Wanted.OPEN
        await core.send(record.id, "from the page")
        assert core.screen.places[record.id] == place


@virtual
async def test_newchat_takes_agent_model_and_workspace(tmp_path: Path) -> None:
    async with lodge(tmp_path) as core:
        (core.settings.base_dir / "sub").mkdir()
        old = await core.new("other sub --model large")
        record = await started(core, await core.command("newchat", session=old))

        assert record.id != old
        assert (record.agent, record.model) == ("other", "large")
        assert record.workspace == str(core.settings.base_dir / "sub")
