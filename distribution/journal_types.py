"""What the catalogue of the journal is made of: events, fields, and the types that fields have."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from re import Pattern

from distribution.agents import Presence
from distribution.tasks import Outcome, Priority, TaskState, Via


@dataclass(frozen=True, slots=True)
class FieldType:
    """`pattern` matches the whole of every value."""

    name: str
    pattern: Pattern[str]
    meaning: str

    def matches(self, value: str) -> bool:
        return self.pattern.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an event; an optional one may be missing or empty."""

    name: str
    type: FieldType
    meaning: str
    optional: bool = False


@dataclass(frozen=True)
class Event:
    """What happened, in a sentence; `owner` is the package whose script writes it."""

    name: str
    meaning: str
    fields: tuple[Field, ...] = field(default=())
    owner: str = "distribution"

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(one.name for one in self.fields)


_ID_SIGN = r"[\x21-\x7e]"


def _of(name: str, pattern: str, meaning: str) -> FieldType:
    return FieldType(name, re.compile(pattern), meaning)


def _one_of(name: str, words: type[StrEnum], meaning: str) -> FieldType:
    listed = ", ".join(f"`{word}`" for word in words)
    return FieldType(name, re.compile("|".join(re.escape(word) for word in words)), f"{meaning}: {listed}")


ID = _of("id", rf"{_ID_SIGN}+", "The id of a task, a user or a service. An empty service means *direct* to an agent.")
LANE = _of("queue", rf"{_ID_SIGN}+", "The id of a service, or `@` and the id of a user.")
INSTANT = _of("instant", r"\d{1,16}", "Milliseconds since the epoch, in the tenant's time.")
DURATION = _of("duration", r"\d{1,16}", "Milliseconds.")
NUMBER = _of("number", r"\d+", "A whole number from 0.")
RANK = _of(
    "queue rank", r"-?\d+", "The order of waiting tasks, lowest first: waiting since, less what the priority is worth."
)
FLAG = _of("flag", r"[01]", "`1` for yes, `0` for no.")
WORD = _of(
    "word", r"[A-Za-z0-9_.-]+", "A reason, or what caused it. The list may grow, so readers must accept new words."
)
IDS = _of("ids", rf"{_ID_SIGN}+( {_ID_SIGN}+)*", "Ids, separated by spaces.")
PAIRS = _of("pairs", r"[^ =]+=[^ ]*( [^ =]+=[^ ]*)*", "`name=value`, separated by spaces.")
LINE = _of("line", r"[^\x00-\x1f\x7f]{1,60}", "One line of the tenant's own list, 60 characters at most.")
STATE = _one_of("state", TaskState, "The state of a task")
OUTCOME = _one_of("outcome", Outcome, "What became of a task")
PRIORITY = _one_of("priority", Priority, "The priority of a task")
PRESENCE = _one_of("presence", Presence, "Teams presence")
VIA = _one_of("via", Via, "The surface that a request came from")
PARTY = _of("party", "agent|visitor|supervisor|system", "Who: `agent`, `visitor`, `supervisor`, `system`.")

TYPES = (
    ID, LANE, IDS, INSTANT, DURATION, NUMBER, RANK, FLAG, WORD, LINE, PAIRS, STATE, OUTCOME, PRIORITY, PRESENCE, VIA, PARTY,
)  # fmt: skip
