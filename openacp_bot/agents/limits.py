"""How long an agent may take for what, in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The defaults are the product's; tests shorten them."""

    handshake: float = 90.0  # initialize; cold starts of several seconds were seen
    conversation: float = 90.0  # session/new, session/load, session/resume
    setting: float = 30.0  # session/set_config_option and its older kin
    send: float = 30.0  # until the agent has read what we wrote; then it counts as lost
    after_stdin: float = 2.0  # from stdin's end to SIGTERM
    after_term: float = 3.0  # from SIGTERM to SIGKILL
    after_kill: float = 1.5  # for the kernel to reap
    after_exit: float = 1.0  # for what a dead process left in its pipes
