"""Strict stand-ins for the platforms, on loopback, written from their documented rules."""
