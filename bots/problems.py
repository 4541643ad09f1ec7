"""What Teams answers when it does not take what we send: one map from the answer to its meaning."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, cast
from urllib.parse import urlsplit


class Kind(Enum):
    """What an answer means for us. Sources: "Send proactive messages" and "Rate limiting", Teams bot docs.

    Three groups: the *endpoint* (this person or chat cannot be reached; see `ENDPOINT`), the *path* (nobody may be
    reachable, and nobody is to blame; see `PATH`), and what we sent (the rest).
    """

    ACTIVITY_GONE = auto()  # the card to update is not there (about 1 in 1,000 updates): send a new one
    CONVERSATION_GONE = auto()  # there is no such chat any more
    BLOCKED = auto()  # uninstalled, blocked, switched off by an admin: the user cannot be reached
    MOVED = auto()  # this conversation is served at another address, which the answer names
    TOO_LARGE = auto()
    REFUSED = auto()  # the same again would be refused again
    UNAUTHORIZED = auto()  # our token is not accepted, or there is none: nothing that is wrong with what we send
    THROTTLED = auto()  # 429, 412: later
    UNAVAILABLE = auto()  # 502, 503, 504, or no answer at all: later
    FAILED = auto()  # 500 and other faults of Teams: once more, later
    PASSING = auto()  # a 403 that goes away by itself


RETRIED = frozenset({Kind.THROTTLED, Kind.UNAVAILABLE, Kind.PASSING})
"""The outbox sends these again by itself, a few times."""

ENDPOINT = frozenset({Kind.BLOCKED, Kind.CONVERSATION_GONE})
"""About this person or chat alone."""

PATH = frozenset({Kind.UNAUTHORIZED, Kind.THROTTLED, Kind.UNAVAILABLE, Kind.FAILED})
"""About the way to Teams: others are probably not reached either, and nobody is charged with it."""


class SendProblem(Exception):
    """Teams did not take it. `retry_after`: seconds that Teams asked for, None if it did not.

    `doubtful`: nobody knows whether Teams took it all the same (no answer, or one of a gateway). `address`: where a
    conversation that has MOVED is served. `pause`: seconds after which the outbox lets something go to this conversation
    again, None if it says nothing about that.
    """

    def __init__(
        self,
        kind: Kind,
        status: int,
        code: str,
        retry_after: float | None = None,
        *,
        doubtful: bool = False,
        address: str = "",
    ) -> None:
        super().__init__(f"{kind.name.lower()}: {status} {code}")
        self.kind = kind
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.doubtful = doubtful
        self.address = address
        self.pause: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the Bot Connector."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Mapping[str, Any]:
        """The JSON object that it holds, `{}` if it holds none."""
        try:
            parsed: object = json.loads(self.content) if self.content else None
        except ValueError:
            return {}
        return cast("Mapping[str, Any]", parsed) if isinstance(parsed, dict) else {}


_BLOCKED = frozenset(
    {
        "BotDisabledByAdmin",
        "BotNotInConversationRoster",
        "ConversationBlockedByUser",
        "MessageWritesBlocked",
        "NotEnoughPermissions",
        "ForbiddenOperationException",
    }
)
_BY_STATUS: Mapping[int, Kind] = {
    401: Kind.UNAUTHORIZED,
    403: Kind.BLOCKED,
    412: Kind.THROTTLED,
    413: Kind.TOO_LARGE,
    429: Kind.THROTTLED,
    502: Kind.UNAVAILABLE,
    503: Kind.UNAVAILABLE,
    504: Kind.UNAVAILABLE,
}


_DOUBTFUL = frozenset({500, 502, 504})
"""503 says that it was not taken; behind these it may have been."""

_ADDRESS = re.compile(r"https://[^\s`'\"<>]+")
_OURS = (".teams.microsoft.com", ".teams.microsoft.us", ".botframework.com", ".botframework.us")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def problem_of(reply: Reply) -> SendProblem | None:
    """What stands in the way; None when Teams took it."""
    if reply.status < 300:
        return None
    code, text = _error(reply.body)
    address = ""
    if code == "ActivityNotFoundInConversation":
        kind = Kind.ACTIVITY_GONE
    elif code == "ConversationNotFound":
        kind = Kind.CONVERSATION_GONE
    elif code == "InvalidBotApiHost":
        found = _ADDRESS.search(text)
        address = found[0].rstrip(".,") if found else ""
        kind = Kind.MOVED if address else Kind.REFUSED
    elif reply.status == 403 and code not in _BLOCKED and "decrypt" in text.lower():
        kind = Kind.PASSING  # "Failed to decrypt conversation id", msteams-docs#9561
    else:
        kind = _BY_STATUS.get(reply.status, Kind.FAILED if reply.status >= 500 else Kind.REFUSED)
    seconds = _seconds(reply.headers.get("Retry-After"))
    return SendProblem(kind, reply.status, code, seconds, doubtful=reply.status in _DOUBTFUL, address=address)


def may_move(before: str, after: str) -> bool:
    """Whether the bot's token may follow a conversation from one service URL to another: to Microsoft's own hosts only,
    or from this machine to this machine.
    """
    try:
        old, new = urlsplit(before).hostname or "", urlsplit(after).hostname or ""
    except ValueError:
        return False
    return new.endswith(_OURS) or (old in _LOOPBACK and new in _LOOPBACK)


def _error(body: Mapping[str, Any]) -> tuple[str, str]:
    error: object = body.get("error")
    if not isinstance(error, dict):
        return "", ""
    fields = cast("dict[str, object]", error)
    return str(fields.get("code") or ""), str(fields.get("message") or "")


def _seconds(value: str | None) -> float | None:
    try:
        return max(0.0, float(value)) if value else None
    except ValueError:
        return None
