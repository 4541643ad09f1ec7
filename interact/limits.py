"""How much one visitor may request. A visitor who reaches a limit is told so, and when to continue."""

import ipaddress
import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

Clock = Callable[[], float]

_MOST_BUCKETS: Final = 50_000
"""Beyond this the longest untouched ones are forgotten: they have long been full again."""

_LONGEST_DEBT: Final = 2.0
"""Seconds. Visitors who share an address with a flooder wait at most this long, and answer beats in time."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the visitors' entry point, per process. A burst may come at once, a rate applies continuously (per
    second)."""

    messages_burst: int = 80
    """A client offers its last 50 messages again after a resume, and the visitor goes on typing meanwhile."""
    messages_rate: float = 3.0
    """Faster than anybody types; at this rate a day's flood of one visitor is still harmless."""
    frames_burst: int = 200
    """Frames of any kind on one line: a resume offers 50 messages again. A chat has twice as much for all its tabs."""
    frames_rate: float = 20.0
    address_frames_burst: int = 4_000
    """Frames from one public address: 200 visitors behind one router, each as fast as one line may be at first."""
    address_frames_rate: float = 400.0
    bad_frames_burst: int = 20
    """Frames of one chat that cannot be understood; a client of ours sends none, further ones close the line."""
    bad_frames_rate: float = 0.2
    sessions_burst: int = 200
    """New chats from one public address: a whole school behind one router may begin at the same minute."""
    sessions_rate: float = 2.0
    widget_sessions_burst: int = 1_000
    """New chats of one widget, from wherever: what a service would need a thousand agents for."""
    widget_sessions_rate: float = 5.0
    all_sessions_burst: int = 3_000
    all_sessions_rate: float = 20.0
    """All of this process's new chats. Per process and not for the whole store: a flood is refused without asking the
    store, and also while that is slow; with n replicas n times as many get through, which is a factor, not a flood."""
    sockets: int = 10
    """Open tabs of one chat."""
    all_sockets: int = 1_000_000
    """Open lines of this process; above it a client is asked to come back later, perhaps to another one."""
    full_seconds: tuple[float, float] = (5.0, 15.0)
    """When a client for which there was no place should come back."""
    beat_seconds: float = 5.0
    here_beats: int = 3
    """The distributor hears of a connection on every third beat: every 15 s; it forgets one after 45 s."""
    silence_beats: int = 9
    """A client that answers no beat for this long is gone: its connection is dead, though nothing closed it."""
    hello_seconds: float = 10.0
    typing_seconds: float = 2.0
    retry_seconds: tuple[float, float] = (1.0, 5.0)
    """When a client that was asked to come back should do so: spread, so that not all come at once."""


class Buckets:
    """Token buckets by key: `burst` at once, then `rate` per second."""

    def __init__(self, *, burst: int, rate: float, clock: Clock = time.monotonic) -> None:
        self._burst = burst
        self._rate = rate
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, cost: int = 1) -> float:
        """Take `cost`. 0.0 = granted; else nothing was taken, and the cost will be available after this many
        seconds."""
        left, now = self._left(key)
        granted = left >= cost
        self._keep(key, left - cost if granted else left, now)
        return 0.0 if granted else math.ceil((cost - left) / self._rate * 10) / 10

    def owe(self, key: str, cost: int = 1) -> float:
        """Take `cost` in any case; seconds until what was taken beyond the burst is paid back, never more than 2."""
        left, now = self._left(key)
        left = max(left - cost, -_LONGEST_DEBT * self._rate)
        self._keep(key, left, now)
        return max(0.0, -left / self._rate)

    def forget(self, key: str) -> None:
        """Nobody will ask for this key again."""
        self._kept.pop(key, None)

    def _left(self, key: str) -> tuple[float, float]:
        now = self._clock()
        left, since = self._kept.pop(key, (float(self._burst), now))
        return min(self._burst, left + (now - since) * self._rate), now

    def _keep(self, key: str, left: float, now: float) -> None:
        self._kept[key] = (left, now)
        if len(self._kept) > _MOST_BUCKETS:
            self._kept.popitem(last=False)

    def give_back(self, key: str) -> None:
        """What was taken turned out to cost nothing."""
        if key in self._kept:
            left, since = self._kept[key]
            self._kept[key] = (left + 1, since)


UNREADABLE: Final = "unreadable"
"""Stands for all visitors that a trusted proxy reports without a valid address: they are counted
together."""


class Addresses:
    """Finds the visitor's address behind load balancers. `trusted`: addresses or networks (`10.0.0.0/8`) of those."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted = tuple(ipaddress.ip_network(part, strict=False) for part in trusted)

    def of(self, request: web.Request) -> str | None:
        """The public address that is to be counted, None where there is none to be blamed.

        Only what a trusted proxy reports is believed. Proxies themselves and private addresses are never counted:
        behind one of those may stand every visitor there is.
        """
        address = _address(request.remote)
        lines = request.headers.getall("X-Forwarded-For", [])
        hops = [part for line in lines for part in line.split(",")]
        while address is not None and hops and self._trusts(address):
            address = _address(hops.pop())
            if address is None:
                return UNREADABLE
        return self._counted(address)

    def public(self, remote: str | None) -> str | None:
        """The same for a connection itself, of which nothing is known yet."""
        return self._counted(_address(remote))

    def is_proxy(self, remote: str | None) -> bool:
        """Whether this is one of the trusted proxies."""
        address = _address(remote)
        return address is not None and self._trusts(address)

    def looks_like_a_proxy(self, request: web.Request) -> bool:
        """Whether somebody who is not trusted, on a private address, reports on behalf of others."""
        address = _address(request.remote)
        if address is None or address.is_global or self._trusts(address):
            return False
        return "X-Forwarded-For" in request.headers or "Forwarded" in request.headers

    def _counted(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> str | None:
        if address is None or self._trusts(address) or not address.is_global:
            return None
        if isinstance(address, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((address, 64), strict=False))  # one customer has a whole /64
        return str(address)

    def _trusts(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


def _address(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address in `9.9.9.9`, `9.9.9.9:4711`, `2a00::1`, `[2a00::1]:443` or the same in quotes; else None."""
    found = _WITH_PORT.fullmatch((text or "").strip().strip('"'))
    try:
        address = ipaddress.ip_address((found[1] or found[2]) if found else (text or "").strip().strip('"'))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


_WITH_PORT: Final = re.compile(r"(?:\[([0-9A-Fa-f:.%a-z]+)\]|([0-9.]+))(?::[0-9]{1,5})?")
