"""Blocks as Discord messages: its Markdown, 2000 characters a message."""

from __future__ import annotations

import re
from collections.abc import Sequence

from openacp_bot.adapters.discord.markup import LIMIT, RESERVE, markdown, weights
from openacp_bot.chat.blocks import Block
from openacp_bot.chat.styled.pages import Paper
from openacp_bot.chat.styled.reading import Reading
from openacp_bot.chat.styled.writing import Scribe

WEB = re.compile(r"https?://[^\s/<>]+[^\s<>]*\Z", re.IGNORECASE)
# Discord shows a link's source if an address or half a pair of brackets stands in its text.
LINK_TEXT = re.compile(r"(?!.*https?://)(?:[^\[\]]|\[[^\[\]]*\])*\Z", re.IGNORECASE | re.DOTALL)
READING = Reading(WEB, longest_link=500, link_texts=LINK_TEXT, tab=0)


class DiscordDialect:
    """A `chat.blocks.Dialect`; a page is its Markdown."""

    def __init__(self) -> None:
        self._scribe = Scribe(Paper(LIMIT - RESERVE, weights), READING, folds=False)

    def pages(self, blocks: Sequence[Block]) -> tuple[str, ...]:
        """All of it; () without visible text."""
        return tuple(markdown(page) for page in self._scribe.pages(blocks))

    def tail(self, blocks: Sequence[Block]) -> str | None:
        """The newest that fits into one message, "…" in front if something is left out."""
        page = self._scribe.tail(blocks)
        return None if page is None else markdown(page)

    def plain(self, page: str) -> str:
        """Discord refuses no markup."""
        return page
