"""One visitor's connection: the hello that says whose it is, what the client says, and the close.

While nothing happens it is one sleeping read and nothing else. What carries the frames is a `Line`.
"""

import asyncio
import random
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final, Protocol

import structlog
from aiohttp import ClientConnectionError, WSCloseCode

from conversations.access import access_conversation_as_visitor
from conversations.messages import NoAccess
from identity.tokens import BadToken
from identity.visitors import read_visitor
from interact.budget import FrameBudget
from interact.chat import VisitorChat
from interact.deps import InteractDeps
from interact.feed import Feed, Todo
from interact.frames import (
    MAX_FRAME,
    MAX_HELLO,
    BadFrame,
    Hello,
    Leave,
    Say,
    Typing,
    Visibility,
    error_frame,
    parse_frame,
)
from interact.limits import Buckets
from interact.lines import Gone, Line
from interact.poll import PollLine
from interact.widgets import Widgets
from store.connection import StoreDown
from store.doorbells import Bell

log = structlog.get_logger(__name__)

HAND_OVER_SECONDS: Final = 1.5
"""How long a stopping process serves a client that it has asked to connect elsewhere."""

OVER: Final = "This chat is over or unknown. Please start a new one."


class Registry(Protocol):
    """What all sockets of this process share (`interact.sockets.Sockets`)."""

    messages: Buckets
    budget: FrameBudget
    closing: bool

    @property
    def full(self) -> bool: ...

    def add(self, socket: "VisitorSocket", /) -> bool: ...

    def remove(self, socket: "VisitorSocket", /) -> None: ...

    def see_off(self, leaving: Coroutine[None, None, None], /) -> asyncio.Task[None]: ...


class Parked(Exception):
    """The chat is open in too many tabs, and this one gives way."""


class VisitorSocket:
    """Serves one line; `origin` is the page's, as its browser says, `address` the one that is counted (None: no one's)."""

    __slots__ = (
        "_address",
        "_beats",
        "_deaf_times",
        "_deps",
        "_expires",
        "_feed",
        "_heard",
        "_limit",
        "_line",
        "_moved",
        "_origin",
        "_over",
        "_registry",
        "_typed_at",
        "_widgets",
        "connection",
        "hidden",
        "key",
        "slot",
    )  # ten thousand of these are kept

    def __init__(
        self,
        deps: InteractDeps,
        widgets: Widgets,
        registry: Registry,
        line: Line,
        *,
        connection: str,
        origin: str | None,
        address: str | None,
    ) -> None:
        self.connection = connection
        self.key = ("", "")  # (tenant, conversation), once the hello was accepted
        self.slot = 0  # the registry's: on which tick its beat comes
        self.hidden = False
        self._deps = deps
        self._widgets = widgets
        self._registry = registry
        self._line = line
        self._origin = origin
        self._address = address
        self._limit = MAX_HELLO
        self._expires = 0.0  # the loop's time at which the token ends
        self._beats = 0
        self._heard = 0  # the beat at which the client was last heard
        self._deaf_times = -1
        self._typed_at = 0.0
        self._moved = False
        self._over: asyncio.Event | None = None  # set at the end, once somebody waits for it
        self._feed: Feed | None = None

    async def serve(self) -> None:
        """From hello to close; returns when the line is closed."""
        try:
            chat, after = await self._greet()
            if self._registry.closing:
                await self.move("stopping", at_once=True)
            elif self._registry.full:
                await self.move("full")
            else:
                await self._listen(chat, after)
        except (Gone, ClientConnectionError):
            return
        except Parked:
            await self.park()
        except BadFrame as bad:
            await self._refuse(bad)
        except StoreDown:
            await self.move("store_down")
        except Exception:  # the edge of the socket: a fault of ours must not leave the client before a dead line
            log.exception("socket_failed", conversation=self.key[1])
            await self.move("error")
        finally:
            self._registry.budget.forget(self.connection)
            if self._over is not None:
                self._over.set()

    async def _greet(self) -> tuple[VisitorChat, int]:
        """The first frame: the visitor's identity, and the last entry seen. Raises BadFrame."""
        try:
            async with asyncio.timeout(self._deps.limits.hello_seconds):
                hello = parse_frame(await self._read())
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
        self.hidden = hello.hidden
        self._limit = MAX_FRAME
        self._expires = asyncio.get_running_loop().time() + claims.expires_at / 1000 - time.time()
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
        poll = self._line if isinstance(self._line, PollLine) else None
        counts = poll is None or poll.waits  # a poll that does not wait is over before it could be a tab
        if counts and not self._registry.add(self):
            raise Parked
        self._feed = feed = Feed(chat, self.connection, send=self._line.send, broken=self.move)
        if poll is not None:
            poll.settled = feed.settled
        try:
            await self._welcome(chat, feed, after)
            while True:
                await self._understand(chat, feed, await self._read())
        except NoAccess:
            raise BadFrame("no_session", "token", OVER) from None
        finally:
            feed.stop()
            if counts:
                self._registry.remove(self)
            # In a separate task: when a connection breaks, aiohttp cancels this one in the middle of its work.
            await asyncio.shield(self._registry.see_off(self._leave(chat, feed)))

    async def _welcome(self, chat: VisitorChat, feed: Feed, after: int) -> None:
        await chat.refresh()  # again, now that change signals are received: none is missed
        refusal: BadFrame | None = None
        if chat.conversation.last_seq > 0 and not chat.ended:
            try:
                await chat.make_sure_of_task()  # a crash may have come between the first message and its task
            except BadFrame as bad:
                refusal = bad
        await feed.welcome(after)
        if refusal is not None:
            await self._line.send(_error_of(refusal))

    async def _leave(self, chat: VisitorChat, feed: Feed) -> None:
        await feed.ended()  # "here" must not be stored after "gone"
        # Who was asked to move has not left, nor has who polls: the connection runs out by itself.
        if self._moved or not self._line.answers_beats:
            return
        try:
            await chat.away(self.connection)
        except StoreDown:
            log.info("visitor_away_not_noted", conversation=self.key[1])

    # --- what the client says --------------------------------------------------------------------------------------

    async def _read(self) -> str:
        """The next frame, once the budgets allow for it. Raises Gone, and BadFrame for one that is too large."""
        while True:
            text = await self._line.receive()
            self._heard = self._beats
            size = len(text or "")
            # Also where nothing is to be waited for: frames that lie in a buffer are read without ever yielding.
            await asyncio.sleep(self._registry.budget.wait(self.connection, self.key[1], self._address, size))
            if size > self._limit:
                raise BadFrame("too_large", None, f"A frame may have {self._limit:,} characters here.")
            if text is not None:
                return text

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
            elif isinstance(frame, Visibility):
                self.hidden = frame.hidden
            elif isinstance(frame, Hello):
                raise BadFrame("bad_frame", "type", "Hello was said already.")  # noqa: TRY301  # counts as the others
        except BadFrame as bad:
            await self._line.send(_error_of(bad))
            if not self._registry.budget.bad(chat.conversation.id):
                text = "Too many frames of this chat could not be understood."
                raise BadFrame("too_many_bad_frames", None, text) from None

    async def _say(self, chat: VisitorChat, feed: Feed, frame: Say) -> None:
        wait = self._registry.messages.take(chat.conversation.id)
        if wait:
            text = "These are too many messages at once. Please wait a moment."
            await self._line.send(error_frame("too_fast", text, message_id=frame.id, after_seconds=wait))
            return
        begun = chat.conversation.begun_at is not None
        try:
            said = await chat.say(frame)
        finally:
            if not begun:
                feed.wake(Todo.HERE | Todo.LOOK)
        if said.duplicate:
            self._registry.messages.give_back(chat.conversation.id)  # a resume offers again what is here already
        await self._line.send({"type": "ack", "id": frame.id, "seq": said.seq, "at": said.at})

    async def _typing(self, chat: VisitorChat) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._typed_at >= self._deps.limits.typing_seconds:
            self._typed_at = now
            await chat.typing()

    # --- what the client hears -------------------------------------------------------------------------------------

    def rung(self, bell: Bell) -> None:
        """A change signal of this chat."""
        if self._feed is not None:
            if bell.kind == "conv":
                self._feed.wake(Todo.LOOK)
            elif bell.word == "agent":
                self._feed.wake(Todo.TYPING)

    def beat(self, last: int, public: int, deaf_times: int) -> None:
        """The common ticker: the chat's last entries, and how often this process has missed change signals.

        A client that was silent for too long is cut off: its line is dead. So is one whose token has ended.
        """
        self._beats += 1
        silent = self._line.answers_beats and self._beats - self._heard > self._deps.limits.silence_beats
        if silent:
            log.info("visitor_silent", conversation=self.key[1])
            self._line.abort()
        elif asyncio.get_running_loop().time() >= self._expires:
            self._registry.see_off(self._refuse(BadFrame("no_session", "token", OVER)))
        elif self._feed is not None:
            if deaf_times != self._deaf_times:
                self._deaf_times = deaf_times
                self._feed.wake(Todo.LOOK)
            self._feed.beat(last, public, here=self._beats % self._deps.limits.here_beats == 0)

    async def move(self, why: str, *, at_once: bool = False) -> None:
        """Ask the client to reconnect, to any server, and close.

        `at_once`: the client is served on this line until it has another one, for a while at most.
        """
        self._moved = True
        limits = self._deps.limits
        spread = limits.full_seconds if why == "full" else limits.retry_seconds
        seconds = 0.0 if at_once else round(random.uniform(*spread), 2)  # noqa: S311  # spreads, guards nothing
        hands_over = at_once and self._feed is not None and self._line.answers_beats
        if self._feed is not None and not hands_over:
            self._feed.stop()
        await self._line.send({"type": "retry", "after_seconds": seconds})
        if hands_over and await self._is_left():
            return
        if self._feed is not None:
            self._feed.stop()
        await self._line.close(WSCloseCode.TRY_AGAIN_LATER, why)

    async def _is_left(self) -> bool:
        """Whether the client has closed this line by itself, because it has another one."""
        self._over = asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(HAND_OVER_SECONDS):
                await self._over.wait()
        return self._over.is_set()

    async def park(self) -> None:
        """The page's client rests until the page is seen again."""
        if self._feed is not None:
            self._feed.stop()
        await self._line.send({"type": "park"})
        await self._line.close(WSCloseCode.TRY_AGAIN_LATER, "parked")

    def replaced(self) -> None:
        """The same page asks again: this request of it is answered with what there is."""
        self._line.abort()

    async def _refuse(self, bad: BadFrame) -> None:
        if self._feed is not None:
            self._feed.stop()
        await self._line.send(_error_of(bad))
        code = WSCloseCode.MESSAGE_TOO_BIG if bad.code == "too_large" else WSCloseCode.POLICY_VIOLATION
        await self._line.close(code, bad.code)


def _error_of(bad: BadFrame) -> dict[str, Any]:
    return error_frame(bad.code, bad.message, field=bad.field, message_id=bad.id)
