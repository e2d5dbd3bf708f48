"""Keyboards of any size as Discord takes them: five rows, of five buttons or one menu each; nothing gets lost."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from openacp_bot.adapters.discord.components import components, cut, pressed
from openacp_bot.adapters.discord.modals import fits, modal, values
from openacp_bot.chat.keyboards import packed
from openacp_bot.chat.sheet import Keyboard, Picker
from openacp_bot.core.inbound import Choice, Form, Opens
from openacp_bot.core.model import Field
from tests.sims.discord.modals import check_modal
from tests.sims.discord.refusals import Problems

AGENTS = tuple(Choice(f"an agent with a name as long as a sentence {n}", f"m.{n}") for n in range(9))


def parts(drawn: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Label and token of everything that can be pressed or picked."""
    found = []
    for row in drawn:
        for one in row["components"]:
            found += [(each["label"], each["value"]) for each in one.get("options", ())] or [
                (one["label"], one["custom_id"])
            ]
    return [(label, pressed(custom)[0]) for label, custom in found]


@given(
    st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=8), max_size=25).filter(lambda x: sum(map(len, x)) <= 125)
)
def test_whatever_there_is_to_press_can_be_pressed(rows: list[list[int]]) -> None:
    count = iter(range(1000))
    keyboard: Keyboard = tuple(tuple(Choice("x" * length, f"m.{next(count)}") for length in row) for row in rows)

    drawn = components(keyboard)

    assert len(drawn) <= 5 and all(0 < len(row["components"]) <= 5 for row in drawn)
    assert sorted(token for _, token in parts(drawn)) == sorted(one.token for row in keyboard for one in row)
    ids = [one["custom_id"] for row in drawn for one in row["components"]]
    assert len(ids) == len(set(ids))


def test_many_agents_are_a_menu_above_paging_and_cancel() -> None:
    below = (Choice("Back", "m.10"), Choice("Next", "m.11"))
    drawn = components((*packed(AGENTS), below))
    assert [len(row["components"]) for row in drawn] == [1, 2]
    assert [one["label"][-1] for one in drawn[0]["components"][0]["options"]] == [str(n) for n in range(9)]


def test_a_picker_stays_a_menu_and_long_labels_are_cut() -> None:
    picker = Picker((Choice("y" * 200, "m.0"), Choice("", "m.1")), "Choose one …")
    ((label, _), (empty, _)) = parts(components((picker, (Choice("z" * 200, "m.2"),))))[:2]
    assert (len(label), empty) == (100, "…")


def test_how_a_press_is_answered_is_known_from_its_id() -> None:
    for opens in Opens:
        (row,) = components(((Choice("Go", "menu.7", opens=opens),),))
        assert pressed(row["components"][0]["custom_id"]) == ("menu.7", opens)


def test_forms_that_no_modal_can_hold() -> None:
    fields = tuple(Field(name, "A") for name in "abcdef")
    assert fits(Form("t", "T", fields[:5]))
    assert not fits(Form("t", "T", fields))
    assert not fits(Form("t", "T", (Field("a", "A", options=tuple((str(n), str(n)) for n in range(26))),)))
    assert not fits(Form("t", "T", (Field("a", "A", options=(("v" * 101, "V"),)),)))


def test_forms_whose_names_discord_would_refuse_or_confuse() -> None:
    options = (("x", "X"),)
    for fields in (
        (Field("n" * 101, "A"),),
        (Field("n" * 99, "A", kind="choices", options=options),),
        (Field("", "A"),),
        (Field("a", "A"), Field("a", "B")),
        (Field("a", "A", kind="choices", options=options), Field("a[]", "B")),
        (Field("a[]", "A", kind="choice", options=options),),
        (Field("a", "A", options=(("x", "One"), ("x", "Other"))),),
        (Field("a", "A", options=tuple((f"m{n}", f"Model {n}") for n in range(100))),),
    ):
        assert not fits(Form("t", "T", fields)), fields


FIELDS = st.lists(
    st.builds(
        Field,
        st.text(max_size=120),
        st.text(max_size=120),
        st.sampled_from(["text", "choice", "choices", "boolean", "integer"]),
        st.lists(st.tuples(st.text(max_size=110), st.text(max_size=110)), max_size=27).map(tuple),
        st.booleans(),
        st.text(max_size=20),
        st.text(max_size=120),
    ),
    min_size=1,
    max_size=6,
)


@given(st.text(max_size=60), FIELDS)
def test_discord_takes_every_form_that_fits(title: str, fields: list[Field]) -> None:
    form = Form("t", title, tuple(fields))
    if not fits(form):
        return
    problems = Problems()
    check_modal(problems, modal(form), ())
    assert problems.found == []


def test_what_cannot_be_seen_is_no_label() -> None:
    assert [cut(text, 10) for text in ("\u200b", "\u2060 \ufeff", "", "\n")] == ["…"] * 4


def test_what_stands_already_is_filled_in_and_comes_back() -> None:
    fields = (
        Field("title", "Title", default="Now"),
        Field("one", "One", kind="choice", options=(("a", "A"), ("b", "B")), default="b"),
        Field("some", "Some", kind="choices", options=(("a", "A"), ("b", "B")), default='["a"]', required=False),
    )
    title, one, some = (
        row.get("component") or row["components"][0] for row in modal(Form("t", "T", fields))["components"]
    )
    assert title["value"] == "Now"
    assert [option["value"] for option in one["options"] if option["default"]] == ["b"]
    assert [option["value"] for option in some["options"] if option["default"]] == ["a"]
    assert (some["min_values"], some["max_values"]) == (0, 2)

    sent = [
        {"type": 1, "components": [{"custom_id": "title", "value": "Then"}]},
        {"type": 18, "component": {"custom_id": one["custom_id"], "values": ["a"]}},
        {"type": 18, "component": {"custom_id": some["custom_id"], "values": []}},
    ]
    assert values(sent) == {"title": "Then", "one": "a", "some": "[]"}
