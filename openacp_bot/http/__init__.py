"""The one HTTP server of the daemon: page, hooks, health and control share it."""

from openacp_bot.http.server import Handler, HttpServer

__all__ = ["Handler", "HttpServer"]
