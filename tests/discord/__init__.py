"""Discord as an adapter."""
