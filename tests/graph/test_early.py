"""What an agent writes in his room before the bot is in it: carried over, in order, once."""

import asyncio
import time

import pytest

from conversations.messages import Message, Sender
from conversations.teams_text import client_id_of
from distribution.tasks import TaskState, Via
from graph.client import GraphClient
from graph.facts import Seat
from graph.pace import Pace
from graph.rooms import Rooms
from store.connection import Store
from store.keys import root
from tests.graph.desk import Desk, furnish
from tests.graph.microsoft import TENANT, Microsoft
from tests.support import wait_until

pytestmark = pytest.mark.usefixtures("unlimited")


async def write(microsoft: Microsoft, user: str, chat: str, text: str) -> str:
    return (await microsoft.teams("POST", user, f"/chats/{chat}/messages", text=text))["id"]


async def said(desk: Desk, task: str) -> list[Message]:
    return await desk.conversations.read(TENANT, task, 0)


async def written_at_once(desk: Desk, microsoft: Microsoft, anna: str, *texts: str) -> tuple[str, list[str]]:
    """A task whose agent wrote this while the bot was still on its way: (task, ids of the messages)."""
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.InstallApp", delay_ms=1500)
    working = asyncio.create_task(desk.handle(task))
    chat = await microsoft.chat_with(anna)
    ids = [await write(microsoft, anna, chat, text) for text in texts]
    await working
    return task, ids


async def test_what_was_written_before_the_bot_came_is_in_the_conversation(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task, ids = await written_at_once(desk, microsoft, anna, "Hello 👍", "// ask Ben", "one\n\n3 < 4", "Back soon")
    assert (await desk.task(task)).state is TaskState.ACTIVE
    found = await said(desk, task)
    assert [(message.sender, message.text) for message in found] == [
        (Sender.AGENT, "Hello 👍"),
        (Sender.NOTE, "// ask Ben"),
        (Sender.AGENT, "one\n\n3 < 4"),
        (Sender.AGENT, "Back soon"),
    ]
    assert [message.client_id for message in found] == [f"teams:{one}" for one in ids]
    assert {(message.author, message.author_id) for message in found} == {("Anna Meier", anna)}


async def test_it_stands_before_what_was_said_once_the_room_was_bound(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    """And so it is on the opening card among what was said so far, not behind it."""
    task, _ = await written_at_once(desk, microsoft, anna, "Hello")
    conversation = await desk.conversations.get(TENANT, task)
    assert conversation is not None
    assert conversation.opening_seq == 1
    assert await desk.conversations.next_batch(TENANT, task) is None


async def test_the_bot_bringing_a_message_again_changes_nothing(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    task, [hello] = await written_at_once(desk, microsoft, anna, "Hello")
    again = await desk.conversations.say(
        TENANT,
        task,
        sender=Sender.AGENT,
        author="Anna Meier",
        author_id=anna,
        text="Hello",
        client_id=client_id_of(hello),
    )
    assert (again.seq, again.duplicate) == (1, True)
    assert await desk.handle(task) == ""
    assert [message.text for message in await said(desk, task)] == ["Hello"]


async def test_edited_words_come_as_they_are_now_and_those_taken_back_do_not(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.InstallApp", delay_ms=1500)
    working = asyncio.create_task(desk.handle(task))
    chat = await microsoft.chat_with(anna)
    first, second, _ = [await write(microsoft, anna, chat, text) for text in ("Helo", "my password", "How are you")]
    await microsoft.teams("PATCH", anna, f"/chats/{chat}/messages/{first}", html="<p>Hello</p>")
    await microsoft.teams("DELETE", anna, f"/chats/{chat}/messages/{second}")
    await working
    assert [message.text for message in await said(desk, task)] == ["Hello", "How are you"]


async def test_a_worker_that_dies_while_it_reads_loses_nothing_and_repeats_nothing(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.InstallApp", delay_ms=1000)
    await microsoft.fault("Chats.ListMessages", delay_ms=1000)
    working = asyncio.create_task(desk.handle(task))
    chat = await microsoft.chat_with(anna)
    await write(microsoft, anna, chat, "Hello")
    await wait_until(lambda: microsoft.calls("Chats.ListMessages"), 5, "the chat being read", step=0.02)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert await desk.settle(task) is TaskState.ACTIVE
    assert [message.text for message in await said(desk, task)] == ["Hello"]


async def test_a_chat_that_cannot_be_read_yet_opens_and_is_read_later(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    await microsoft.fault("Chats.ListMessages", times=4, status=503, retry_after=0)
    task, _ = await written_at_once(desk, microsoft, anna, "Hello")
    assert (await desk.task(task)).state is TaskState.ACTIVE
    assert await said(desk, task) == []
    assert await desk.settle(task) is TaskState.ACTIVE
    assert [message.text for message in await said(desk, task)] == ["Hello"]
    assert await desk.journal("room_waits") == [{"task": task, "why": "messages_of-unavailable"}]


async def test_a_slow_installation_does_not_make_the_reading_come_too_soon(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    await microsoft.control("PUT", "limits", enabled=True)
    desk.rooms = Rooms(
        graph=desk.graph,
        store=desk.store,
        conversations=desk.conversations,
        distributor=desk.distributor,
        directory=desk.directory,
    )
    await microsoft.fault("Chats.InstallApp", delay_ms=2000)
    assert await desk.settle(await desk.accepted(anna)) is TaskState.ACTIVE
    assert [call["status"] for call in await microsoft.calls("Chats.ListMessages")] == [200, 200]


async def test_a_slow_answer_does_not_keep_the_room_closed(
    desk: Desk, microsoft: Microsoft, anna: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.rooms.EARLY_SECONDS", 0.2)
    await microsoft.fault("Chats.ListMessages", delay_ms=5000)
    began = time.monotonic()
    task, _ = await written_at_once(desk, microsoft, anna, "Hello")
    assert time.monotonic() - began < 4
    assert (await desk.task(task)).state is TaskState.ACTIVE
    assert [message.text for message in await said(desk, task)] == ["Hello"]


async def test_a_consent_that_is_not_known_everywhere_yet_is_waited_for(
    desk: Desk, microsoft: Microsoft, anna: str
) -> None:
    await microsoft.fault("Chats.ListMessages", times=4, status=403, code="Forbidden")
    task, _ = await written_at_once(desk, microsoft, anna, "Hello")
    assert (await desk.task(task)).state is TaskState.ACTIVE
    assert await desk.settle(task) is TaskState.ACTIVE
    assert [message.text for message in await said(desk, task)] == ["Hello"]


async def test_where_reading_is_forbidden_the_room_is_open_and_the_permission_is_named(
    desk: Desk, microsoft: Microsoft, anna: str, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.rooms = Rooms(
        graph=desk.graph,
        store=desk.store,
        conversations=desk.conversations,
        distributor=desk.distributor,
        directory=desk.directory,
        pace=Pace(0),
        consent_seconds=0,
    )
    await microsoft.fault("Chats.ListMessages", times=None, status=403, code="Forbidden")
    task, _ = await written_at_once(desk, microsoft, anna, "Hello")
    assert await desk.settle(task) is TaskState.ACTIVE
    assert await said(desk, task) == []
    assert "permission=ChatMessage.Read.Chat" in capsys.readouterr().out
    asked = len(await microsoft.calls("Chats.ListMessages"))
    assert await desk.handle(task) == ""
    assert len(await microsoft.calls("Chats.ListMessages")) == asked


async def test_nobody_reads_the_room_of_a_talk_that_is_over(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    await microsoft.fault("Chats.ListMessages", times=None, status=503)
    task, _ = await written_at_once(desk, microsoft, anna, "Hello")
    await desk.distributor.terminate(TENANT, task, by="agent", actor=anna, via=Via.PORTAL)
    asked = len(await microsoft.calls("Chats.ListMessages"))
    assert await desk.handle(task) == ""
    assert len(await microsoft.calls("Chats.ListMessages")) == asked
    assert await desk.store.hgetall(f"{root(TENANT)}room:{TENANT}:{task}") == {}


async def test_a_long_chat_is_read_page_by_page(graph: GraphClient, microsoft: Microsoft, anna: str) -> None:
    sdk = graph.tenant(TENANT)
    chat = (await sdk.create_chat("Garden Advice", [Seat(anna)])).id
    app = await graph.catalogue_id(TENANT)
    await sdk.install_in_chat(chat, app or "", ["ChatMessage.Read.Chat"])
    for number in range(60):
        await write(microsoft, anna, chat, f"number {number}")
    first = await sdk.messages_of(chat)
    second = await sdk.messages_of(chat, first.more)
    assert [one.text for one in (*first.written, *second.written)] == [f"number {n}" for n in reversed(range(60))]
    assert (first.oldest_at, second.more) == (first.written[-1].at, "")


async def test_what_the_second_person_writes_stays_among_the_agents(
    store: Store, graph: GraphClient, microsoft: Microsoft, anna: str
) -> None:
    olivia = await microsoft.person("Olivia Hart")
    desk = await furnish(store, graph, anna, owner=olivia, alone=False)
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.InstallApp", delay_ms=1500)
    working = asyncio.create_task(desk.handle(task))
    chat = await microsoft.chat_with(olivia)
    await write(microsoft, olivia, chat, "Anna, is that the customer who complained?")
    await write(microsoft, anna, chat, "Hello")
    await working
    assert await desk.settle(task) is TaskState.ACTIVE
    # The same through the bot, once it is in the room.
    for author in (olivia, anna):
        await desk.conversations.say(
            TENANT, task, sender=Sender.AGENT, author="x", author_id=author, text="later", client_id=f"teams:{author}"
        )
    senders = [message.sender for message in await said(desk, task)]
    assert senders == [Sender.NOTE, Sender.AGENT, Sender.NOTE, Sender.AGENT]


async def test_what_cannot_be_sent_of_it_is_to_be_said_in_the_room(desk: Desk, microsoft: Microsoft, anna: str) -> None:
    task = await desk.accepted(anna)
    await microsoft.fault("Chats.InstallApp", delay_ms=1500)
    working = asyncio.create_task(desk.handle(task))
    chat = await microsoft.chat_with(anna)

    async def html(text: str) -> str:
        return (await microsoft.teams("POST", anna, f"/chats/{chat}/messages", html=text))["id"]

    video = await html('<video src="https://graph.example/x"></video>')
    picture = await html('<p>See here</p><img src="https://graph.example/y">')
    nameless = (await microsoft.control("POST", "chats/write-nameless", chat=chat, text="Let me help"))["id"]
    await write(microsoft, anna, chat, "Hello")
    await working
    assert [message.text for message in await said(desk, task)] == ["See here", "Hello"]
    conversation = await desk.conversations.get(TENANT, task)
    assert conversation is not None
    notices = {(video, "room.nothing_carried"), (picture, "room.not_carried"), (nameless, "room.nobody")}
    assert set(conversation.notices) == notices
    for message, _ in notices:
        await desk.conversations.set_noticed(TENANT, task, chat, message)
    await desk.settle(task)
    conversation = await desk.conversations.get(TENANT, task)
    assert conversation is not None
    assert conversation.notices == (), "it was read twice, and is said once"
