"""The visitor's door: one route table, who may enter, and what everybody is told when the store is down."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog
from aiohttp import web

from entry.answers import Refusal
from entry.bodies import BodyTooLarge, BodyUnreadable, read_body
from interact.answers import answer, refused
from interact.deps import InteractDeps
from interact.limits import Addresses, Buckets
from interact.lines import Line, WebSocketLine
from interact.origins import cors, normal_origin
from interact.poll import MAX_BODY as MAX_POLL
from interact.poll import PollLine, parse_poll
from interact.scripts import Scripts
from interact.sessions import MAX_BODY, check_session, open_session, parse_session
from interact.sockets import Sockets
from interact.visitor_socket import VisitorSocket
from interact.widgets import View, Widgets
from store.connection import StoreDown
from store.ids import new_id
from store.seldom import Seldom

log = structlog.get_logger(__name__)
seldom = Seldom(log, "info")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ORIGIN_ALLOWED: Final = web.RequestKey("origin_allowed", bool)
"""Set once the page's origin was found to be one of the widget's: only then it may read an error, too."""

_HARD_FRAME: Final = 512 * 1024
"""Bytes; beyond this a frame is not even read. Below it, a frame that is too large is answered in words."""

_REFUSALS_TOLD_EVERY_SECONDS: Final = 10.0
_PREFLIGHT_SECONDS: Final = 600


def interact_routes(app: web.Application, deps: InteractDeps) -> Sockets:
    """Add the visitor's door to the app. `Sockets.close_all` also runs at the app's shutdown."""
    door = _Door(deps)
    app.router.add_get(r"/interact/{file:(?:embed|widget|poll|links|(?:en|de|fr|it)(?:-later)?)\.js}", door.script)
    app.router.add_get("/interact/v1/widgets/{key}", door.guarded(door.widget))
    app.router.add_post("/interact/v1/sessions", door.readable(door.session))
    app.router.add_options("/interact/v1/sessions", door.preflight)
    app.router.add_get("/interact/v1/socket", door.socket)
    app.router.add_post("/interact/v1/poll", door.readable(door.poll))
    app.router.add_options("/interact/v1/poll", door.preflight)
    app.cleanup_ctx.append(door.ticking)
    app.on_shutdown.append(door.stop)
    return door.sockets


class _Door:
    def __init__(self, deps: InteractDeps) -> None:
        self.sockets = Sockets(deps.conversations, deps.doorbells, deps.limits)
        self._deps = deps
        self._widgets = Widgets(deps.directory, deps.distributor, normal_origin(deps.public_url))
        self._scripts = Scripts(deps.static)
        self._addresses = Addresses(deps.trusted_proxies)
        limits = deps.limits
        self._new_chats = Buckets(burst=limits.sessions_burst, rate=limits.sessions_rate)
        self._widget_chats = Buckets(burst=limits.widget_sessions_burst, rate=limits.widget_sessions_rate)
        self._all_chats = Buckets(burst=limits.all_sessions_burst, rate=limits.all_sessions_rate)
        self._warned = False
        self._refused = 0
        self._refusals_told_at = float("-inf")

    async def ticking(self, _app: web.Application) -> AsyncIterator[None]:
        ticker = asyncio.get_running_loop().create_task(self.sockets.run(), name="visitors' beats")
        yield
        ticker.cancel()
        with suppress(asyncio.CancelledError):
            await ticker

    async def stop(self, _app: web.Application) -> None:
        await self.sockets.close_all("stopping")

    # --- HTTP -------------------------------------------------------------------------------------------------------

    def guarded(self, handler: Handler) -> Handler:
        """Refusals and a store that is down become answers. Only an allowed origin may read more than the status."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except Refusal as refusal:
                allowed = request.get(ORIGIN_ALLOWED, False)
                return refused(refusal, cors(request.headers.get("Origin") if allowed else None))
            except StoreDown:
                return refused(_store_down(), cors(None))

        return guarded

    def readable(self, handler: Handler) -> Handler:
        """The same for what a page posts: it may read why it was refused, so that its visitor can read it too.

        Only an origin that is none of the widget's reads no more than the status. What the others read, they know.
        """

        async def readable(request: web.Request) -> web.StreamResponse:
            origin = request.headers.get("Origin")
            try:
                return await handler(request)
            except Refusal as refusal:
                return refused(refusal, cors(None if refusal.code == "wrong_origin" else origin))
            except StoreDown:
                return refused(_store_down(), cors(origin))

        return readable

    async def script(self, request: web.Request) -> web.StreamResponse:
        """The built scripts, and the widget's texts in each language: public, for any page."""
        return await self._scripts.answer(request, request.match_info["file"])

    async def widget(self, request: web.Request) -> web.StreamResponse:
        """What a page needs to know to show the widget."""
        view = await self._allowed_view(request, request.match_info["key"])
        return answer(view.as_json(), cors(request.headers.get("Origin")))

    async def preflight(self, request: web.Request) -> web.StreamResponse:
        """A browser asks before it posts. Which widget it is for is only in the post, and the post is checked."""
        origin = request.headers.get("Origin")
        headers = {
            **cors(origin),
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
        }
        return web.Response(status=204, headers=headers)

    async def session(self, request: web.Request) -> web.StreamResponse:
        """A new chat."""
        asked = parse_session(await _body(request))
        view = await self._allowed_view(request, asked.widget)
        self._count(request, asked.widget)
        check_session(asked, view)
        made = await open_session(self._deps.conversations, asked, view, self._deps.visitor_key)
        return answer(made, cors(request.headers.get("Origin")), status=201)

    async def _allowed_view(self, request: web.Request, key: str) -> View:
        view = await self._widgets.view(key)
        if view is None:
            raise Refusal(404, "no_such_widget", "There is no such widget.", field="widget")
        origin = request.headers.get("Origin")
        # A page of Usher's own reads without an Origin header; only reading is possible that way.
        own = origin is None and request.method == "GET"
        if not own and not view.widget.origins.allow(origin):
            where = origin or "a page without an origin"
            seldom("origin_refused", widget=key, origin=normal_origin(origin or ""))
            raise Refusal(403, "wrong_origin", f"This widget may not be used from {where}.")
        request[ORIGIN_ALLOWED] = True
        return view

    def _count(self, request: web.Request, widget: str) -> None:
        self._warn_of_a_proxy(request)
        address = self._addresses.of(request)
        wait = self._new_chats.take(address) if address is not None else 0.0
        if wait:
            message = "Too many chats were started from your network. Please try again in a moment."
            raise Refusal(429, "too_many_chats", message, after_seconds=wait)
        wait = self._widget_chats.take(widget) or self._all_chats.take("")
        if wait:
            self._tell_of_refusals(widget)
            message = "Very many chats are being started at the moment. Please try again shortly."
            raise Refusal(429, "too_many_chats", message, after_seconds=wait)

    def _tell_of_refusals(self, widget: str) -> None:
        """Now and then: a flood of requests must not become a flood of lines."""
        self._refused += 1
        now = asyncio.get_running_loop().time()
        if now - self._refusals_told_at >= _REFUSALS_TOLD_EVERY_SECONDS:
            log.warning("new_chats_refused", widget=widget, since_the_last_line=self._refused)
            self._refusals_told_at, self._refused = now, 0

    def _warn_of_a_proxy(self, request: web.Request) -> None:
        if not self._warned and self._addresses.looks_like_a_proxy(request):
            self._warned = True
            advice = "nobody's address is counted: name it in USHER_TRUSTED_PROXIES if it is your balancer or proxy"
            log.warning("proxy_not_trusted", address=request.remote, advice=advice)

    # --- WebSocket --------------------------------------------------------------------------------------------------

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """The visitor's socket. Its origin is checked against the widget that the hello's token leads to."""
        if self.sockets.closing:
            raise web.HTTPServiceUnavailable(
                text="Usher is stopping here. Please connect again.", headers={"Retry-After": "1"}
            )
        address = self._addresses.of(request)
        if wait := self.sockets.budget.enter(address):
            raise web.HTTPTooManyRequests(
                text="Too many connections come from your network.", headers={"Retry-After": str(math.ceil(wait))}
            )
        if not request.headers.get("Sec-WebSocket-Key", "").isascii():  # aiohttp stumbles over it
            raise web.HTTPBadRequest(text="Sec-WebSocket-Key is base64.")
        # Compression would cost 10,000 idle visitors a window of their own each, for frames of a hundred bytes.
        ws = web.WebSocketResponse(timeout=0.1, max_msg_size=_HARD_FRAME, compress=False, autoping=False)
        await ws.prepare(request)
        line = WebSocketLine(ws, request, too_much=lambda kb: self.sockets.budget.unfinished(address, kb))
        await self._serve(request, line, new_id(), address)
        return ws

    async def poll(self, request: web.Request) -> web.StreamResponse:
        """The same for pages that get no WebSocket: one request is a line that lives for a moment."""
        if self.sockets.closing:
            raise Refusal(503, "stopping", "Usher is stopping here. Please connect again.", after_seconds=0)
        address = self._addresses.of(request)
        if wait := self.sockets.budget.enter(address):
            raise Refusal(429, "too_many", "Too many connections come from your network.", after_seconds=wait)
        asked = parse_poll(await _body(request, MAX_POLL))
        line = PollLine(asked, gone=lambda: request.transport is None or request.transport.is_closing())
        await self._serve(request, line, f"poll:{asked.connection}", address)
        return answer(line.answer(), cors(request.headers.get("Origin")))

    async def _serve(self, request: web.Request, line: Line, connection: str, address: str | None) -> None:
        origin = request.headers.get("Origin")
        visitor = VisitorSocket(
            self._deps,
            self._widgets,
            self.sockets,
            line,
            connection=connection,
            origin=origin,
            address=address,
        )
        await visitor.serve()


def _store_down() -> Refusal:
    message = "This chat is not available at the moment. Please try again shortly."
    return Refusal(503, "store_down", message, after_seconds=2)


async def _body(request: web.Request, most: int = MAX_BODY) -> bytes:
    if request.content_type != "application/json":
        raise Refusal(415, "bad_content_type", "The body must be application/json.")
    try:
        return await read_body(request, most)
    except BodyTooLarge:
        raise Refusal(413, "too_large", f"The body may have {most:,} bytes.") from None
    except BodyUnreadable:
        message = "The body is not compressed as its Content-Encoding says, or was cut off."
        raise Refusal(400, "bad_body", message) from None
