"""One map from what Graph and Entra answer to what it means for us.

Statuses and codes: learn.microsoft.com/graph/errors, and the pages of the calls in `graph/sdk.py`.
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import StrEnum
from time import time


class ProblemKind(StrEnum):
    """What a refusal means. Only THROTTLED and UNAVAILABLE pass by themselves."""

    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    BAD_REQUEST = "bad_request"
    AUTH = "auth"


class GraphProblem(Exception):
    """Graph did not do what we asked.

    `operation` is ours (`create_chat`), `status` the HTTP status or 0 when there was no answer, `code` Graph's or Entra's
    word, `retry_after` seconds that Graph asks us to wait (None = it does not say), `text` Graph's message (for logs and
    admins, not for agents). `maybe_done`: the answer was lost or came from half-way; the thing may have happened.
    """

    def __init__(
        self,
        kind: ProblemKind,
        operation: str,
        *,
        status: int = 0,
        code: str = "",
        text: str = "",
        retry_after: float | None = None,
        maybe_done: bool = False,
    ) -> None:
        super().__init__(f"{operation}: {kind} ({status or 'no answer'} {code})".replace(" )", ")"))
        self.kind = kind
        self.operation = operation
        self.status = status
        self.code = code
        self.text = text
        self.retry_after = retry_after
        self.maybe_done = maybe_done

    @property
    def passes(self) -> bool:
        """Whether trying again later makes sense."""
        return self.kind in {ProblemKind.THROTTLED, ProblemKind.UNAVAILABLE}

    @property
    def refuses_one_person(self) -> bool:
        """Teams takes no group chat of one person. Other refusals of `POST /chats` are 400 as well: the message tells."""
        return self.kind is ProblemKind.BAD_REQUEST and _says(
            self, "number of chat members", "at least two", "roster size"
        )

    @property
    def refuses_topic(self) -> bool:
        """It is the room's name."""
        return self.kind is ProblemKind.BAD_REQUEST and _says(self, "topic")

    @property
    def refuses_person(self) -> bool:
        """Somebody who was to sit in the room is not to be had: no Teams licence, or not a person."""
        return self.kind is ProblemKind.BAD_REQUEST and _says(self, "licen", "user", "member")

    @property
    def refuses_members(self) -> bool:
        """Teams lets nobody else into this chat: seen in chats that were made with two members (microsoft-graph-docs#19197)."""
        return self.operation == "add_member" and _NO_MORE_MEMBERS in f"{self.code} {self.text}"


def _says(problem: GraphProblem, *words: str) -> bool:
    said = problem.text.lower()
    return any(word in said for word in words)


_NO_MORE_MEMBERS = "RosterAddMemberBlocked"
_BY_STATUS: Mapping[int, ProblemKind] = {
    401: ProblemKind.AUTH,
    403: ProblemKind.FORBIDDEN,
    404: ProblemKind.NOT_FOUND,
    408: ProblemKind.UNAVAILABLE,
    409: ProblemKind.CONFLICT,
    410: ProblemKind.NOT_FOUND,
    412: ProblemKind.UNAVAILABLE,  # seen on POST /chats: it passes
    423: ProblemKind.UNAVAILABLE,
    429: ProblemKind.THROTTLED,
    509: ProblemKind.THROTTLED,
}


def problem_of_answer(
    operation: str, status: int, headers: Mapping[str, str], *, code: str = "", text: str = ""
) -> GraphProblem:
    """A refusal that came as an HTTP answer. After 408 and from 500 on it may have been done, but not after 503."""
    kind = _BY_STATUS.get(status)
    if kind is None:
        kind = ProblemKind.UNAVAILABLE if status >= 500 else ProblemKind.BAD_REQUEST
    return GraphProblem(
        kind,
        operation,
        status=status,
        code=code,
        text=text,
        retry_after=retry_after(headers),
        maybe_done=kind is ProblemKind.UNAVAILABLE and status not in {412, 423, 503},
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from a `Retry-After` header (seconds or a date); None when it says nothing readable."""
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except ValueError:
        return None
