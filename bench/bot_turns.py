"""How many turns a second the bot makes: against the SDK's stock adapter, and against a bare aiohttp handler.

A turn: an activity with a token comes in, the token is checked, one reply goes out to the connector, and is answered.
The three servers (`bot_servers.py`) run in separate processes on loopback; rounds are interleaved, and the median of
the rounds' ratios counts. The load and the connector are raw sockets, so that they do not limit the measurement.
"""

import asyncio
import itertools
import json
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any, cast

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from bench.bot_servers import APP_ID, ISSUER
from store.embedded import start_embedded

STOCK_GOAL, BARE_GOAL = 10.0, 0.30
ROUNDS = 5
ROUND_SECONDS = 1.5
CONNECTIONS = 16
CONVERSATIONS = 10_000
"""Number of conversations, each in another tenant, so that Teams' limits per conversation and tenant do not matter."""


async def measure() -> list[dict[str, Any]]:
    """Two rows for `build/bench.json`: turns/s against the stock adapter, and against the bare handler."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        redis = await asyncio.to_thread(start_embedded, Path(folder))
        stack.callback(redis.release)
        microsoft = await stack.enter_async_context(_microsoft())
        requests = _requests(microsoft)
        ports = {
            name: await stack.enter_async_context(_server(name, redis.url, f"{microsoft.url}/openid"))
            for name in ("ours", "bare", "stock")
        }
        for port in ports.values():
            await _rate(port, requests, ROUND_SECONDS / 3)
        rounds = [
            {name: await _rate(port, requests, ROUND_SECONDS) for name, port in ports.items()} for _ in range(ROUNDS)
        ]
    per_second = {name: median(round_[name] for round_ in rounds) for name in ports}
    note = ", ".join(f"{name} {rate:.0f}/s" for name, rate in per_second.items())
    return [
        {
            "name": f"bot_turns_vs_{other}",
            "value": round(median(round_["ours"] / round_[other] for round_ in rounds), 3),
            "unit": "ratio",
            "goal": f">= {goal:g}",
            "note": f"{note}; {CONNECTIONS} connections, median of {ROUNDS} rounds",
        }
        for other, goal in (("stock", STOCK_GOAL), ("bare", BARE_GOAL))
    ]


class _Microsoft(asyncio.Protocol):
    """Publishes a key and accepts every reply: the minimum of HTTP that the servers' clients need."""

    url = ""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports are not of that class

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, rest = self._buffer.split(b"\r\n\r\n", 1)
            length = _content_length(head)
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            body = self._body(head.split(b" ", 2)[1])
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            )

    def _body(self, path: bytes) -> bytes:
        if path == b"/openid":
            return json.dumps({"issuer": ISSUER, "jwks_uri": f"{self.url}/keys"}).encode()
        if path == b"/keys":
            public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
            return json.dumps({"keys": [{**public, "kid": "one", "endorsements": ["msteams"]}]}).encode()
        return b'{"id":"1"}'


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


@asynccontextmanager
async def _microsoft() -> AsyncGenerator[type[_Microsoft]]:
    server = await asyncio.get_running_loop().create_server(_Microsoft, "127.0.0.1", 0)
    _Microsoft.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield _Microsoft
    finally:
        server.close()


@asynccontextmanager
async def _server(name: str, redis_url: str, openid_url: str) -> AsyncGenerator[int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "bench.bot_servers",
        name,
        redis_url,
        openid_url,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())["port"]
    finally:
        process.stdin.close()
        await process.wait()


def _requests(microsoft: type[_Microsoft]) -> "itertools.cycle[bytes]":
    """Endless requests, each with another activity."""
    claims = {"iss": ISSUER, "aud": APP_ID, "exp": time.time() + 3600, "serviceurl": microsoft.url}
    token = jwt.encode(claims, microsoft.key, algorithm="RS256", headers={"kid": "one"})
    return itertools.cycle([_request(token, microsoft.url, number) for number in range(CONVERSATIONS)])


def _request(token: str, service_url: str, number: int) -> bytes:
    anna = {"id": "29:1anna", "name": "Anna Meier", "aadObjectId": "a1f6a7b0-0001-4c1b-9a55-000000000001"}
    tenant = f"5f1c0f3e-8f4a-4f0e-9b7e-{number:012x}"
    conversation = {
        "id": f"19:{number}@thread.v2",
        "conversationType": "groupChat",
        "tenantId": tenant,
        "isGroup": True,
    }
    activity = {
        "type": "message",
        "id": str(1_700_000_000_000 + number),
        "timestamp": "2026-11-25T12:00:00.000Z",
        "serviceUrl": service_url,
        "channelId": "msteams",
        "from": anna,
        "conversation": conversation,
        "recipient": {"id": f"28:{APP_ID}", "name": "Usher"},
        "textFormat": "plain",
        "text": "Hello there, how are you?",
        "attachments": [{"contentType": "text/html", "content": "<p>Hello there, how are you?</p>"}],
        "entities": [{"type": "clientInfo", "locale": "en-GB", "platform": "Web"}],
        "channelData": {"tenant": {"id": tenant}},
        "locale": "en-GB",
    }
    body = json.dumps(activity).encode()
    head = (
        f"POST /api/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _rate(port: int, requests: "itertools.cycle[bytes]", seconds: float) -> float:
    began = time.monotonic()
    turns = await asyncio.gather(*(_client(port, requests, began + seconds) for _ in range(CONNECTIONS)))
    return sum(turns) / (time.monotonic() - began)


async def _client(port: int, requests: "itertools.cycle[bytes]", end: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    turns = 0
    while time.monotonic() < end:
        writer.write(next(requests))
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
            raise AssertionError(head.split(b"\r\n", 1)[0].decode())
        if length := _content_length(head):
            await reader.readexactly(length)
        turns += 1
    writer.close()
    await writer.wait_closed()
    return turns
