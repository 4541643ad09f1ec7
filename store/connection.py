"""The store as the other rooms see it: scripts, and thin typed reads and writes. Keys and values are text."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar, overload

from redis import exceptions as redis_errors

from store import commands
from store.commands import Command, Entry, Fields, Word
from store.scripts import Argument, LuaScript
from store.wire import Pool, StoreDown, StoreError, translate

__all__ = ["Store", "StoreDown", "StoreError", "StoreRefused", "open_store"]

T = TypeVar("T")

OLDEST = (7, 0)


class StoreRefused(Exception):
    """The server is there, but Usher cannot work with it; the message says why and what to do."""


async def open_store(url: str) -> "Store":
    """Connect to `redis://`, `rediss://` or `unix://path`. Raises StoreDown, and StoreRefused for an unfit server."""
    store = Store(Pool(url))
    try:
        unfit = unfit_because(await store.info("server"))
    except BaseException:
        await store.close()
        raise
    if unfit:
        await store.close()
        raise StoreRefused(unfit)
    return store


def unfit_because(server: Mapping[str, str]) -> str:
    """Why Usher cannot work with a server whose INFO says `server`; `""` if it can."""
    version = server.get("redis_version", "0")
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        return f"The Redis server is version {version}; Usher needs 7.0 or later."
    if server.get("redis_mode") == "cluster":
        return "The Redis server is part of a cluster; this release of Usher needs a single server."
    if server.get("redis_mode") == "sentinel":
        return "USHER_REDIS_URL leads to a sentinel; it must lead to the Redis server itself."
    return ""


class Store:
    """One Redis server. Every method raises `StoreDown` when it cannot be reached, `StoreError` when it refuses."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def close(self) -> None:
        """Close every connection. Calls after it raise `StoreDown`."""
        await self.pool.close()

    async def ping(self) -> None:
        """Return if the server answers; raise `StoreDown` if not."""
        await self.ask(Command(("PING",), str))

    async def time_ms(self) -> int:
        """The server's time, in milliseconds since the epoch."""
        return await self.ask(Command(("TIME",), lambda answer: int(answer[0]) * 1000 + int(answer[1]) // 1000))

    async def info(self, section: str) -> dict[str, str]:
        """The server's own report: `section` as in INFO, `field: value`."""
        text = await self.ask(Command(("INFO", section), str))
        lines = (line.partition(":") for line in text.splitlines() if ":" in line)
        return {name: value for name, _, value in lines}

    async def run(self, script: LuaScript, root: str, /, **args: Argument) -> Any:
        """Run `script` once with `root` and its named arguments; return what it returns (RESP2: text, int, list, None).

        Mappings and lists are handed over as JSON. Raises `ScriptError` if the arguments are not the script's.
        """
        return (await self.run_many([(script, root, args)]))[0]

    async def run_many(self, calls: Sequence[tuple[LuaScript, str, Mapping[str, Argument]]]) -> list[Any]:
        """Run several scripts in one round trip (each for itself: others may come between). Raises as `run`."""
        texts: list[list[Word]] = [
            ["FCALL", script.function, 1, root, *script.encode(args)] for script, root, args in calls
        ]
        answers = await self.pool.talk(texts)
        # A function that is not there has not run: it is safe to send the call again.
        unknown = [index for index, answer in enumerate(answers) if _is_unknown(answer)]
        if unknown:
            scripts = list({calls[index][0].library.name: calls[index][0] for index in unknown}.values())
            again = await self._load_and_talk(scripts, [texts[index] for index in unknown])
            for index, answer in zip(unknown, again, strict=True):
                answers[index] = answer
        _raise_first([script for script, _, _ in calls], answers)
        return answers

    async def _load_and_talk(self, scripts: Sequence[LuaScript], texts: Sequence[Sequence[Word]]) -> list[Any]:
        """Give the server the libraries of `scripts` and send `texts`; take away what earlier releases left there."""
        now = time.time()
        loads = [["FUNCTION", "LOAD", "REPLACE", script.library.text(now)] for script in scripts]
        lists = [
            ["FUNCTION", "LIST", "LIBRARYNAME", f"usher_{script.library.room}_*", "WITHCODE"] for script in scripts
        ]
        answers = await self.pool.talk([*loads, *texts, *lists])
        _raise_first(scripts, answers[: len(loads)])
        left_over = [
            name
            for script, listed in zip(scripts, answers[len(loads) + len(texts) :], strict=True)
            for name, code in _listed(listed)
            if script.library.is_left_over(name, code, now)
        ]
        if left_over:
            # Somebody else may have been quicker; and a server that does not let us tidy up still serves.
            await self.pool.talk([["FUNCTION", "DELETE", name] for name in left_over])
        return answers[len(loads) : len(loads) + len(texts)]

    async def many(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Send several commands in one round trip: `[("hgetall", (key,)), …]`; names as in `commands.BY_NAME`."""
        chosen = [commands.BY_NAME[name](*args) for name, args in calls]
        if not chosen:
            return []
        answers = await self.pool.talk([command.words for command in chosen])
        return [_read(command, answer) for command, answer in zip(chosen, answers, strict=True)]

    async def ask(self, command: Command[T]) -> T:
        """Send one command of `commands.py`, or one made for a purpose."""
        return _read(command, (await self.pool.talk([command.words]))[0])

    async def get(self, key: str) -> str | None:
        return await self.ask(commands.get(key))

    async def set(self, key: str, value: Word, *, ttl_seconds: float | None = None, only_if_new: bool = False) -> bool:
        """Write `value`; False if `only_if_new` and the key was there already."""
        return await self.ask(commands.set(key, value, ttl_seconds=ttl_seconds, only_if_new=only_if_new))

    async def delete(self, *keys: str) -> int:
        """Delete keys; return how many were there."""
        return await self.ask(commands.delete(*keys)) if keys else 0

    async def exists(self, key: str) -> bool:
        return await self.ask(commands.exists(key))

    async def expire(self, key: str, seconds: float) -> bool:
        """Let `key` live for `seconds` from now; False if it is not there."""
        return await self.ask(commands.expire(key, seconds))

    async def ttl(self, key: str) -> float | None:
        """Seconds that `key` still has to live; None if it lives for ever, or is not there."""
        return await self.ask(commands.ttl(key))

    async def scan(self, pattern: str) -> list[str]:
        """Every key that matches `pattern`. It walks through the whole store: for tests, `verify` and `doctor` only."""
        cursor, found = await self.ask(commands.scan("0", pattern))
        while cursor != "0":
            cursor, more = await self.ask(commands.scan(cursor, pattern))
            found += more
        return found

    async def hgetall(self, key: str) -> Fields:
        """All fields of a hash; `{}` if it is not there."""
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
        """Members by rank from `start` to `stop` (both counted in; -1 is the last one), with scores if asked for."""
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


def _raise_first(scripts: Sequence[LuaScript], answers: Sequence[Any]) -> None:
    for script, answer in zip(scripts, answers, strict=True):
        if isinstance(answer, Exception):
            error = translate(answer)
            raise type(error)(f"{script.name}: {script.library.locate(str(error))}") from answer


def _is_unknown(answer: Any) -> bool:
    return isinstance(answer, redis_errors.ResponseError) and str(answer) == "Function not found"


def _listed(answer: Any) -> list[tuple[str, str]]:
    """Name and code of each library that FUNCTION LIST named; RESP2 has names and values in one list."""
    if isinstance(answer, Exception):
        return []
    known = [dict(zip(library[::2], library[1::2], strict=True)) for library in answer]
    return [(library["library_name"], library["library_code"]) for library in known]


def _read(command: Command[T], answer: Any) -> T:
    if isinstance(answer, Exception):
        raise translate(answer) from answer
    return command.read(answer)
