"""Blocks and Markdown as text with styles, cut into messages: what every dialect of a chat begins with."""
