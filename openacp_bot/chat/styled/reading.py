"""What a platform makes of what agents write: which links it takes, how wide a table may be, what code keeps."""

from __future__ import annotations

import re
from dataclasses import dataclass

from openacp_bot.chat.styled.sheet import clean, without_blank_lines

LANGUAGE = re.compile(r"[\w+#.-]{1,32}")
ANY_TEXT = re.compile(r"")


@dataclass(frozen=True, slots=True)
class Reading:
    """`links`: the targets that may be links, of at most `longest_link` characters; `link_texts`: what they may stand
    behind; `widest`: columns of fixed width that a phone shows in a line; `tab`: columns that a tab takes in code, 0 if
    it stays one."""

    links: re.Pattern[str]
    longest_link: int = 2048
    link_texts: re.Pattern[str] = ANY_TEXT
    widest: int = 36
    tab: int = 4

    def is_link(self, url: str, text: str = "") -> bool:
        """Whether a person may be sent there, and the platform takes it, behind this text."""
        return (
            len(url) <= self.longest_link
            and self.links.match(url) is not None
            and self.link_texts.match(text) is not None
        )

    def code(self, source: str) -> str:
        """What a chat keeps of a block of code: all of it but blank lines around it, and tabs where it has none."""
        text = clean(source)
        text = text.expandtabs(self.tab) if self.tab else text
        return without_blank_lines(text).rstrip()


def language_of(info: str) -> str:
    """The language that a fence names, if a chat can name it, too."""
    name = info.strip().partition(" ")[0]
    return name if LANGUAGE.fullmatch(name) else ""
