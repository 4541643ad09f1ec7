"""The room of a chat that is handed on: the new agent in it, the one before out of it; where Teams refuses that, a second one."""

import pytest

from conversations.messages import Conversation, Sender
from distribution.agents import Presence
from distribution.scripts import distribution_scripts
from distribution.tasks import Task, TaskState, Via
from graph.client import GraphClient
from graph.rooms import MOST_WAITS
from store.connection import Store, StoreDown
from store.keys import root
from tests.graph.desk import Desk, furnish
from tests.graph.microsoft import TENANT, Microsoft
from tests.support import wait_until

pytestmark = pytest.mark.usefixtures("unlimited")

TOPIC = "Garden Advice ¦ Mia"


@pytest.fixture
async def people(microsoft: Microsoft) -> tuple[str, str]:
    return await microsoft.person("Anna Meier"), await microsoft.person("Ben Okafor")


async def handed_on(desk: Desk, people: tuple[str, str], *, direct: bool = False) -> str:
    """Anna talks, and has handed it on to Ben, who has accepted."""
    anna, ben = people
    task = await (desk.accepted(anna, service=None, user=anna) if direct else desk.accepted(anna))
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


async def test_the_one_before_stays_where_the_service_says_so(
    store: Store, graph: GraphClient, microsoft: Microsoft, people: tuple[str, str]
) -> None:
    desk = await furnish(store, graph, *people, service="stays_after_transfer = true")
    task = await handed_on(desk, people)
    assert await desk.settle(task) is TaskState.ACTIVE
    assert [await microsoft.chats(person) for person in people] == [[TOPIC], [TOPIC]]
    assert (await desk.task(task)).handed_on == (people[0],)


async def test_chats_without_a_service_have_a_setting_of_their_own(
    store: Store, graph: GraphClient, microsoft: Microsoft, people: tuple[str, str]
) -> None:
    desk = await furnish(store, graph, *people, direct="stays_after_transfer = true")
    task = await handed_on(desk, people)
    await desk.settle(task)
    assert await microsoft.chats(people[0]) == [], "the service lets nobody stay"
    assert (await desk.distributor.terminate(TENANT, task, by="agent", actor=people[1], via=Via.ROOM)).ok
    await desk.settle(await handed_on(desk, people, direct=True))
    assert await microsoft.chats(people[0]) == ["Anna Meier ¦ Mia"]


async def test_who_has_lost_the_chat_does_not_stay_in_any_case(
    store: Store, graph: GraphClient, microsoft: Microsoft, people: tuple[str, str]
) -> None:
    anna, ben = people
    desk = await furnish(store, graph, anna, ben, service="stays_after_transfer = true\nagent_lost_seconds = 1")
    task = await desk.accepted(anna)
    assert await desk.settle(task) is TaskState.ACTIVE
    await desk.distributor.set_registered(TENANT, ben, registered=True)
    await desk.distributor.set_presence(TENANT, {anna: Presence.OFFLINE, ben: Presence.AVAILABLE})

    async def offered() -> Task | None:
        await store.run(distribution_scripts()["fire"], root(TENANT), tenant="", limit=8, at=0)
        found = await desk.task(task)
        return found if found.state is TaskState.OFFERED else None

    offer = (await wait_until(offered, 5, "Ben to be asked")).offer
    assert (await desk.distributor.accept(TENANT, task, offer or "", ben, Via.CARD)).ok
    assert await desk.settle(task) is TaskState.ACTIVE
    assert (await desk.task(task)).handed_on == (anna,)
    assert [await microsoft.chats(person) for person in people] == [[], [TOPIC]]


async def test_the_new_agent_may_not_be_added_so_the_chat_stays_with_the_first(
    store: Store, graph: GraphClient, microsoft: Microsoft, people: tuple[str, str]
) -> None:
    desk = await furnish(store, graph, *people)
    task = await handed_on(desk, people)
    await microsoft.fault("Chats.AddMember", status=403, code="Forbidden", message="No.", times=None)
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


async def blocked(microsoft: Microsoft) -> None:
    """microsoft-graph-docs#19197."""
    await microsoft.fault("Chats.AddMember", status=403, code="Forbidden", message="RosterAddMemberBlocked", times=None)


async def room_of(desk: Desk, task: str) -> Conversation:
    found = await desk.conversations.get(TENANT, task)
    assert found is not None
    return found


async def test_teams_lets_nobody_else_in_so_the_chat_goes_on_in_another_room(
    store: Store, graph: GraphClient, microsoft: Microsoft, people: tuple[str, str]
) -> None:
    anna, ben = people
    desk = await furnish(store, graph, anna, ben)
    task = await handed_on(desk, people)
    before = await room_of(desk, task)
    await desk.conversations.say(
        TENANT, task, sender=Sender.VISITOR, author="Mia", author_id="", text="Still there?", client_id="1"
    )
    await blocked(microsoft)
    assert await desk.settle(task) is TaskState.ACTIVE
    assert (await desk.task(task)).agent == ben
    now = await room_of(desk, task)
    assert now.chat_id != before.chat_id
    assert (now.left, now.opening_seq) == ((before.chat_id,), now.last_seq), "its card tells all that was said"
    assert await desk.conversations.by_room(TENANT, before.chat_id) == task
    assert await desk.conversations.by_room(TENANT, now.chat_id) == task
    assert await desk.conversations.next_batch(TENANT, task) is None
    assert await microsoft.chats(anna) == [TOPIC], "what she had she may read"
    assert await microsoft.chats(ben) == [TOPIC]
    tried = len(await microsoft.calls("Chats.AddMember"))
    assert await desk.handle(task) == ""
    assert len(await microsoft.calls("Chats.Create")) == 2
    assert len(await microsoft.calls("Chats.AddMember")) == tried


@pytest.mark.parametrize("operation", ["Chats.Create", "Chats.InstallApp"])
async def test_a_lost_answer_makes_no_third_room(
    store: Store, graph: GraphClient, microsoft: Microsoft, people: tuple[str, str], operation: str
) -> None:
    desk = await furnish(store, graph, *people)
    task = await handed_on(desk, people)
    await blocked(microsoft)
    await microsoft.fault(operation, drop="after", status=504)
    assert "unavailable" in await desk.handle(task)
    assert (await room_of(desk, task)).left == ()
    assert await desk.settle(task) is TaskState.ACTIVE
    assert len((await room_of(desk, task)).left) == 1
    assert len(await microsoft.calls("Chats.Create")) == 2


async def test_a_worker_that_dies_before_it_moves_the_chat_moves_it_later(
    store: Store, graph: GraphClient, microsoft: Microsoft, people: tuple[str, str]
) -> None:
    desk = await furnish(store, graph, *people)
    task = await handed_on(desk, people)
    await blocked(microsoft)
    before = await room_of(desk, task)

    async def dies(*_args: str, **_more: str) -> bool:
        raise StoreDown("killed")

    with pytest.MonkeyPatch.context() as patch:  # only the moment that matters: the worker after him lives
        patch.setattr(desk.conversations, "move_room", dies)
        with pytest.raises(StoreDown):
            await desk.handle(task)
    assert (await desk.task(task)).agent == people[1]
    assert await desk.settle(task) is TaskState.ACTIVE
    assert (await room_of(desk, task)).left == (before.chat_id,)
    assert len(await microsoft.calls("Chats.Create")) == 2


@pytest.mark.parametrize("ends", ["taken back", "visitor left"])
async def test_what_ends_meanwhile_leaves_no_second_room(
    store: Store, graph: GraphClient, microsoft: Microsoft, people: tuple[str, str], ends: str
) -> None:
    anna, ben = people
    desk = await furnish(store, graph, anna, ben)
    task = await handed_on(desk, people)
    before = await room_of(desk, task)
    await blocked(microsoft)
    await microsoft.fault("Chats.InstallApp", status=503)
    assert "unavailable" in await desk.handle(task)
    assert await microsoft.chats(ben) == [TOPIC]
    if ends == "taken back":
        assert (await desk.distributor.take_back(TENANT, task, anna, Via.ROOM)).ok
    else:
        assert (await desk.distributor.visitor_left(TENANT, task)).ok
    await desk.settle(task)
    assert await microsoft.chats(ben) == []
    now = await room_of(desk, task)
    assert (now.chat_id, now.left) == (before.chat_id, ())
    assert await microsoft.chats(anna) == [TOPIC]


async def test_handed_on_to_somebody_else_meanwhile_the_room_is_his(
    store: Store, graph: GraphClient, microsoft: Microsoft, people: tuple[str, str]
) -> None:
    anna, ben = people
    cleo = await microsoft.person("Cleo Banks")
    desk = await furnish(store, graph, anna, ben, cleo)
    task = await handed_on(desk, people)
    await blocked(microsoft)
    await microsoft.fault("Chats.InstallApp", status=503)
    assert "unavailable" in await desk.handle(task)
    await desk.distributor.take_back(TENANT, task, anna, Via.ROOM)
    await desk.distributor.set_registered(TENANT, cleo, registered=True)
    await desk.distributor.set_presence(TENANT, {cleo: Presence.AVAILABLE})
    answer = await desk.distributor.transfer(TENANT, task, anna, to_user=cleo, via=Via.ROOM)
    assert answer.task is not None
    assert (await desk.distributor.accept(TENANT, task, answer.task.offer or "", cleo, Via.CARD)).ok
    assert await desk.settle(task) is TaskState.ACTIVE
    assert await microsoft.chats(ben) == []
    assert await microsoft.chats(cleo) == [TOPIC]
    assert len((await room_of(desk, task)).left) == 1


@pytest.mark.parametrize("refused", ["Chats.DeleteMember", "Chats.ListMessages"])
async def test_a_graph_that_never_answers_is_not_asked_for_ever(
    store: Store, graph: GraphClient, microsoft: Microsoft, people: tuple[str, str], refused: str
) -> None:
    desk = await furnish(store, graph, *people)
    await microsoft.fault(refused, status=503, times=None)
    task = await handed_on(desk, people)
    assert await desk.settle(task) is TaskState.ACTIVE
    assert (await desk.task(task)).agent == people[1], "the chat goes on"
    assert MOST_WAITS < len(await microsoft.calls(refused)) <= 4 * MOST_WAITS
