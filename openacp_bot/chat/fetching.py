"""Files that people sent, written down piece by piece: whole, within the limit, or not at all."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import BinaryIO

from openacp_bot.core.errors import UserError
from openacp_bot.core.model import FileRef


async def written(path: Path, pieces: AsyncGenerator[bytes, None], file: FileRef, limit: int) -> None:
    """Raises UserError if it is larger than `limit` bytes; then nothing is left behind."""
    taken = 0
    async with aclosing(pieces):
        with _whole(path) as target:
            async for piece in pieces:
                taken += len(piece)
                if taken > limit:
                    raise too_large(file, limit)
                target.write(piece)


def too_large(file: FileRef, limit: int) -> UserError:
    return UserError(f"“{file.name}” is larger than {limit / 1e6:.0f} MB, so it was not taken.")


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """The file is there only if all of it was written."""
    try:
        with path.open("xb") as target:
            yield target
    except BaseException:
        path.unlink(missing_ok=True)
        raise
