"""Which of Telegram's two kinds of messages says something: a text, which every app can show, or an article."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from openacp_bot.adapters.telegram.article import Article, Paragraph
from openacp_bot.adapters.telegram.article_pages import articles
from openacp_bot.adapters.telegram.article_writing import needs_article, parts_of
from openacp_bot.adapters.telegram.rich import Rich, TelegramDialect
from openacp_bot.chat.blocks import Block
from openacp_bot.chat.recent import Recent

MOST_REFUSED = 100

Written: TypeAlias = Rich | Article


class ArticleDialect:
    """A `chat.blocks.Dialect`. What is short and simple is a text; what grows is one, too.

    Every article can be cut into texts instead: that is what becomes of those that Telegram refused."""

    def __init__(self, *, has_articles: bool) -> None:
        self.has_articles = has_articles
        self._texts = TelegramDialect()
        self._refused: Recent[Article] = Recent(MOST_REFUSED)

    def refuse(self, article: Article) -> None:
        """From now on it is written as texts."""
        self._refused.add(article)

    def pages(self, blocks: Sequence[Block]) -> tuple[Written, ...]:
        texts = self._texts.pages(blocks)
        if not self.has_articles or not texts or (len(texts) == 1 and not needs_article(blocks)):
            return texts
        found = articles(parts_of(blocks))
        return texts if not found or any(one in self._refused for one in found) else found

    def tail(self, blocks: Sequence[Block]) -> Rich | None:
        return self._texts.tail(blocks)

    def plain(self, page: Written) -> Written:
        return self._texts.plain(page) if isinstance(page, Rich) else Article((Paragraph(page.text),))
