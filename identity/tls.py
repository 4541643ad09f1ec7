"""Outgoing TLS: trusted certificates, proxy, and timeouts."""

import ssl
from functools import lru_cache
from pathlib import Path

import aiohttp
import httpx
from yarl import URL

from identity.proxies import Proxies

_way: list[Proxies] = [Proxies()]
"""The process's way out. One fact of the machine's network, like its routes; `go_through` sets it before any call."""


def go_through(proxies: Proxies) -> None:
    """All calls of this process go out this way from now on. `settings.py` has read the environment for it.

    The libraries' own reading (`trust_env`) is off: it also looks for passwords in `~/.netrc`, in a thread for each call.
    """
    _way[0] = proxies


def client_context(ca_file: str | Path | None) -> ssl.SSLContext:
    """The context of all outgoing calls: the system's authorities, and those in `ca_file` (PEM) besides.

    It is made once: reading the system's authorities takes 50 ms and more, in which the event loop would stand still.
    Raises OSError (ssl.SSLError among them) when the file cannot be read or holds no certificate.
    """
    return _context(None if ca_file is None else str(ca_file))


@lru_cache
def _context(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def client_session(
    ca_file: str | Path | None, *, timeout_seconds: float, connections: int = 100
) -> aiohttp.ClientSession:
    """A pooled HTTP session that believes `client_context`. Call it on a running loop; the caller closes it."""
    connector = aiohttp.TCPConnector(ssl=client_context(ca_file), limit=connections)
    timeout = aiohttp.ClientTimeout(total=timeout_seconds)
    return aiohttp.ClientSession(connector=connector, timeout=timeout, middlewares=(_through_the_proxy,))


async def _through_the_proxy(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    way = _way[0]
    proxy = way.proxy_for(request.url.host or "", request.url.port or 443) if request.url.scheme == "https" else ""
    if proxy:
        request.update_proxy(URL(proxy), None, way.proof)
    return await handler(request)


def httpx_proxy(url: str) -> httpx.Proxy | None:
    """What an httpx client for this https address takes as `proxy`; None = it is called straight."""
    way, address = _way[0], httpx.URL(url)
    proxy = way.proxy_for(address.host, address.port or 443)
    if not proxy:
        return None
    return httpx.Proxy(proxy, auth=(way.user, way.password) if way.user else None)
