"""The HTTP server's connections: how many there may be, in total and from one address, and how long they may be silent.

aiohttp has one time-out, for a connection that waits for a request. What it lacks is here: time-outs for the head and for
the body of a request, a limit for the size of a head, and limits for connections. A connection that waits for a request
gives its place up to a new one when there are too many: silent connections lock nobody out.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from prometheus_client import Counter as Metric

from interact.limits import Addresses
from store.seldom import Seldom

log = structlog.get_logger(__name__)
seldom = Seldom(log, "info")

REFUSED = Metric("usher_connections_refused_total", "Connections refused or cut", ["why"])

MAX_FIELD: Final = 32 * 1024
"""Bytes of one line of a request's head: a site may have set cookies of 12 KB for its whole domain."""

_LOG_SECONDS: Final = 10.0
_FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n"
    b"Cache-Control: no-store\r\n\r\n"
)
_HEAD_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


_UNREADABLE: Final = b'{"error": {"code": "unreadable", "field": null, "message": "This request cannot be decoded."}}'


class _Refusal(web.Response):
    """An answer before there is a request: the application's signal, which takes `Server` away, does not see it."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.pop("Server", None)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Of one process."""

    total: int
    """Open connections; above it 503, once none is left that waits for a request."""
    per_address: int = 1_000
    """From one public address (IPv6: one /64). Behind a trusted proxy: requests at once, sockets and streams included."""
    head_seconds: float = 10.0
    """From the first byte of a request, or from the connection, to the end of the request's head."""
    body_seconds: float = 30.0
    idle_seconds: float = 75.0
    """Between two requests; balancers let go of an idle connection after 60 s."""
    proxy_idle_seconds: float = 3_630.0
    max_head: int = 64 * 1024
    """Bytes."""


class Connections:
    """All connections of this process. `listen` opens the port."""

    def __init__(self, limits: ConnectionLimits, addresses: Addresses) -> None:
        self.limits = limits
        self.addresses = addresses
        self.waiting: OrderedDict[Connection, None] = OrderedDict()
        """For a request; those who wait longest first."""
        self._count = 0
        self._from: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        """Under way, by the address of a visitor behind a trusted proxy."""
        self._refused: Counter[str] = Counter()
        self._logged_at = 0.0

    def __len__(self) -> int:
        return self._count

    async def listen(self, runner: web.AppRunner, host: str, port: int, *, shared_port: bool) -> asyncio.Server:
        """Open the port. Raises OSError."""
        server = runner.server
        assert server is not None, "the runner is set up"

        def accept() -> Connection:
            return Connection(
                server,
                gate=self,
                loop=asyncio.get_running_loop(),
                keepalive_timeout=self.limits.idle_seconds,
                max_line_size=MAX_FIELD,
                max_field_size=MAX_FIELD,
                access_log=cast("Any", None),
            )

        return await asyncio.get_running_loop().create_server(
            accept, host, port, backlog=1024, reuse_port=shared_port or None
        )

    # --- connections -------------------------------------------------------------------------------------------------

    def enter(self, connection: Connection, address: str | None) -> bytes | None:
        """A new connection: None when it may stay, else what it is told (b"": nothing)."""
        if address is not None and self._from[address] >= self.limits.per_address:
            self._refuse("address")
            return b""
        if self._count >= self.limits.total:
            if not self.waiting:
                self._refuse("full")
                return _FULL
            self._refuse("made_room")
            next(iter(self.waiting)).cut()
        self._count += 1
        if address is not None:
            self._from[address] += 1
        self.waiting[connection] = None
        return None

    def leave(self, connection: Connection, address: str | None) -> None:
        self.waiting.pop(connection, None)
        self._count -= 1
        if address is not None:
            self._from[address] -= 1
            if not self._from[address]:
                del self._from[address]

    def busy(self, connection: Connection) -> None:
        """It has a request; from here on it does not give way."""
        self.waiting.pop(connection, None)

    def idle(self, connection: Connection) -> None:
        self.waiting[connection] = None

    def cut_off(self, why: str) -> None:
        """A connection is closed because of what it sent, or did not send."""
        self._refuse(why)

    def _refuse(self, why: str) -> None:
        REFUSED.labels(why).inc()
        self._refused[why] += 1
        now = time.monotonic()
        if now - self._logged_at >= _LOG_SECONDS:
            self._logged_at = now
            log.warning("connections_refused", open=self._count, total=self.limits.total, **self._refused)
            self._refused.clear()

    # --- requests behind trusted proxies ------------------------------------------------------------------------------

    @property
    def counted(self) -> Callable[..., Awaitable[web.StreamResponse]]:
        """Middleware: a proxy's connections are not counted, the requests of each visitor behind it are."""

        @web.middleware
        async def counted(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            address = self.addresses.of(request) if self.addresses.is_proxy(request.remote) else None
            if address is None:
                return await handler(request)
            if self.requests[address] >= self.limits.per_address:
                self._refuse("address")
                raise web.HTTPTooManyRequests(text="Too many connections.", headers={"Retry-After": "5"})
            self.requests[address] += 1
            try:
                return await handler(request)
            finally:
                self.requests[address] -= 1
                if not self.requests[address]:
                    del self.requests[address]

        return counted


class Connection(RequestHandler):
    """One connection, with the time-outs that aiohttp does not have."""

    __slots__ = ("_address", "_body", "_entered", "_gate", "_head", "_timer")

    def __init__(self, manager: Any, *, gate: Connections, **options: Any) -> None:
        super().__init__(manager, **options)
        self._gate = gate
        self._entered = False
        self._address: str | None = None
        self._head = 0  # bytes of a head that is not complete
        self._body: Any = None  # of the newest request: while it is not complete, no head has begun
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        remote = str(cast("tuple[Any, ...]", peer)[0]) if isinstance(peer, tuple) and peer else None
        proxy = self._gate.addresses.is_proxy(remote)
        self._address = None if proxy else self._gate.addresses.public(remote)
        told = self._gate.enter(self, self._address)
        if told is not None:
            stream = cast("asyncio.Transport", transport)
            if told:
                stream.write(told)
            stream.close()
            return
        self._entered = True
        if proxy:
            self._keepalive_timeout = self._gate.limits.proxy_idle_seconds
        super().connection_made(transport)
        if not proxy:  # those open connections ahead of what they will need
            self._expect_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._stop_timer()
        if self._entered:
            self._entered = False
            self._gate.leave(self, self._address)
            request = self._current_request
            cut_off = web.RequestPayloadError("the body was cut off")
            # Twice: a read that waits gets the first error, later ones the last. aiohttp's own would look like a fault of ours.
            if request is not None:
                request.content.set_exception(cut_off)
            super().connection_lost(exc)
            if request is not None:
                request.content.set_exception(cut_off)

    def data_received(self, data: bytes) -> None:
        if not self._entered:
            return
        before, body = self._request_count, self._body
        super().data_received(data)
        if self._request_count > before:
            if body is not None and not body.is_eof():
                # What comes in the middle of a body is not a request, but an error in how the body is divided.
                body.set_exception(web.RequestPayloadError("the body is not divided as it says"))
            self._body = self._messages[-1][1] if self._messages else None
            self._expect_body()
        elif (
            self._payload_parser is None
            and not self._messages
            and not self._request_in_progress
            and (self._body is None or self._body.is_eof())
        ):
            self._head += len(data)
            if self._head > self._gate.limits.max_head:
                self._gate.cut_off("head_too_large")
                self.cut(_HEAD_TOO_LARGE)
            elif self._timer is None:
                self._expect_head()

    def cut(self, told: bytes = b"") -> None:
        """Close at once."""
        if self.transport is not None:
            if told:
                self.transport.write(told)
                self.transport.close()
            else:
                self.transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What the parser refuses: a clear 400 that names neither the server nor what it did not like, and no stack in the
        log, because anybody can send such bytes. All else is a fault of ours, and logged."""
        if status >= 500 and not isinstance(
            exc, UnicodeError
        ):  # it quotes a header (`Expect`) before `edge` is reached
            answer = super().handle_error(request, status, exc, message)
        else:
            status = 400 if status >= 500 else status
            seldom("request_unreadable", remote=request.remote, why=type(exc).__name__)
            answer = _Refusal(body=_UNREADABLE, status=status, content_type="application/json")
            answer.force_close()
        return answer

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Leave out what anybody can cause: a body that was answered as unreadable, which aiohttp meets again when it reads
        what is left of it, and a client that hangs up while it is told to continue."""
        fault = kw.get("exc_info")
        gone = self.transport is None or self.transport.is_closing()
        if isinstance(fault, web.RequestPayloadError) or (gone and isinstance(fault, ConnectionError)):
            self._gate.cut_off("body_unreadable")
        else:
            super().log_exception(*args, **kw)

    async def _handle_request(
        self, request: web.BaseRequest, start_time: float | None, request_handler: Any
    ) -> tuple[web.StreamResponse, bool]:
        self._gate.busy(self)
        try:
            return await super()._handle_request(request, start_time, request_handler)
        finally:
            if self._entered:
                self._gate.idle(self)

    # --- time-outs ---------------------------------------------------------------------------------------------------

    def _expect_head(self) -> None:
        limits = self._gate.limits
        self._timer = self._loop.call_later(limits.head_seconds, self._too_slow, "head")

    def _expect_body(self) -> None:
        self._stop_timer()
        self._head = 0
        if self._messages and not self._messages[-1][1].is_eof():
            self._timer = self._loop.call_later(
                self._gate.limits.body_seconds, self._body_due, self._messages[-1][1], self._request_count
            )

    def _body_due(self, body: Any, number: int) -> None:
        self._timer = None
        if number == self._request_count and not body.is_eof():
            self._too_slow("body")

    def _too_slow(self, what: str) -> None:
        self._timer = None
        self._gate.cut_off(f"slow_{what}")
        self.cut()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
