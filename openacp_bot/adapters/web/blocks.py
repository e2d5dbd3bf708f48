"""Where one block of growing Markdown ends and the next begins, read line by line, each line once.

A block here is what can be rendered by itself: a paragraph, a whole list, a table, a fence. It is over when a blank
line is followed by a line that cannot belong to it any more, or when a fence opens or closes.
"""

from __future__ import annotations

import re

from openacp_bot.adapters.web.markdown import FENCE

LIST_ITEM = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)")


class BlockReader:
    """Takes text in any pieces; gives finished blocks' sources and keeps the rest."""

    def __init__(self) -> None:
        self._block: list[str] = []  # whole lines of the block that is not over
        self._line: list[str] = []  # pieces of the line that is not over
        self._fence = ""  # what opened the fence that the block is
        self._has_list = False
        self._blank_seen = False

    @property
    def fence(self) -> str:
        """The opening line of the fence that is being read; empty outside of one."""
        return self._block[0] if self._fence else ""

    def take(self, text: str) -> list[str]:
        """The blocks that are over now."""
        done: list[str] = []
        first, *rest = text.split("\n")  # the common chunk is a word, without a rest
        if first:
            self._line.append(first)
        for piece in rest:
            self._end_line("".join(self._line) + "\n", done)
            self._line = [piece] if piece else []
        if self._blank_seen and self._line and self._begins_outside(self._line[0][0]):
            self._finish(done, [])
        return done

    def rest(self) -> str:
        """The source that belongs to no finished block yet."""
        return "".join([*self._block, *self._line])

    def close(self) -> str:
        """The rest, as the last block."""
        rest = self.rest()
        self._line = []
        self._start_block([])
        return rest

    def _end_line(self, line: str, done: list[str]) -> None:
        if self._fence:
            self._block.append(line)
            if self._closes_fence(line):
                self._finish(done, [])
            return
        if self._blank_seen and self._is_outside(line):
            self._finish(done, [])
        opening = FENCE.match(line.rstrip("\n"))
        if opening and self._may_open_fence(line, opening):
            self._finish(done, [line])
            self._fence = opening[1]
            return
        self._block.append(line)
        self._blank_seen = not line.strip()
        self._has_list = self._has_list or LIST_ITEM.match(line) is not None

    def _closes_fence(self, line: str) -> bool:
        closing = FENCE.match(line.rstrip("\n"))
        return closing is not None and closing[1].startswith(self._fence) and not closing[2].strip()

    def _may_open_fence(self, line: str, opening: re.Match[str]) -> bool:
        if self._has_list and line[0] == " ":
            return False  # it belongs to the list's item
        return opening[1][0] == "~" or "`" not in opening[2]  # CommonMark: no backtick in the words behind backticks

    def _is_outside(self, line: str) -> bool:
        """Whether the line, after a blank one, begins something new."""
        if not line.strip() or line[0] in " \t":
            return False
        return not (self._has_list and LIST_ITEM.match(line))

    def _begins_outside(self, character: str) -> bool:
        """Whether any line that begins so does: the block need not wait for the line's end."""
        return character not in " \t" and not (self._has_list and character in "-*+0123456789")

    def _finish(self, done: list[str], following: list[str]) -> None:
        if any(line.strip() for line in self._block):
            done.append("".join(self._block))
        self._start_block(following)

    def _start_block(self, lines: list[str]) -> None:
        self._block = lines
        self._fence = ""
        self._has_list = False
        self._blank_seen = False
