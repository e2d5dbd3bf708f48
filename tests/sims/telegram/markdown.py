"""parse_mode MarkdownV2 and the legacy Markdown, with Telegram's refusals."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.sims.telegram.entities import Entity, units
from tests.sims.telegram.html import unparsable

RESERVED = frozenset("_*[]()~`>#+-=|{}.!")
MARKS = (  # the longest first
    ("||", "spoiler", "Spoiler"),
    ("__", "underline", "Underline"),
    ("*", "bold", "Bold"),
    ("_", "italic", "Italic"),
    ("~", "strikethrough", "Strikethrough"),
)


@dataclass(slots=True)
class _Open:
    kind: str
    name: str  # as the refusal calls it
    start: int  # in UTF-16 units of the text
    byte: int  # of the source


@dataclass(slots=True)
class _Reader:
    source: str
    at: int = 0
    text: list[str] = field(default_factory=list)
    length: int = 0
    open: list[_Open] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)
    quote: _Open | None = None

    def read(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.source):
            self.step()
        if self.open:
            last = self.open[-1]
            raise unparsable(f"Can't find end of {last.name} entity at byte offset {last.byte}")
        self.end_quote("blockquote")
        return "".join(self.text), self.entities

    def step(self) -> None:
        character = self.source[self.at]
        if character == "\\" and "\x00" < self.source[self.at + 1 : self.at + 2] < "\x7f":
            self.add(self.source[self.at + 1])
            self.at += 2
        elif character == "\n":
            self.newline()
        elif character == ">" and (self.quote is None) and self.at_line_start():
            self.quote = _Open("blockquote", "BlockQuote", self.length, self.byte())
            self.at += 1
        elif not self.mark():
            if character in RESERVED:
                raise unparsable(f"Character '{character}' is reserved and must be escaped with the preceding '\\'")
            self.add(character)
            self.at += 1

    def at_line_start(self) -> bool:
        return self.at == 0 or self.source[self.at - 1] == "\n" or self.source[max(0, self.at - 3) : self.at] == "\n**"

    def newline(self) -> None:
        continues = self.source.startswith("\n>", self.at)
        if self.quote and not continues:
            self.end_quote("blockquote")
        self.add("\n")
        self.at += 2 if self.quote and continues else 1

    def end_quote(self, kind: str) -> None:
        if self.quote and self.length > self.quote.start:
            self.entities.append(Entity(kind, self.quote.start, self.length - self.quote.start))
        self.quote = None

    def mark(self) -> bool:
        if self.source.startswith("```", self.at):
            self.block()
        elif self.source[self.at] == "`":
            self.code()
        elif self.source[self.at] == "[" or self.source.startswith("![", self.at):
            self.begin_link()
        elif self.source[self.at] == "]" and any(opened.kind in ("text_link", "custom_emoji") for opened in self.open):
            self.end_link()
        elif (
            self.quote
            and self.source.startswith("||", self.at)
            and self.source[self.at + 2 : self.at + 3] in ("", "\n")
        ):
            if any(opened.kind == "spoiler" for opened in self.open):
                return self.style()
            self.at += 2
            self.end_quote("expandable_blockquote")
        else:
            return self.style()
        return True

    def style(self) -> bool:
        for mark, kind, name in MARKS:
            if not self.source.startswith(mark, self.at):
                continue
            if self.open and self.open[-1].kind == kind:
                self.close(self.open.pop())
            else:
                self.open.append(_Open(kind, name, self.length, self.byte()))
            self.at += len(mark)
            return True
        return False

    def close(self, opened: _Open, *more: tuple[str, str]) -> None:
        if self.length > opened.start:
            self.entities.append(Entity(opened.kind, opened.start, self.length - opened.start, more))

    def code(self) -> None:
        opened = _Open("code", "Code", self.length, self.byte())
        self.at += 1
        self.until("`", opened)
        self.close(opened)

    def block(self) -> None:
        opened = _Open("pre", "Pre", self.length, self.byte())
        self.at += 3
        line = self.source[self.at : self.source.find("\n", self.at)] if "\n" in self.source[self.at :] else ""
        language = line if line and not any(character.isspace() or character == "`" for character in line) else ""
        self.at += len(language)
        if self.source[self.at : self.at + 1] == "\n":
            self.at += 1
        self.until("```", opened)
        self.close(opened, *((("language", language),) if language else ()))

    def until(self, mark: str, opened: _Open) -> None:
        while not self.source.startswith(mark, self.at):
            if self.at >= len(self.source):
                raise unparsable(f"Can't find end of {opened.name} entity at byte offset {opened.byte}")
            if self.source[self.at] == "\\" and self.source[self.at + 1 : self.at + 2] in ("`", "\\"):
                self.at += 1
            self.add(self.source[self.at])
            self.at += 1
        self.at += len(mark)

    def begin_link(self) -> None:
        emoji = self.source[self.at] == "!"
        kind, name = ("custom_emoji", "CustomEmoji") if emoji else ("text_link", "TextUrl")
        self.open.append(_Open(kind, name, self.length, self.byte()))
        self.at += 2 if emoji else 1

    def end_link(self) -> None:
        opened = self.open.pop()
        if opened.kind not in ("text_link", "custom_emoji"):
            raise unparsable(f"Can't find end of {opened.name} entity at byte offset {opened.byte}")
        self.at += 1
        if self.source[self.at : self.at + 1] != "(":
            return
        begin = self.byte()
        self.at += 1
        url: list[str] = []
        while self.source[self.at : self.at + 1] != ")":
            if self.at >= len(self.source):
                raise unparsable(f"Can't find end of a URL at byte offset {begin}")
            if self.source[self.at] == "\\":
                self.at += 1
            url.append(self.source[self.at : self.at + 1])
            self.at += 1
        self.at += 1
        self.close(opened, ("url" if opened.kind == "text_link" else "custom_emoji_id", "".join(url)))

    def add(self, character: str) -> None:
        self.text.append(character)
        self.length += units(character)

    def byte(self) -> int:
        return len(self.source[: self.at].encode())


def from_markdown_v2(source: str) -> tuple[str, list[Entity]]:
    return _Reader(source).read()


LEGACY = {"_": "italic", "*": "bold", "`": "code", "[": "text_link"}


def from_markdown(source: str) -> tuple[str, list[Entity]]:
    """The legacy mode: nothing nests; a backslash escapes the four marks outside entities."""
    text: list[str] = []
    entities: list[Entity] = []
    at = 0
    while at < len(source):
        if source[at] == "\\" and source[at + 1 : at + 2] in ("_", "*", "`", "["):
            text.append(source[at + 1])
            at += 2
        elif source[at] in LEGACY:
            at, words, entity = _legacy_entity(source, at, units("".join(text)))
            text.append(words)
            entities.extend([entity] if entity else [])
        else:
            text.append(source[at])
            at += 1
    return "".join(text), entities


def _legacy_entity(source: str, at: int, offset: int) -> tuple[int, str, Entity | None]:
    begin, kind, mark = at, LEGACY[source[at]], source[at]
    if source.startswith("```", at):
        kind, mark = "pre", "```"
    close = "]" if mark == "[" else mark
    end = source.find(close, at + len(mark))
    if end < 0:
        raise unparsable(f"Can't find end of the entity starting at byte offset {len(source[:begin].encode())}")
    words = source[at + len(mark) : end]
    at = end + len(close)
    more: tuple[tuple[str, str], ...] = ()
    if kind == "text_link":
        url_end = source.find(")", at) if source[at : at + 1] == "(" else -1
        if url_end < 0:
            return at, words, None
        more, at = (("url", source[at + 1 : url_end]),), url_end + 1
    elif kind == "pre":
        first, newline, rest = words.partition("\n")
        if newline and first and not first.isspace():
            more, words = (("language", first),), rest
    return at, words, Entity(kind, offset, units(words), more) if words else None
