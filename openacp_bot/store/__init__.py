"""SQLite: numbered upgrades, one writer with group commit, one connection to read from. The doors are `core/ports`."""

from openacp_bot.store.opening import FILE_NAME
from openacp_bot.store.store import Store, open_store

__all__ = ["FILE_NAME", "Store", "open_store"]
