"""What the demo agent says at length."""

from __future__ import annotations

GREETING = "Hello! I am the demo agent: no model, no key, but a real agent. Say `help` to see what I can do.\n\n"

HELP = """I am the **demo agent**: a real agent process that needs no model and no key. Say, in plain words:

- `list files`, `read FILE`
- `make FILE with TEXT`: a new file
- `edit FILE` or `edit FILE replace "a" with "b"`: asks you first and shows the diff
- `run COMMAND`: asks you first, then runs it here
- `plan`, `think`, `long answer`, `slow answer` (try stopping it), `image`
- `ask`: a form with a few questions
- `title A better name`: names this session
- `fail` and `crash`: what trouble looks like

I work in `{folder}`. In mode **auto** I do not ask; now it is **{mode}**.
"""

THOUGHTS = """The question is about {topic}. First I look at what is known, then at what would follow from it. \
I have no model, so I cannot really know; but I can show how thinking looks while it happens. \
An honest and short answer will do."""

CONCLUSION = "I have thought about {topic}, and my conclusion is: **try it on something small first**.\n"

PLAN = (
    ("Look at what is there", "high"),
    ("Decide what to change", "medium"),
    ("Make the change", "high"),
    ("Check that it works", "low"),
)

SLOW = (
    "This answer takes its time: one word after the other, about half a minute in all. "
    "You can read along, send the next message into the queue meanwhile, or press Stop, and I fall silent at once. "
    "Nothing is lost when you do: the session goes on, and so can we. "
    "If you are still reading, you are patient. That was all."
)

LONG = """# A long answer

This answer shows what Markdown looks like here. It has **bold**, *italic*, ~~struck~~ and `code` words, and a \
[link to the protocol](https://agentclientprotocol.com).

## A list, with lists in it

1. First, look around
   - in the files
   - in the history
     - the last week is usually enough
2. Then change one thing
3. Then look again

## Tasks

- [x] Understand the question
- [x] Begin an answer
- [ ] Come to an end

## A table

| Agent | Needs a key | Runs offline | Good for |
| :--- | :---: | :---: | ---: |
| demo | no | yes | trying things |
| claude | yes | no | real work |
| your own | you decide | you decide | everything else |

## Code

```python
def greet(name: str) -> str:
    \"\"\"Say hello, politely.\"\"\"
    return f"Hello, {name}!"


print(greet("world"))
```

```diff
-print("Hello")
+print(greet("world"))
```

```sh
openacp-bot check-config && openacp-bot run
```

## A quotation

> Simple things should be simple,
> complex things should be possible.
>
> > And a quotation may hold another one.

---

### Signs that like to break things

Less than `<`, greater than `>`, an ampersand &, a_name_with_underscores, 2 * 3 * 4 = 24, no <b>tag</b>, \
umlauts äöü, 漢字, and an emoji 🎉.

### At last

That is the end of the long answer. Ask for the `slow answer` if this one was too quick.
"""

EXAMPLES = {
    ".py": 'def greet(name):\n    return "Hello, " + name\n\n\nprint(greet("world"))\n',
    ".md": "# Notes\n\nHello, world.\n",
    ".json": '{\n  "greeting": "Hello, world"\n}\n',
    "": "Hello, world.\nThis file was made by the demo agent.\n",
}
COMMENTS = {
    **dict.fromkeys((".py", ".sh", ".yaml", ".yml", ".toml", ".rb", ".cfg"), "# {}"),
    **dict.fromkeys((".js", ".ts", ".c", ".cpp", ".h", ".go", ".rs", ".java", ".css"), "// {}"),
    **dict.fromkeys((".html", ".xml", ".svg"), "<!-- {} -->"),
    ".sql": "-- {}",
}
ADDED_LINE = "One more line, added by the demo agent."
