"""openacp_bot: drive AI coding agents from the chat you already live in."""

__version__ = "0.1.0"
