"""Long polling: what is special about it. That it carries a whole chat like a socket, tests/interact/test_chat.py shows."""

import asyncio
import json
from typing import Any

import pytest

from store.connection import Store
from tests.interact.door import Door, open_door
from tests.interact.visitor import SITE, Visitor
from tests.support import wait_until, with_halves

PAGE = "a-page-of-this-visitor"


async def poll(door: Door, visitor: Visitor, *, origin: str | None = SITE, **fields: Any) -> tuple[int, Any]:
    """Status and body of one request."""
    body: dict[str, Any] = {
        "token": visitor.token,
        "after": 0,
        "connection": PAGE,
        "wait": False,
        "frames": [],
        **fields,
    }
    headers = {"Origin": origin} if origin else {}
    async with door.http.post(f"{door.base}/interact/v1/poll", json=body, headers=headers) as response:
        assert response.headers.get("Access-Control-Allow-Origin") == origin
        return response.status, await response.json()


def kinds(answer: Any) -> list[str]:
    return [frame["type"] for frame in answer["frames"]]


async def test_one_request_brings_what_is_said_and_takes_what_there_is(door: Door) -> None:
    visitor = await door.visitor().begin()
    frames = [{"type": "say", "id": f"message-{n}", "text": f"{n}"} for n in range(3)]
    status, answer = await poll(door, visitor, frames=frames)
    assert (status, answer["frames"][0]["type"], answer["close"]) == (200, "welcome", None)
    assert [f["id"] for f in answer["frames"] if f["type"] == "ack"] == ["message-0", "message-1", "message-2"]
    shown = [f["text"] for f in answer["frames"] if f["type"] == "message"]
    assert [text for text in shown if text != "Welcome."] == ["0", "1", "2"]
    _, again = await poll(door, visitor, frames=frames)
    assert [f["seq"] for f in again["frames"] if f["type"] == "ack"] == [
        f["seq"] for f in answer["frames"] if f["type"] == "ack"
    ]


async def test_a_waiting_request_is_answered_by_a_message_from_any_replica(store: Store, tenant: str) -> None:
    async with open_door(store, tenant) as one, open_door(store, tenant) as two:
        visitor = await one.visitor().begin()
        await poll(one, visitor, frames=[{"type": "say", "id": "message-1", "text": "Hello"}])
        await wait_until(lambda: len_of(one, visitor, 2), 10, "the greeting")
        _, before = await poll(two, visitor, after=2)
        waiting = asyncio.create_task(poll(two, visitor, after=2, wait=True, mark=before["mark"]))
        await wait_until(lambda: len(two.sockets) == 1, 5, "the waiting request")
        await one.agent_says(visitor, "Good morning")
        _, answer = await waiting
        assert [f["text"] for f in answer["frames"] if f["type"] == "message"] == ["Good morning"]


async def len_of(door: Door, visitor: Visitor, count: int) -> bool:
    return len(await door.transcript(visitor)) == count


async def test_a_state_that_changed_between_two_requests_is_news_by_the_mark(door: Door) -> None:
    visitor = await door.visitor().begin()
    _, first = await poll(door, visitor)
    await poll(door, visitor, frames=[{"type": "leave"}])
    _, answer = await poll(door, visitor, wait=True, mark=first["mark"])
    assert answer["mark"] != first["mark"]
    assert answer["frames"][0]["status"]["state"] == "ended"


async def test_a_newer_request_of_the_same_page_ends_the_older_one(door: Door) -> None:
    visitor = await door.visitor().begin()
    older = asyncio.create_task(poll(door, visitor, wait=True))
    await wait_until(lambda: len(door.sockets) == 1, 5, "the first request")
    newer = asyncio.create_task(poll(door, visitor, wait=True))
    _, answer = await older
    assert kinds(answer) == ["welcome"]
    assert not newer.done()
    newer.cancel()
    await wait_until(lambda: len(door.sockets) == 0, 5, "the end of a request whose page has gone")


async def test_a_stopping_process_answers_the_requests_that_wait(door: Door) -> None:
    visitor = await door.visitor().begin()
    waiting = asyncio.create_task(poll(door, visitor, wait=True))
    await wait_until(lambda: len(door.sockets) == 1, 5, "the waiting request")
    await door.sockets.close_all("stopping")
    _, answer = await waiting
    assert kinds(answer)[-1] == "retry"
    assert answer["close"] == 1013
    status, answer = await poll(door, visitor)
    assert (status, answer["error"]["code"]) == (503, "stopping")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"token": 7}, "token"),
        ({"after": -1}, "after"),
        ({"connection": "short"}, "connection"),
        ({"connection": "an id with blanks"}, "connection"),
        ({"wait": "yes"}, "wait"),
        ({"frames": [7]}, "frames"),
        ({"frames": [{"type": "pong"}] * 101}, "frames"),
    ],
)
async def test_a_request_that_cannot_be_understood_names_the_field(
    door: Door, fields: dict[str, Any], field: str
) -> None:
    visitor = await door.visitor().begin()
    status, answer = await poll(door, visitor, **fields)
    assert (status, answer["error"]["field"]) == (400, field)


async def test_a_bad_frame_is_answered_beside_the_good_ones(door: Door) -> None:
    visitor = await door.visitor().begin()
    _, answer = await poll(door, visitor, frames=[{"type": "dance"}, {"type": "say", "id": "message-1", "text": "Hi"}])
    assert {"error", "ack"} <= set(kinds(answer))


async def test_another_websites_page_gets_nothing(door: Door) -> None:
    visitor = await door.visitor().begin()
    _, answer = await poll(door, visitor, origin="https://evil.example")
    assert (kinds(answer), answer["frames"][0]["code"], answer["close"]) == (["error"], "wrong_origin", 1008)


async def test_half_characters_are_refused_by_the_name_of_their_field(door: Door) -> None:
    visitor = await door.visitor().begin()
    headers = {"Origin": SITE, "Content-Type": "application/json"}

    async def post(path: str, body: Any) -> tuple[int, Any]:
        address = f"{door.base}/interact/v1/{path}"
        async with door.http.post(address, data=json.dumps(body), headers=headers) as answer:
            return answer.status, await answer.json()

    frames: list[dict[str, Any]] = [
        {"type": "say", "id": "message-1", "text": "Hello"},
        {"type": "visibility", "hidden": False},
        {"type": "typing"},
    ]
    poll_body = {"token": visitor.token, "after": 0, "connection": PAGE, "wait": False, "frames": frames, "mark": "x"}
    session = {"widget": door.widgets["garden-advice"], "name": "Ada", "email": "a@b.example", "locale": "en",
               "page": f"{SITE}/x", "earlier": "x", "newer": {"x": "x"}, "privacy_accepted": True}  # fmt: skip
    for path, whole, good in (("poll", poll_body, 200), ("sessions", session, 201)):
        status, answer = await post(path, whole)
        assert (status, answer.get("close")) == (good, None)
        for body in with_halves(whole):
            [field] = [name for name in {*body, *whole} if body.get(name) != whole.get(name)]
            status, answer = await post(path, body)
            error = answer.get("error", {})
            assert (status, error.get("field")) == (400, field if field in whole else None), body
            assert error["message"]
