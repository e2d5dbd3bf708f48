"""What agents may write: prose of every kind and length, and blocks of ours."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from openacp_bot.chat.blocks import Block, Code, Item, Line, Link, Prose, Quote, Tone

FAMILY = "👩🏽‍👩🏿‍👧🏻"
FRAGMENTS = [
    *"*_`~[]()!<>#|\\:-+=.& \n\t",
    *("**", "***", "~~", "``", "```", "~~~", "\n\n", "\n> ", "\n> > ", "\n- ", "\n  - ", "\n1. ", "\n   ", "\n    "),
    *("\n```python\n", "\n```\n", "\n````\n", "\n~~~\n", "\n# ", "\n---\n", "\n===\n", "\n- [x] ", "\n- [ ] ", "\n7) "),
    *("[a](http://b.c)", "[a](src/b_c.py)", "![a](http://b.c/d.png)", "[", "](", "<http://a.b>", "http://a.b/_c_d_"),
    *("\n| a | b |\n|---|--:|\n| c | d |\n", "|", "<b>", "</div>", "<!-- x -->", "&amp;", "&lt;", "&#10;", "&#8238;"),
    *(
        "word",
        "snake_case_word",
        "слово",
        "שלום",
        "مرحبا",
        "日本語。",
        FAMILY,
        "🇩🇪🇫🇷",
        "e\u0301",
        "\u200b",
        "\u202e",
        "\x00",
        "\ud800",
    ),
]
SOUP = st.lists(st.sampled_from(FRAGMENTS), max_size=60).map("".join)
PROSE = st.one_of(SOUP, st.text(max_size=300))
LONG_PROSE = st.tuples(SOUP, st.integers(1, 120)).map(lambda drawn: drawn[0] * drawn[1])

BLOCKS: st.SearchStrategy[list[Block]] = st.lists(
    st.one_of(
        st.builds(Prose, PROSE),
        st.builds(Line, st.text(max_size=80), st.sampled_from(Tone)),
        st.builds(Quote, st.text(max_size=3000), st.booleans(), st.booleans()),
        st.builds(Code, st.text(max_size=3000), st.sampled_from(["", "diff", "c++", "a b", "<"]), st.booleans()),
        st.builds(Link, st.text(max_size=30), st.sampled_from(["https://a.b/c", "javascript:x", "x", ""])),
        st.builds(Item, st.sampled_from(["", "🟢"]), st.text(max_size=30), st.text(max_size=30), st.just("")),
    ),
    max_size=8,
)
CODE_LINES = st.lists(
    st.tuples(
        st.sampled_from(["", " ", "    ", "\t", "\t\t ", "+", "-\t", " - "]),
        st.sampled_from(
            ["", "x", "return value", "a*b_c `d`", "``", "\\n", "> q", "# no", "<@1>", ":100:", "日本", "  "]
        ),
    ).map("".join),
    max_size=40,
)
# Long enough to be cut into pages: at line ends only, as no line is longer than half a page.
CODE = st.tuples(CODE_LINES, st.integers(1, 60)).map(lambda drawn: "\n".join(drawn[0] * drawn[1]))

THOROUGH = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SIGNS = [FAMILY, "🇩🇪", "🇫🇷", "e\u0301", "👍🏽", "한", "\u1112\u1161\u11ab", "क्ष", "❤️", "1️⃣", "x", "שׁ"]


def may_be_unparsed(source: str) -> bool:
    is_deep = source.count(">") >= 40 or source.count("- ") >= 20 or source.count(". ") >= 20
    return is_deep or source.count("[") > 400 or source.count("://") > 100


def lines_of_code(text: str) -> list[str]:
    """What nobody may lose of code: its lines with their indents. (Blank ones stay inside of a page only.)"""
    return [line.rstrip() for line in text.split("\n") if line.strip()]
