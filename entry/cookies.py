"""Cookies of ours. aiohttp reads all of a domain, and takes 40 ms of the event loop for 32 KB of `a=b a=b …`."""

import re
from typing import Final

from aiohttp import web

_NAME: Final = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
"""RFC 6265, 4.1.1. A cookie with another name cannot be removed either."""


def cookies_like(request: web.BaseRequest, prefix: str) -> dict[str, str]:
    """Name → value of the cookies whose names begin with `prefix`. Of two with one name the last counts.

    The values are those that we have set: never quoted, without spaces.
    """
    found: dict[str, str] = {}
    for header in request.headers.getall("Cookie", ()):
        for pair in header.split(";"):
            name, is_pair, value = pair.strip().partition("=")
            if is_pair and name.startswith(prefix) and _NAME.fullmatch(name):
                found[name] = value.strip()
    return found


def cookie(request: web.BaseRequest, name: str) -> str:
    """The value of this cookie, "" without it."""
    return cookies_like(request, name).get(name, "")
