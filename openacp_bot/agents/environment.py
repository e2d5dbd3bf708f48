"""What an agent's process inherits: a short list, so that our tokens can never be in it."""

from __future__ import annotations

from collections.abc import Mapping

NAMES = frozenset(
    {
        *("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "LANG", "LANGUAGE", "TZ", "TMPDIR"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "FTP_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"),
        *("GIT_SSL_CAINFO", "AWS_CA_BUNDLE"),
    }
)
PREFIXES = ("LC_", "XDG_")
LOWER = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy", "ftp_proxy"})


def child_environment(ours: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The inherited part of `ours`, and the agent's `own`, which wins."""
    return {name: value for name, value in ours.items() if _is_inherited(name)} | dict(own)


def _is_inherited(name: str) -> bool:
    return name in NAMES or name in LOWER or name.startswith(PREFIXES)
