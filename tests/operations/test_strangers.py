"""What strangers send to the public doors of the running product, made up by hypothesis: bytes over a socket of our own.

Nothing of it is answered with a 5xx, stays without an end, or leaves an error in the log.
"""

import json
import re
import socket
from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.story.stage import Stage
from tests.support import wait_until

SECONDS = 15.0
DOORS = (
    b"POST /interact/v1/sessions",
    b"POST /interact/v1/poll",
    b"GET /interact/v1/socket",
    b"POST /api/messages",
    b"POST /auth/teams",
    b"POST /auth/sign-out",
    b"GET /auth/sign-in",
    b"GET /auth/callback",
    b"GET /auth/grant",
    b"GET /auth/granted",
)
ODD = (
    b"\xff\xfe",
    b"[",
    b"http://[",
    b"",
    b"\xed\xa0\x80",
    b"%00",
    b"eyJ\xff.e30.e30",
    b"a=\xff; usher=\xff",
    b"9" * 5_000,
)
NAMES = (b"Cookie", b"Origin", b"Host", b"Referer", b"Authorization", b"Content-Encoding", b"Content-Type", b"Accept-Language",
         b"X-Forwarded-For", b"Forwarded", b"Sec-WebSocket-Key", b"Sec-WebSocket-Version", b"Upgrade", b"Expect", b"x-usher",
         b"Accept-Encoding", b"Range", b"If-None-Match")  # fmt: skip
FITTING = (b"gzip", b"deflate", b"br", b"zstd", b"gzip, br", b"x-gzip", b"websocket", b"13", b"Bearer eyJhbGciOiJub25lIn0.e30.",
           b"application/json; charset=nonsense", b"100-continue", b"*;q=nan", b"bytes=0-", b"9.9.9.9:x")  # fmt: skip
FIELDS = ("widget", "name", "email", "page", "locale", "privacy_accepted", "earlier", "token", "connection", "after", "wait",
          "hidden", "mark", "frames", "type", "id", "text", "from", "conversation", "channelData", "serviceUrl", "value")  # fmt: skip

odd_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.floats(), st.integers(), st.just(10**400), st.just("a\ud800"), st.just("\udfff"),
        st.text(max_size=20), st.just("x" * 20_000),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FIELDS, "\ud800"]), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
bodies = st.one_of(
    st.dictionaries(st.sampled_from(FIELDS), odd_values, max_size=6).map(lambda body: json.dumps(body).encode()),
    odd_values.map(lambda value: json.dumps(value).encode()),
    st.sampled_from(
        [b"", b"[" * 100_000, b'{"a":' * 20_000, b"\xff\xfe", b"\x1f\x8b\x08", b"NaN", b"9" * 10_000, b"\x00"]
    ),
    st.binary(max_size=100),
)
headers = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(ODD + FITTING)), max_size=4)
queries = st.lists(
    st.tuples(
        st.sampled_from([b"next", b"tenant", b"state", b"code", b"error", b"x"]),
        st.sampled_from((*ODD[:7], b"%ed%a0%80", b"a&&=;")),
    ),
    max_size=3,
)


@dataclass(frozen=True)
class Request:
    """`ending`: how the body ends: `whole`, `cut` (the sender hangs up), or `chunks` (divided in a way that is none)."""

    door: bytes
    query: list[tuple[bytes, bytes]]
    headers: list[tuple[bytes, bytes]]
    body: bytes
    ending: str

    def head(self) -> bytes:
        query = b"&".join(name + b"=" + value for name, value in self.query)
        lines = [self.door + (b"?" + query if query else b"") + b" HTTP/1.1", b"Connection: close"]
        given = {name for name, _ in self.headers}
        lines += [b"Host: 127.0.0.1"] if b"Host" not in given else []
        lines += [b"Content-Type: application/json"] if b"Content-Type" not in given else []
        lines.append(
            b"Transfer-Encoding: chunked" if self.ending == "chunks" else b"Content-Length: %d" % self._length()
        )
        return b"\r\n".join([*lines, *(name + b": " + value for name, value in self.headers)]) + b"\r\n\r\n"

    def _length(self) -> int:
        return len(self.body) + (10 if self.ending == "cut" else 0)


def answered(port: int, request: Request) -> int:
    """The status; 0 if the product hangs up without a word, or the sender did. Raises TimeoutError."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as line:
        try:
            line.sendall(request.head())
            if request.ending == "chunks":
                line.sendall(b"2\r\n{}zzzz\r\nnot hex\r\n")
            else:
                line.sendall(request.body)
            if request.ending == "cut":
                return 0
            first = line.recv(64)
        except ConnectionError:
            return 0
    return int(first.split(b" ", 2)[1]) if first else 0


made_up = st.builds(
    Request,
    st.sampled_from(DOORS),
    queries,
    headers,
    bodies,
    st.sampled_from(["whole", "whole", "whole", "cut", "chunks"]),
)


async def hold(stage: Stage, examples: int) -> None:
    """Send so many requests; say what was wrong."""
    log = stage.folder / "app.log"
    before = log.stat().st_size

    @given(request=made_up)
    @settings(max_examples=examples, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    def no_fault(request: Request) -> None:
        assert answered(stage.port, request) < 500, request

    no_fault()
    # In the order of their coming: when this request is answered, the ends of those before it are known.
    async with stage.http.get(f"{stage.app}/readyz") as answer:
        assert answer.status == 200
    await wait_until(lambda: log.stat().st_size >= before, 1, "the log")
    said = log.read_bytes()[before:].decode(errors="replace")
    assert max(Counter(_event(line) for line in said.splitlines()).values(), default=0) < 10 + examples // 100, (
        "a flood of lines"
    )
    at = re.search(r"\[error|Traceback", said)
    assert at is None, said[at.start() - 200 : at.start() + 4_000]


def _event(line: str) -> str:
    """The level and the words of a line of the log, without its time and its fields."""
    return line[28:70]


@pytest.mark.story
@pytest.mark.xdist_group("story")
async def test_strangers_cause_no_fault(stage: Stage) -> None:
    await hold(stage, 200)


@pytest.mark.story
@pytest.mark.xdist_group("story")
@pytest.mark.long
@pytest.mark.timeout(300)
async def test_many_strangers_cause_no_fault(stage: Stage) -> None:
    await hold(stage, 8_000)
