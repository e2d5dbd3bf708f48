"""The client side of the Agent Client Protocol: processes, the wire, and updates turned into core's events."""
