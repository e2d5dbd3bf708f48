"""How Discord refuses: status, code, message, and for 50035 a tree of errors."""

from __future__ import annotations

from typing import Any

Path = tuple[str | int, ...]


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.more = more

    def body(self) -> dict[str, Any]:
        return {"message": self.message, "code": self.code, **self.more}


class Problems:
    """Gathers what is wrong with a body; refused at once with all of it."""

    def __init__(self) -> None:
        self.found: list[tuple[Path, str, str]] = []

    def add(self, path: Path, code: str, message: str) -> None:
        self.found.append((path, code, message))

    def check(self) -> None:
        """Refuse if there was any."""
        if self.found:
            tree: dict[str, Any] = {}
            for path, code, message in self.found:
                _leaf(tree, path).setdefault("_errors", []).append({"code": code, "message": message})
            raise Refusal(400, 50035, "Invalid Form Body", errors=tree)


def _leaf(tree: dict[str, Any], path: Path) -> dict[str, Any]:
    for step in path:
        tree = tree.setdefault(str(step), {})
    return tree


def invalid(path: Path, code: str, message: str) -> Refusal:
    """50035 with one error."""
    problems = Problems()
    problems.add(path, code, message)
    try:
        problems.check()
    except Refusal as refusal:
        return refusal
    raise AssertionError("it has a problem")


def unknown(what: str) -> Refusal:
    """404 for something that is not there (any more)."""
    return Refusal(404, UNKNOWN[what], f"Unknown {what}")


UNKNOWN = {
    "Application": 10002, "Channel": 10003, "Guild": 10004, "Member": 10007, "Message": 10008, "Role": 10011,
    "User": 10013, "Emoji": 10014, "Webhook": 10015, "interaction": 10062, "application command": 10063,
}  # fmt: skip


def no_access() -> Refusal:
    return Refusal(403, 50001, "Missing Access")


def no_permission() -> Refusal:
    return Refusal(403, 50013, "Missing Permissions")


def archived() -> Refusal:
    return Refusal(400, 50083, "Thread is archived")


def unauthorized() -> Refusal:
    return Refusal(401, 0, "401: Unauthorized")


def not_found() -> Refusal:
    """No such route."""
    return Refusal(404, 0, "404: Not Found")
