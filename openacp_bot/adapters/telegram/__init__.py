"""Telegram: forum topics, private chats, buttons, live answers."""
