"""What a visitor's socket sends by itself: messages in order, the status when it changed, beats.

Nothing waits here. A change sets a flag; a short-lived task, one at a time for each socket, sends what the
flags ask for, so that frames never overtake each other.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from enum import IntFlag, auto
from typing import Any, Final

import structlog

from conversations.messages import NoAccess
from interact.chat import VisitorChat
from interact.frames import dump
from store.connection import StoreDown

log = structlog.get_logger(__name__)

ALL_DELIVERED: Final = dump({"type": "delivery", "late_from": None, "failed": []})

PAGE: Final = 200
"""Messages read at once; a longer transcript is sent page by page."""


class Todo(IntFlag):
    """What a socket is woken for."""

    NOTHING = 0
    HERE = auto()  # tell the distributor that this connection lives
    LOOK = auto()  # messages behind the cursor, and the status
    TYPING = auto()
    BEAT = auto()


class Feed:
    """Sends to one socket. `broken` is called when it cannot go on: StoreDown, or anything unforeseen."""

    __slots__ = (
        "_broken",
        "_chat",
        "_connection",
        "_counted",
        "_cursor",
        "_delivery",
        "_late",
        "_open",
        "_public",
        "_pump",
        "_send",
        "_status",
        "_todo",
    )  # ten thousand of these are kept

    def __init__(
        self,
        chat: VisitorChat,
        connection: str,
        *,
        send: Callable[[dict[str, Any]], Awaitable[bool]],
        broken: Callable[[str], Awaitable[None]],
    ) -> None:
        self._chat = chat
        self._connection = connection
        self._send = send
        self._broken = broken
        self._todo = Todo.NOTHING
        self._pump: asyncio.Task[None] | None = None
        self._open = False
        self._cursor = 0
        self._public = 0
        self._status = ""
        self._delivery = ALL_DELIVERED
        self._late: asyncio.TimerHandle | None = None  # when a message may count as late
        self._counted = False  # the distributor knows of this connection

    async def welcome(self, after: int) -> None:
        """Say where the chat stands; then come all messages behind `after`, and whatever happens."""
        conversation = self._chat.conversation
        # A client that has seen more than there is keeps what was lost here, and offers it again.
        self._cursor = min(after, conversation.last_seq)
        self._public = conversation.last_public_seq
        await self._be_here()
        status = await self._chat.status()
        self._status = dump(status)
        await self._send({"type": "welcome", "last": self._public, "status": status})
        self._open = True
        self.wake(Todo.LOOK)

    def stop(self) -> None:
        """Send nothing more."""
        self._open = False
        if self._late is not None:
            self._late.cancel()

    async def ended(self) -> None:
        """Return once nothing is under way: what is said of this connection then comes after all that it said itself."""
        if self._pump is not None:
            await asyncio.wait((self._pump,))

    async def settled(self) -> None:
        """Look once more, and return once all that is known is sent."""
        self.wake(Todo.LOOK)
        while self._pump is not None:
            await asyncio.wait((self._pump,))

    def wake(self, todo: Todo) -> None:
        """Something has changed. Quick, and callable from a change signal."""
        self._todo |= todo
        if self._open and self._pump is None:
            self._pump = asyncio.get_running_loop().create_task(self._work())

    def beat(self, last: int, public: int, *, here: bool) -> None:
        """The common ticker: the chat's last entry, and the last one that the visitor may see."""
        self._public = max(self._public, public)
        todo = Todo.BEAT
        if here:
            todo |= Todo.HERE
        if last > self._cursor or self._delivery != ALL_DELIVERED:  # a change signal may have been lost
            todo |= Todo.LOOK
        self.wake(todo)

    async def _work(self) -> None:
        try:
            while self._open and self._todo:
                todo, self._todo = self._todo, Todo.NOTHING
                await self._do(todo)
        except StoreDown:
            await self._broken("store_down")
        except NoAccess:
            await self._broken("gone")
        except Exception:  # the edge of a task: nobody awaits it, and the client must not sit before a dead socket
            log.exception("feed_failed", conversation=self._chat.conversation.id)
            await self._broken("error")
        finally:
            self._pump = None

    async def _do(self, todo: Todo) -> None:
        if Todo.HERE in todo:
            await self._be_here()
            await self._send_status()
        if Todo.LOOK in todo:
            await self._send_messages()
            await self._chat.refresh()
            if not self._counted:  # another tab said the first word
                await self._be_here()
            await self._send_status()
            await self._send_delivery()
        if Todo.TYPING in todo:
            await self._send({"type": "typing"})
        if Todo.BEAT in todo:
            await self._send({"type": "beat", "last": self._public})

    async def _be_here(self) -> None:
        if self._chat.task is not None:
            await self._chat.here(self._connection)
            self._counted = True

    async def _send_messages(self) -> None:
        full = True
        while full:
            messages = await self._chat.read(self._cursor, PAGE)
            full = len(messages) == PAGE
            for message in messages:
                frame = self._chat.shown(message)
                if frame is not None:
                    if not await self._send(frame):
                        return
                    self._public = max(self._public, message.seq)
                self._cursor = message.seq

    async def _send_delivery(self) -> None:
        """What has not reached the room: told when it becomes late or fails, and when it has arrived after all."""
        now = round(time.time() * 1000)
        frame, next_at = await self._chat.delivery(now)
        if self._late is not None:
            self._late.cancel()
            self._late = None
        if next_at is not None and self._open:
            loop = asyncio.get_running_loop()
            self._late = loop.call_later((next_at - now) / 1000 + 0.05, self.wake, Todo.LOOK)
        text = dump(frame)
        if text != self._delivery:
            self._delivery = text
            await self._send(frame)

    async def _send_status(self) -> None:
        status = await self._chat.status()
        text = dump(status)
        if text != self._status:
            self._status = text
            await self._send({"type": "status", "status": status})
