"""The methods of the Bot API, by their subjects; importing this registers them all."""

from tests.sims.telegram.methods import chats, commands, drafts, editing, files, polling, sending, topics

__all__ = ["chats", "commands", "drafts", "editing", "files", "polling", "sending", "topics"]
