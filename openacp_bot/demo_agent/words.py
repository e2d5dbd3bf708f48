"""Understanding plain words: a message becomes a wish. Pure; forgiving about manners, case and punctuation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import dropwhile

from openacp_bot.demo_agent.titles import is_naming, short_title

LONGEST_WISH = 2_000  # what is longer is a text to talk about, not a wish
LONGEST_TOPIC = 6  # "show me a long answer please" is a wish; "plan B failed because …" is not

# Words that carry manners or grammar, dropped before looking at what is meant.
FILLER = re.compile(
    r"please|kindly|now|ok|okay|so|then|and|hey|hi|hello|there|could|can|would|will|you|just|let's|us|me|my|your"
    r"|i|want|like|a|an|the|this|that|some|another|new|all|of|file|called|named|contents|also|for|demo"
)
TOPICS = {
    **dict.fromkeys(("help", "menu", "start", "explain"), "help"),
    "plan": "plan",
    **dict.fromkeys(("image", "picture", "drawing", "png", "draw", "paint"), "image"),
    "long": "long",
    **dict.fromkeys(("slow", "slowly"), "slow"),
    **dict.fromkeys(("think", "thinking"), "think"),
    "ask": "ask",
    **dict.fromkeys(("fail", "error", "failure"), "fail"),
    "crash": "crash",
}
GIVING = frozenset(("show", "give", "make", "write", "tell", "send", "draw", "paint", "create", "answer"))
LISTING = frozenset(("list", "ls", "dir"))
FOLDERS = frozenset(("files", "folder", "folders", "directory", "workspace"))
READING = frozenset(("read", "open", "cat"))
SHOWING = frozenset(("show", "display", "print", "view", "see", "what", "what's", "which"))
EDITING = frozenset(("edit", "change", "modify", "update"))
MAKING = frozenset(("make", "create", "write", "add"))
RUNNING = frozenset(("run", "execute", "exec"))
QUESTIONS_ABOUT_ME = frozenset((("what", "do"), ("what", "is"), ("what", "are"), ("who", "are"), ("how", "does")))

WORD = re.compile(r"`[^`\n]+`|\"[^\"\n]*\"|“[^”\n]*”|'[^'\n]*'|\S+")
BROKEN_OFF = "previous turn was interrupted"
QUOTED_WISH = re.compile(BROKEN_OFF + r'.*?asked: "(.*)"(?:\s|$)', re.DOTALL)
KNOWN_NAMES = frozenset(("makefile", "readme", "license", "dockerfile"))


@dataclass(frozen=True, slots=True)
class Wish:
    """Which skill, and its words."""

    skill: str
    file: str = ""
    text: str = ""
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """One word as written, without quotes and trailing punctuation, and where it ends in the message."""

    text: str
    quoted: bool
    start: int
    end: int

    @property
    def plain(self) -> str:
        return "" if self.quoted else self.text.lower()

    @property
    def is_path(self) -> bool:
        return self.quoted or "." in self.text or "/" in self.text or self.plain in KNOWN_NAMES


def understand(text: str) -> Wish:
    """What the message wants; the skill `echo` where it fits nothing known."""
    text = text.strip()
    if is_naming(text):
        return Wish("naming", text=short_title(text))
    if BROKEN_OFF in text:
        return Wish("go_on", text=_interrupted(text))
    if len(text) > LONGEST_WISH:
        return Wish("echo", text=text)
    if re.match(r"/[a-z]+\b(?![/.])", text):
        text = text[1:]  # a client's command menu sends `/plan`
    return _wish(text) or Wish("echo", text=text)


def _interrupted(text: str) -> str:
    """What was asked before a turn was broken off, as a client quotes it; after several such turns, the first."""
    while found := QUOTED_WISH.search(text):
        text = found[1]
    return "" if BROKEN_OFF in text else text.strip()


def _wish(text: str) -> Wish | None:
    if re.match(r"[$!]\s*\S", text):
        return Wish("run", text=text[1:].strip())
    words = _words(text)
    meant = [word for word in words if not FILLER.fullmatch(word.plain)]
    meant = list(dropwhile(lambda word: word.plain == "to", meant))  # "I would like to …"
    if not meant:
        return Wish("help" if text else "echo")  # nothing but a greeting
    return (
        _topic(text, meant)
        or _list(meant)
        or _edit(words, meant)
        or _run(text, meant)
        or _title(text, meant)
        or _make(text, meant)
        or _read(meant)
        or _about_me(meant)
    )


def _words(text: str) -> list[Word]:
    words = map(_word, WORD.finditer(text))
    return [word for word in words if word.text or word.quoted]


def _word(found: re.Match[str]) -> Word:
    raw = found.group()
    quoted = len(raw) >= 2 and raw[0] + raw[-1] in ("``", '""', "''", "“”")
    text = raw[1:-1] if quoted else raw.rstrip("!?,;:.")
    return Word(text, quoted, found.start(), found.end())


def _topic(text: str, meant: Sequence[Word]) -> Wish | None:
    first, *rest = meant
    if first.plain == "think":
        last = rest[0] if rest and rest[0].plain in ("about", "over", "hard") else first
        return Wish("think", text=text[last.end :].strip())
    if len(meant) > LONGEST_TOPIC:
        return None
    if first.plain in GIVING and rest and rest[0].plain in TOPICS:
        return Wish(TOPICS[rest[0].plain])
    return Wish(TOPICS[first.plain]) if first.plain in TOPICS else None


def _list(meant: Sequence[Word]) -> Wish | None:
    first, *rest = meant
    if first.plain not in LISTING | SHOWING:
        return None
    names_folder = any(word.plain in FOLDERS for word in rest[:3])
    if not names_folder and first.plain not in LISTING:
        return None
    return Wish("list", file=next((word.text for word in rest if word.is_path or _follows_in(word, rest)), ""))


def _follows_in(word: Word, words: Sequence[Word]) -> bool:
    place = words.index(word)
    return place > 0 and words[place - 1].plain in ("in", "under") and word.plain not in {"here", *FOLDERS}


def _edit(words: Sequence[Word], meant: Sequence[Word]) -> Wish | None:
    first, *rest = meant
    if first.plain not in EDITING | {"replace"}:
        return None
    replacement = _replacement(words, meant)
    if replacement is not None:
        return replacement
    if first.plain == "replace":
        return None
    if not rest or rest[0].plain in ("something", "it", "one", "anything"):
        return Wish("edit")
    return Wish("edit", file=rest[0].text) if rest[0].is_path or len(rest) == 1 else None


def _replacement(words: Sequence[Word], meant: Sequence[Word]) -> Wish | None:
    """`edit FILE replace A with B`, `replace A with B in FILE`, `change A to B in FILE`."""
    for place, verb in enumerate(words):
        match [word.plain for word in words[place : place + 4]]:
            case ["replace" | "change", _, "with" | "by" | "to", _]:
                old, new, after = words[place + 1].text, words[place + 3].text, words[place + 4 :]
            case _:
                continue
        named = [word for word in after if not FILLER.fullmatch(word.plain)]
        if len(named) >= 2 and named[0].plain == "in":
            return Wish("edit", file=named[1].text, old=old, new=new)
        if meant[0].start < meant[1].start < verb.start:
            return Wish("edit", file=meant[1].text, old=old, new=new)
    return None


def _run(text: str, meant: Sequence[Word]) -> Wish | None:
    if meant[0].plain not in RUNNING or len(meant) == 1:
        return None
    command = re.sub(r"^\s*(?:the\s+)?(?:command\b\s*:?\s*)?|\s+please[.!]?$", "", text[meant[0].end :])
    bare = command.strip()
    return Wish("run", text=bare[1:-1] if re.fullmatch(r"`[^`]+`", bare) else bare)


def _title(text: str, meant: Sequence[Word]) -> Wish | None:
    found = re.search(
        r"(?:^|\bset\s+)(?:the\s+)?(?:session\s+)?title\b(?:\s+(?:to|is)\b)?\s*:?\s*(\S.*)"
        r"|\b(?:rename|call)\s+(?:this|the)\s+(?:session|chat)\s+(?:to\s+)?(\S.*)",
        text[meant[0].start :],
        re.IGNORECASE,
    )
    return Wish("title", text=(found.group(1) or found.group(2)).strip("\"'`“” ")) if found else None


def _make(text: str, meant: Sequence[Word]) -> Wish | None:
    first, *rest = meant
    if first.plain not in MAKING:
        return None
    says_file = re.search(r"\bfile\b", text, re.IGNORECASE) is not None
    if not rest or rest[0].plain == "with":
        return Wish("make", text=_text_with(text, rest)) if says_file else None
    name = rest[0]
    # "make notes" names a file; "make a joke" and "write notes" do not.
    is_named = first.plain in ("make", "create") and not text[first.end : name.start].strip()
    if not (name.is_path or says_file or (is_named and (len(rest) == 1 or rest[1].plain in WITH))):
        return None
    return Wish("make", file=name.text, text=_text_with(text, rest[1:]))


WITH = ("with", "containing", "saying", "says")


def _text_with(text: str, words: Sequence[Word]) -> str:
    for word in words:
        if word.plain in WITH:
            return re.sub(r"^\s*(?:the\s+)?(?:(?:text|contents?|words?)\b)?\s*:?\s*", "", text[word.end :]).strip(
                '"`“” '
            )
    return ""


def _read(meant: Sequence[Word]) -> Wish | None:
    first, *rest = meant
    if first.plain in READING and rest:
        return Wish("read", file=rest[0].text)
    path = next((word.text for word in rest if word.is_path), "")
    return Wish("read", file=path) if first.plain in SHOWING and path else None


def _about_me(meant: Sequence[Word]) -> Wish | None:
    start = tuple(word.plain for word in meant[:2])
    return Wish("help") if start in QUESTIONS_ABOUT_ME and len(meant) <= LONGEST_TOPIC else None
