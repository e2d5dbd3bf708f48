"""Components of messages: what Discord refuses in rows, buttons and selects, and in layouts of version 2."""

from __future__ import annotations

from typing import Any

from tests.sims.discord.checks import choice, emoji, flag, known, length, listed, number, text, url, words
from tests.sims.discord.refusals import Path, Problems
from tests.sims.discord.world import Json, parts

ROW, BUTTON, SELECT, INPUT, SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = (
    1, 2, 3, 4, 9, 10, 11, 12, 13, 14, 17,
)  # fmt: skip
SELECTS = (SELECT, 5, 6, 7, 8)  # of strings; of users, roles, both, channels
LINK, PREMIUM = 5, 6
MOST_ROWS = MOST_BUTTONS = 5
MOST_PARTS, MOST_TEXT = 40, 4000  # of version 2, in all

BUTTON_FIELDS = words("type id style label emoji custom_id sku_id url disabled")
SELECT_FIELDS = words(
    "type id custom_id options channel_types placeholder default_values min_values max_values disabled required"
)
LAYOUT_FIELDS = {
    SECTION: words("type id components accessory"),
    TEXT: words("type id content"),
    THUMBNAIL: words("type id media description spoiler"),
    GALLERY: words("type id items"),
    FILE: words("type id file spoiler name size"),
    SEPARATOR: words("type id divider spacing"),
    CONTAINER: words("type id components accent_color spoiler"),
}


def check_components(problems: Problems, components: Any, path: Path, *, layout: bool) -> None:
    """Version 1: rows only. Version 2 (`layout`): everything, counted in all."""
    if not isinstance(components, list):
        problems.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return
    if layout:
        _check_layout(problems, components, path)
    else:
        length(problems, components, path, most=MOST_ROWS)
        for at, row in enumerate(components):
            if _kind(row) != ROW:
                problems.add((*path, at, "type"), "UNION_TYPE_CHOICES", "Value of field 'type' must be one of (1,).")
            else:
                check_row(problems, row, (*path, at))
    _check_ids(problems, components, path)


def check_row(problems: Problems, row: Json, path: Path, inside: tuple[int, ...] = (BUTTON, *SELECTS)) -> None:
    """One to five buttons, or one select."""
    known(problems, row, words("type id components"), path)
    content = listed(problems, row, "components", path, least=1, most=MOST_BUTTONS)
    width = 0
    for at, one in enumerate(content[:MOST_BUTTONS]):
        where = (*path, "components", at)
        kind = _kind(one)
        if kind not in inside:
            allowed = ", ".join(map(str, inside))
            problems.add((*where, "type"), "UNION_TYPE_CHOICES", f"Value of field 'type' must be one of ({allowed}).")
            continue
        width += 1 if kind == BUTTON else MOST_BUTTONS
        if width > MOST_BUTTONS:
            wide = "The specified component exceeds the maximum width"
            problems.add(where, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", wide)
        if kind == BUTTON:
            _check_button(problems, one, where)
        elif kind in SELECTS:
            check_select(problems, one, where)


def _check_button(problems: Problems, button: Json, path: Path) -> None:
    known(problems, button, BUTTON_FIELDS, path)
    flag(problems, button, "disabled", path)
    style = choice(problems, button, "style", path, range(1, 7))
    if button.get("style") is None:
        problems.add((*path, "style"), "BASE_TYPE_REQUIRED", "This field is required")
    text(problems, button, "label", path, most=80)
    emoji(problems, button, path)
    if style == LINK:
        url(problems, button, "url", path, most=512, required=True)
        if button.get("custom_id"):
            both = "A custom id and url cannot both be specified"
            problems.add((*path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", both)
    elif style != PREMIUM:
        text(problems, button, "custom_id", path, most=100, required=True)
        if button.get("url"):
            problems.add((*path, "url"), "BUTTON_COMPONENT_INVALID_STYLE", "Only link buttons have a url")
    if style != PREMIUM and not button.get("label") and not button.get("emoji"):
        problems.add(path, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A label or emoji is required")


def check_select(problems: Problems, select: Json, path: Path) -> None:
    known(problems, select, SELECT_FIELDS, path)
    text(problems, select, "custom_id", path, most=100, required=True)
    text(problems, select, "placeholder", path, most=150)
    least = number(problems, select, "min_values", path, least=0, most=25, default=1)
    most = number(problems, select, "max_values", path, least=1, most=25, default=1)
    if least is not None and most is not None and least > most:
        problems.add((*path, "min_values"), "SELECT_COMPONENT_MIN_VALUES", "min_values exceeds max_values")
    if select["type"] != SELECT:
        return
    options = listed(problems, select, "options", path, least=1, most=25)
    if most is not None and options and most > len(options):
        few = "max_values exceeds the number of options"
        problems.add((*path, "max_values"), "SELECT_COMPONENT_MAX_VALUES", few)
    check_options(problems, options, (*path, "options"))


def check_options(problems: Problems, options: list[Any], path: Path) -> None:
    """Labels, values and descriptions of up to 100 characters; no value twice."""
    seen: set[str] = set()
    for at, option in enumerate(options):
        where = (*path, at)
        if not known(problems, option, words("label value description emoji default"), where):
            continue
        text(problems, option, "label", where, most=100, required=True)
        value = text(problems, option, "value", where, most=100, required=True)
        text(problems, option, "description", where, most=100)
        emoji(problems, option, where)
        if value in seen:
            twice = "The specified option value is already used"
            problems.add((*where, "value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", twice)
        seen.add(value)


def _check_ids(problems: Problems, components: list[Any], path: Path) -> None:
    seen: set[str] = set()
    for where, one in _walk(components, path):
        name = one.get("custom_id")
        if name and name in seen:
            twice = "Component custom id cannot be duplicated"
            problems.add((*where, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", twice)
        seen.add(str(name))


def _walk(components: list[Any], path: Path) -> list[tuple[Path, Json]]:
    found: list[tuple[Path, Json]] = []
    for at, one in enumerate(components):
        if isinstance(one, dict):
            found.append(((*path, at), one))
            found += _walk(one.get("components") or [], (*path, at, "components"))
            if isinstance(one.get("accessory"), dict):
                found.append(((*path, at, "accessory"), one["accessory"]))
    return found


# --- version 2 -----------------------------------------------------------------------------------


def _check_layout(problems: Problems, components: list[Any], path: Path) -> None:
    count = len(_walk(components, path))
    if count > MOST_PARTS:
        problems.add(path, "COMPONENT_MAX_TOTAL_COMPONENTS", f"The maximum total number of components is {MOST_PARTS}")
    told = sum(len(str(one.get("content", ""))) for one in parts(components) if _kind(one) == TEXT)
    if told > MOST_TEXT:
        much = f"The total length of displayable text must be {MOST_TEXT} or fewer"
        problems.add(path, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", much)
    for at, one in enumerate(components):
        _check_part(problems, one, (*path, at))


def _check_part(problems: Problems, one: Any, path: Path, *, inside: bool = False) -> None:
    kind = _kind(one)
    if kind == ROW:
        check_row(problems, one, path)
        return
    if kind not in LAYOUT_FIELDS or kind == THUMBNAIL or (inside and kind == CONTAINER):
        allowed = "1, 9, 10, 12, 13, 14" + ("" if inside else ", 17")
        problems.add((*path, "type"), "UNION_TYPE_CHOICES", f"Value of field 'type' must be one of ({allowed}).")
        return
    known(problems, one, LAYOUT_FIELDS[kind], path)
    match kind:
        case 10:
            text(problems, one, "content", path, most=MOST_TEXT, required=True)
        case 9:
            _check_section(problems, one, path)
        case 12:
            listed(problems, one, "items", path, least=1, most=10)
        case 17:
            for at, child in enumerate(listed(problems, one, "components", path, least=1, most=MOST_PARTS)):
                _check_part(problems, child, (*path, "components", at), inside=True)


def _check_section(problems: Problems, section: Json, path: Path) -> None:
    for at, one in enumerate(listed(problems, section, "components", path, least=1, most=3)):
        where = (*path, "components", at)
        if _kind(one) != TEXT:
            problems.add((*where, "type"), "UNION_TYPE_CHOICES", "Value of field 'type' must be one of (10,).")
        else:
            text(problems, one, "content", where, most=MOST_TEXT, required=True)
    accessory, where = section.get("accessory"), (*path, "accessory")
    match _kind(accessory):
        case 2:
            _check_button(problems, accessory or {}, where)
        case 11:
            known(problems, accessory, LAYOUT_FIELDS[THUMBNAIL], where)
        case _:
            problems.add(where, "BASE_TYPE_REQUIRED", "This field is required")


def _kind(one: Any) -> int:
    kind = one.get("type") if isinstance(one, dict) else 0
    return kind if isinstance(kind, int) else 0
