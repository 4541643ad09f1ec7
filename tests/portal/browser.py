"""A person's browser: a separate session, JSON calls checked against the OpenAPI document, and an open page."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientResponse, ClientSession
from jsonschema import Draft202012Validator

from identity.sessions import Identity
from portal.routes import API, DOCUMENT
from tests.support import wait_until

SOON = 15.0
"""Seconds; a page that never shows it fails later, on a busy machine too."""

Json = dict[str, Any]


class Browser:
    """`headers` go with every call: the session's cookie, and what one of Usher's own pages sends.

    `recorded`: the session's record on its way into the store.
    """

    def __init__(
        self,
        http: ClientSession,
        base: str,
        cookie: str,
        identity: Identity | None = None,
        recorded: Awaitable[None] | None = None,
    ) -> None:
        self.http = http
        self.base = base
        self.identity = identity
        self._recorded = recorded
        self.headers = {"Cookie": cookie, "x-usher": "1", "Origin": base}

    async def _signed_in(self) -> None:
        if self._recorded is not None:
            await self._recorded

    async def call(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        """The JSON answer (None if there is none), after it was held against the document."""
        status, found = await self.raw(method, path, body)
        assert status == expect, f"{method} {path}: {status} {found}"
        return found

    async def raw(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        await self._signed_in()
        async with self.http.request(
            method, f"{self.base}{API}{path}", json=body, headers=self.headers | (headers or {})
        ) as answer:
            text = await answer.text()
            found = json.loads(text) if text else None
            hold_against_document(method, path, answer, found)
            return answer.status, found

    async def refused(self, method: str, path: str, body: Any = None, *, expect: int) -> Json:
        """The error of a call that must be refused."""
        error = (await self.call(method, path, body, expect=expect))["error"]
        assert error["message"], "a refusal needs words"
        return error

    async def state(self) -> Json:
        return await self.call("GET", "/state")

    async def sees(self, what: str, predicate: Callable[[Json], Any]) -> Any:
        async def there() -> Any:
            return predicate(await self.state())

        return await wait_until(there, SOON, f"the portal shows {what}", step=0.02)

    @asynccontextmanager
    async def page(self, surface: str = "") -> AsyncGenerator["Page"]:
        """An open page: it has its first snapshot when this begins."""
        await self._signed_in()
        query = {"surface": surface} if surface else {}
        async with self.http.get(f"{self.base}{API}/events", params=query, headers=self.headers) as line:
            assert line.status == 200, await line.text()
            page = Page(line)
            reading = asyncio.create_task(page.read())
            try:
                await wait_until(lambda: page.shown, 5, "the first snapshot")
                yield page
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


class Page:
    """What an open page shows: the snapshot, with every update applied as web/portal does it."""

    def __init__(self, line: ClientResponse) -> None:
        self._line = line
        self.shown: Json = {}
        self.notices: list[Json] = []
        self.beats: list[Json] = []
        self.updates: list[Json] = []
        self.ended = False

    async def read(self) -> None:
        event = ""
        async for raw in self._line.content:
            line = raw.decode().rstrip("\n")
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                self._take(event, json.loads(line.removeprefix("data: ")))
        self.ended = True

    def hang_up(self) -> None:
        """The connection is lost."""
        self._line.close()

    def _take(self, event: str, data: Json) -> None:
        match event:
            case "snapshot":
                _hold({"$ref": "#/components/schemas/Snapshot"}, data)
                self.shown = data
            case "state":
                self.updates.append(data)
                self.shown = self.shown | data["pieces"] | {"revision": data["revision"], "at": data["at"]}
            case "notice":
                self.notices.append(data)
            case "beat":
                self.beats.append(data)
            case _:
                raise AssertionError(f"an unknown event: {event}")

    async def shows(self, what: str, predicate: Callable[[Json], Any]) -> Any:
        return await wait_until(lambda: predicate(self.shown), 8, f"the open page shows {what}")


def hold_against_document(method: str, path: str, answer: ClientResponse, found: Any) -> None:
    """The answer's status and body are what the document promises for this call."""
    parts = path.partition("?")[0].split("/")
    templates = {name.removeprefix(API): paths for name, paths in DOCUMENT["paths"].items()}
    [operations] = [paths for name, paths in templates.items() if _same(name.split("/"), parts)]
    responses = operations[method.lower()]["responses"]
    assert str(answer.status) in responses, f"{method} {path}: {answer.status} is not in the document: {found}"
    content = responses[str(answer.status)].get("content", {})
    if content.get("application/json"):
        _hold(content["application/json"]["schema"], found)
    elif not content:
        assert found is None


def _same(template: list[str], parts: list[str]) -> bool:
    return len(template) == len(parts) and all(
        a == b or a.startswith("{") for a, b in zip(template, parts, strict=True)
    )


def _hold(schema: Json, body: Any) -> None:
    Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(body)  # pyright: ignore[reportUnknownMemberType] jsonschema is half typed
