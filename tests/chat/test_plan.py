"""The next step of a card: whatever is shown already, and wherever a crash came, people read the same in the end."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from openacp_bot.chat.blocks import Line, Prose
from openacp_bot.chat.plan import CLOSING, FILE, Delete, Edit, Forget, Known, Send, Step, next_step, wanted
from openacp_bot.chat.sheet import Drawing, Rank, Sheet
from openacp_bot.core.cards import Page, PageState
from openacp_bot.core.views import Document
from tests.chat.platform import LIMIT, Plain

END = "✅ done"
MARK = "\n🔁 perhaps a repeat"
DIALECT = Plain()


class Screen:
    """Carries steps out: the ledger's pages, and what people see. `seen` keeps messages that the ledger lost, too."""

    def __init__(self) -> None:
        self.pages: dict[int, Page] = {}
        self.seen: dict[str, tuple[str, bool]] = {}
        self.known = Known()

    def step(self, drawing: Drawing) -> Step[str] | None:
        wants = wanted(drawing, self.pages, DIALECT, self.known, streams=True)
        return next_step(wants, drawing, self.pages, self.known, is_all=drawing.final)

    def begin(self, step: Send[str]) -> None:
        want = step.want
        before = self.pages.get(want.number)
        tries = 1 if before is None else before.tries + 1
        self.pages[want.number] = Page(want.number, None, PageState.SENDING, want.rings, tries)

    def arrive(self, step: Send[str]) -> str:
        message = f"m{len(self.seen)}"
        text = step.want.text or ""
        self.seen[message] = (text if step.want.file is None else f"<file>{text}", step.want.rings)
        return message

    def do(self, step: Step[str]) -> None:
        match step:
            case Send(want=want):
                self.begin(step)
                message = self.arrive(step)
                self.pages[want.number] = replace(self.pages[want.number], message=message, state=PageState.SHOWN)
                self.known.prints[want.number] = want.print
            case Edit(want=want, message=message):
                self.seen[message] = (want.text or "", self.seen[message][1])
                self.known.prints[want.number] = want.print
            case Delete(number=number, message=message):
                del self.pages[number], self.seen[message]
            case Forget(number=number):
                del self.pages[number]

    def finish(self, drawing: Drawing) -> None:
        for _ in range(100):
            step = self.step(drawing)
            if step is None:
                return
            self.do(step)
        raise AssertionError("it never stands")

    @property
    def texts(self) -> list[str]:
        return [text for text, _ in self.seen.values()]

    @property
    def ringing(self) -> list[str]:
        return [text for text, rings in self.seen.values() if rings]


def live(*texts: str) -> Drawing:
    return Drawing(tuple(Sheet((Prose(text),)) for text in texts), Rank.EDIT, live=True, final=False)


def final(*texts: str) -> Drawing:
    whole = Document("answer.md", "text/markdown", "".join(texts))
    return Drawing(tuple(Sheet((Prose(text),)) for text in texts), Rank.FINAL, end=(Line(END),), whole=whole)


TEXTS = st.lists(st.integers(1, LIMIT * 7).map(lambda size: "abcdefghij"[size % 10] * size), min_size=1, max_size=3)


@given(TEXTS, st.data())
def test_after_a_crash_anywhere_people_read_the_same_and_one_message_rings(
    texts: list[str], data: st.DataObject
) -> None:
    screen = Screen()
    grown = [text[: len(text) // 2 or 1] for text in texts]
    drawings = [live(*texts[:number], grown[number]) for number in range(len(texts))]
    for drawing in drawings[: data.draw(st.integers(0, len(drawings)), label="shown while it grew")]:
        for _ in range(data.draw(st.integers(0, 4), label="steps")):
            step = screen.step(drawing)
            if step is not None:
                screen.do(step)
    ambiguous = 0
    for _ in range(data.draw(st.integers(0, 3), label="crashes")):
        for _ in range(data.draw(st.integers(0, 6), label="steps before it")):
            step = screen.step(final(*texts))
            if step is not None:
                screen.do(step)
        screen.known = Known()
        step = screen.step(final(*texts))
        if isinstance(step, Send) and data.draw(st.booleans(), label="while sending"):
            screen.begin(step)
            ambiguous += 1

    screen.finish(final(*texts))

    read = "".join(screen.texts)
    assert read.replace("\n", "").replace(MARK.strip(), "").replace(END, "") == "".join(texts)
    assert read.count(END) == 1
    assert len(screen.ringing) == 1 and screen.texts[-1] == screen.ringing[0]
    assert (MARK.strip() in read) <= bool(ambiguous)
    assert screen.step(final(*texts)) is None


def test_the_end_stands_in_the_answer_if_nothing_of_it_was_shown() -> None:
    screen = Screen()
    screen.finish(final("Four."))

    assert screen.texts == [f"Four.\n{END}"]


def test_the_end_stands_apart_from_what_was_shown_before() -> None:
    screen = Screen()
    screen.finish(live("Fo"))
    screen.finish(final("Four."))

    assert screen.texts == ["Four.", END]
    assert screen.ringing == [END]


def test_the_end_stands_in_the_last_part_of_an_overflowing_answer() -> None:
    screen = Screen()
    screen.finish(live("x" * 10))
    screen.finish(final("x" * (LIMIT + 10)))

    assert screen.texts == ["x" * LIMIT, "x" * 10 + f"\n{END}"]


def test_more_than_eight_parts_are_the_first_a_file_and_the_last() -> None:
    screen = Screen()
    screen.finish(final("x" * LIMIT * 9))

    assert sorted(screen.pages) == [0, FILE, CLOSING]
    assert screen.texts[1] == "<file>"
    assert screen.texts[2].endswith(END)


def test_a_turn_that_ends_with_a_file_says_so_below_it() -> None:
    screen = Screen()
    sheets = (Sheet((Prose("Look:"),)), Sheet(file=Document("a.txt", "text/plain", "a")))
    screen.finish(Drawing(sheets, Rank.FINAL, end=(Line(END),)))

    assert screen.texts == ["Look:", "<file>", END]


def test_a_long_end_is_told_whole() -> None:
    screen = Screen()
    screen.finish(live("Hello"))
    screen.finish(replace(final("Hello"), end=(Line("e" * LIMIT * 3),)))

    assert "".join(screen.texts) == "Hello" + "e" * LIMIT * 3
    assert len(screen.ringing) == 1


def test_a_page_in_doubt_is_sent_a_few_times_more_with_a_mark_and_then_left() -> None:
    screen = Screen()
    for tries in range(4):
        step = screen.step(final("Hi"))
        assert isinstance(step, Send)
        assert (step.want.text or "").endswith(MARK) is bool(tries)
        screen.begin(step)

    assert screen.step(final("Hi")) is None


def test_growing_text_in_doubt_is_forgotten_without_a_mark() -> None:
    screen = Screen()
    step = screen.step(live("Hi"))
    assert isinstance(step, Send)
    screen.begin(step)

    assert isinstance(screen.step(live("Hi")), Forget)


def test_what_a_shorter_answer_no_longer_needs_is_deleted() -> None:
    screen = Screen()
    long = Drawing((Sheet((Prose("x" * LIMIT * 2),)),), Rank.PERSON)
    screen.finish(long)
    screen.finish(Drawing((Sheet((Prose("short"),)),), Rank.PERSON))
    assert screen.texts == ["short"]

    screen.finish(Drawing((), Rank.PERSON, gone=True))
    assert screen.texts == []


def test_what_is_still_to_be_sent_does_not_wait_for_an_edit_where_something_below_waits_for_it() -> None:
    screen = Screen()
    screen.finish(live("One"))
    ended = final("One and more")
    wants = wanted(ended, screen.pages, DIALECT, screen.known, streams=True)

    first = next_step(wants, ended, screen.pages, screen.known, is_all=False)
    owed = next_step(wants, ended, screen.pages, screen.known, is_all=False, edits=False)

    assert isinstance(first, Edit)
    assert isinstance(owed, Send) and owed.want.is_end


def test_that_a_quiet_line_may_stand_twice_is_not_told() -> None:
    screen = Screen()
    quiet = Drawing((Sheet((Line("card"),)),), Rank.RENAME)
    step = screen.step(quiet)
    assert isinstance(step, Send)
    screen.begin(step)

    screen.finish(quiet)

    assert screen.texts == ["card"]
