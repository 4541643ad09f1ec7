"""Messages that never end, in parts: bytes that no budget of frames sees, over a socket of our own."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from interact.limits import Limits
from interact.lines import MOST_UNFINISHED
from store.connection import Store
from tests.interact.door import Door, open_door
from tests.interact.visitor import SITE, Visitor
from tests.support import wait_until

BEGIN, MORE, END, WHOLE, PING = 0x01, 0x00, 0x80, 0x81, 0x89
IN_FLIGHT = 24 * 1024 * 1024
"""Bytes; more than the system keeps for a socket that nobody reads."""


def frame(first: int, payload: bytes = b"") -> bytes:
    """A client's frame, masked with zeros."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2, "big")
    return bytes([first]) + length + b"\0\0\0\0" + payload


class Raw:
    """A WebSocket whose frames are made by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def pour(self, data: bytes, most: int) -> int:
        """Send this again and again; the bytes that were sent until the other side had closed, or `most`."""
        sent = 0
        try:
            while sent < most and not self.reader.at_eof():
                self.writer.write(data)
                await self.writer.drain()
                sent += len(data)
        except ConnectionError:
            pass
        return sent

    async def closed(self) -> bytes:
        """What was still said until the other side closed."""
        try:
            async with asyncio.timeout(20):
                return await self.reader.read()
        except ConnectionError:
            return b""


@asynccontextmanager
async def raw(door: Door, **headers: str) -> AsyncGenerator[Raw]:
    where = urlsplit(door.base)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    lines = {"Host": where.netloc, "Origin": SITE, "Upgrade": "websocket", "Connection": "Upgrade",
             "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", **headers}  # fmt: skip
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    writer.write(f"GET /interact/v1/socket HTTP/1.1\r\n{head}\r\n".encode())
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()


def hello(visitor: Visitor) -> bytes:
    return json.dumps({"type": "hello", "token": visitor.token, "after": 0}).encode()


@pytest.mark.parametrize("part", [frame(MORE), frame(MORE, b"x")], ids=["empty", "small"])
async def test_a_message_that_never_ends_is_cut(door: Door, part: bytes) -> None:
    visitor = await door.visitor().begin()
    async with raw(door) as line:
        line.writer.write(frame(WHOLE, hello(visitor)) + frame(BEGIN, b'{"type":"say"'))
        await wait_until(lambda: len(door.sockets) == 1, 5, "the welcome")
        sent = await line.pour(part * 5_000, IN_FLIGHT)
        assert sent < IN_FLIGHT
        await line.closed()
    await wait_until(lambda: len(door.sockets) == 0, 5, "the end of the line")


async def test_many_messages_of_many_empty_parts_are_cut_too(door: Door) -> None:
    """Each of them ends; what is counted is what the parts cost beside what they say."""
    visitor = await door.visitor().begin()
    async with raw(door) as line:
        line.writer.write(frame(WHOLE, hello(visitor)))
        await wait_until(lambda: len(door.sockets) == 1, 5, "the welcome")
        pong = frame(BEGIN, b'{"type":"pong"') + frame(MORE) * 20_000 + frame(END, b"}")
        assert await line.pour(pong, IN_FLIGHT) < IN_FLIGHT
        await line.closed()


async def test_before_the_hello_a_few_kilobytes_are_enough(door: Door) -> None:
    async with raw(door) as line:
        line.writer.write(frame(BEGIN, b"{") + frame(MORE) * 1_000)
        assert await line.closed() == b""


async def test_a_hello_that_comes_in_parts_without_end_is_too_late(store: Store, tenant: str) -> None:
    async with open_door(store, tenant, limits=Limits(hello_seconds=0.2)) as door, raw(door) as line:
        line.writer.write(frame(BEGIN, b"{"))

        async def trickle() -> bool:
            line.writer.write(frame(MORE))
            return line.reader.at_eof() or b"no_hello" in await line.reader.read(1_000)

        assert await wait_until(trickle, 10, "the end")


async def test_what_is_divided_within_reason_is_understood(door: Door) -> None:
    visitor = await door.visitor().begin()
    text = "x" * 8_000
    async with raw(door) as line:
        whole = hello(visitor)
        line.writer.write(frame(BEGIN, whole[:50]) + frame(PING) + frame(END, whole[50:]))
        await wait_until(lambda: len(door.sockets) == 1, 5, "the welcome")
        for number in range(30):
            say = json.dumps({"type": "say", "id": f"message-{number:03}", "text": text}).encode()
            parts = [say[at : at + 500] for at in range(0, len(say), 500)]
            line.writer.write(b"".join(frame(BEGIN if part is parts[0] else MORE, part) for part in parts) + frame(END))
        assert b'"message-029","seq"' in await _until(line, b'"message-029","seq"')


async def test_one_address_has_one_budget_for_all_its_unfinished_messages(store: Store, tenant: str) -> None:
    """Two sockets of one address, each below what one socket may have."""
    limits = Limits(address_frames_burst=1_000, address_frames_rate=1.0)
    unfinished = frame(MORE) * 12_000 * 10
    assert len(unfinished) < MOST_UNFINISHED < 2 * len(unfinished)
    async with open_door(store, tenant, limits=limits, trusted_proxies=["127.0.0.1"]) as door:
        visitor = await door.visitor().begin()
        proxied = {"X-Forwarded-For": "9.9.9.9"}
        async with raw(door, **proxied) as first, raw(door, **proxied) as second:
            answered: list[bool] = []
            for line in (first, second):
                line.writer.write(frame(WHOLE, hello(visitor)) + frame(BEGIN) + unfinished + frame(END, b"{"))
                answered.append(b"bad_json" in await _until(line, b"bad_json"))
            assert answered == [True, False]


async def _until(line: Raw, words: bytes) -> bytes:
    """What is said until these words, or the end."""
    said = b""
    try:
        async with asyncio.timeout(20):
            while words not in said and (more := await line.reader.read(64_000)):
                said += more
    except ConnectionError:
        pass
    return said
