"""The HTTP server's limits on real sockets: silence, slowness, too many at once, and heads as real sites send them."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import web

from interact.limits import Addresses
from operations.connections import ConnectionLimits, Connections
from operations.edge import headers
from operations.machine import connections_for
from tests.support import wait_until

GET = b"GET /here HTTP/1.1\r\nHost: usher.example\r\n"


@dataclass
class Server:
    port: int
    connections: Connections
    held: asyncio.Event

    async def open(self, data: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        return reader, writer

    async def status(self, data: bytes) -> int:
        """What is answered to this request; 0 when the connection is closed without a word."""
        reader, writer = await self.open(data)
        try:
            async with asyncio.timeout(10):
                line = await reader.readline()
        except ConnectionError:
            return 0
        finally:
            writer.close()
        return int(line.split()[1]) if line else 0


@asynccontextmanager
async def serving(limits: ConnectionLimits, trusted: Sequence[str] = ()) -> AsyncGenerator[Server]:
    connections = Connections(limits, Addresses(trusted))
    held = asyncio.Event()

    async def here(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    async def hold(_: web.Request) -> web.Response:
        await held.wait()
        return web.Response()

    app = web.Application(middlewares=[connections.counted])
    headers(app, https=False)
    app.add_routes([web.route("*", "/here", here), web.get("/hold", hold)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    listening = await connections.listen(runner, "127.0.0.1", 0, shared_port=False)
    try:
        yield Server(listening.sockets[0].getsockname()[1], connections, held)
    finally:
        held.set()
        listening.close()
        await runner.cleanup()


async def closed(reader: asyncio.StreamReader) -> None:
    """Wait until the other side has closed."""
    try:
        async with asyncio.timeout(10):
            await reader.read()
    except ConnectionError:
        pass


async def test_silent_connections_lock_nobody_out() -> None:
    async with serving(ConnectionLimits(total=50)) as server:
        silent = [await server.open() for _ in range(200)]
        assert await server.status(GET + b"\r\n") == 200
        assert len(server.connections) <= 50
        for _, writer in silent:
            writer.close()


async def test_above_the_limit_everybody_is_told_to_come_back() -> None:
    async with serving(ConnectionLimits(total=3)) as server:
        busy = [await server.open(b"GET /hold HTTP/1.1\r\nHost: usher.example\r\n\r\n") for _ in range(3)]
        await wait_until(lambda: not server.connections.waiting, 5, "three requests")
        assert await server.status(GET + b"\r\n") == 503
        server.held.set()
        for reader, _ in busy:
            assert (await reader.readline()).split()[1] == b"200"
        assert await server.status(GET + b"\r\n") == 200
        for _, writer in busy:
            writer.close()
    assert len(server.connections) == 0


@pytest.mark.parametrize(
    "data",
    [b"", b"GET /he", GET, GET + b"Cookie: a", b"POST /here HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf"],
)
async def test_who_does_not_finish_a_request_is_cut_off(data: bytes) -> None:
    async with serving(ConnectionLimits(total=50, head_seconds=0.1, body_seconds=0.1)) as server:
        reader, writer = await server.open(data)
        await closed(reader)
        await wait_until(lambda: len(server.connections) == 0, 5, "the end of the connection")
        writer.close()


async def test_a_second_request_that_stops_half_way_is_cut_off_too() -> None:
    async with serving(ConnectionLimits(total=50, head_seconds=0.1)) as server:
        reader, writer = await server.open(GET + b"\r\n")
        assert (await reader.readline()).split()[1] == b"200"
        writer.write(b"GET /he")
        await closed(reader)
        writer.close()


async def test_an_idle_connection_is_kept_for_a_while_and_then_closed() -> None:
    async with serving(ConnectionLimits(total=50, idle_seconds=0.2)) as server:
        reader, writer = await server.open(GET + b"\r\n")
        await closed(reader)
        writer.close()


async def test_a_trusted_proxy_is_exempt_and_each_visitor_behind_it_is_counted() -> None:
    limits = ConnectionLimits(total=50, per_address=2, head_seconds=0.05, idle_seconds=0.1)
    async with serving(limits, trusted=["127.0.0.1"]) as server:
        ahead = [await server.open() for _ in range(5)]
        hold = b"GET /hold HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 9.9.9.9:%d\r\n\r\n"
        busy = [await server.open(hold % port) for port in (4000, 4001)]
        await wait_until(lambda: server.connections.requests["9.9.9.9"] == 2, 5, "two requests of one visitor")
        assert await server.status(GET + b"X-Forwarded-For: 9.9.9.9:4002\r\n\r\n") == 429
        assert await server.status(GET + b"X-Forwarded-For: 1.1.1.1\r\n\r\n") == 200
        for reader, writer in ahead:
            assert not reader.at_eof()
            writer.close()
        for _, writer in busy:
            writer.close()
        server.held.set()
        await wait_until(lambda: not server.connections.requests, 5, "the end of both")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Cookie: " + b"a=" + b"x" * 12 * 1024 + b"\r\n\r\n", 200),
        (b"Cookie: " + b"a=" + b"x" * 40 * 1024 + b"\r\n\r\n", 400),
        (b"".join(b"X-%d: %s\r\n" % (n, b"x" * 1_000) for n in range(100)), 431),
    ],
    ids=["cookies of a large site", "one line too long", "a head without end"],
)
async def test_the_size_of_a_head(head: bytes, status: int) -> None:
    async with serving(ConnectionLimits(total=50)) as server:
        assert await server.status(GET + head) == status


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /here HTTP/9.9\r\n\r\n",
        b"G@T /here HTTP/1.1\r\nHost: x\r\n\r\n",
        GET + b"a b: c\r\n\r\n",
        GET + b"Content-Length: -1\r\n\r\n",
        GET + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        GET + b"Cookie: " + b"x" * 40 * 1024 + b"\r\n\r\n",
        GET.replace(b"GET", b"POST") + b"Transfer-Encoding: chunked\r\n\r\nnot hex\r\n",
        GET.replace(b"/here", b"/nowhere") + b"\r\n",
        GET + b"Expect: \xff\xfe\r\n\r\n",
    ],
    ids=range(11),
)
async def test_what_the_parser_refuses_names_no_server(request_: bytes) -> None:
    async with serving(ConnectionLimits(total=50)) as server:
        reader, writer = await server.open(request_)
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        assert 400 <= int(head.split()[1]) < 500
        assert b"\r\nserver:" not in head.lower()


def test_a_process_never_uses_up_its_descriptors() -> None:
    assert connections_for(1024) == 864
    assert connections_for(1_048_576) == 100_000
    assert connections_for(-1) == 100_000
    assert connections_for(20) == 16


@pytest.mark.parametrize("path", [b"/here", b"/nowhere"])
async def test_the_bytes_of_a_body_are_not_those_of_a_head(path: bytes) -> None:
    """Also before its handler has begun, and after one that does not want it (404) has ended."""
    size = 900_000
    async with serving(ConnectionLimits(total=10)) as server:
        head = b"POST %s HTTP/1.1\r\nHost: usher.example\r\nContent-Length: %d\r\n\r\n" % (path, size)
        reader, writer = await server.open(head)
        for _ in range(9):
            writer.write(b"x" * 100_000)
            await writer.drain()
        writer.write(GET + b"\r\n")
        async with asyncio.timeout(10):
            answers = [line async for line in reader_lines(reader, b"HTTP/1.1", 2)]
        writer.close()
        assert answers == [b"200" if path == b"/here" else b"404", b"200"]


@pytest.mark.parametrize(
    "request_",
    [
        b"Content-Length: 10\r\n\r\nhalf",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}zzzz\r\n",
        b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nhalf",
        b"Content-Encoding: br\r\nContent-Length: 4\r\n\r\nhalf",
    ],
)
@pytest.mark.parametrize("path", [b"/here", b"/nowhere"])
async def test_a_body_that_cannot_be_read_ends_its_request_and_leaves_no_stack_in_the_log(
    request_: bytes, path: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(ConnectionLimits(total=10)) as server:
        reader, writer = await server.open(GET.replace(b"GET /here", b"POST " + path) + request_)
        if request_.startswith(b"Content-Length"):
            # Cut off while the handler reads the body, and after the answer of one that does not want it.
            await (
                wait_until(lambda: not server.connections.waiting, 5, "a request")
                if path == b"/here"
                else reader.readline()
            )
            writer.write_eof()
        await closed(reader)
        await wait_until(lambda: len(server.connections) == 0, 5, "the end of the connection")
        writer.close()
    assert [record for record in caplog.records if record.exc_info] == []


async def reader_lines(reader: asyncio.StreamReader, beginning: bytes, number: int) -> AsyncGenerator[bytes]:
    """The status of the next `number` answers."""
    while number:
        line = await reader.readline()
        if not line:
            return
        if beginning in line:
            number -= 1
            yield line.partition(beginning)[2].split()[0]
