"""Redis commands as values: the words to send, and how to read the answer. `Store` sends one, `Store.many` several."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")

Word = str | bytes | int | float
Fields = dict[str, str]
Entry = tuple[str, Fields]


@dataclass(frozen=True, slots=True)
class Command(Generic[T]):
    words: tuple[Word, ...]
    read: Callable[[Any], T]

    @property
    def name(self) -> str:
        """The key or channel of the command."""
        return str(self.words[1])


def _plain(answer: Any) -> Any:
    return answer


def _nothing(_answer: Any) -> None:
    return None


def _strings(answer: Any) -> list[str]:
    return list(answer or ())


def _pairs(answer: Sequence[Any]) -> dict[str, str]:
    return dict(zip(answer[::2], answer[1::2], strict=True))


def _scored(answer: Sequence[Any]) -> list[tuple[str, float]]:
    return [(member, float(score)) for member, score in zip(answer[::2], answer[1::2], strict=True)]


def _entries(answer: Sequence[Any]) -> list[Entry]:
    return [(entry_id, _pairs(fields)) for entry_id, fields in answer]


def get(key: str) -> Command[str | None]:
    return Command(("GET", key), _plain)


def set(  # noqa: A001  # the name of the command
    key: str, value: Word, *, ttl_seconds: float | None = None, only_if_new: bool = False
) -> Command[bool]:
    words: list[Word] = ["SET", key, value]
    if ttl_seconds is not None:
        words += ["PX", round(ttl_seconds * 1000)]
    if only_if_new:
        words.append("NX")
    return Command(tuple(words), lambda answer: answer is not None)


def delete(*keys: str) -> Command[int]:
    return Command(("DEL", *keys), int)


def exists(key: str) -> Command[bool]:
    return Command(("EXISTS", key), bool)


def expire(key: str, seconds: float) -> Command[bool]:
    return Command(("PEXPIRE", key, round(seconds * 1000)), bool)


def ttl(key: str) -> Command[float | None]:
    return Command(("PTTL", key), lambda answer: answer / 1000 if answer >= 0 else None)


def scan(cursor: str, pattern: str) -> Command[tuple[str, list[str]]]:
    return Command(("SCAN", cursor, "MATCH", pattern, "COUNT", 1000), lambda answer: (answer[0], answer[1]))


def hgetall(key: str) -> Command[Fields]:
    return Command(("HGETALL", key), _pairs)


def hget(key: str, field: str) -> Command[str | None]:
    return Command(("HGET", key, field), _plain)


def hmget(key: str, *fields: str) -> Command[list[str | None]]:
    return Command(("HMGET", key, *fields), list)


def hset(key: str, mapping: Mapping[str, Word]) -> Command[int]:
    words: list[Word] = ["HSET", key]
    for field, value in mapping.items():
        words += [field, value]
    return Command(tuple(words), int)


def hdel(key: str, *fields: str) -> Command[int]:
    return Command(("HDEL", key, *fields), int)


def smembers(key: str) -> Command[frozenset[str]]:
    return Command(("SMEMBERS", key), frozenset)


def sismember(key: str, member: str) -> Command[bool]:
    return Command(("SISMEMBER", key, member), bool)


def sadd(key: str, *members: str) -> Command[int]:
    return Command(("SADD", key, *members), int)


def srem(key: str, *members: str) -> Command[int]:
    return Command(("SREM", key, *members), int)


def _range_words(key: str, start: int, stop: int, *, desc: bool) -> tuple[Word, ...]:
    return ("ZRANGE", key, start, stop, "REV") if desc else ("ZRANGE", key, start, stop)


def zrange(key: str, start: int, stop: int, *, desc: bool = False) -> Command[list[str]]:
    return Command(_range_words(key, start, stop, desc=desc), _strings)


def zrange_scores(key: str, start: int, stop: int, *, desc: bool = False) -> Command[list[tuple[str, float]]]:
    return Command((*_range_words(key, start, stop, desc=desc), "WITHSCORES"), _scored)


def zrangebyscore(
    key: str, low: float | str, high: float | str, *, offset: int = 0, count: int = -1
) -> Command[list[str]]:
    return Command(("ZRANGE", key, low, high, "BYSCORE", "LIMIT", offset, count), _strings)


def zscore(key: str, member: str) -> Command[float | None]:
    return Command(("ZSCORE", key, member), lambda answer: None if answer is None else float(answer))


def zcard(key: str) -> Command[int]:
    return Command(("ZCARD", key), int)


def zadd(key: str, mapping: Mapping[str, float]) -> Command[int]:
    words: list[Word] = ["ZADD", key]
    for member, score in mapping.items():
        words += [score, member]
    return Command(tuple(words), int)


def zscan(key: str, cursor: str, pattern: str) -> Command[tuple[str, list[str]]]:
    words = ("ZSCAN", key, cursor, "MATCH", pattern, "COUNT", 1000)
    return Command(words, lambda answer: (answer[0], answer[1][::2]))


def zrem(key: str, *members: str) -> Command[int]:
    return Command(("ZREM", key, *members), int)


def xrange(key: str, after_exclusive: str = "", count: int = 1000) -> Command[list[Entry]]:
    first = f"({after_exclusive}" if after_exclusive else "-"
    return Command(("XRANGE", key, first, "+", "COUNT", count), _entries)


def xrevrange(key: str, before_exclusive: str = "", count: int = 1000) -> Command[list[Entry]]:
    last = f"({before_exclusive}" if before_exclusive else "+"
    return Command(("XREVRANGE", key, last, "-", "COUNT", count), _entries)


def publish(channel: str, text: str) -> Command[None]:
    return Command(("SPUBLISH", channel, text), _nothing)


# The commands that `Store.many` accepts by name.
BY_NAME: dict[str, Callable[..., Command[Any]]] = {
    command.__name__: command
    for command in (
        get, set, delete, exists, expire, ttl, hgetall, hget, hmget, hset, hdel, smembers, sismember, sadd, srem,
        zrange, zrange_scores, zrangebyscore, zscore, zcard, zadd, zrem, xrange, xrevrange, publish,
    )
}  # fmt: skip
