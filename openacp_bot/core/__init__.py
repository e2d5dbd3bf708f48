"""What a session is and what people may do with it; imports the standard library only."""
