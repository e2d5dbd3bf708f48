"""Secrets are masked on every way out (screens, logs, exports); the database keeps what was said.

A secret is recognised by its own shape, so that ordinary text is left alone. All shapes but a private key are one
word; a text that grows is masked word by word, and only what may become a secret is held back until it is known.
"""

from __future__ import annotations

import re
from re import Match

SHAPES = re.compile(
    r"""
    -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)  # PEM
    | \bsk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{20,}      # Anthropic, OpenAI, OpenRouter
    | \b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{40,})
    | \bglpat-[A-Za-z0-9_-]{20,}
    | \bxox[abprs]-[A-Za-z0-9-]{20,}                  # Slack
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b                   # AWS
    | \bAIza[A-Za-z0-9_-]{35}                         # Google
    | \bhf_[A-Za-z0-9]{30,}
    | \bnpm_[A-Za-z0-9]{36}
    | \bpypi-[A-Za-z0-9_-]{50,}
    | \b[0-9]{8,10}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])    # a Telegram bot's token
    | \b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}   # a Discord bot's token
    | \beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}  # a JSON web token
    """,
    re.VERBOSE | re.DOTALL,
)
BEGINNINGS = (
    *(
        "sk-",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "xoxa-",
        "xoxb-",
        "xoxp-",
        "xoxr-",
        "xoxs-",
    ),
    *("AKIA", "ASIA", "AIza", "hf_", "npm_", "pypi-", "eyJ", "-----BEGIN "),
)
NUMBERED_SHAPES = re.compile(r"[0-9]{8}:[A-Za-z0-9_-]{35}|[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.")
NUMBERED = re.compile(r"[0-9]{1,10}(:[A-Za-z0-9_-]*)?\Z|[MNO][A-Za-z0-9_.-]*\Z")
LONGEST_WORD = 400  # a longer word is no secret
LAST_WORD = re.compile(r"[A-Za-z0-9_.:-]+\Z")
PRIVATE_KEY = "-----BEGIN "
OPEN_KEY = re.compile(
    r"-----BEGIN [A-Z ]*(\Z|PRIVATE KEY-{0,5}\Z|PRIVATE KEY-----(?!.*-----END [A-Z ]*PRIVATE KEY-----))", re.DOTALL
)
KEPT = 6
HELD = 16 * 1024  # the most that is held back; a longer private key is none


class Mask:
    """Replaces secrets by their first characters and an ellipsis. `own`: our own secrets, whatever their shape."""

    def __init__(self, own: tuple[str, ...] = ()) -> None:
        self.own = tuple(sorted((secret for secret in own if len(secret) >= 8), key=len, reverse=True))

    def __call__(self, text: str) -> str:
        for secret in self.own:
            text = text.replace(secret, "•••")
        return SHAPES.sub(_shortened, text) if _may_hold_one(text) else text


class GrowingMask:
    """Masks a text that comes in pieces."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._held = ""

    def add(self, text: str) -> str:
        """What may be shown now."""
        text = self._held + text
        safe = self._safe(text)
        self._held = text[safe:]
        return self._mask(text[:safe])

    def rest(self) -> str:
        """What was held back: nothing more comes soon."""
        text, self._held = self._mask(self._held), ""
        return text

    def _safe(self, text: str) -> int:
        """How much of the text cannot be the beginning of a secret."""
        key = text.rfind(PRIVATE_KEY)
        if key >= 0 and len(text) - key < HELD and OPEN_KEY.match(text, key):
            return key
        start = max(0, len(text) - LONGEST_WORD)
        word = LAST_WORD.search(text[start:])  # from any earlier position it would be tried for every character
        if word is None or not self._may_begin(word[0]):
            return len(text)
        return start + word.start()

    def _may_begin(self, word: str) -> bool:
        if NUMBERED.match(word):
            return True
        return any(word.startswith(known) or known.startswith(word) for known in (*BEGINNINGS, *self._mask.own))


def _may_hold_one(text: str) -> bool:
    """A quick look: long texts without secrets are the rule."""
    return any(known in text for known in BEGINNINGS) or NUMBERED_SHAPES.search(text) is not None


def _shortened(found: Match[str]) -> str:
    if found[0].startswith(PRIVATE_KEY):
        return "[private key •••]"
    return f"{found[0][:KEPT]}•••"
