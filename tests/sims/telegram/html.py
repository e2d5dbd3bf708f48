"""parse_mode HTML with Telegram's refusals, and the way back: a text with entities as HTML."""

from __future__ import annotations

import html as escaping
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.sims.telegram.entities import Entity, units
from tests.sims.telegram.refusals import Refusal, bad

STYLES = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "code": "code",
}  # fmt: skip
TAGS = {*STYLES, "span", "a", "pre", "blockquote", "tg-emoji", "tg-time"}
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,8})|#([0-9]{1,8})|(lt|gt|amp|quot));?")
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
UNQUOTED = re.compile(r"[a-zA-Z0-9.-]+")


@dataclass(slots=True)
class _Open:
    tag: str
    attributes: dict[str, str]
    start: int  # in UTF-16 units of the text
    first: int  # in characters of the text


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.text: list[str] = []
        self.length = 0
        self.open: list[_Open] = []
        self.entities: list[Entity] = []

    def read(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.source):
            match self.source[self.at]:
                case "<":
                    self.tag()
                case "&":
                    self.reference()
                case character:
                    self.add(character)
                    self.at += 1
        if self.open:
            raise unparsable(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        return "".join(self.text), self.entities

    def add(self, character: str) -> None:
        self.text.append(character)
        self.length += units(character)

    def reference(self) -> None:
        found = REFERENCE.match(self.source, self.at)
        character = _character(found) if found else ""
        if found is None or not character:
            self.add("&")
            self.at += 1
            return
        self.add(character)
        self.at = found.end()

    def tag(self) -> None:
        begin = self.at
        if self.source.startswith("</", begin):
            self.end_tag(begin)
        else:
            self.start_tag(begin)

    def start_tag(self, begin: int) -> None:
        name_end = begin + 1
        while name_end < len(self.source) and self.source[name_end] not in " \t\r\n>":
            name_end += 1
        if name_end == len(self.source):
            raise unparsable(f"Unclosed start tag at byte offset {self.byte(begin)}")
        name = self.source[begin + 1 : name_end].lower()
        if name not in TAGS:
            raise unparsable(f'Unsupported start tag "{name}" at byte offset {self.byte(begin)}')
        self.at = name_end
        attributes = self.attributes(name, begin)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise unparsable(f'Tag "span" must have class "tg-spoiler" at byte offset {self.byte(begin)}')
        self.open.append(_Open(name, attributes, self.length, len(self.text)))

    def attributes(self, tag: str, begin: int) -> dict[str, str]:
        found: dict[str, str] = {}
        while True:
            self.skip_space()
            if self.at == len(self.source):
                raise unparsable(f'Unclosed start tag "{tag}" at byte offset {self.byte(begin)}')
            if self.source[self.at] == ">":
                self.at += 1
                return found
            name = self.upto("= \t\r\n>").lower()
            if not name:
                raise unparsable(f'Empty attribute name in the tag "{tag}" at byte offset {self.byte(begin)}')
            self.skip_space()
            found[name] = self.attribute_value(tag, begin) if self.source[self.at : self.at + 1] == "=" else ""

    def attribute_value(self, tag: str, begin: int) -> str:
        self.at += 1
        self.skip_space()
        quote = self.source[self.at : self.at + 1]
        if quote in ('"', "'") and quote:
            end = self.source.find(quote, self.at + 1)
            if end < 0:
                raise unparsable(f"Unclosed start tag at byte offset {self.byte(begin)}")
            value, self.at = self.source[self.at + 1 : end], end + 1
            return escaping.unescape(value)
        word = UNQUOTED.match(self.source, self.at)
        end = word.end() if word else self.at
        if end == len(self.source):
            raise unparsable(f'Unclosed start tag "{tag}" at byte offset {self.byte(begin)}')
        if self.source[end] not in " \t\r\n>":
            raise unparsable(f"Unexpected end of name token at byte offset {self.byte(self.at)}")
        value, self.at = self.source[self.at : end], end
        return value

    def end_tag(self, begin: int) -> None:
        if not self.open:
            raise unparsable(f"Unexpected end tag at byte offset {self.byte(begin)}")
        self.at = begin + 2
        name = self.upto(" \t\r\n>").lower()
        self.skip_space()
        if self.source[self.at : self.at + 1] != ">":
            raise unparsable(f"Unclosed end tag at byte offset {self.byte(begin)}")
        self.at += 1
        opened = self.open.pop()
        if name and name != opened.tag:
            raise unparsable(
                f'Unmatched end tag at byte offset {self.byte(begin)}, expected "</{opened.tag}>", found "</{name}>"'
            )
        self.close(opened)

    def close(self, opened: _Open) -> None:
        length = self.length - opened.start
        if length and (made := _entity_of(opened, "".join(self.text[opened.first :]))):
            kind, more = made
            if kind == "pre":
                more |= self.language_of_nested_code(opened.start, length)
            if kind == "code" and self.open and self.open[-1].tag == "pre":
                more |= _language(opened.attributes)
            self.entities.append(Entity(kind, opened.start, length, tuple(sorted(more.items()))))

    def language_of_nested_code(self, start: int, length: int) -> dict[str, Any]:
        """`<pre><code class="language-x">`: one entity pre with a language."""
        nested = [entity for entity in self.entities if entity.type == "code" and entity.offset >= start]
        if len(nested) == 1 and (nested[0].offset, nested[0].length) == (start, length):
            self.entities.remove(nested[0])
            return dict(nested[0].more)
        return {}

    def upto(self, stops: str) -> str:
        begin = self.at
        while self.at < len(self.source) and self.source[self.at] not in stops:
            self.at += 1
        return self.source[begin : self.at]

    def skip_space(self) -> None:
        while self.at < len(self.source) and self.source[self.at] in " \t\r\n":
            self.at += 1

    def byte(self, index: int) -> int:
        return len(self.source[:index].encode())


def unparsable(words: str) -> Refusal:
    return bad(f"can't parse entities: {words}")


def from_html(source: str) -> tuple[str, list[Entity]]:
    return _Reader(source).read()


def _character(found: re.Match[str]) -> str:
    hexadecimal, decimal, name = found.groups()
    if name:
        return NAMED[name]
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def _entity_of(opened: _Open, inner: str) -> tuple[str, dict[str, Any]] | None:
    attributes = opened.attributes
    match opened.tag:
        case "span":
            return "spoiler", {}
        case "a":
            url = attributes.get("href") or inner
            return ("text_link", {"url": url}) if re.match(r"(https?|tg|ton|mailto|tel)[:/]", url) else None
        case "pre":
            return "pre", {}
        case "blockquote":
            return ("expandable_blockquote" if "expandable" in attributes else "blockquote"), {}
        case "tg-emoji":
            return "custom_emoji", {"custom_emoji_id": attributes.get("emoji-id", "")}
        case "tg-time":
            return "date_time", {"unix_time": int(attributes.get("unix", "0") or 0)}
        case tag:
            return STYLES[tag], {}


def _language(attributes: dict[str, str]) -> dict[str, str]:
    name = attributes.get("class", "")
    return {"language": name.removeprefix("language-")} if name.startswith("language-") else {}


def to_html(text: str, entities: Sequence[Entity]) -> str:
    """What people see, as simple HTML that Telegram itself would take."""
    opens: dict[int, list[Entity]] = {}
    for entity in sorted(entities, key=lambda entity: (entity.offset, -entity.length)):
        opens.setdefault(entity.offset, []).append(entity)
    out: list[str] = []
    stack: list[Entity] = []
    at = 0
    for character in [*text, ""]:
        while stack and stack[-1].end <= at:
            out.append(_tags(stack.pop())[1])
        for entity in opens.pop(at, ()) if character else ():
            out.append(_tags(entity)[0])
            stack.append(entity)
        out.append(escaping.escape(character, quote=False))
        at += units(character)
    out.extend(_tags(entity)[1] for entity in reversed(stack))
    return "".join(out)


def _tags(entity: Entity) -> tuple[str, str]:
    more = dict(entity.more)
    match entity.type:
        case "bold":
            return "<b>", "</b>"
        case "italic":
            return "<i>", "</i>"
        case "underline":
            return "<u>", "</u>"
        case "strikethrough":
            return "<s>", "</s>"
        case "spoiler":
            return "<tg-spoiler>", "</tg-spoiler>"
        case "code":
            return "<code>", "</code>"
        case "pre" if more.get("language"):
            return f'<pre><code class="language-{escaping.escape(str(more["language"]))}">', "</code></pre>"
        case "pre":
            return "<pre>", "</pre>"
        case "blockquote":
            return "<blockquote>", "</blockquote>"
        case "expandable_blockquote":
            return "<blockquote expandable>", "</blockquote>"
        case "text_link":
            return f'<a href="{escaping.escape(str(more["url"]))}">', "</a>"
        case _:
            return "", ""
