"""Sets of names, written as one line of words."""

from __future__ import annotations


def words(source: str) -> frozenset[str]:
    return frozenset(source.split())
