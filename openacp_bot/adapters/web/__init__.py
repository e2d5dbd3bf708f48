"""The page: a WebSocket, static files without a build step, Markdown rendered on the server."""
