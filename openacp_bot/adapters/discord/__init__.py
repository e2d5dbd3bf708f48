"""Discord: gateway and REST through discord.py."""
