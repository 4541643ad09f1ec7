"""The room of a chat that is handed on: one room, the new agent in it, the one before out of it."""

from collections.abc import AsyncIterator

import pytest

from distribution.agents import Presence
from distribution.tasks import TaskState, Via
from graph.client import GraphClient
from store.connection import Store
from tests.graph.desk import Desk, furnish
from tests.graph.microsoft import TENANT, Microsoft

TOPIC = "Garden Advice ¦ Mia"


@pytest.fixture(autouse=True)
async def unlimited(microsoft: Microsoft) -> AsyncIterator[None]:
    await microsoft.control("PUT", "limits", enabled=False)
    yield
    await microsoft.control("PUT", "limits", enabled=True)


@pytest.fixture
async def people(microsoft: Microsoft) -> tuple[str, str]:
    return await microsoft.person("Anna Meier"), await microsoft.person("Ben Okafor")


async def handed_on(desk: Desk, people: tuple[str, str]) -> str:
    """Anna talks, and has handed it on to Ben, who has accepted."""
    anna, ben = people
    task = await desk.accepted(anna)
    assert await desk.settle(task) is TaskState.ACTIVE
    await desk.distributor.set_registered(TENANT, ben, registered=True)
    await desk.distributor.set_presence(TENANT, {ben: Presence.AVAILABLE})
    answer = await desk.distributor.transfer(TENANT, task, anna, to_user=ben, via=Via.ROOM)
    assert answer.ok, answer
    assert answer.task is not None
    assert (await desk.distributor.accept(TENANT, task, answer.task.offer or "", ben, Via.CARD)).ok
    return task


async def test_the_new_agent_comes_into_the_same_room_and_the_one_before_leaves(
    store: Store, graph: GraphClient, microsoft: Microsoft, people: tuple[str, str]
) -> None:
    desk = await furnish(store, graph, *people)
    task = await handed_on(desk, people)
    assert await microsoft.chats(people[0]) == [TOPIC]
    assert await desk.settle(task) is TaskState.ACTIVE
    await desk.handle(task)
    found = await desk.task(task)
    assert (found.agent, found.handed_on) == (people[1], (people[0],))
    assert len(await microsoft.calls("Chats.Create")) == 1
    [added] = await microsoft.calls("Chats.AddMember")
    assert added["body"]["visibleHistoryStartDateTime"].startswith("0001-01-01"), "he reads what was said before"
    assert await microsoft.chats(people[0]) == []
    assert await microsoft.chats(people[1]) == [TOPIC]


async def test_teams_does_not_let_the_new_agent_in_so_the_chat_stays_with_the_first(
    store: Store, graph: GraphClient, microsoft: Microsoft, people: tuple[str, str]
) -> None:
    """microsoft-graph-docs#19197: RosterAddMemberBlocked."""
    desk = await furnish(store, graph, *people)
    task = await handed_on(desk, people)
    await microsoft.fault("Chats.AddMember", status=403, code="Forbidden", message="RosterAddMemberBlocked", times=None)
    assert await desk.settle(task) is TaskState.ACTIVE
    found = await desk.task(task)
    assert (found.agent, found.holder, found.handed_on) == (people[0], None, ())
    assert await microsoft.chats(people[0]) == [TOPIC]
    assert (await desk.journal("returned"))[-1]["user"] == people[0]


async def test_it_is_taken_back_while_the_new_agent_comes_in(
    store: Store, graph: GraphClient, microsoft: Microsoft, people: tuple[str, str]
) -> None:
    anna, ben = people
    desk = await furnish(store, graph, anna, ben)
    task = await handed_on(desk, people)
    before = desk.distributor.opened

    async def too_late(tenant: str, id_: str, *, at: int = 0) -> object:
        await desk.distributor.take_back(tenant, id_, anna, Via.ROOM)
        return await before(tenant, id_, at=at)

    desk.distributor.opened = too_late  # type: ignore[method-assign,assignment]  # the moment that matters
    await desk.handle(task)
    found = await desk.task(task)
    assert (found.state, found.agent) == (TaskState.ACTIVE, anna)
    assert await microsoft.chats(ben) == []
