"""How payloads are packed on the way to the client: plain, zlib-stream or zstd-stream."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable

Pack = Callable[[bytes], bytes]


def packer(kind: str) -> Pack | None:
    """One stream for a connection's whole life; None: text as it is. LookupError for what is not known."""
    match kind:
        case "":
            return None
        case "zlib-stream":
            return _zlib()
        case "zstd-stream":
            return _zstd()
        case _:
            raise LookupError(kind)


def _zlib() -> Pack:
    stream = zlib.compressobj()
    return lambda data: stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)


def _zstd() -> Pack:
    try:
        zstandard = importlib.import_module("zstandard")  # the library that discord.py takes, if it is there
    except ImportError:
        raise LookupError("zstd-stream") from None
    stream = zstandard.ZstdCompressor().compressobj()

    def pack(data: bytes) -> bytes:
        packed: bytes = stream.compress(data) + stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        return packed

    return pack
