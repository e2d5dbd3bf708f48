"""Which methods there are, what parameters they know and what they cost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tests.sims.telegram.params import Params
from tests.sims.telegram.realm import Realm
from tests.sims.telegram.words import words

Handler = Callable[[Realm, Params], Any | Awaitable[Any]]


class Cost(Enum):
    """What flood control counts a call as."""

    FREE = "free"
    CHANGE = "change"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Method:
    name: str
    parameters: frozenset[str]
    cost: Cost
    handle: Handler


METHODS: dict[str, Method] = {}


def method(name: str, parameters: str = "", cost: Cost = Cost.FREE) -> Callable[[Handler], Handler]:
    """Register the handler of one method; its name is known without regard to case."""

    def register(handle: Handler) -> Handler:
        METHODS[name.lower()] = Method(name, words(parameters), cost, handle)
        return handle

    return register
