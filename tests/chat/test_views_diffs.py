"""Changes as unified diffs."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openacp_bot.chat.diffs import COMPARED, as_patch, change
from openacp_bot.core.model import Diff

LINES = st.lists(st.sampled_from(["a", "b", "c", "", "+x", "-y", "@@"]), max_size=60)


@pytest.mark.parametrize(
    ("old", "new", "text", "added", "removed"),
    [
        ("a\n", "b\n", "-a\n+b", 1, 1),
        (None, "a\nb\n", "+a\n+b", 2, 0),
        ("", "a\n", "+a", 1, 0),
        ("a\n", "", "-a", 0, 1),
        ("a\n", "a\n", "", 0, 0),
        (None, "", "", 0, 0),
        ("a\n" + "x\n" * 9, "b\n" + "x\n" * 8 + "y\n", "-a\n+b\n x\n x\n x\n@@ -7,4 +7,4 @@\n x\n x\n x\n-x\n+y", 2, 2),
        ("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\nx\n", "@@ -3,4 +3,4 @@\n 3\n 4\n 5\n-6\n+x", 1, 1),
    ],
)
def test_a_change_is_shown_with_three_lines_around_it(
    old: str | None, new: str, text: str, added: int, removed: int
) -> None:
    made = change(Diff("x", old, new))

    assert (made.text, made.added, made.removed) == (text, added, removed)


@given(LINES, LINES)
def test_old_and_new_can_be_told_from_the_diff_of_all_lines(old: list[str], new: list[str]) -> None:
    made = change(Diff("x", "\n".join(old), "\n".join(new)))
    hunks = [line for line in made.lines if not line.startswith("@@ -")]

    before, after = "\n".join(old).splitlines(), "\n".join(new).splitlines()
    removed = [line[1:] for line in hunks if line[0] == "-"]
    added = [line[1:] for line in hunks if line[0] == "+"]
    assert len(before) - len(removed) == len(after) - len(added)
    assert all(line in before for line in removed)
    assert all(line in after for line in added)
    assert bool(hunks) is (before != after)


@given(LINES, LINES)
def test_every_hunk_stands_where_its_head_says(old: list[str], new: list[str]) -> None:
    before, after = "\n".join(old).splitlines(), "\n".join(new).splitlines()

    patched = _patched(before, change(Diff("x", "\n".join(old), "\n".join(new))).lines)

    assert patched == after


def _patched(old: list[str], lines: tuple[str, ...]) -> list[str]:
    """What `patch` would make of it."""
    new: list[str] = []
    at = 0
    for line in lines:
        if line.startswith("@@ -"):
            start, length = map(int, line.split()[1][1:].split(","))
            until = start - 1 if length else start
            new += old[at:until]
            at = until
        elif line[0] == "+":
            new.append(line[1:])
        else:
            assert old[at] == line[1:]
            new += [line[1:]] if line[0] == " " else []
            at += 1
    return new + old[at:]


def test_a_small_change_reads_as_difflib_writes_it() -> None:
    old, new = [f"line {n}" for n in range(50)], [f"line {n}" for n in range(50)]
    new[10:12] = ["x"]
    new[40:40] = ["y", "z"]

    made = change(Diff("x", "\n".join(old), "\n".join(new)))

    assert made.lines == tuple(difflib.unified_diff(old, new, lineterm=""))[2:]


def test_a_huge_change_is_told_as_one_replacement() -> None:
    size = COMPARED + 10
    old = ["same", *(f"old {n}" for n in range(size)), "end"]
    new = ["same", *(f"new {n}" for n in range(size)), "end"]

    made = change(Diff("x", "\n".join(old), "\n".join(new)))

    assert (made.added, made.removed) == (size, size)
    assert made.lines[:3] == (f"@@ -1,{size + 2} +1,{size + 2} @@", " same", "-old 0")
    assert made.lines[-1] == " end"


def test_a_patch_names_its_file() -> None:
    assert as_patch(Diff("/srv/x", "a\n", "b\n")) == "--- a/srv/x\n+++ b/srv/x\n@@ -1,1 +1,1 @@\n-a\n+b\n"
    assert as_patch(Diff("x", None, "b\n")) == "--- /dev/null\n+++ b/x\n@@ -0,0 +1,1 @@\n+b\n"
