"""How Telegram refuses: code, description, parameters."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """An answer with `ok: false`."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        return body | ({"parameters": self.parameters} if self.parameters else {})


def bad(words: str, **parameters: int) -> Refusal:
    """400. The first letter is lowered unless the words are a constant of the server in capitals."""
    return Refusal(400, f"Bad Request: {_lowered(words)}", **parameters)


def forbidden(words: str) -> Refusal:
    return Refusal(403, f"Forbidden: {_lowered(words)}")


def flooded(retry_after: int) -> Refusal:
    return Refusal(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


def _lowered(words: str) -> str:
    constant = words[1:2] == "_" or words[1:2].isupper()
    return words if constant else words[:1].lower() + words[1:]
