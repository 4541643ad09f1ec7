"""Whether an address is one of this machine."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether this host name, without a port, is this machine's loopback."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def leads_here(url: str) -> bool:
    """Whether this URL (or `//host:port`) leads to this machine's loopback; what is no URL does not."""
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:  # `http://[`
        return False
