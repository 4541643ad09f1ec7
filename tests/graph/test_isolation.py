"""A slow, stuck or silent Graph takes no worker's slot for longer than one call, and nobody else's connections."""

import asyncio
import threading
from typing import Any

import pytest
from kiota_serialization_json.json_parse_node import JsonParseNode

from distribution.tasks import TaskState
from graph.client import GraphClient
from graph.errors import GraphProblem
from graph.pace import Pace
from graph.rooms import Rooms
from graph.sdk import TenantSdk
from graph.shares import AT_ONCE, Share
from store.due import RetryLater
from tests.graph.desk import Desk
from tests.graph.microsoft import TENANT, Microsoft
from tests.support import wait_until

pytestmark = pytest.mark.usefixtures("unlimited")


async def test_a_room_whose_turn_it_is_not_gives_its_slot_back_and_goes_on_where_it_was(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    now = 0.0
    desk.rooms = Rooms(
        graph=desk.graph,
        store=desk.store,
        conversations=desk.conversations,
        distributor=desk.distributor,
        directory=desk.directory,
        pace=Pace(1.1, lambda: now),
    )
    task = await desk.accepted(anna)
    runs = 0
    while await desk.handle(task):
        runs += 1
        now += 1.1
        assert runs < 10
    assert (await desk.task(task)).state is TaskState.ACTIVE
    # One call on the chat for each run, and none of them twice but for the second reading.
    made = [call["operation"] for call in await microsoft.calls() if call["operation"].startswith("Chats.")]
    assert made == [
        "Chats.Create",
        "Chats.ListMembers",
        "Chats.InstallApp",
        "Chats.ListMessages",
        "Chats.ListMessages",
    ]


async def test_a_creation_that_takes_too_long_is_a_lost_answer_and_makes_no_second_room(
    desk: Desk, microsoft: Microsoft, anna: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.sdk.TOTAL_SECONDS", {"create_chat": 0.5})
    await desk.graph.tenant(TENANT).roles()  # the token is there
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.Create", delay_ms=1000)
    assert "timeout" in await desk.handle(task)
    assert (await desk.task(task)).state is TaskState.CONNECTING
    await wait_until(lambda: microsoft.chats(anna), 5, "the chat that Graph made all the same")
    assert await desk.settle(task) is TaskState.ACTIVE
    assert len(await microsoft.calls("Chats.Create")) == 1
    assert len(await microsoft.chats(anna)) == 1


async def test_a_graph_that_stays_silent_costs_one_attempt_and_the_agent_is_free(
    desk: Desk, microsoft: Microsoft, anna: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.rooms.OPENING_PATIENCE_SECONDS", 0.0)
    await microsoft.fault("Chats.ListMembers", times=None, status=503)
    task = await desk.accepted(anna)
    assert await desk.settle(task) is TaskState.QUEUED
    found = await desk.task(task)
    assert found.why == "graph_unavailable"
    assert found.paused_until_at is not None
    agent = await desk.distributor.agent(TENANT, anna)
    assert agent is not None
    assert agent.tasks == ()


async def test_a_busy_graph_is_no_failed_opening(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    await microsoft.fault("Chats.InstallApp", times=3, status=429, retry_after=0)
    assert await desk.settle(await desk.accepted(anna)) is TaskState.ACTIVE
    assert await desk.journal("failed") == []


async def test_the_rooms_of_a_stuck_tenant_leave_connections_for_people_and_presence(
    graph: GraphClient, microsoft: Microsoft, anna: str
) -> None:
    await graph.tenant(TENANT).roles()
    await microsoft.fault("Users.ListChats", times=None, delay_ms=20_000)
    stuck = [
        asyncio.create_task(graph.ask_for_room(TENANT, lambda sdk: sdk.chats_of(anna, 1)))
        for _ in range(AT_ONCE[Share.ROOM][0])
    ]
    await wait_until(lambda: microsoft_busy(microsoft, len(stuck)), 5, "all of its places are taken")

    async def one_more(sdk: TenantSdk) -> None:
        raise AssertionError("there is no place for it")

    with pytest.raises(RetryLater):
        await graph.ask_for_room(TENANT, one_more)
    async with asyncio.timeout(5):
        assert await graph.person(TENANT, anna) is not None
        assert await graph.ask(TENANT, lambda sdk: sdk.presences([anna]), share=Share.PRESENCE) != {}
    for task in stuck:
        task.cancel()
    await asyncio.gather(*stuck, return_exceptions=True)
    await microsoft.control("DELETE", "faults")
    # Their places are free again.
    assert await graph.ask_for_room(TENANT, lambda sdk: sdk.chats_of(anna, 1)) == []


async def microsoft_busy(microsoft: Microsoft, number: int) -> bool:
    return len(await microsoft.calls("Users.ListChats")) >= number


async def test_a_person_is_told_that_graph_is_busy_instead_of_waiting_for_it(
    graph: GraphClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.shares.PEOPLE_WAIT_SECONDS", 0.1)
    held = asyncio.Event()

    async def hold(_: TenantSdk) -> None:
        await held.wait()

    busy = [asyncio.create_task(graph.ask(TENANT, hold)) for _ in range(AT_ONCE[Share.PEOPLE][0])]
    await asyncio.sleep(0)
    with pytest.raises(GraphProblem, match="too_many_calls"):
        await graph.ask(TENANT, hold)
    held.set()
    await asyncio.gather(*busy)


async def test_what_graph_answers_is_read_beside_the_event_loop(
    graph: GraphClient, anna: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of 50 chats takes the SDK a quarter of a second, in which all other messages would stand still."""
    threads: set[int] = set()
    read = JsonParseNode.get_object_value

    def noted(node: JsonParseNode, factory: Any) -> Any:
        threads.add(threading.get_ident())
        return read(node, factory)

    monkeypatch.setattr(JsonParseNode, "get_object_value", noted)
    assert await graph.person(TENANT, anna)
    assert threads
    assert threading.get_ident() not in threads
    threads.clear()
    assert anna in await graph.ask(TENANT, lambda sdk: sdk.presences([anna]))
    assert not threads, "the presence of 650 people is no 650 objects of the SDK's"
