"""What Teams answers when it does not take what we send: one map from the answer to its meaning."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, cast


class Kind(Enum):
    """What an answer means for us. Sources: "Send proactive messages" and "Rate limiting", Teams bot docs."""

    ACTIVITY_GONE = auto()  # the card to update is not there (about 1 in 1,000 updates): send a new one
    CONVERSATION_GONE = auto()  # there is no such chat any more
    BLOCKED = auto()  # uninstalled, blocked, switched off by an admin: the user cannot be reached
    TOO_LARGE = auto()
    REFUSED = auto()  # the same again would be refused again
    UNAUTHORIZED = auto()  # our token is not accepted, or there is none: nothing that is wrong with what we send
    THROTTLED = auto()  # 429, 412: later
    UNAVAILABLE = auto()  # 502, 503, 504, or no answer at all: later
    PASSING = auto()  # a 403 that goes away by itself


RETRIED = frozenset({Kind.THROTTLED, Kind.UNAVAILABLE, Kind.PASSING})


class SendProblem(Exception):
    """Teams did not take it. `retry_after`: seconds that Teams asked for, None if it did not."""

    def __init__(self, kind: Kind, status: int, code: str, retry_after: float | None = None) -> None:
        super().__init__(f"{kind.name.lower()}: {status} {code}")
        self.kind = kind
        self.status = status
        self.code = code
        self.retry_after = retry_after


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


def problem_of(reply: Reply) -> SendProblem | None:
    """What stands in the way; None when Teams took it."""
    if reply.status < 300:
        return None
    code, text = _error(reply.body)
    if code == "ActivityNotFoundInConversation":
        kind = Kind.ACTIVITY_GONE
    elif code == "ConversationNotFound":
        kind = Kind.CONVERSATION_GONE
    elif reply.status == 403 and code not in _BLOCKED and "decrypt" in text.lower():
        kind = Kind.PASSING  # "Failed to decrypt conversation id", msteams-docs#9561
    else:
        kind = _BY_STATUS.get(reply.status, Kind.REFUSED)
    return SendProblem(kind, reply.status, code, _seconds(reply.headers.get("Retry-After")))


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
