"""What every message-editing platform shares: views, Markdown, splitting, the outbox of cards, the gate."""
