"""The demo agent as a real process, met by the official SDK's client."""
