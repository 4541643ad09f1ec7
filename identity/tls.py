"""Whom we believe when we call out over TLS, and how long we wait."""

import ssl
from pathlib import Path

import aiohttp


def client_context(ca_file: str | Path | None) -> ssl.SSLContext:
    """A context for outgoing calls: the system's authorities, and those in `ca_file` (PEM) besides.

    Raises OSError (ssl.SSLError among them) when the file cannot be read or holds no certificate.
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def client_session(ca_file: str | Path | None, *, timeout_seconds: float) -> aiohttp.ClientSession:
    """A pooled HTTP session that believes `client_context`. Call it on a running loop; the caller closes it."""
    connector = aiohttp.TCPConnector(ssl=client_context(ca_file))
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=timeout_seconds))
