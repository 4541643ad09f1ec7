"""From Accept to the room, on the real store, distributor and directory, and Microsoft as the sandbox plays it."""

import asyncio
from typing import Any

import pytest

from conversations.messages import Sender
from distribution.tasks import TaskState
from distribution.user_session import OfferResult
from graph.client import GraphClient
from graph.facts import Seat
from graph.pace import SECONDS, Pace
from graph.permissions import INSTALL_IN_CHAT, RSC
from graph.rooms import Rooms
from store.connection import Store
from tests.graph.desk import Desk, furnish
from tests.graph.microsoft import ALL_GRANTED, TENANT, Microsoft, operations
from tests.support import wait_until

pytestmark = pytest.mark.usefixtures("unlimited")

TOPIC = "Garden Advice ¦ Mia"


async def revoke(desk: Desk, microsoft: Microsoft, permission: str) -> None:
    """An admin withdraws it, and the hour is over in which our token would still have it."""
    await microsoft.control("POST", "consent", granted=[name for name in ALL_GRANTED if name != permission])
    desk.graph.tenant(TENANT).forget_token()


async def test_after_accept_the_room_is_there_with_agent_and_bot(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    task = await desk.accepted(anna)
    assert await desk.settle(task) is TaskState.ACTIVE
    [created] = await microsoft.calls("Chats.Create")
    assert created["body"]["chatType"] == "group"
    assert created["body"]["topic"] == TOPIC
    [installed] = await microsoft.calls("Chats.InstallApp")
    consented = installed["body"]["consentedPermissionSet"]["resourceSpecificPermissions"]
    assert [entry["permissionValue"] for entry in consented] == [permission.name for permission in RSC]
    conversation = await desk.conversations.get(TENANT, task)
    assert conversation is not None
    assert await desk.conversations.by_room(TENANT, conversation.chat_id) == task
    assert conversation.chat_url.startswith("http")
    assert await microsoft.chats(anna) == [TOPIC]


class CountedPace(Pace):
    """Knows how often it has spaced calls on one chat."""

    turns = 0

    def take(self, chat: str) -> float:
        wait = super().take(chat)
        self.turns += wait == 0
        return wait


async def test_with_microsofts_limits_on_nothing_is_refused_and_it_takes_under_four_seconds(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    await microsoft.control("PUT", "limits", enabled=True)
    pace = CountedPace()
    desk.rooms = Rooms(
        graph=desk.graph,
        store=desk.store,
        conversations=desk.conversations,
        distributor=desk.distributor,
        directory=desk.directory,
        pace=pace,
    )
    task = await desk.accepted(anna)

    async def opened() -> bool:
        return (await desk.task(task)).state is TaskState.ACTIVE

    working = asyncio.create_task(desk.settle(task))
    await wait_until(opened, 10, "the room being open")
    # What takes the time is the distance between calls on the chat; all else is six calls, as fast as the machine is.
    assert pace.turns * SECONDS < 4.0
    assert len(operations(await microsoft.calls())) <= 6
    assert await working is TaskState.ACTIVE
    assert all(call["status"] < 300 for call in await microsoft.calls() if call["operation"].startswith("Chats."))


async def test_handled_again_it_changes_nothing(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    task = await desk.accepted(anna)
    await desk.settle(task)
    before = operations(await microsoft.calls())
    assert await desk.handle(task) == ""
    assert operations(await microsoft.calls()) == before


async def test_a_chat_straight_to_a_user_is_named_after_him(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    task = await desk.accepted(anna, service=None, user=anna)
    await desk.settle(task)
    assert await microsoft.chats(anna) == ["Anna Meier ¦ Mia"]


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"drop": "after", "status": 504}])
async def test_a_lost_answer_does_not_make_a_second_room(
    desk: Desk, microsoft: Microsoft, anna: str, fault: dict[str, Any]
) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.Create", **fault)
    assert "create_chat: unavailable" in await desk.handle(task)
    assert (await desk.task(task)).state is TaskState.CONNECTING
    assert await desk.settle(task) is TaskState.ACTIVE
    assert len(await microsoft.calls("Chats.Create")) == 1
    assert await microsoft.chats(anna) == [TOPIC]


async def test_a_request_that_never_arrived_is_made_again_once_that_is_sure(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.Create", drop="before")
    await desk.handle(task)
    assert "looking for it" in await desk.handle(task)  # it may still appear
    assert len(await microsoft.calls("Chats.Create")) == 1
    assert await desk.settle(task) is TaskState.ACTIVE
    assert len(await microsoft.calls("Chats.Create")) == 2
    assert await microsoft.chats(anna) == [TOPIC]


@pytest.mark.parametrize("operation", ["Chats.Create", "Chats.ListMembers", "Chats.InstallApp"])
async def test_a_worker_that_dies_at_any_call_leaves_one_room(
    desk: Desk, microsoft: Microsoft, anna: str, operation: str
) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault(operation, delay_ms=300)  # longer than it takes to die, shorter than `settle_seconds`
    working = asyncio.create_task(desk.handle(task))
    await wait_until(lambda: microsoft.calls(operation), 5, f"{operation} being asked", step=0.02)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert await desk.settle(task) is TaskState.ACTIVE
    assert len(await microsoft.calls("Chats.Create")) == 1
    assert await microsoft.chats(anna) == [TOPIC]


async def test_a_worker_that_dies_before_telling_finds_the_room_bound(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task = await desk.accepted(anna)
    await desk.conversations.bind_room(TENANT, task, "19:x@thread.v2", "https://teams.example/x")
    assert await desk.settle(task) is TaskState.ACTIVE
    assert operations(await microsoft.calls()) == ["Users.Get"]  # the company's load; no room was asked for


async def test_two_customers_of_one_name_have_a_room_each(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    first = await desk.accepted(anna)
    await microsoft.fault("Chats.Create", drop="before")  # and so the first finds nothing of its own
    await desk.handle(first)
    ben = await microsoft.person("Ben Okafor")
    other_desk = await furnish(desk.store, desk.graph, anna, ben)
    second = await other_desk.accepted(ben)
    # The second one's room has the same name; that the first one's agent is in it as well is Teams' doing.
    sdk = desk.graph.tenant(TENANT)
    await desk.settle(second)
    [chat] = await sdk.chats_of(ben, 1)
    await sdk.add_member(chat.id, Seat(anna))
    await desk.store.delete(*await desk.store.scan("*:room-claim:*"))  # a day later only the binding tells
    assert await desk.settle(first) is TaskState.ACTIVE
    rooms = [await desk.conversations.get(TENANT, task) for task in (first, second)]
    assert len({room.chat_id for room in rooms if room is not None}) == 2


async def test_an_unbound_room_is_taken_by_one_task_only(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    """Both answers are lost; two rooms of one name stand there; each task takes one."""
    ben = await microsoft.person("Ben Okafor")
    desk = await furnish(desk.store, desk.graph, anna, ben)
    first = await desk.accepted(anna)
    second = await desk.accepted(ben)
    await microsoft.fault("Chats.Create", drop="after", times=2)
    await desk.handle(first)
    await desk.handle(second)
    sdk = desk.graph.tenant(TENANT)
    for chat, newcomer in ((await sdk.chats_of(anna, 1), ben), (await sdk.chats_of(ben, 1), anna)):
        await sdk.add_member(chat[0].id, Seat(newcomer))
    await asyncio.gather(desk.settle(first), desk.settle(second))
    rooms = [await desk.conversations.get(TENANT, task) for task in (first, second)]
    assert len({room.chat_id for room in rooms if room is not None}) == 2
    assert len(await microsoft.calls("Chats.Create")) == 2


async def test_throttled_the_task_waits_as_long_as_graph_asks_and_the_journal_says_why(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.Create", status=429, code="TooManyRequests", retry_after=11, times=3)
    assert [await desk.handle(task) for _ in range(3)] == ["create_chat: throttled (429 TooManyRequests)"] * 3
    assert (await desk.task(task)).state is TaskState.CONNECTING
    assert await desk.journal("room_waits") == [{"task": task, "why": "create_chat-throttled"}]
    assert await desk.settle(task) is TaskState.ACTIVE
    assert len(await microsoft.calls("Chats.Create")) == 4  # a refusal is known to have made nothing


async def test_after_a_503_a_look_comes_before_the_next_attempt(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.Create", drop="after", status=503)  # it was made all the same
    await desk.handle(task)
    assert await desk.handle(task) == ""  # at once: nothing to wait for
    assert len(await microsoft.calls("Chats.Create")) == 1


async def test_while_graph_is_down_the_task_waits_and_then_goes_on(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.InstallApp", status=503, times=2)
    assert "install_in_chat: unavailable" in await desk.handle(task)
    assert await desk.settle(task) is TaskState.ACTIVE
    assert len(await microsoft.calls("Chats.Create")) == 1


async def test_a_room_that_microsoft_does_not_know_yet_is_waited_for(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.ListMembers", status=404, code="NotFound", times=2)
    assert "members: not_found" in await desk.handle(task)
    assert await desk.settle(task) is TaskState.ACTIVE
    assert len(await microsoft.calls("Chats.Create")) == 1


async def test_a_room_that_somebody_deleted_is_made_anew(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.ListMembers", status=404, code="NotFound", times=6)
    assert await desk.settle(task) is TaskState.ACTIVE
    assert len(await microsoft.calls("Chats.Create")) == 2


async def test_a_new_room_is_not_given_up_for_what_went_wrong_before(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task = await desk.accepted(anna)
    for problem, times in ((503, 6), (404, 6), (404, 2)):  # down; then the room is deleted; then its successor is new
        await microsoft.fault("Chats.ListMembers", status=problem, code="Ordered", times=times)
        for _ in range(times):
            await desk.handle(task)
    assert await desk.settle(task) is TaskState.ACTIVE
    assert len(await microsoft.calls("Chats.Create")) == 2


async def test_a_room_that_goes_again_and_again_gives_the_task_back(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.ListMembers", status=404, code="NotFound", times=13)
    assert await desk.settle(task) is TaskState.QUEUED
    assert (await desk.task(task)).why == "refused-NotFound"
    assert len(await microsoft.calls("Chats.Create")) == 2


async def test_an_app_whose_id_is_not_known_any_more_is_looked_up_again(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.InstallApp", status=404, code="NotFound", times=6)
    assert await desk.settle(task) is TaskState.QUEUED
    assert (await microsoft.chats(anna), len(await microsoft.calls("Chats.Create"))) == ([], 1)
    before = len(await microsoft.calls("Apps.List"))
    assert await desk.graph.catalogue_id(TENANT) is not None
    assert len(await microsoft.calls("Apps.List")) == before + 1


async def test_a_bot_that_is_there_already_is_fine(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.InstallApp", drop="after", status=409, code="Conflict")
    assert await desk.settle(task) is TaskState.ACTIVE


async def test_an_agent_whom_teams_left_out_is_brought_in(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.ListMembers", delay_ms=1500)
    working = asyncio.create_task(desk.handle(task))
    [asked] = await wait_until(lambda: microsoft.calls("Chats.ListMembers"), 5, "the look at the members", step=0.02)
    chat, sdk = await microsoft.chat_of(asked), desk.graph.tenant(TENANT)
    [member] = await sdk.members(chat)
    await sdk.remove_member(chat, member.membership)
    assert await working == ""
    assert (await desk.task(task)).state is TaskState.ACTIVE
    assert await microsoft.chats(anna) == [TOPIC]


async def test_an_agent_whom_teams_does_not_let_in_gets_no_room(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    """Nobody is connected with a room that he is not in, however often it was said that he is."""
    task = await desk.accepted(anna)

    async def looked(times: int) -> bool:
        return len(await microsoft.calls("Chats.ListMembers")) == times

    await microsoft.fault("Chats.ListMembers", delay_ms=1500)
    working = asyncio.create_task(desk.handle(task))
    await wait_until(lambda: looked(1), 10, "the look at the members", step=0.02)
    [asked] = await microsoft.calls("Chats.ListMembers")
    chat, sdk = await microsoft.chat_of(asked), desk.graph.tenant(TENANT)
    [member] = await sdk.members(chat)
    await sdk.remove_member(chat, member.membership)
    await microsoft.fault("Chats.ListMembers", delay_ms=1500)
    await wait_until(lambda: looked(3), 10, "another look, after he was added", step=0.02)
    assert len(await microsoft.calls("Chats.AddMember")) == 1
    await sdk.remove_member(chat, member.membership)
    assert await working == ""
    found = await desk.task(task)
    assert (found.state, found.why) == (TaskState.QUEUED, "agent_left_out")
    assert await microsoft.chats(anna) == []


async def test_a_missing_permission_gives_the_task_back_and_is_named(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task = await desk.accepted(anna)
    await revoke(desk, microsoft, "Chat.Create")
    assert await desk.settle(task) is TaskState.QUEUED
    found = await desk.task(task)
    assert found.why == "not_granted-Chat.Create"
    assert found.past[anna] is OfferResult.FAILED
    agent = await desk.distributor.agent(TENANT, anna)
    assert agent is not None
    assert agent.tasks == ()


async def test_a_room_without_a_bot_is_no_room(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    task = await desk.accepted(anna)
    await revoke(desk, microsoft, INSTALL_IN_CHAT.name)
    assert await desk.settle(task) is TaskState.QUEUED
    assert (await desk.task(task)).why == f"not_granted-{INSTALL_IN_CHAT.name}"
    assert await microsoft.chats(anna) == []  # nothing is left in his Teams


async def test_an_app_that_nobody_uploaded_is_named(store: Store, microsoft: Microsoft, anna: str) -> None:
    client = microsoft.client(external_id="00000000-0000-4000-8000-000000000000")
    try:
        desk = await furnish(store, client, anna)
        task = await desk.accepted(anna)
        assert await desk.settle(task) is TaskState.QUEUED
        assert (await desk.task(task)).why == "app_not_in_catalogue"
    finally:
        await client.close()


async def test_an_agent_whom_teams_does_not_know_is_named(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.Create", status=404, code="NotFound")
    assert await desk.settle(task) is TaskState.QUEUED
    assert (await desk.task(task)).why == "no_such_user"


async def test_the_services_first_owner_sits_in_the_room(
    store: Store, graph: GraphClient, microsoft: Microsoft, anna: str
) -> None:
    await microsoft.control("PUT", "policy", single_human_chats=False)
    owner = await microsoft.person("Olivia Hart")
    desk = await furnish(store, graph, anna, owner=owner, alone=False)
    assert await desk.settle(await desk.accepted(anna)) is TaskState.ACTIVE
    assert await microsoft.chats(owner) == [TOPIC]
    assert [len(call["body"]["members"]) for call in await microsoft.calls("Chats.Create")] == [2]


async def test_a_designated_account_sits_in_the_room_instead_of_the_owner(
    store: Store, graph: GraphClient, microsoft: Microsoft, anna: str
) -> None:
    await microsoft.control("PUT", "policy", single_human_chats=False)
    owner = await microsoft.person("Olivia Hart")
    desk_account = await microsoft.person("Garden Desk", upn="desk@fabrikam.example")
    desk = await furnish(
        store, graph, anna, owner=owner, alone=False, service='second_person = "desk@fabrikam.example"'
    )
    assert await desk.settle(await desk.accepted(anna)) is TaskState.ACTIVE
    assert (await microsoft.chats(owner), await microsoft.chats(desk_account)) == ([], [TOPIC])


async def test_without_a_second_person_no_room_is_asked_for_and_an_admin_is_not_put_into_it(
    store: Store, graph: GraphClient, microsoft: Microsoft, anna: str
) -> None:
    await microsoft.control("PUT", "policy", single_human_chats=False)
    admin = await microsoft.person("Ada Min")
    desk = await furnish(store, graph, anna, alone=False)
    await desk.directory.grant_first_admin(TENANT, admin, "ada@fabrikam.example", "Ada Min")
    task = await desk.accepted(anna)
    assert await desk.settle(task) is TaskState.QUEUED
    assert (await desk.task(task)).why == "no_second_person"
    assert await microsoft.calls("Chats.Create") == []
    assert await microsoft.chats(admin) == []


async def test_a_chat_straight_to_a_user_has_the_second_person_of_the_direct_settings(
    store: Store, graph: GraphClient, microsoft: Microsoft, anna: str
) -> None:
    await microsoft.control("PUT", "policy", single_human_chats=False)
    second = await microsoft.person("Olivia Hart")
    desk = await furnish(store, graph, anna, alone=False, direct=f'second_person = "{second}"')
    assert await desk.settle(await desk.accepted(anna, service=None, user=anna)) is TaskState.ACTIVE
    assert await microsoft.chats(second) == ["Anna Meier ¦ Mia"]


async def test_one_odd_answer_changes_nothing_for_the_next_room(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    """A 400 without a clear message and a 412 were seen; neither says anything about how many people Teams wants."""
    await microsoft.fault("Chats.Create", status=400, code="BadRequest", message="Bad Request")
    first = await desk.accepted(anna)
    assert await desk.settle(first) is TaskState.QUEUED
    assert (await desk.task(first)).why == "refused-BadRequest"
    await desk.distributor.visitor_left(TENANT, first)
    await microsoft.fault("Chats.Create", status=412, code="PreconditionFailed", message="Precondition Failed")
    assert await desk.settle(await desk.accepted(anna, "Noah")) is TaskState.ACTIVE
    assert [len(call["body"]["members"]) for call in await microsoft.calls("Chats.Create")] == [1, 1, 1]


async def test_where_a_room_of_one_is_accepted_but_refused_by_teams_that_is_said(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    await microsoft.control("PUT", "policy", single_human_chats=False)
    task = await desk.accepted(anna)
    assert await desk.settle(task) is TaskState.QUEUED
    assert (await desk.task(task)).why == "one_person_refused"


async def test_somebody_without_teams_is_named_as_the_cause(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    await microsoft.control("PUT", "policy", without_teams=[anna])
    task = await desk.accepted(anna)
    assert await desk.settle(task) is TaskState.QUEUED
    assert (await desk.task(task)).why == "person_refused"


@pytest.mark.parametrize("operation", ["Chats.Create", "Chats.ListMembers", "Chats.InstallApp"])
async def test_a_visitor_who_leaves_meanwhile_leaves_no_room_behind(
    desk: Desk, microsoft: Microsoft, anna: str, operation: str
) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault(operation, drop="after", status=504)
    await desk.handle(task)  # the answer was lost, and then
    await desk.distributor.visitor_left(TENANT, task)
    assert await desk.settle(task) is TaskState.CLOSED
    assert await microsoft.chats(anna) == []
    assert len(await microsoft.calls("Chats.Create")) == 1


async def test_a_room_that_may_still_appear_is_waited_for_before_the_task_is_forgotten(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.Create", drop="before")
    await desk.handle(task)
    await desk.distributor.visitor_left(TENANT, task)
    assert "nobody needs" in await desk.handle(task)
    assert await desk.settle(task) is TaskState.CLOSED
    before = operations(await microsoft.calls())
    assert await desk.handle(task) == ""
    assert operations(await microsoft.calls()) == before


async def test_a_visitor_who_leaves_before_a_room_was_asked_for_costs_no_call(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task = await desk.accepted(anna)
    await desk.distributor.visitor_left(TENANT, task)
    assert await desk.settle(task) is TaskState.CLOSED
    assert operations(await microsoft.calls()) == ["Users.Get"]


async def test_while_the_room_opens_a_visitor_leaves_and_the_room_goes(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.InstallApp", delay_ms=1000)
    working = asyncio.create_task(desk.handle(task))
    await wait_until(lambda: microsoft.calls("Chats.InstallApp"), 5, "the bot's installation", step=0.02)
    await desk.distributor.visitor_left(TENANT, task)
    await working
    assert await desk.settle(task) is TaskState.CLOSED
    assert await microsoft.chats(anna) == []
    conversation = await desk.conversations.get(TENANT, task)
    assert conversation is not None
    assert not conversation.chat_id


async def test_words_of_the_second_person_do_not_break_the_silence(
    store: Store, graph: GraphClient, microsoft: Microsoft, anna: str
) -> None:
    olivia = await microsoft.person("Olivia Hart")
    desk = await furnish(store, graph, anna, alone=False, service=f'second_person = "{olivia}"')
    task = await desk.accepted(anna)
    assert await desk.settle(task) is TaskState.ACTIVE
    before = (await desk.task(task)).last_word_at

    async def say(user: str) -> None:
        await desk.conversations.say(
            TENANT, task, sender=Sender.AGENT, author="", author_id=user, text="Hello", client_id=f"from {user}"
        )

    await say(olivia)
    assert (await desk.task(task)).last_word_at == before
    await say(anna)
    assert (await desk.task(task)).last_word_at != before
