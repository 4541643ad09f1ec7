"""Long polling, for pages whose network lets no WebSocket through: `POST /interact/v1/poll`.

Each request is a short-lived line: it says hello, brings the client's frames, and carries away what the server sends. It
needs no particular replica. `interact.visitor_socket` serves it exactly as it serves a WebSocket.

Request: `{"token", "after", "connection", "wait", "frames": [client frames]}`, and optionally `"hidden"` as in hello and
`"mark"`, the mark of the client's last answer.
Answer: `{"frames": [server frames, welcome first], "mark": text, "close": null or the code of a WebSocket's close}`.

With `wait` the answer is held for up to 20 s until there is news: a message, an acknowledgement, an error, typing, or a
state (status, delivery) that is not the one of the given `mark`. A client that gives no mark hears at once only of what
changes while it waits. A page makes one waiting request at a time; the newer one ends the older one of its connection.
"""

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, cast

from aiohttp import WSCloseCode
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from entry.answers import Refusal
from interact.answers import posted_json
from interact.frames import dump
from interact.lines import Gone
from store.waiting import is_set_within

MAX_BODY: Final = 512 * 1024
"""Bytes: two frames of the largest size. A client offers what it has to say in several requests."""

MOST_FRAMES: Final = 100

WAIT_SECONDS: Final = 20.0
"""Proxies give up on an answer after 30 s and more."""

_LOOK_SECONDS: Final = 2.0
"""A page that went away is noticed so soon: its tab must not count for the rest of the wait."""

_MOST_ANSWER: Final = 512 * 1024
"""Characters; the client's next request goes on where this answer ends."""

_FRAME_SIZE: Final = 200
"""Characters of a message frame besides its text, roughly."""

_NEWS: Final = frozenset({"message", "ack", "error", "typing", "retry", "park"})


class Poll(BaseModel):
    """The body of `POST /interact/v1/poll`."""

    model_config = ConfigDict(strict=True, frozen=True)  # unknown fields are a newer client's: left alone

    token: Annotated[str, StringConstraints(max_length=2_000)]
    connection: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
    after: Annotated[int, Field(ge=0, le=2**53)] = 0
    wait: bool = False
    hidden: bool = False
    mark: Annotated[str, StringConstraints(max_length=64)] = ""
    frames: Annotated[list[dict[str, Any]], Field(max_length=MOST_FRAMES)] = []

    def texts(self) -> list[str]:
        """What a WebSocket would have brought: hello, and the client's frames."""
        hello = {"type": "hello", "token": self.token, "after": self.after, "hidden": self.hidden}
        return [json.dumps(frame) for frame in (hello, *self.frames)]


def parse_poll(body: bytes) -> Poll:
    """The request. Raises Refusal, which names the field at fault."""
    value = posted_json(body)
    if not isinstance(value, dict):
        raise Refusal(400, "bad_json", "The body is a JSON object.")
    try:
        return Poll.model_validate(cast("dict[str, Any]", value))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = str(first["loc"][0]) if first["loc"] else None
        raise Refusal(400, "bad_field", f"{field}: {first['msg']}", field=field) from None


class PollLine:
    """The line of one request. Once all frames are served, `settled` says when all that they caused is sent."""

    __slots__ = (
        "_closed",
        "_code",
        "_frames",
        "_incoming",
        "_news",
        "_size",
        "_state",
        "_wait",
        "answers_beats",
        "settled",
    )

    def __init__(self, asked: Poll, gone: Callable[[], bool]) -> None:
        """`gone`: whether the page has closed its connection."""
        self.answers_beats = False
        self.settled: Callable[[], Awaitable[None]] | None = None
        self._incoming = deque(asked.texts())
        self._wait = _Wait(asked.mark, gone) if asked.wait else None
        self._frames: list[dict[str, Any]] = []
        self._state: dict[str, str] = {}  # what the client knows once it has read the answer
        self._size = 0
        self._news = asyncio.Event()
        self._closed = False
        self._code: int | None = None

    @property
    def waits(self) -> bool:
        return self._wait is not None

    def answer(self) -> dict[str, Any]:
        """What has come together."""
        return {"frames": self._frames, "mark": self._mark(), "close": self._code}

    async def receive(self) -> str | None:
        if self._incoming and not self._closed:
            return self._incoming.popleft()
        if self.settled is not None and not self._closed:
            await self.settled()
            await self._wait_for_news()
        raise Gone

    async def _wait_for_news(self) -> None:
        if self._wait is None or self.settled is None:
            return
        known = self._wait.mark or self._mark()
        loop = asyncio.get_running_loop()
        until = loop.time() + WAIT_SECONDS
        while not self._closed and not self._has_news(known) and not self._wait.gone() and loop.time() < until:
            self._news.clear()
            await is_set_within(self._news, max(0.0, min(_LOOK_SECONDS, until - loop.time())))
        await self.settled()  # what belongs together comes together

    def _has_news(self, known: str) -> bool:
        return self._mark() != known or any(frame["type"] in _NEWS for frame in self._frames)

    def _mark(self) -> str:
        text = json.dumps(self._state, sort_keys=True)
        return hashlib.blake2s(text.encode(), digest_size=8).hexdigest()

    async def send(self, frame: dict[str, Any]) -> bool:
        if self._closed or self._size > _MOST_ANSWER:
            return False
        kind = frame["type"]
        if kind == "beat":
            return True
        if kind in {"welcome", "status"}:
            self._state["status"] = dump(frame["status"])
        elif kind == "delivery":
            self._state["delivery"] = dump(frame)
        self._frames.append(frame)
        self._size += len(frame.get("text", "")) + _FRAME_SIZE
        self._news.set()
        return True

    async def close(self, code: WSCloseCode, reason: str) -> None:  # noqa: ARG002  # a WebSocket's close has a reason
        self._code = self._code or int(code)
        self.abort()

    def abort(self) -> None:
        self._closed = True
        self._news.set()


class _Wait:
    """What a waiting request knows: the mark of its last answer, and whether its page is still there."""

    __slots__ = ("gone", "mark")

    def __init__(self, mark: str, gone: Callable[[], bool]) -> None:
        self.mark = mark
        self.gone = gone
