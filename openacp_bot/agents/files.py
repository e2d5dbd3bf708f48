"""`fs/read_text_file` and `fs/write_text_file`. Always served, since some agents call them unasked (OpenCode);
advertised only with `client_files`, since an agent that is offered them may use nothing else."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from typing import TypeAlias

from openacp_bot.agents.guard import FileGuard, Forbidden, Spot, open_beneath
from openacp_bot.agents.loose import Json, text, whole
from openacp_bot.agents.wire import INTERNAL, INVALID_PARAMS, NOT_FOUND, Refused

MOST = 16 * 1024 * 1024
READ = "fs/read_text_file"
WRITE = "fs/write_text_file"
METHODS = frozenset({READ, WRITE})

GuardOf: TypeAlias = Callable[[], FileGuard]


class FileService:
    """The files of one session. `missing_is_empty`: Gemini takes no error for a file that it is about to write."""

    def __init__(self, guard: GuardOf, *, missing_is_empty: bool) -> None:
        self._guard = guard
        self._missing_is_empty = missing_is_empty

    async def serve(self, method: str, params: Json) -> Json:
        """The result; raises Refused."""
        work = self._read if method == READ else self._write
        return await asyncio.to_thread(work, params)

    def _read(self, params: Json) -> Json:
        path = text(params, "path")
        spot = self._spot(path)
        try:
            content = _content(spot, whole(params.get("line")), whole(params.get("limit")))
        except FileNotFoundError as error:
            if self._missing_is_empty:
                return {"content": ""}
            raise Refused(NOT_FOUND, f"{path} does not exist") from error
        except OSError as error:
            raise Refused(INTERNAL, f"{path} cannot be read: {error.strerror or error}") from error
        return {"content": content}

    def _write(self, params: Json) -> Json:
        path, content = text(params, "path"), params.get("content")
        if type(content) is not str:
            raise Refused(INVALID_PARAMS, "content is to be a string")
        data = content.encode("utf-8", "replace")
        if len(data) > MOST:
            raise Refused(INVALID_PARAMS, f"more than {MOST} bytes are not written at once")
        try:
            _replace(self._spot(path), data)
        except OSError as error:
            raise Refused(INTERNAL, f"{path} cannot be written: {error.strerror or error}") from error
        return {}

    def _spot(self, path: str) -> Spot:
        try:
            return self._guard().spot(path)
        except Forbidden as error:
            raise Refused(INVALID_PARAMS, str(error)) from error


def _content(spot: Spot, line: int | None, limit: int | None) -> str:
    with open(open_beneath(spot, os.O_RDONLY), "rb") as file:
        _check(file.fileno())
        data = file.read(MOST + 1)
    if len(data) > MOST:
        raise OSError(f"it is larger than {MOST} bytes")
    content = data.decode("utf-8", "replace")
    if line is None and limit is None:
        return content
    first = max(0, (line or 1) - 1)  # ACP: lines count from 1
    lines = content.split("\n")
    picked = lines[first:] if limit is None else lines[first : first + limit]
    # A line keeps its end, except the last line of a file that has none.
    ends = "\n" if picked and first + len(picked) < len(lines) else ""
    return "\n".join(picked) + ends


def _replace(spot: Spot, data: bytes) -> None:
    with open(open_beneath(spot, os.O_WRONLY | os.O_CREAT, make_parents=True), "wb") as file:
        _check(file.fileno())
        file.truncate()
        file.write(data)


def _check(descriptor: int) -> None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is no regular file")
    if status.st_nlink > 1:  # no path tells where its other names lie
        raise OSError("it has another name (a hard link), which may lie outside the workspace")
