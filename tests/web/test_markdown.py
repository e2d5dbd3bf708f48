"""Markdown to safe HTML, and blocks that are found while it grows."""

from __future__ import annotations

import random
import time

import pytest

from openacp_bot.adapters.web import markdown
from openacp_bot.adapters.web.blocks import BlockReader
from openacp_bot.adapters.web.growing import NOTHING_SEEN, SMALL_TAIL, GrowingMarkdown, GrowingOutput, Seen

WHOLE = """# Title
Text with **bold**, ~~gone~~ and `code`.

1. one

   continued

2. two
   - nested

after

| a | b |
|--|--:|
| 1 | 2 |

```python
x = "<b>"

y = 1
```
> quote
> more

- [x] done
- [ ] open

~~~
tilde ``` inside
~~~

    indented

    code
"""


@pytest.mark.parametrize(
    ("source", "drawn"),
    [
        ("**b** _i_ ~~s~~", "<p><strong>b</strong> <em>i</em> <s>s</s></p>"),
        ("<b onclick=x>&</b>", "<p>&lt;b onclick=x&gt;&amp;&lt;/b&gt;</p>"),
        ("<!-- x -->", "<p>&lt;!-- x --&gt;</p>"),
        ("main.py and www.x.de", "<p>main.py and www.x.de</p>"),
        ("a\nb", "<p>a<br />\nb</p>"),
        ("[f](src/a.py)", '<p><span class="target" title="src/a.py">f</span></p>'),
        ("[j](javascript:alert(1))", '<p><span class="target" title="javascript:alert(1)">j</span></p>'),
        ("[v]( vbscript:x )", '<p><span class="target" title="vbscript:x">v</span></p>'),
        ("[d](data:text/html,x)", '<p><span class="target" title="data:text/html,x">d</span></p>'),
        ("![a](javascript:x)", '<p><span class="target" title="javascript:x">a</span></p>'),
    ],
)
def test_small_sources(source: str, drawn: str) -> None:
    assert markdown.render(source) == drawn + "\n"


@pytest.mark.parametrize("url", ["https://a.b/c", "http://a.b", "HTTPS://a.b/c", "mailto:a@b.de"])
def test_links_open_apart_and_give_nothing_away(url: str) -> None:
    assert f'<a href="{url}" rel="noopener noreferrer" target="_blank">x</a>' in markdown.render(f"[x]({url})")


def test_bare_addresses_are_links() -> None:
    assert '<a href="https://a.b/c"' in markdown.render("see https://a.b/c.")


def test_images_are_links_and_never_loaded() -> None:
    drawn = markdown.render("![alt](https://a.b/c.png) [![in](https://a.b/d.png)](https://e.f)")

    assert "<img" not in drawn
    assert '<a href="https://a.b/c.png" rel="noopener noreferrer" target="_blank" class="image">alt</a>' in drawn
    assert drawn.count("<a ") == 2


def test_tables_align_by_class_since_styles_are_forbidden() -> None:
    drawn = markdown.render("| a | b |\n|:-:|--:|\n| 1 | 2 |")

    assert "style" not in drawn
    assert '<td class="center">1</td>' in drawn
    assert '<td class="right">2</td>' in drawn


def test_task_lists_have_boxes() -> None:
    drawn = markdown.render("- [x] done\n- [ ] open\n- [a] not a task")

    assert '<input type="checkbox" disabled aria-label="done" checked> done' in drawn
    assert '<input type="checkbox" disabled aria-label="open"> open' in drawn
    assert "<li>[a] not a task</li>" in drawn


@pytest.mark.parametrize(
    ("source", "drawn"), [("**bold**", "<strong>bold</strong>"), ("`code`", "<code>code</code>"), ("_i_", "<em>i</em>")]
)
def test_a_task_may_begin_with_a_style(source: str, drawn: str) -> None:
    assert f'aria-label="done" checked> {drawn}' in markdown.render(f"- [x] {source}")


@pytest.mark.parametrize("source", ["> " * 25 + "deep", "> " * 60 + "deep", "- " * 30 + "deep"])
def test_what_lies_deep_is_not_lost(source: str) -> None:
    assert "deep" in markdown.render(source)


def test_code_is_highlighted_by_classes() -> None:
    drawn = markdown.render("```python title=x\nprint('<b>')\n```")

    assert '<div class="code" data-language="python">' in drawn
    assert '<span class="nb">print</span>' in drawn
    assert "&lt;b&gt;" in drawn


@pytest.mark.parametrize("language", ["nonsense", '"><script>', ""])
def test_unknown_languages_are_plain_and_harmless(language: str) -> None:
    drawn = markdown.render(f"```{language}\n<b>\n```")

    assert "<code>&lt;b&gt;\n</code>" in drawn
    assert "<script>" not in drawn


@pytest.mark.parametrize(
    "unit", ["[", "![[", "*a ", ">", "a\\\n", "[a](", "<a ", "_a*b_", "http://", "- a\n", "`", "|a"]
)
def test_hostile_sources_end_soon(unit: str) -> None:
    started = time.process_time()
    markdown.render((unit * 100_000)[: markdown.PARSED])
    markdown.render((unit * 1_000_000)[:1_000_000])

    assert time.process_time() - started < 5  # not a timing of ours: a parse that explodes takes minutes


def test_what_is_too_long_is_shown_as_text() -> None:
    long = "*a* <b>\n" * 10_000

    assert markdown.render(long).startswith('<p class="plain">*a* &lt;b&gt;')
    assert markdown.render(f"```py\n{long}```\n").endswith("&lt;b&gt;\n</code></pre></div>\n")


# --- growing ---------------------------------------------------------------------------------------


def pieces(source: str, seed: int) -> list[str]:
    """The source cut at random."""
    cuts = sorted(random.Random(seed).choices(range(len(source) + 1), k=40))
    return [source[start:end] for start, end in zip([0, *cuts], [*cuts, len(source)], strict=True)]


@pytest.mark.parametrize("seed", range(20))
def test_blocks_are_the_same_however_the_text_is_cut(seed: int) -> None:
    whole, cut = BlockReader(), BlockReader()
    expected = [*whole.take(WHOLE), whole.close()]

    found = [block for piece in pieces(WHOLE, seed) for block in cut.take(piece)]

    assert [*found, cut.close()] == expected


def test_blocks_rendered_one_by_one_are_the_whole_rendered() -> None:
    reader = BlockReader()
    blocks = [*reader.take(WHOLE), reader.close()]

    assert len(blocks) >= 8
    assert "".join(markdown.render(block) for block in blocks) == markdown.render(WHOLE)


@pytest.mark.parametrize("seed", range(300))
def test_no_character_is_lost_however_strange_the_text(seed: int) -> None:
    chance = random.Random(seed)
    source = "".join(chance.choices("ab  \n\n\n`~-1.#>|\t*", k=chance.randrange(150)))
    whole, cut = BlockReader(), BlockReader()

    at_once = [*whole.take(source), whole.close()]
    blocks = [block for piece in pieces(source, seed) for block in cut.take(piece)]
    blocks.append(cut.close())

    assert "".join("".join(blocks).split()) == "".join(source.split())
    assert "".join(blocks) == "".join(at_once)
    assert [block for block in blocks if block.strip()] == [block for block in at_once if block.strip()]


def tab_of(deltas: list[dict[str, object]]) -> str:
    """What a tab shows after these deltas: HTML of blocks, then the tail."""
    blocks: list[str] = []
    plain = ""
    tail = ""
    for delta in deltas:
        at, new = delta["at"], delta["blocks"]
        assert isinstance(at, int)
        assert isinstance(new, list)
        assert at <= len(blocks)
        blocks = blocks[:at] + new
        if "tail" in delta:
            tail, plain = str(delta["tail"]), ""
        else:
            assert delta["from"] in (0, len(plain))
            plain = (plain if delta["from"] else "") + str(delta["more"])
            tail = plain
    return "".join(blocks) + tail


@pytest.mark.parametrize("seed", range(10))
def test_a_tab_that_looks_now_and_then_ends_with_the_whole(seed: int) -> None:
    source = WHOLE + "- item\n" * 400 + "\nend\n"
    text = GrowingMarkdown()
    chance = random.Random(seed)
    seen, deltas = NOTHING_SEEN, []
    for piece in pieces(source, seed):
        text.add(piece)
        if chance.random() < 0.6:
            delta, seen = text.since(seen)
            deltas.append(delta)
    text.pause()
    delta, seen = text.since(seen)

    late, _ = text.since(NOTHING_SEEN)

    assert tab_of([*deltas, delta]) == tab_of([late]) == markdown.render(source)


def test_code_travels_as_text_until_its_fence_closes() -> None:
    text = GrowingMarkdown()
    text.add("```py\nprint(1)\npri")
    first, seen = text.since(NOTHING_SEEN)
    text.add("nt(2)\n")
    second, seen = text.since(seen)
    text.add("```\n")
    third, seen = text.since(seen)

    assert (first["from"], first["more"], first["code"]) == (0, "print(1)\npri", True)
    assert (second["from"], second["more"]) == (12, "nt(2)\n")
    assert len(third["blocks"]) == 1
    assert third["tail"] == ""


def test_deltas_of_a_long_tail_are_as_small_as_what_is_new() -> None:
    text = GrowingMarkdown()
    text.add("x" * (SMALL_TAIL * 50))
    _, seen = text.since(NOTHING_SEEN)
    text.add("yz")

    delta, _ = text.since(seen)

    assert (delta["blocks"], delta["more"]) == ([], "yz")


def test_a_finished_block_is_rendered_once_for_all_tabs() -> None:
    text = GrowingMarkdown()
    text.add("one\n\n" + "x" * 2 * SMALL_TAIL)
    first, _ = text.since(NOTHING_SEEN)
    second, _ = text.since(NOTHING_SEEN)

    assert len(first["blocks"]) == 1
    assert first["blocks"][0] is second["blocks"][0]


def test_output_is_kept_from_its_end() -> None:
    output = GrowingOutput()
    seen = NOTHING_SEEN
    shown = ""
    skipped = 0
    for number in range(3000):
        output.add(f"line {number} {'x' * 100}\n")
        if number % 7 == 0:
            delta, seen = output.since(seen)
            shown = (shown if delta["from"] else "") + delta["more"]
            skipped = skipped if delta["from"] else delta["skipped"]
    delta, seen = output.since(seen)
    shown = (shown if delta["from"] else "") + delta["more"]
    late, _ = output.since(NOTHING_SEEN)

    assert shown.endswith(f"line 2999 {'x' * 100}\n")
    assert shown.endswith(late["more"])
    assert late["skipped"] > 0
    assert output.since(seen) == ({"from": seen.tail, "more": "", "skipped": 0}, seen)
    assert isinstance(seen, Seen)


@pytest.mark.parametrize(
    ("source", "html"), [("# A", "<h2>A</h2>"), ("### A", "<h4>A</h4>"), ("###### A", "<h6>A</h6>")]
)
def test_headings_begin_below_the_pages_own(source: str, html: str) -> None:
    assert markdown.render(source).strip() == html
