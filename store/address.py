"""Parses `USHER_REDIS_URL`: a single server, a master that sentinels watch, or a cluster."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

FORMS = (
    "redis://host:6379/0, redis+sentinel://host:26379,host:26379/<master name>/0, redis+cluster://host:6379,host:6379 "
    "(with TLS rediss://, rediss+sentinel://, rediss+cluster://) or unix:///path"
)

_ONE_PLACE = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<name>[^\[\]:@/\s]+))(?::(?P<port>\d{1,5}))?")


class Kind(StrEnum):
    SERVER = "server"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


_PORTS = {Kind.SERVER: 6379, Kind.SENTINEL: 26379, Kind.CLUSTER: 6379}

Place = tuple[str, int]
"""Host and port."""


@dataclass(frozen=True, slots=True)
class Address:
    """`places`: the server, some sentinels, or some nodes of the cluster; `master`: its name, for sentinels only.

    `user`: `name:password@`, as written in the address, or empty; `options`: the part after the question mark;
    `replicas`: how many replicas must acknowledge a write (`?replicas=1`).
    """

    kind: Kind
    tls: bool
    places: tuple[Place, ...]
    master: str
    database: int
    user: str
    options: Mapping[str, str]
    replicas: int = 0

    def server_url(self, place: Place) -> str:
        """The address of one server that holds data, as redis-py reads it."""
        return self._url(place, self.user, f"/{self.database}")

    def sentinel_url(self, place: Place) -> str:
        """The address of one sentinel; the options `sentinel_username` and `sentinel_password` give its user."""
        name, password = self.options.get("sentinel_username", ""), self.options.get("sentinel_password", "")
        return self._url(place, f"{quote(name)}:{quote(password)}@" if name or password else "", "")

    def _url(self, place: Place, user: str, path: str) -> str:
        host, port = place
        options = {name: value for name, value in self.options.items() if not name.startswith("sentinel_")}
        scheme = "rediss" if self.tls else "redis"
        bracketed = f"[{host}]" if ":" in host else host
        return f"{scheme}://{user}{bracketed}:{port}{path}" + (f"?{urlencode(options)}" if options else "")


def parse_address(url: str) -> Address:
    """Parse an address in one of `FORMS`. Raises ValueError, which says what is wrong with it, without its password."""
    # Since 2025, Python rejects anything but a single host in brackets (`one,[::1]`), so the hosts are parsed
    # separately.
    head, slashes, rest = url.partition("://")
    netloc = re.split("[/?#]", rest, maxsplit=1)[0]
    parts = urlsplit(f"{head}{slashes}{rest.removeprefix(netloc)}")
    if parts.scheme == "unix":
        if not parts.path:
            raise ValueError("the path of the socket is missing")
        return Address(Kind.SERVER, tls=False, places=(), master="", database=0, user="", options={})
    scheme, _, kind_word = parts.scheme.partition("+")
    if scheme not in {"redis", "rediss"} or kind_word not in {"", "sentinel", "cluster"}:
        raise ValueError("not a Redis address")
    kind = Kind(kind_word or "server")
    user, at, hosts = netloc.rpartition("@")
    places = tuple(_place(one, _PORTS[kind]) for one in hosts.split(","))
    if kind is Kind.SERVER and len(places) > 1:
        raise ValueError("several servers: begin with redis+sentinel:// or redis+cluster://")
    master, database = _path(kind, parts)
    options = dict(parse_qsl(parts.query))
    replicas = options.pop("replicas", "0") if kind is not Kind.SERVER else "0"
    if not replicas.isdecimal():
        raise ValueError("`replicas` is not a number")
    return Address(kind, scheme == "rediss", places, master, database, user + at, options, int(replicas))


def _place(text: str, usual_port: int) -> Place:
    found = _ONE_PLACE.fullmatch(text.strip())
    if found is None:
        raise ValueError("a host is missing, or is not host:port")
    port = int(found["port"] or usual_port)
    if not 0 < port < 65536:
        raise ValueError(f"{port} is not a TCP port")
    return found["v6"] or unquote(found["name"]), port


def _path(kind: Kind, parts: SplitResult) -> tuple[str, int]:
    words = [unquote(word) for word in parts.path.split("/") if word]
    master = ""
    if kind is Kind.SENTINEL:
        if not words:
            raise ValueError("the name of the master is missing after the sentinels")
        master = words.pop(0)
    database = words.pop(0) if words else "0"
    if words or not database.isdecimal():
        raise ValueError("the database is not a number")
    if kind is Kind.CLUSTER and database != "0":
        raise ValueError("a cluster has only database 0")
    return master, int(database)
