"""One visitor's WebSocket: the hello that says whose it is, what the client says, and the close.

While nothing happens it is one sleeping read and nothing else.
"""

import asyncio
import random
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final, Protocol

import structlog
from aiohttp import ClientConnectionError, WSCloseCode, WSMessage, WSMsgType, web

from conversations.access import access_conversation_as_visitor
from conversations.messages import NoAccess
from identity.tokens import BadToken
from identity.visitors import read_visitor
from interact.chat import VisitorChat
from interact.deps import InteractDeps
from interact.feed import Feed, Todo
from interact.frames import MAX_FRAME, BadFrame, Hello, Leave, Say, Typing, dump, error_frame, parse_frame
from interact.limits import Buckets
from interact.widgets import Widgets
from store.connection import StoreDown
from store.doorbells import Bell
from store.ids import new_id

log = structlog.get_logger(__name__)

OVER: Final = "This chat is over or unknown. Please start a new one."


class Registry(Protocol):
    """What all sockets of this process share (`interact.sockets.Sockets`)."""

    messages: Buckets
    closing: bool

    def add(self, socket: "VisitorSocket", /) -> bool: ...

    def remove(self, socket: "VisitorSocket", /) -> None: ...

    def see_off(self, leaving: Coroutine[None, None, None], /) -> asyncio.Task[None]: ...


class Gone(Exception):
    """The socket is closed, or has been told to: nothing more to do."""


class VisitorSocket:
    """Serves one prepared WebSocket; `origin` is the page's, as its browser says."""

    __slots__ = (
        "_beats",
        "_deaf_times",
        "_deps",
        "_feed",
        "_heard",
        "_moved",
        "_origin",
        "_registry",
        "_transport",
        "_typed_at",
        "_widgets",
        "_ws",
        "connection",
        "key",
        "slot",
    )  # ten thousand of these are kept

    def __init__(
        self, deps: InteractDeps, widgets: Widgets, registry: Registry, ws: web.WebSocketResponse, request: web.Request
    ) -> None:
        self.connection = new_id()
        self.key = ("", "")  # (tenant, conversation), once the hello was accepted
        self.slot = 0  # the registry's: on which tick its beat comes
        self._deps = deps
        self._widgets = widgets
        self._registry = registry
        self._ws = ws
        self._origin = request.headers.get("Origin")
        self._transport = request.transport
        self._beats = 0
        self._heard = 0  # the beat at which the client was last heard
        self._deaf_times = -1
        self._typed_at = 0.0
        self._moved = False
        self._feed: Feed | None = None

    async def serve(self) -> None:
        """From hello to close; returns when the socket is closed."""
        try:
            chat, after = await self._greet()
            if self._registry.closing:
                await self.move("stopping")
            else:
                await self._listen(chat, after)
        except (Gone, ClientConnectionError):
            return
        except BadFrame as bad:
            await self._refuse(bad)
        except StoreDown:
            await self.move("store_down")
        except Exception:  # the edge of the socket: a fault of ours must not leave the client before a dead line
            log.exception("socket_failed", conversation=self.key[1])
            await self.move("error")

    async def _greet(self) -> tuple[VisitorChat, int]:
        """The first frame: who it is, and what he has seen. Raises BadFrame."""
        try:
            async with asyncio.timeout(self._deps.limits.hello_seconds):
                hello = parse_frame(self._text_of(await self._ws.receive()))
        except TimeoutError:
            raise BadFrame("no_hello", None, "The first frame, hello, did not come in time.") from None
        if not isinstance(hello, Hello):
            raise BadFrame("no_hello", "type", "The first frame must be a hello.")
        try:
            claims = read_visitor(hello.token, self._deps.visitor_key)
            conversation = await access_conversation_as_visitor(self._deps.conversations, claims)
        except (BadToken, NoAccess):
            raise BadFrame("no_session", "token", OVER) from None
        widget = await self._widgets.of_conversation(conversation)
        if not widget.origins.allow(self._origin):
            where = self._origin or "a page without an origin"
            raise BadFrame("wrong_origin", None, f"This chat may not be used from {where}.")
        self.key = (claims.tenant, claims.conversation)
        deps = self._deps
        chat = VisitorChat(
            claims,
            conversation,
            widget,
            conversations=deps.conversations,
            distributor=deps.distributor,
            directory=deps.directory,
        )
        return chat, hello.after

    async def _listen(self, chat: VisitorChat, after: int) -> None:
        """From the accepted hello to the end; leaves the registry and the distributor clean behind it."""
        if not self._registry.add(self):
            raise BadFrame("too_many_tabs", None, "This chat is open in too many tabs.")
        self._feed = feed = Feed(chat, self.connection, send=self._send, broken=self.move)
        try:
            await self._welcome(chat, feed, after)
            while True:
                await self._understand(chat, feed, self._text_of(await self._ws.receive()))
        except NoAccess:
            raise BadFrame("no_session", "token", OVER) from None
        finally:
            feed.stop()
            self._registry.remove(self)
            # In a task of its own: when a line breaks, aiohttp cancels this one in the middle of what it does.
            await asyncio.shield(self._registry.see_off(self._leave(chat, feed)))

    async def _welcome(self, chat: VisitorChat, feed: Feed, after: int) -> None:
        await chat.refresh()  # again, now that the doorbells are heard: nothing falls in between
        refusal: BadFrame | None = None
        if chat.conversation.last_seq > 0 and not chat.ended:
            try:
                await chat.make_sure_of_task()  # a crash may have come between the first message and its task
            except BadFrame as bad:
                refusal = bad
        await feed.welcome(after)
        if refusal is not None:
            await self._send(_error_of(refusal))

    async def _leave(self, chat: VisitorChat, feed: Feed) -> None:
        await feed.ended()  # "I am here" must not be stored after "he has gone"
        if self._moved:  # who was asked to move has not left; the connection runs out by itself
            return
        try:
            await chat.away(self.connection)
        except StoreDown:
            log.info("visitor_away_not_noted", conversation=self.key[1])  # likewise

    # --- what the client says --------------------------------------------------------------------------------------

    def _text_of(self, message: WSMessage) -> str:
        """Raises Gone, and BadFrame for what is too large to be looked at."""
        self._heard = self._beats
        if message.type is WSMsgType.TEXT:
            data: str = message.data
            if len(data) > MAX_FRAME:
                raise BadFrame("too_large", None, f"A frame may have {MAX_FRAME:,} characters.")
            return data
        if message.type is WSMsgType.BINARY:
            return ""  # no JSON, and answered as such
        raise Gone

    async def _understand(self, chat: VisitorChat, feed: Feed, data: str) -> None:
        try:
            frame = parse_frame(data)
            if isinstance(frame, Say):
                await self._say(chat, feed, frame)
            elif isinstance(frame, Typing):
                await self._typing(chat)
            elif isinstance(frame, Leave):
                await chat.leave()
                feed.wake(Todo.LOOK)
            elif isinstance(frame, Hello):
                await self._send(error_frame("bad_frame", "Hello was said already.", field="type"))
        except BadFrame as bad:
            await self._send(_error_of(bad))

    async def _say(self, chat: VisitorChat, feed: Feed, frame: Say) -> None:
        wait = self._registry.messages.take(chat.conversation.id)
        if wait:
            text = "These are too many messages at once. Please wait a moment."
            await self._send(error_frame("too_fast", text, message_id=frame.id, after_seconds=wait))
            return
        begun = chat.conversation.begun_at is not None
        try:
            said = await chat.say(frame)
        finally:
            if not begun:
                feed.wake(Todo.HERE | Todo.LOOK)
        if said.duplicate:
            self._registry.messages.give_back(chat.conversation.id)  # a resume offers again what is here already
        await self._send({"type": "ack", "id": frame.id, "seq": said.seq, "at": said.at})

    async def _typing(self, chat: VisitorChat) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._typed_at >= self._deps.limits.typing_seconds:
            self._typed_at = now
            await chat.typing()

    # --- what the client hears -------------------------------------------------------------------------------------

    def rung(self, bell: Bell) -> None:
        """A doorbell of this chat."""
        if self._feed is not None:
            if bell.kind == "conv":
                self._feed.wake(Todo.LOOK)
            elif bell.word == "agent":
                self._feed.wake(Todo.TYPING)

    def beat(self, last: int, public: int, deaf_times: int) -> None:
        """The common ticker: the chat's last entries, and how often this process has missed doorbells so far.

        A client that was silent for too long is cut off: its line is dead.
        """
        self._beats += 1
        if self._beats - self._heard > self._deps.limits.silence_beats and self._transport is not None:
            log.info("visitor_silent", conversation=self.key[1])
            self._transport.abort()
        elif self._feed is not None:
            if deaf_times != self._deaf_times:
                self._deaf_times = deaf_times
                self._feed.wake(Todo.LOOK)
            self._feed.beat(last, public, here=self._beats % self._deps.limits.here_beats == 0)

    async def move(self, why: str) -> None:
        """Ask the client to come back, to whoever is there then, and close."""
        self._moved = True
        if self._feed is not None:
            self._feed.stop()
        seconds = round(random.uniform(*self._deps.limits.retry_seconds), 2)  # noqa: S311  # spreads, guards nothing
        await self._send({"type": "retry", "after_seconds": seconds})
        with suppress(ClientConnectionError):
            await self._ws.close(code=WSCloseCode.TRY_AGAIN_LATER, message=why.encode())

    async def _refuse(self, bad: BadFrame) -> None:
        await self._send(_error_of(bad))
        code = WSCloseCode.MESSAGE_TOO_BIG if bad.code == "too_large" else WSCloseCode.POLICY_VIOLATION
        with suppress(ClientConnectionError):
            await self._ws.close(code=code, message=bad.code.encode())

    async def _send(self, frame: dict[str, Any]) -> bool:
        """False when the socket is closed: whoever reads from it notices too."""
        if self._ws.closed:
            return False
        try:
            await self._ws.send_str(dump(frame))
        except ClientConnectionError:
            return False
        return True


def _error_of(bad: BadFrame) -> dict[str, Any]:
    return error_frame(bad.code, bad.message, field=bad.field, message_id=bad.id)
