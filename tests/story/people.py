"""The people of the story tests, each with the tools that they have in life: a WebSocket, Teams, the portal."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import aiohttp

from tests.support import wait_until

SECONDS = 30.0
Json = dict[str, Any]


class Visitor:
    """A person on the company's website; speaks the widget's protocol over a real WebSocket."""

    def __init__(self, http: aiohttp.ClientSession, app: str, widget: str, name: str = "") -> None:
        self.http, self.app, self.widget, self.name = http, app, widget, name
        self.token = ""
        self.task = ""
        self.seen = 0
        self.messages: list[Json] = []
        self.acknowledged: dict[str, int] = {}
        self.errors: list[Json] = []
        self.status: Json = {}
        self.socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None

    async def arrive(self) -> Visitor:
        body = {"widget": self.widget, "name": self.name, "page": "https://shop.example/roses", "locale": "en"}
        async with self.http.post(f"{self.app}/interact/v1/sessions", json=body) as answer:
            assert answer.status == 201, await answer.text()
            session = await answer.json()
        self.token, self.task = session["token"], session["conversation"]
        await self.connect()
        return self

    async def connect(self) -> None:
        self.socket = await self.http.ws_connect(f"{self.app}/interact/v1/socket")
        await self.socket.send_json({"type": "hello", "token": self.token, "after": self.seen})
        self._reader = asyncio.create_task(self._read(self.socket))
        await wait_until(lambda: bool(self.status), SECONDS, "the visitor is welcomed")

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is not aiohttp.WSMsgType.TEXT:
                break
            self._take(frame.json())
            if frame.json()["type"] == "beat":
                with contextlib.suppress(ConnectionError):
                    await socket.send_json({"type": "pong"})

    def _take(self, frame: Json) -> None:
        match frame["type"]:
            case "welcome" | "status":
                self.status = frame["status"]
            case "message":
                assert frame["seq"] == self.seen + 1 or frame["seq"] > self.seen, "messages come in order, once"
                self.seen = frame["seq"]
                self.messages.append(frame)
            case "ack":
                self.acknowledged[frame["id"]] = frame["seq"]
            case "error":
                self.errors.append(frame)
            case _:
                pass

    async def send(self, text: str, key: str | None = None) -> str:
        """Send without waiting; returns the id under which it will be acknowledged."""
        assert self.socket is not None
        key = key or str(uuid.uuid4())
        await self.socket.send_json({"type": "say", "id": key, "text": text})
        return key

    async def say(self, text: str, key: str | None = None) -> str:
        """Send, and wait until it is acknowledged, which means: stored."""
        key = await self.send(text, key)
        await wait_until(lambda: key in self.acknowledged, SECONDS, f"“{text}” is acknowledged")
        return key

    async def leave(self) -> None:
        assert self.socket is not None
        await self.socket.send_json({"type": "leave"})

    async def drop(self) -> None:
        """The connection is lost; nothing was said."""
        assert self.socket is not None
        await self.socket.close()
        if self._reader is not None:
            await self._reader

    def heard(self, sender: str = "agent") -> list[str]:
        return [message["text"] for message in self.messages if message["sender"] == sender]

    async def hears(self, text: str) -> None:
        await wait_until(
            lambda: text in self.heard(), SECONDS, lambda: f"the visitor reads “{text}”; received: {self.heard()}"
        )

    async def is_(self, state: str) -> None:
        await wait_until(
            lambda: self.status.get("state") == state,
            SECONDS,
            lambda: f"the visitor's chat is {state}; it is {self.status}",
        )


class Teammate:
    """An agent in Teams: sees cards and chats, clicks buttons, writes."""

    def __init__(self, http: aiohttp.ClientSession, sandbox: str, user: str, name: str) -> None:
        self.http, self.sandbox, self.user, self.name = http, sandbox, user, name

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        async with self.http.request(method, f"{self.sandbox}/teams/api/{self.user}{path}", json=body) as answer:
            assert answer.status < 300, f"{method} {path}: {answer.status} {await answer.text()}"
            return await answer.json() if answer.content_type == "application/json" else None

    async def state(self) -> Json:
        return await self.call("GET", "/state")

    async def install(self) -> None:
        await self.call("POST", "/app/install")

    async def chats(self, kind: str) -> list[Json]:
        return [chat for chat in (await self.state())["chats"] if chat["kind"] == kind]

    async def card(self, kind: str = "personal", chat: str = "") -> Json | None:
        """The newest card in the person's chat with the bot, or in a room: {chat, message, content, text}."""
        for found in await self.chats(kind):
            for message in reversed(found["messages"]):
                if message["cards"] and not message["deleted"] and chat in {"", found["id"]}:
                    content = message["cards"][-1]["content"]
                    return {"chat": found["id"], "message": message["id"], "content": content, "text": words(content)}
        return None

    async def sees(self, *texts: str, kind: str = "personal", without: tuple[str, ...] = ()) -> Json:
        """Wait for a card that shows all of `texts` and none of `without`."""
        latest: list[Json | None] = [None]

        async def shown() -> bool:
            latest[0] = card = await self.card(kind)
            return (
                card is not None
                and all(t in card["text"] for t in texts)
                and not any(t in card["text"] for t in without)
            )

        await wait_until(
            shown, SECONDS, lambda: f"{self.name} sees a card with {texts}; it shows {latest[0]}", step=0.05
        )
        assert latest[0] is not None
        return latest[0]

    async def click(self, card: Json, verb: str, inputs: Json | None = None, *, submit: bool = False) -> Json:
        action = find_action(card["content"], verb, submit=submit)
        assert action is not None, f"no button {verb!r} on the card: {card['text']}"
        chat, message = quote(card["chat"], safe=""), quote(card["message"], safe="")
        body = {"action": action, "inputs": inputs or {}}
        return await self.call("POST", f"/chats/{chat}/messages/{message}/actions", body)

    async def room(self, *, topic: str = "") -> Json:
        """The newest group chat (whose title has `topic` in it), waiting until there is one with a card in it."""
        found: list[Json] = []

        async def there() -> bool:
            found[:] = [chat for chat in await self.chats("group") if topic in chat["title"]]
            return bool(found) and any(message["cards"] for message in found[0]["messages"])

        await wait_until(there, SECONDS, f"{self.name} has a room “{topic}”", step=0.05)
        return found[0]

    async def empty_room(self, *, topic: str) -> Json:
        """The newest group chat (whose title has `topic` in it), as soon as Teams shows it, regardless of its members."""
        found: list[Json] = []

        async def there() -> bool:
            found[:] = [chat for chat in await self.chats("group") if topic in chat["title"]]
            return bool(found)

        await wait_until(there, SECONDS, f"{self.name} has a chat “{topic}”", step=0.05)
        return found[0]

    async def write(self, room: Json, text: str) -> str:
        answer = await self.call("POST", f"/chats/{quote(room['id'], safe='')}/messages", {"text": text})
        return answer["id"]

    async def read(self, room: Json) -> list[str]:
        """What stands in a room as plain words, oldest first, cards left out."""
        for chat in await self.chats("group"):
            if chat["id"] == room["id"]:
                return [message["text"] for message in chat["messages"] if not message["cards"]]
        return []

    async def reads(self, room: Json, text: str) -> None:
        async def there() -> bool:
            return any(text in line for line in await self.read(room))

        await wait_until(there, SECONDS, f"{self.name} reads “{text}” in the room", step=0.05)


class Portal:
    """A person signed in to the portal, in a separate browser (cookies, CSRF header)."""

    def __init__(self, app: str, user: str) -> None:
        self.app, self.user = app, user
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def sign_in(self) -> Portal:
        """Walk through Entra's authorization code flow as a browser does: follow, choose the person, come back."""
        async with self.http.get(f"{self.app}/auth/sign-in", allow_redirects=False) as answer:
            assert answer.status in {302, 303}, await answer.text()
            authorize = answer.headers["Location"]
        separator = "&" if "?" in authorize else "?"
        # `login_hint` is what Entra skips the account picker for; the sandbox does the same.
        async with self.http.get(f"{authorize}{separator}login_hint={self.user}") as answer:
            assert answer.status == 200, f"{answer.url}: {answer.status} {await answer.text()}"
        return self

    async def call(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        headers = {"x-usher": "1", "Origin": self.app}
        async with self.http.request(method, f"{self.app}/api/v1{path}", json=body, headers=headers) as answer:
            text = await answer.text()
            assert answer.status == expect or (expect == 200 and answer.status < 300), f"{path}: {answer.status} {text}"
            return await answer.json() if text.strip() else None

    async def state(self) -> Json:
        return await self.call("GET", "/state")

    async def shows(self, what: str, predicate: Callable[[Json], bool]) -> Json:
        latest: list[Json] = [{}]

        async def there() -> bool:
            latest[0] = await self.state()
            return predicate(latest[0])

        await wait_until(there, SECONDS, lambda: f"the portal shows {what}; it has {latest[0]}", step=0.05)
        return latest[0]

    async def close(self) -> None:
        await self.http.close()


def words(node: Any) -> str:
    """All that a person can read on a card, in order."""
    if isinstance(node, list):
        return " ".join(filter(None, (words(item) for item in node)))  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(node, dict):
        return ""
    item: Json = node  # pyright: ignore[reportUnknownVariableType]
    own = [str(item[key]) for key in ("text", "title", "label", "value", "altText") if isinstance(item.get(key), str)]
    children = [words(value) for key, value in item.items() if key not in {"data", "fallback", "refresh", "msteams"}]
    return " ".join(filter(None, [*own, *children]))


def find_action(node: Any, verb: str, *, submit: bool) -> Json | None:
    """The Action.Execute (or its Action.Submit fallback) of a verb, anywhere on a card."""
    if isinstance(node, list):
        found = (find_action(item, verb, submit=submit) for item in node)  # pyright: ignore[reportUnknownVariableType]
        return next((action for action in found if action), None)
    if not isinstance(node, dict):
        return None
    item: Json = node  # pyright: ignore[reportUnknownVariableType]
    if item.get("type") == "Action.Execute" and item.get("verb") == verb:
        return item["fallback"] if submit else item
    found = (find_action(value, verb, submit=submit) for key, value in item.items() if key != "refresh")
    return next((action for action in found if action), None)
