"""The tree of errors. The name of a branch says whose move it is.

Problem
├── UserError              the person who asked: say it to them, they can mend it
│   ├── CapReached         no slot is free; names the sessions that could be ended
│   └── NotAllowed         this person may not do this
├── AgentError             the agent: it could not start, or it broke the protocol
│   ├── AgentGone          its process ended
│   ├── AuthenticationNeeded   it wants a login first
│   └── ModelRefused       it does not work with the model that was asked for
├── StoreError             the database: full, locked, damaged, or of a newer version
└── IllegalTransition      a bug of ours: never shown, always logged

The text of a UserError, AgentError or StoreError is for a person: what happened, and what to do now.
"""

from __future__ import annotations

from openacp_bot.core.model import State


class Problem(Exception):
    """Everything this program raises on purpose."""


class UserError(Problem):
    """What was asked cannot be done as asked."""


class CapReached(UserError):
    """All slots are taken, or memory is short."""


class NotAllowed(UserError):
    """Known, but not entitled to this."""


class AgentError(Problem):
    """The agent could not be started, or does not do what the protocol says."""


class AgentGone(AgentError):
    """The agent's process ended. `code` is its exit status, negative for a signal, None if unknown."""

    def __init__(self, text: str, *, code: int | None = None, stderr: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.stderr = stderr


class AuthenticationNeeded(AgentError):
    """The agent answered -32000; the text names its methods and the commands to run."""


class ModelRefused(AgentError):
    """The agent cannot use the model that its session was to start with; with its own it may run."""


class StoreError(Problem):
    """The database cannot be used; nothing was overwritten."""


class IllegalTransition(Problem):
    """A state was asked to become one it cannot become."""

    def __init__(self, before: State, after: State) -> None:
        super().__init__(f"a session that is {before} cannot become {after}")
