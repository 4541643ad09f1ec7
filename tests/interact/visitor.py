"""A visitor's client, as small as it can be: it speaks the real protocol over real sockets, and remembers what it saw."""

import asyncio
import json
import uuid
from typing import Any, Self

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

SITE = "https://www.fabrikam.example"
Frame = dict[str, Any]


class Line:
    """One open socket. `seen`: every frame that came, in order; `close_code` once it is closed."""

    def __init__(self, ws: ClientWebSocketResponse) -> None:
        self.ws = ws
        self.seen: list[Frame] = []
        self._read_to = 0
        self._news = asyncio.Condition()
        self.closed = False
        self.answers_beats = True
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for message in self.ws:
                assert message.type is WSMsgType.TEXT
                frame: Frame = json.loads(message.data)
                if frame["type"] == "beat" and self.answers_beats:
                    await self.send({"type": "pong"})
                async with self._news:
                    self.seen.append(frame)
                    self._news.notify_all()
        finally:
            async with self._news:
                self.closed = True
                self._news.notify_all()

    async def send(self, frame: Frame | str) -> None:
        await self.ws.send_str(frame if isinstance(frame, str) else json.dumps(frame))

    async def say(self, text: str, message_id: str = "") -> str:
        """Send a message and return its id; nobody waits for the acknowledgement here."""
        sent = message_id or str(uuid.uuid4())
        await self.send({"type": "say", "id": sent, "text": text})
        return sent

    async def said(self, text: str, message_id: str = "") -> Frame:
        """Send a message and wait for its acknowledgement."""
        sent = await self.say(text, message_id)
        return await self.expect("ack", id=sent)

    async def expect(self, kind: str, /, **fields: Any) -> Frame:
        """The next frame of this kind with these fields that nobody has expected yet; others in between are passed over."""
        try:
            async with asyncio.timeout(10), self._news:
                while True:
                    while self._read_to < len(self.seen):
                        frame = self.seen[self._read_to]
                        self._read_to += 1
                        if frame["type"] == kind and fields.items() <= frame.items():
                            return frame
                    assert not self.closed, f"closed with {self.ws.close_code} before {kind} {fields} came: {self.seen}"
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no {kind} {fields} within 10 s; came: {self.seen}") from None

    async def expect_any(self, *kinds: str) -> Frame:
        """The next frame of any of these kinds."""
        async with asyncio.timeout(10), self._news:
            while True:
                while self._read_to < len(self.seen):
                    frame = self.seen[self._read_to]
                    self._read_to += 1
                    if frame["type"] in kinds:
                        return frame
                assert not self.closed
                await self._news.wait()

    async def status(self, state: str) -> Frame:
        """Wait until the chat stands so; returns the status."""
        try:
            async with asyncio.timeout(10), self._news:
                while True:
                    statuses = [frame["status"] for frame in self.seen if "status" in frame]
                    if statuses and statuses[-1]["state"] == state:
                        return statuses[-1]
                    assert not self.closed, f"closed before {state}: {self.seen}"
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"never {state} within 10 s; came: {self.seen}") from None

    async def texts(self, *wanted: str) -> None:
        """Wait until exactly these messages (of kind text) were shown, in this order."""
        try:
            async with asyncio.timeout(10), self._news:
                await self._news.wait_for(lambda: self.shown() == list(wanted) or len(self.shown()) > len(wanted))
        except TimeoutError:
            pass
        assert self.shown() == list(wanted)

    def messages(self) -> list[Frame]:
        """Every message that came, edits and deletes included."""
        return [frame for frame in self.seen if frame["type"] == "message"]

    def shown(self) -> list[str]:
        """The texts of all messages that came."""
        return [frame["text"] for frame in self.messages()]

    def last_seq(self) -> int:
        """The place of the last message that came."""
        return max((frame["seq"] for frame in self.messages()), default=0)

    async def ended(self) -> int | None:
        """Wait for the close and return its code."""
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(lambda: self.closed)
        return self.ws.close_code

    async def drop(self) -> None:
        """The line breaks: no close frame, no good-bye."""
        self.ws._writer.transport.abort()  # pyright: ignore[reportPrivateUsage]  # nothing public breaks a line
        await asyncio.wait([self._reader])

    async def close(self) -> None:
        await self.ws.close()
        await asyncio.wait([self._reader])


class PolledLine(Line):
    """The same line without a WebSocket: a request that waits, one after the other, and one for each frame that is sent."""

    def __init__(self, http: ClientSession, base: str, headers: dict[str, str]) -> None:  # pyright: ignore[reportMissingSuperCall]
        self._http = http
        self._url = f"{base}/interact/v1/poll"
        self._headers = headers
        self.seen = []
        self._read_to = 0
        self._news = asyncio.Condition()
        self.closed = False
        self._code: int | None = None
        self._id = uuid.uuid4().hex
        self._token = ""
        self._after = 0
        self._mark = ""
        self._status: Any = None
        self._polling: asyncio.Task[None] | None = None

    async def send(self, frame: Frame | str) -> None:
        assert isinstance(frame, dict), "only a WebSocket carries what is no JSON"
        if frame["type"] == "hello":
            self._token, self._after = frame["token"], frame["after"]
            await self._ask(wait=False)
            if not self.closed:
                self._polling = asyncio.create_task(self._poll())
        else:
            await self._ask(frame, wait=False)

    async def _poll(self) -> None:
        while not self.closed:
            await self._ask(wait=True)

    async def _ask(self, *frames: Frame, wait: bool) -> None:
        body = {
            "token": self._token,
            "after": self._after,
            "connection": self._id,
            "wait": wait,
            "mark": self._mark,
            "frames": frames,
        }
        async with self._http.post(self._url, json=body, headers=self._headers) as response:
            answer = await response.json()
            assert response.status == 200, answer
        async with self._news:
            self._hear(answer)
            self._news.notify_all()

    def _hear(self, answer: dict[str, Any]) -> None:
        last = 0
        frames: list[Frame] = answer["frames"]
        for frame in frames:
            if frame["type"] == "welcome":
                last = frame["last"]
                if self._status is not None:  # a page knows this one already, unless it has changed
                    frame = {"type": "status", "status": frame["status"]}  # noqa: PLW2901
            if frame["type"] == "status" and frame["status"] == self._status:
                continue
            self._status = frame.get("status", self._status)
            if frame["type"] == "message":
                seq = int(frame["seq"])
                if seq <= self._after:
                    continue
                self._after = seq
            self.seen.append(frame)
        self._mark = answer["mark"]
        self.seen.append({"type": "beat", "last": max(last, self._after)})
        if answer["close"] is not None:
            self.closed, self._code = True, answer["close"]

    async def ended(self) -> int | None:
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(lambda: self.closed)
        return self._code

    async def drop(self) -> None:
        self.closed = True
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.wait([self._polling])

    async def close(self) -> None:
        await self.drop()


class Visitor:
    """A browser on a website: starts a session, opens lines, comes back."""

    def __init__(
        self, http: ClientSession, base: str, widget: str, *, origin: str | None = SITE, polls: bool = False
    ) -> None:
        """`polls`: the network lets no WebSocket through."""
        self.polls = polls
        self.http = http
        self.base = base
        self.widget = widget
        self.headers = {"Origin": origin} if origin else {}
        self.conversation = ""
        self.token = ""
        self.lines: list[Line] = []

    async def begin(self, **body: Any) -> Self:
        """Start a session."""
        status, answer = await self.post({"widget": self.widget, **body})
        assert status == 201, answer
        self.conversation, self.token = answer["conversation"], answer["token"]
        return self

    async def post(self, body: Any, **headers: str) -> tuple[int, Any]:
        """Ask for a session; returns status and body."""
        url = f"{self.base}/interact/v1/sessions"
        async with self.http.post(url, json=body, headers={**self.headers, **headers}) as response:
            return response.status, await response.json()

    async def line(self) -> Line:
        """Open a socket, or what stands for one; no hello yet."""
        if self.polls:
            line: Line = PolledLine(self.http, self.base, self.headers)
        else:
            line = Line(await self.http.ws_connect(f"{self.base}/interact/v1/socket", headers=self.headers))
        self.lines.append(line)
        return line

    async def enter(self, *, after: int = 0) -> Line:
        """Open a socket and be welcomed."""
        line = await self.line()
        await line.send({"type": "hello", "token": self.token, "after": after})
        await line.expect("welcome")
        return line

    async def try_to_enter(self, *, after: int = 0) -> Line | None:
        """Open a socket; None while the door asks to come back later."""
        line = await self.line()
        await line.send({"type": "hello", "token": self.token, "after": after})
        first = await line.expect_any("welcome", "retry")
        return line if first["type"] == "welcome" else None

    async def close(self) -> None:
        for line in self.lines:
            await line.close()
