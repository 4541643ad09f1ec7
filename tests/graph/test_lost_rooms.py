"""The room of a running talk breaks: it is mended, or the talk waits for another agent, who gets a room of their own."""

import asyncio
import time

import pytest

from conversations.messages import Sender
from distribution.agents import Presence, Reason
from distribution.tasks import Outcome, TaskState, Via
from distribution.user_session import OfferResult
from graph.client import GraphClient
from graph.sdk import OTHER_SECONDS
from graph.shares import AT_ONCE, Share
from store.connection import Store
from tests.graph.desk import Desk, furnish
from tests.graph.microsoft import TENANT, Microsoft, operations
from tests.support import wait_until

pytestmark = pytest.mark.usefixtures("unlimited")


async def talking(desk: Desk, agent: str) -> tuple[str, str]:
    task = await desk.accepted(agent)
    assert await desk.settle(task) is TaskState.ACTIVE
    conversation = await desk.conversations.get(TENANT, task)
    assert conversation is not None
    return task, conversation.chat_id


async def test_a_bot_that_was_removed_comes_back_and_reads_what_it_missed(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task, chat = await talking(desk, anna)
    await microsoft.control("POST", "chats/remove-bot", chat=chat)
    await microsoft.teams("POST", anna, f"/chats/{chat}/messages", text="Are you still there?")
    await desk.rooms.broke(TENANT, chat, "bot_removed")
    assert await desk.settle(task) is TaskState.ACTIVE
    said = await desk.conversations.read(TENANT, task, 0)
    assert [(message.sender, message.text) for message in said] == [(Sender.AGENT, "Are you still there?")]
    assert len(await microsoft.calls("Chats.InstallApp")) == 2
    before = len(operations(await microsoft.calls()))
    assert await desk.handle(task) == ""
    assert len(operations(await microsoft.calls())) == before


async def test_where_the_bot_cannot_come_back_the_task_waits_for_another_agent(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task, chat = await talking(desk, anna)
    await microsoft.control("POST", "chats/remove-bot", chat=chat)
    await microsoft.fault("Chats.InstallApp", times=None, status=403, code="Forbidden")
    await desk.rooms.broke(TENANT, chat, "bot_removed")
    assert await desk.settle(task) is TaskState.QUEUED
    found = await desk.task(task)
    assert (found.why, found.broken, found.past[anna]) == ("bot_removed", "bot_removed", OfferResult.FAILED)
    assert await desk.journal("room_lost") == [
        {"task": task, "service": "garden-advice", "user": anna, "why": "bot_removed"}
    ]


async def test_an_agent_who_is_out_of_the_room_has_lost_the_talk(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    task, chat = await talking(desk, anna)
    await microsoft.teams("POST", anna, f"/chats/{chat}/leave")
    await desk.rooms.broke(TENANT, chat, "agent_removed")
    assert await desk.settle(task) is TaskState.QUEUED
    assert (await desk.task(task)).why == "agent_removed"


async def test_another_agent_gets_a_room_of_their_own_with_all_that_was_said(
    store: Store, graph: GraphClient, microsoft: Microsoft, anna: str
) -> None:
    ben = await microsoft.person("Ben Okafor")
    desk = await furnish(store, graph, anna, ben)
    task, chat = await talking(desk, anna)
    await microsoft.control("POST", "chats/delete", chat=chat)
    await desk.distributor.set_presence(TENANT, {ben: Presence.AVAILABLE})
    await desk.distributor.set_registered(TENANT, ben, True)
    await desk.rooms.broke(TENANT, chat, "room_lost")
    assert await desk.settle(task) is TaskState.OFFERED
    offered = await desk.task(task)
    assert (offered.invited, offered.broken) == ((ben,), "room_lost")
    assert (await desk.distributor.accept(TENANT, task, offered.offer or "", ben, Via.PORTAL)).ok
    assert await desk.settle(task) is TaskState.ACTIVE
    conversation = await desk.conversations.get(TENANT, task)
    assert conversation is not None
    assert (conversation.chat_id != chat, conversation.left) == (True, (chat,))
    assert len(await microsoft.chats(ben)) == 1
    await desk.distributor.terminate(TENANT, task, by="agent", actor=ben, via=Via.PORTAL)
    assert (await desk.task(task)).outcome is Outcome.HANDLED


async def test_a_talk_that_nobody_takes_over_ends_as_an_error_with_its_reason(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task, chat = await talking(desk, anna)
    await microsoft.control("POST", "chats/delete", chat=chat)
    await desk.rooms.broke(TENANT, chat, "bot_removed")
    assert await desk.settle(task) is TaskState.QUEUED
    await desk.distributor.visitor_left(TENANT, task)
    ended = await desk.task(task)
    assert (ended.state, ended.outcome, ended.why) == (TaskState.CLOSED, Outcome.ERROR, "room_lost")


async def test_a_false_alarm_changes_nothing(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    task, chat = await talking(desk, anna)
    await desk.rooms.broke(TENANT, chat, "agent_removed")
    await desk.rooms.broke(TENANT, "19:elsewhere@thread.v2", "room_lost")
    assert await desk.settle(task) is TaskState.ACTIVE
    assert await desk.journal("room_lost") == []


async def test_a_busy_graph_is_waited_for_but_not_for_long(
    desk: Desk, microsoft: Microsoft, anna: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, chat = await talking(desk, anna)
    await microsoft.fault("Chats.ListMembers", times=None, status=503)
    await desk.rooms.broke(TENANT, chat, "bot_removed")
    assert "unavailable" in await desk.handle(task)
    assert (await desk.task(task)).state is TaskState.ACTIVE
    monkeypatch.setattr("graph.mending.PATIENCE_MS", 0)
    assert await desk.handle(task) == ""
    assert (await desk.task(task)).why == "bot_removed"


async def test_the_talk_of_an_agent_deleted_in_entra_waits_for_another(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    """Teams keeps them among the members of the room, and tells nobody."""
    task, _ = await talking(desk, anna)
    await microsoft.control("POST", "users/delete", user=anna)
    await desk.distributor.set_presence(TENANT, {anna: Presence.DELETED})
    await desk.rooms.user_gone(TENANT, anna)
    assert await desk.settle(task) is TaskState.QUEUED
    assert (await desk.task(task)).broken == "agent_removed"
    await desk.distributor.visitor_left(TENANT, task)
    ended = await desk.task(task)
    assert (ended.outcome, ended.why) == (Outcome.ERROR, "agent_removed")


async def test_a_doubt_about_an_agent_takes_no_talk_away(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    task, _ = await talking(desk, anna)
    await desk.rooms.user_gone(TENANT, anna)
    assert await desk.settle(task) is TaskState.ACTIVE
    assert await desk.journal("room_lost") == []


@pytest.mark.parametrize(("who", "word"), [("agent", "no_such_user"), ("second", "no_such_second_person")])
async def test_a_room_for_somebody_deleted_is_not_opened_and_says_who_it_is(
    store: Store, graph: GraphClient, microsoft: Microsoft, anna: str, who: str, word: str
) -> None:
    olivia = await microsoft.person("Olivia Hart")
    desk = await furnish(store, graph, anna, alone=False, service=f'second_person = "{olivia}"')
    task = await desk.accepted(anna)
    await microsoft.control("POST", "users/delete", user=anna if who == "agent" else olivia)
    assert await desk.settle(task) is TaskState.QUEUED
    assert (await desk.task(task)).why == word
    agent = await desk.distributor.agent(TENANT, anna)
    assert agent is not None
    assert (Reason.DELETED in agent.reasons["garden-advice"]) is (who == "agent")


async def test_a_graph_that_hangs_keeps_nobody_waiting_and_what_was_missed_is_fetched_when_it_is_back(
    desk: Desk, microsoft: Microsoft, anna: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told after the mender's patience, not after Graph's time limit; words written after that were not for the visitor."""
    task, chat = await talking(desk, anna)
    await microsoft.control("POST", "chats/remove-bot", chat=chat)
    await microsoft.teams("POST", anna, f"/chats/{chat}/messages", text="Are you still there?")
    await microsoft.fault("Chats.ListMembers", times=None, delay_ms=60_000)
    monkeypatch.setattr("graph.mending.PATIENCE_MS", 0)
    await desk.rooms.broke(TENANT, chat, "bot_removed")
    began = time.monotonic()
    assert await desk.settle(task) is TaskState.QUEUED
    assert time.monotonic() - began < OTHER_SECONDS, "nobody waited for the call to be given up"
    await microsoft.teams("POST", anna, f"/chats/{chat}/messages", text="I have lost this one.")
    await microsoft.control("DELETE", "faults")
    assert await desk.fetch_missed() == [task]
    said = await desk.conversations.read(TENANT, task, 0)
    assert [(message.sender, message.text) for message in said] == [(Sender.AGENT, "Are you still there?")]


async def test_a_bot_that_is_back_keeps_the_room_whose_history_hangs(
    desk: Desk, microsoft: Microsoft, anna: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, chat = await talking(desk, anna)
    await microsoft.control("POST", "chats/remove-bot", chat=chat)
    await microsoft.teams("POST", anna, f"/chats/{chat}/messages", text="Are you still there?")
    await microsoft.fault("Chats.ListMessages", times=1, delay_ms=60_000)
    monkeypatch.setattr("graph.mending.PATIENCE_MS", 0)
    await desk.rooms.broke(TENANT, chat, "bot_removed")
    assert await desk.settle(task) is TaskState.ACTIVE
    assert await desk.conversations.read(TENANT, task, 0) == []
    assert await desk.fetch_missed() == [task]
    assert [message.text for message in await desk.conversations.read(TENANT, task, 0)] == ["Are you still there?"]


async def test_calls_that_hang_elsewhere_keep_nobody_of_a_broken_room_waiting(
    desk: Desk, graph: GraphClient, microsoft: Microsoft, anna: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, chat = await talking(desk, anna)
    await desk.rooms.broke(TENANT, chat, "bot_removed")
    await microsoft.fault("Chats.ListMembers", times=None, delay_ms=60_000)
    before, places = len(await microsoft.calls("Chats.ListMembers")), AT_ONCE[Share.ROOM][0]

    async def hang() -> None:
        await graph.ask_for_room(TENANT, lambda sdk: sdk.members(chat))

    async def all_hang() -> bool:
        return len(await microsoft.calls("Chats.ListMembers")) == before + places

    calls = [asyncio.create_task(hang()) for _ in range(places)]
    try:
        await wait_until(all_hang, 10, "that as many calls hang as there may be")
        assert "in flight" in await desk.handle(task)
        monkeypatch.setattr("graph.mending.PATIENCE_MS", 0)
        assert await desk.handle(task) == ""
    finally:
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
    assert (await desk.task(task)).why == "bot_removed"


async def test_what_was_missed_is_not_looked_for_after_the_end(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    task, chat = await talking(desk, anna)
    await desk.rooms.missed.fetch_later(TENANT, task, chat)
    await desk.distributor.visitor_left(TENANT, task)
    before = len(await microsoft.calls())
    assert await desk.fetch_missed() == [task]
    assert len(await microsoft.calls()) == before
