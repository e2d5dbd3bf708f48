"""Inline keyboards: what Telegram refuses in them."""

from __future__ import annotations

import json
from typing import Any

from tests.sims.telegram.entities import Odd
from tests.sims.telegram.params import Params
from tests.sims.telegram.refusals import bad
from tests.sims.telegram.words import words

Keyboard = tuple[tuple[dict[str, Any], ...], ...]
MOST_BUTTONS = 100
SHOWN_IN_A_ROW = 8
STYLES = ("danger", "success", "primary")
FIELDS = words("text callback_data url style icon_custom_emoji_id copy_text web_app login_url pay")
ACTIONS = FIELDS - {"text", "style", "icon_custom_emoji_id"} | {
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "callback_game",
    "disabled",
}


def inline_keyboard(p: Params, odd: Odd) -> Keyboard:
    """The keyboard of a call; empty without one. A reply keyboard is taken and shown as none."""
    markup = p.value("reply_markup", "reply keyboard markup")
    if markup is None:
        return ()
    if not isinstance(markup, dict):
        raise bad("object expected as reply markup")
    if "inline_keyboard" not in markup:
        return ()
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" must be of type Array of Arrays')
    keyboard = tuple(tuple(_button(button, odd) for button in row) for row in rows if row)
    if sum(map(len, keyboard)) > MOST_BUTTONS:
        raise bad("REPLY_MARKUP_TOO_LONG")
    if any(len(row) > SHOWN_IN_A_ROW for row in keyboard):
        odd(f"more than {SHOWN_IN_A_ROW} buttons in a row")
    return keyboard


def _button(button: Any, odd: Odd) -> dict[str, Any]:
    if not isinstance(button, dict) or "text" not in button:
        raise bad("can't parse inline keyboard button: Can't find field \"text\"")
    if not str(button["text"]).strip():
        raise bad('can\'t parse inline keyboard button: Field "text" must be non-empty')
    if button.get("style") not in (None, "", *STYLES):
        raise bad("can't parse inline keyboard button: invalid button style specified")
    actions = [
        name for name in ACTIONS if button.get(name) not in (None, "") or (name.startswith("switch") and name in button)
    ]
    if not actions:
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        odd(f"a button with two actions: {sorted(actions)}")
    if len(str(button.get("callback_data", "")).encode()) > 64:
        raise bad("BUTTON_DATA_INVALID")
    _check_url(button)
    _check_copied_text(button)
    for name in button.keys() - FIELDS - ACTIONS:
        odd(f"unknown field of a button: {name}")
    return {name: value for name, value in button.items() if value not in (None, "")}


def _check_url(button: dict[str, Any]) -> None:
    url = str(button.get("url", ""))
    scheme, found, rest = url.partition("://")
    if url and found and scheme not in ("http", "https", "tg", "ton"):
        raise bad(f"inline keyboard button URL '{url}' is invalid: Unsupported URL protocol")
    host = rest if found else url
    if url and scheme != "tg" and "." not in host:
        # Telegram takes no localhost: a link of a button must have a public-looking host
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _check_copied_text(button: dict[str, Any]) -> None:
    if "copy_text" in button and not 1 <= len(json.loads(json.dumps(button["copy_text"])).get("text", "")) <= 256:
        raise bad("BUTTON_COPY_TEXT_INVALID")
