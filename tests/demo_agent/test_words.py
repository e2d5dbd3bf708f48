"""Plain words become wishes."""

from __future__ import annotations

import pytest

from openacp_bot.core.handover import go_on
from openacp_bot.core.model import Prompt, UserRef
from openacp_bot.demo_agent.skills import SKILLS
from openacp_bot.demo_agent.words import Wish, understand


def asked(text: str) -> Prompt:
    return Prompt("p", "s", UserRef("web", "local"), text, 0.0)


EXAMPLES = [
    ("help", Wish("help")),
    (go_on(asked("edit notes.txt")), Wish("go_on", text="edit notes.txt")),
    (go_on(asked(go_on(asked('replace "x" with "y" in a.txt')))), Wish("go_on", text='replace "x" with "y" in a.txt')),
    (go_on(asked("run echo\n\nhello" * 200)), Wish("go_on", text="run echo\n\nhello" * 200)),
    (go_on(None), Wish("go_on")),
    ("Hello!", Wish("help")),
    ("hi there", Wish("help")),
    ("What can you do?", Wish("help")),
    ("who are you?", Wish("help")),
    ("list files", Wish("list")),
    ("Please list the files", Wish("list")),
    ("I would like to see the files", Wish("list")),
    ("what files are here?", Wish("list")),
    ("list files in docs", Wish("list", file="docs")),
    ("show me the files in src/", Wish("list", file="src/")),
    ("read notes.txt", Wish("read", file="notes.txt")),
    ("Can you show me README.md?", Wish("read", file="README.md")),
    ("read the file `a b.txt` please", Wish("read", file="a b.txt")),
    ("what is in notes.txt?", Wish("read", file="notes.txt")),
    ("make notes.txt", Wish("make", file="notes.txt")),
    ("make notes with hi", Wish("make", file="notes", text="hi")),
    ("create a file called a.txt with hello world", Wish("make", file="a.txt", text="hello world")),
    ("create a.py with the text: print(1)", Wish("make", file="a.py", text="print(1)")),
    ("make a file", Wish("make")),
    ("edit notes.txt", Wish("edit", file="notes.txt")),
    ("edit a file", Wish("edit")),
    ('edit a.txt replace "x y" with "z"', Wish("edit", file="a.txt", old="x y", new="z")),
    ("edit a.txt: replace a with b", Wish("edit", file="a.txt", old="a", new="b")),
    ("please edit the file a.txt and replace 'x' with 'y', please", Wish("edit", file="a.txt", old="x", new="y")),
    ('replace "x" with "" in a.txt', Wish("edit", file="a.txt", old="x", new="")),
    ("change foo to bar in a.txt", Wish("edit", file="a.txt", old="foo", new="bar")),
    ("run ls -la | wc", Wish("run", text="ls -la | wc")),
    ("Please run the command `pytest -q`", Wish("run", text="pytest -q")),
    ("run echo hi please", Wish("run", text="echo hi")),
    ("$ date", Wish("run", text="date")),
    ("plan", Wish("plan")),
    ("make me a plan", Wish("plan")),
    ("/plan", Wish("plan")),
    ("/read a.txt", Wish("read", file="a.txt")),
    ("think", Wish("think")),
    ("think about the sea", Wish("think", text="the sea")),
    ("give me a LONG answer", Wish("long")),
    ("slow answer, please", Wish("slow")),
    ("ask me something", Wish("ask")),
    ("fail", Wish("fail")),
    ("crash", Wish("crash")),
    ("show me an image", Wish("image")),
    ("draw a cat", Wish("image")),
    ("title My better name", Wish("title", text="My better name")),
    ("set the title to X y", Wish("title", text="X y")),
    ("call this chat Foo", Wish("title", text="Foo")),
]


@pytest.mark.parametrize(("said", "wish"), EXAMPLES, ids=[said for said, _ in EXAMPLES])
def test_plain_words_are_understood(said: str, wish: Wish) -> None:
    assert understand(said) == wish


@pytest.mark.parametrize(
    "said",
    [
        "",
        "thanks",
        "make a joke",
        "write a poem about dogs",
        "update the docs about the weather",
        "replace a with b",
        "/etc/passwd",
        "plan B failed because of the weather and nothing else went well",
        "x" * 5000,
    ],
)
def test_anything_else_is_echoed(said: str) -> None:
    assert understand(said) == Wish("echo", text=said)


def test_every_wish_has_a_skill() -> None:
    assert {wish.skill for _, wish in EXAMPLES} | {"naming", "echo"} == set(SKILLS)


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        (
            "Write a title of at most 5 words.\n\nPlease fix the login page of the shop, it hangs",
            "Fix login page shop hangs",
        ),
        ('Give a 5-word title for: "list the files in here"', "List files here"),
        ("Reply with a five word title only.\n```\nhello\n```", "Hello"),
        ('A title of at most 5 words: "?!"', "A chat with the demo"),
    ],
)
def test_a_hidden_prompt_for_a_title_gets_one_of_at_most_five_words(asked: str, title: str) -> None:
    assert understand(asked) == Wish("naming", text=title)
