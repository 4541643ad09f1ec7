"""Web addresses in canonical form, as browsers write them: lower case, punycode, no default port."""

import ipaddress
import re
from urllib.parse import urlsplit

import idna

PORTS = {"http": 80, "https": 443}
_BLANK = re.compile(r"\s")  # urlsplit drops tabs and line ends silently
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")


def site(text: str) -> str:
    """`https://Bücher.example/` as `https://xn--bcher-kva.example`, which is the form that browsers send in `Origin`.

    Raises ValueError, which says what is wrong with `text`.
    """
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError("must begin with https:// and a host's name") from None
    if parts.scheme not in PORTS or not parts.hostname or _BLANK.search(text):
        raise ValueError("must begin with https:// and a host's name")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not name a user")
    if parts.path not in {"", "/"}:
        raise ValueError("must not have a path")
    if "?" in text or "#" in text:
        raise ValueError("must not have a query or a fragment")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("must have a port from 1 to 65535, or none") from None
    if port == 0:
        raise ValueError("must have a port from 1 to 65535, or none")
    return f"{parts.scheme}://{ascii_host(parts.hostname)}" + (
        f":{port}" if port and port != PORTS[parts.scheme] else ""
    )


def ascii_host(host: str) -> str:
    """A host name in the form of DNS and browsers: lower case, umlauts in punycode; an IPv6 address in brackets.

    Raises ValueError. Source: url.spec.whatwg.org, "host parsing".
    """
    if ":" in host:
        return f"[{ipaddress.IPv6Address(host).compressed}]"
    name = host.lower()
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode()
        except idna.IDNAError:
            raise ValueError("must have a host's name that can exist") from None
    if not _NAME.fullmatch(name):
        raise ValueError("must have a host's name that can exist")
    return name
