"""The store's interface for other packages: scripts, and typed reads and writes. Keys and values are text."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Literal, TypeVar, overload

from store import commands
from store.address import Kind, parse_address
from store.cluster import Cluster
from store.commands import Command, Entry, Fields, Word
from store.network import Network, OneServer, home_of, talk_to
from store.running import Call, run_call, run_calls
from store.scripts import Argument, LuaScript
from store.sentinels import Sentinels
from store.wire import StoreDown, StoreError, translate

__all__ = ["Store", "StoreDown", "StoreError", "StoreRefused", "open_store"]

T = TypeVar("T")

OLDEST = (7, 0)


class StoreRefused(Exception):
    """Usher cannot work with this server; the message says why and what to do."""


async def open_store(url: str) -> "Store":
    """Connect to `url` (`address.FORMS`). Raises StoreDown, and StoreRefused for an unsuitable server."""
    store = Store(network_of(url))
    try:
        await store.network.start()
        clustered = isinstance(store.network, Cluster)
        for server in await store.servers("server"):
            if unfit := unfit_because(server, clustered=clustered):
                raise StoreRefused(unfit)  # noqa: TRY301  # the handler below closes the connections
    except StoreError as error:
        await store.close()
        raise StoreRefused(f"USHER_REDIS_URL: {error}.") from error
    except BaseException:
        await store.close()
        raise
    return store


def network_of(url: str) -> Network:
    """The servers behind `url`, not yet connected. Raises StoreRefused if it is not an address."""
    try:
        address = parse_address(url)
    except ValueError as error:
        raise StoreRefused(f"USHER_REDIS_URL cannot be understood: {error}.") from error
    match address.kind:
        case Kind.SERVER:
            return OneServer(url)
        case Kind.SENTINEL:
            return Sentinels(address)
        case Kind.CLUSTER:
            return Cluster(address)


def unfit_because(server: Mapping[str, str], *, clustered: bool = False) -> str:
    """Why Usher cannot work with a server whose INFO is `server`; `""` if it can."""
    version = server.get("redis_version", "0")
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        return f"The Redis server is version {version}; Usher needs 7.0 or later."
    mode = server.get("redis_mode") or server.get("server_mode")  # Redis's word, Valkey's
    if mode == "cluster" and not clustered:
        return "The Redis server is part of a cluster: begin USHER_REDIS_URL with redis+cluster://."
    if mode == "sentinel":
        return "USHER_REDIS_URL leads to a sentinel: write redis+sentinel://host:port,host:port/<master name>."
    return ""


class Store:
    """All stored data. Every method raises `StoreDown` when a server that it needs cannot be reached, and `StoreError`
    when
    that server rejects the command."""

    def __init__(self, network: Network) -> None:
        self.network = network

    async def close(self) -> None:
        """Close every connection. Calls after it raise `StoreDown`."""
        await self.network.close()

    async def ping(self) -> None:
        """Return if a server answers; raise `StoreDown` if none does. When one node of a cluster is down, Usher still
        serves the
        tenants of the others."""
        answers = await self._ask_each(Command(("PING",), str))
        if all(isinstance(answer, Exception) for answer in answers):
            raise translate(answers[0])

    async def check_writes(self) -> None:
        """Return if a server accepts a write now; raise `StoreDown` if none does (memory full, read-only, disk), as
        `ping` does.

        It writes one small key on each server, with a time to live of one minute."""
        homes = [kept[0] for kept in self.network.homes().values()]
        answers = await self.network.talk([("SET", f"{home}probe", "1", "PX", 60_000) for home in homes], homes)
        if all(isinstance(answer, Exception) for answer in answers):
            raise translate(answers[0])

    async def time_ms(self, root: str) -> int:
        """The time of the server that keeps `root`, in milliseconds since the epoch."""
        (answer,) = await self.network.talk([("TIME",)], [root])
        return _read(Command(("TIME",), lambda said: int(said[0]) * 1000 + int(said[1]) // 1000), answer)

    async def everywhere(self, command: Command[T]) -> list[T]:
        """Ask every server that holds data (each once) a question about the server, not about a key."""
        return [_read(command, answer) for answer in await self._ask_each(command)]

    async def _ask_each(self, command: Command[Any]) -> list[Any]:
        roots = [kept[0] for kept in self.network.homes().values()]
        return await self.network.talk([command.words] * len(roots), roots)

    async def servers(self, *sections: str) -> list[dict[str, str]]:
        """Each server's INFO: `field: value`."""
        return await self.everywhere(Command(("INFO", *sections), read_report))

    async def run(self, script: LuaScript, root: str, /, **args: Argument) -> Any:
        """Run `script` once with `root` and its named arguments; return its result (RESP2: text, int, list, None).

        Mappings and lists are passed as JSON. Raises `ScriptError` if the arguments do not match the script's.
        """
        return await run_call(self.network, script, root, args)

    async def run_many(self, calls: Sequence[Call]) -> list[Any]:
        """Run several scripts in one round trip to each server (separately: other commands may run between them).
        Raises as `run`,
        for the first that failed; others may have run."""
        answers = await self.run_each(calls)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    async def run_each(self, calls: Sequence[Call]) -> list[Any]:
        """As `run_many`, for independent calls: the answer of a failed call is its StoreDown or StoreError. Of several
        servers,
        one may be down."""
        return await run_calls(self.network, calls)

    async def many(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Send several commands in one round trip: `[("hgetall", (key,)), …]`; names as in `commands.BY_NAME`."""
        chosen = [commands.BY_NAME[name](*args) for name, args in calls]
        if not chosen:
            return []
        answers = await self.network.talk([one.words for one in chosen], [one.name for one in chosen])
        return [_read(command, answer) for command, answer in zip(chosen, answers, strict=True)]

    async def ask(self, command: Command[T]) -> T:
        """Send one command of `commands.py`, or one built elsewhere."""
        return _read(command, (await self.network.talk([command.words], [command.name]))[0])

    async def get(self, key: str) -> str | None:
        return await self.ask(commands.get(key))

    async def set(self, key: str, value: Word, *, ttl_seconds: float | None = None, only_if_new: bool = False) -> bool:
        """Write `value`; False if `only_if_new` and the key existed."""
        return await self.ask(commands.set(key, value, ttl_seconds=ttl_seconds, only_if_new=only_if_new))

    async def delete(self, *keys: str) -> int:
        """Delete keys, also of several shards; return how many existed."""
        by_root: dict[str, list[str]] = {}
        for key in keys:
            by_root.setdefault(home_of(key), []).append(key)
        return sum(await self.many([("delete", some) for some in by_root.values()]))

    async def exists(self, key: str) -> bool:
        return await self.ask(commands.exists(key))

    async def expire(self, key: str, seconds: float) -> bool:
        """Set the time to live of `key` to `seconds`; False if it does not exist."""
        return await self.ask(commands.expire(key, seconds))

    async def ttl(self, key: str) -> float | None:
        """Time to live of `key` in seconds; None if it has none or does not exist."""
        return await self.ask(commands.ttl(key))

    async def scan(self, pattern: str) -> list[str]:
        """Every key that matches `pattern`. It scans the whole store: for tests, `verify` and `doctor` only."""
        found: set[str] = set()
        for pool in self.network.homes():
            cursor = ""
            while cursor != "0":
                command = commands.scan(cursor or "0", pattern)
                cursor, some = _read(command, (await talk_to(pool, [command.words]))[0])
                found.update(some)
        return sorted(found)

    async def hgetall(self, key: str) -> Fields:
        """All fields of a hash; `{}` if it does not exist."""
        return await self.ask(commands.hgetall(key))

    async def hget(self, key: str, field: str) -> str | None:
        return await self.ask(commands.hget(key, field))

    async def hmget(self, key: str, *fields: str) -> list[str | None]:
        return await self.ask(commands.hmget(key, *fields))

    async def hset(self, key: str, mapping: Mapping[str, Word]) -> int:
        """Write fields of a hash; return how many of them are new."""
        return await self.ask(commands.hset(key, mapping))

    async def hdel(self, key: str, *fields: str) -> int:
        return await self.ask(commands.hdel(key, *fields))

    async def smembers(self, key: str) -> frozenset[str]:
        return await self.ask(commands.smembers(key))

    async def sismember(self, key: str, member: str) -> bool:
        return await self.ask(commands.sismember(key, member))

    async def sadd(self, key: str, *members: str) -> int:
        return await self.ask(commands.sadd(key, *members))

    async def srem(self, key: str, *members: str) -> int:
        return await self.ask(commands.srem(key, *members))

    @overload
    async def zrange(
        self, key: str, start: int, stop: int, *, desc: bool = False, scores: Literal[False] = False
    ) -> list[str]: ...
    @overload
    async def zrange(
        self, key: str, start: int, stop: int, *, desc: bool = False, scores: Literal[True]
    ) -> list[tuple[str, float]]: ...
    async def zrange(
        self, key: str, start: int, stop: int, *, desc: bool = False, scores: bool = False
    ) -> list[str] | list[tuple[str, float]]:
        """Members by rank from `start` to `stop` (both included; -1 is the last), with scores if requested."""
        if scores:
            return await self.ask(commands.zrange_scores(key, start, stop, desc=desc))
        return await self.ask(commands.zrange(key, start, stop, desc=desc))

    async def zrangebyscore(
        self, key: str, low: float | str, high: float | str, *, offset: int = 0, count: int = -1
    ) -> list[str]:
        """Members with a score from `low` to `high` (`"-inf"`, `"+inf"`, `"(5"` for exclusive), lowest first."""
        return await self.ask(commands.zrangebyscore(key, low, high, offset=offset, count=count))

    async def zscore(self, key: str, member: str) -> float | None:
        return await self.ask(commands.zscore(key, member))

    async def zcard(self, key: str) -> int:
        return await self.ask(commands.zcard(key))

    async def zadd(self, key: str, mapping: Mapping[str, float]) -> int:
        """Set scores, `{member: score}`; return how many members are new."""
        return await self.ask(commands.zadd(key, mapping))

    async def zscan(self, key: str, pattern: str) -> AsyncGenerator[list[str]]:
        """Every member that matches `pattern`, in batches; members added or removed during the scan may be missing."""
        cursor = ""
        while cursor != "0":
            cursor, some = await self.ask(commands.zscan(key, cursor or "0", pattern))
            yield some

    async def zrem(self, key: str, *members: str) -> int:
        return await self.ask(commands.zrem(key, *members))

    async def xrange(self, key: str, after_exclusive: str = "", count: int = 1000) -> list[Entry]:
        """Entries of a stream after the id `after_exclusive` (`""` = from the beginning): `[(id, {field: value})]`."""
        return await self.ask(commands.xrange(key, after_exclusive, count))

    async def xrevrange(self, key: str, before_exclusive: str = "", count: int = 1000) -> list[Entry]:
        """Entries of a stream, newest first, before the id `before_exclusive` (`""` = from the end)."""
        return await self.ask(commands.xrevrange(key, before_exclusive, count))

    async def publish(self, channel: str, text: str) -> None:
        await self.ask(commands.publish(channel, text))


def read_report(text: str) -> dict[str, str]:
    """INFO as `field: value`."""
    lines = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name: value for name, _, value in lines}


def _read(command: Command[T], answer: Any) -> T:
    if isinstance(answer, Exception):
        raise translate(answer) from answer
    return command.read(answer)
