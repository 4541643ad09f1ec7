"""The proxy of a company's network: which of our calls go out through it, and which go straight."""

import ipaddress
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

EVERYTHING = "*"
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxies:
    """`address`: `http://proxy.example.com:3128`, "" = none. `user` and `password` go to the proxy, and nowhere else.

    `direct`: hosts that are called straight: names (with all names below them), addresses, networks, or `*`.
    """

    address: str = ""
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    direct: tuple[str, ...] = ()

    @property
    def proof(self) -> dict[str, str]:
        """The header that shows the proxy who calls; it is on CONNECT only."""
        if not self.user:
            return {}
        return {"Proxy-Authorization": f"Basic {b64encode(f'{self.user}:{self.password}'.encode()).decode()}"}

    @classmethod
    def read(cls, https_proxy: str, no_proxy: str) -> "Proxies":
        """From the values of HTTPS_PROXY and NO_PROXY. Raises ValueError, which does not repeat the value."""
        direct = tuple(part for part in no_proxy.replace(",", " ").lower().split() if part)
        if not https_proxy:
            return cls(direct=direct)
        parts = urlsplit(https_proxy if "://" in https_proxy else f"http://{https_proxy}")
        if parts.scheme not in DEFAULT_PORTS:
            raise ValueError("must be an HTTP proxy: http:// or https://")
        try:
            port = parts.port or DEFAULT_PORTS[parts.scheme]
        except ValueError:
            raise ValueError("must have a port from 1 to 65535") from None
        if not parts.hostname or parts.path not in {"", "/"} or parts.query or parts.fragment:
            raise ValueError("must be an address without a path")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return cls(
            f"{parts.scheme}://{host}:{port}", unquote(parts.username or ""), unquote(parts.password or ""), direct
        )

    def proxy_for(self, host: str, port: int) -> str:
        """The address of the proxy for https calls to this host; "" = straight."""
        name = host.lower().rstrip(".")
        return "" if any(_covers(entry, name, port) for entry in self.direct) else self.address


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY is about this host. A name stands for itself and all names below it, as in curl."""
    if entry == EVERYTHING:
        return True
    name, _, number = entry.rpartition(":")
    if name and number.isdigit() and "]" not in number and (":" not in name or name.startswith("[")):
        if int(number) != port:
            return False
        entry = name
    entry = entry.strip("[]").removeprefix("*").strip(".")
    try:
        return ipaddress.ip_address(host.strip("[]")) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return host == entry or host.endswith(f".{entry}")
