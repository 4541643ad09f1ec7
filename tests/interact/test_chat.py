"""A visitor's chat from the first message to the end, in tabs, over drops and resends: over real sockets, and by polling."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from conversations.messages import Kind, Sender
from distribution.tasks import TaskState
from store.connection import Store
from tests.interact.door import QUICK, Door, open_door
from tests.interact.visitor import Frame
from tests.support import wait_until


@pytest.fixture(params=["socket", "poll"])
async def door(store: Store, tenant: str, request: pytest.FixtureRequest) -> AsyncIterator[Door]:
    """A running door; visitors come by WebSocket, or where their network forbids it by long polling."""
    async with open_door(store, tenant) as opened:
        opened.polls = request.param == "poll"
        yield opened


async def test_the_first_message_creates_the_task_and_the_workflow_queues_it(door: Door) -> None:
    visitor = await door.visitor().begin(name="Mia Muster")
    line = await visitor.enter()
    assert await door.distributor.task(door.tenant, visitor.conversation) is None, "nothing was said yet"
    ack = await line.said("Hello, do you have olive trees?")
    assert ack["seq"] == 1
    assert ack["at"] > 1_700_000_000_000
    assert (await door.task(visitor)).customer == "Mia Muster"
    waiting = await line.status("waiting")
    assert (waiting["service"], waiting["agent"]) == ("Garden Advice", None)
    await line.texts("Hello, do you have olive trees?", "Welcome.")
    await wait_until(lambda: any(f.get("status", {}).get("position") == 1 for f in line.seen), 10, "a position")


async def test_a_chat_is_talked_and_ended_by_the_agent(door: Door) -> None:
    visitor = await door.visitor().begin(name="Mia")
    line = await visitor.enter()
    await line.said("Hello")
    await door.answer(visitor)
    connected = await line.status("connected")
    assert (connected["agent"], connected["position"]) == ("Anna Meier", None)
    await door.agent_says(visitor, "Good morning 🌱")
    message = await line.expect("message", sender="agent")
    assert (message["text"], message["author"], message["kind"]) == ("Good morning 🌱", "Anna Meier", "text")
    await door.hang_up(visitor)
    ended = await line.status("ended")
    assert (ended["outcome"], ended["visitor_ended"]) == ("handled", False)


async def test_an_agents_name_is_hidden_where_the_service_says_so(door: Door) -> None:
    visitor = await door.visitor("orders").begin(name="Mia")
    line = await visitor.enter()
    await line.said("Where is my parcel?")
    await door.answer(visitor)
    assert (await line.status("connected"))["agent"] == "Orders & Delivery"
    await door.agent_says(visitor, "On its way.")
    assert (await line.expect("message", sender="agent"))["author"] == "Orders & Delivery"
    assert "Anna" not in str(line.seen)


async def test_a_chat_straight_to_a_user_has_no_service(door: Door) -> None:
    visitor = await door.visitor("dominique").begin()
    line = await visitor.enter()
    await line.said("Hello Dominique")
    task = await door.task(visitor)
    assert task.service is None
    assert task.user is not None
    assert (await line.status("waiting"))["service"] == "Dominique Laurent"


# --- once, in order, nothing missed -----------------------------------------------------------------------------


async def test_no_idempotency_lost_or_twice__chatwoot_15743_6128(door: Door) -> None:
    visitor = await door.visitor().begin()
    line = await visitor.enter()
    first = await line.said("Hello", "message-1")
    assert await line.said("Hello", "message-1") == first
    await line.drop()
    again = await visitor.enter()
    assert await again.said("Hello", "message-1") == first
    assert (await door.transcript(visitor)).count("visitor: Hello") == 1


async def test_missed_after_a_reconnect__chatwoot_14934_3916_995(door: Door) -> None:
    visitor = await door.visitor().begin()
    line = await visitor.enter()
    await line.said("Hello")
    await line.texts("Hello", "Welcome.")
    await door.answer(visitor)
    await line.drop()
    for n in range(450):
        await door.agent_says(visitor, f"{n}")
    again = await visitor.enter(after=2)
    await again.texts(*(f"{n}" for n in range(450)))
    assert [f["seq"] for f in again.seen if f["type"] == "message"] == list(range(3, 453))


@pytest.mark.parametrize("seed", range(5))
async def test_what_a_torn_line_brings_piece_by_piece_is_what_a_fresh_one_brings_at_once(door: Door, seed: int) -> None:
    """Snapshot and events agree: resuming at any moment, from the last message seen, gives the same chat."""
    chance = random.Random(seed)
    visitor = await door.visitor().begin()
    line, pieces, seen = await visitor.enter(), list[Frame](), 0
    await line.said("Hello")
    await door.answer(visitor)
    await door.agent_says(visitor, "0", client_id="teams:0")
    told = ["teams:0"]
    changes = {
        "edit": (Kind.EDIT, Sender.AGENT),
        "make it a note": (Kind.EDIT, Sender.NOTE),
        "delete": (Kind.DELETE, Sender.AGENT),
    }
    for n in range(1, 40):
        step = chance.choice(["agent", "note", "early edit", "visitor", "tear", *changes])
        if step == "visitor":
            await door.visitor_says(visitor, f"{n}")
        elif step == "tear":
            await line.drop()
            pieces += line.messages()
            seen = max([frame["seq"] for frame in pieces], default=0)
            line = await visitor.enter(after=seen)
        elif step in changes:
            (kind, sender), of = changes[step], chance.choice(told)
            await door.agent_says(visitor, f"{n}", sender=sender, kind=kind, refers=of, client_id=f"{of}:{n}")
        else:
            if step == "early edit":
                await door.agent_says(visitor, "new", kind=Kind.EDIT, refers=f"teams:{n}", client_id=f"early:{n}")
            sender = Sender.NOTE if step == "note" else Sender.AGENT
            await door.agent_says(visitor, f"{n}", sender=sender, client_id=f"teams:{n}")
            told.append(f"teams:{n}")
    fresh = await visitor.enter()
    last: int = fresh.seen[0]["last"]
    await wait_until(lambda: max(line.last_seq(), seen) >= last and fresh.last_seq() >= last, 10, "the last message")
    assert pieces + line.messages() == fresh.messages()
    assert len(fresh.messages()) > 10
    assert not [frame for frame in fresh.messages() if frame["sender"] == "note"]


async def test_visitor_stops_receiving__chatwoot_4335_rocketchat_36023(store: Store, tenant: str) -> None:
    """A socket that no doorbell reaches hears of messages and of the status with the beats, a few seconds late."""
    async with open_door(store, tenant, bells=False, workflow=False) as door:
        visitor = await door.visitor().begin()
        line = await visitor.enter()
        await line.said("Hello")
        await door.distributor.queue(door.tenant, visitor.conversation)
        await door.answer(visitor)
        await line.status("connected")
        await door.agent_says(visitor, "Good morning")
        await line.texts("Hello", "Good morning")


async def test_missed_doorbells_are_made_up_for_when_bells_are_heard_again(store: Store, tenant: str) -> None:
    limits = replace(QUICK, here_beats=1_000_000)  # so that no beat looks at the status by itself
    async with open_door(store, tenant, limits=limits, bells=False, workflow=False) as door:
        visitor = await door.visitor().begin()
        line = await visitor.enter()
        await line.said("Hello")
        await line.status("waiting")
        for _ in range(2):
            await line.expect("beat")  # by now it has looked at everything that it looks at by itself
        await door.distributor.queue(door.tenant, visitor.conversation)
        await door.answer(visitor)
        for _ in range(2):
            await line.expect("beat")
        assert "connected" not in str(line.seen), "nobody told this socket"
        hearing = asyncio.create_task(door.doorbells.run())
        await line.status("connected")
        hearing.cancel()


async def test_a_message_reaches_sockets_of_other_replicas(store: Store, tenant: str) -> None:
    async with open_door(store, tenant) as one, open_door(store, tenant) as two:
        here = await one.visitor().begin()
        there = two.visitor()
        there.conversation, there.token = here.conversation, here.token
        line_here, line_there = await here.enter(), await there.enter()
        await line_here.said("from one")
        await line_there.texts("from one", "Welcome.")
        await line_there.said("from the other")
        await line_here.texts("from one", "Welcome.", "from the other")


async def test_two_tabs_of_one_visitor_see_the_same(door: Door) -> None:
    visitor = await door.visitor().begin()
    left, right = await visitor.enter(), await visitor.enter()
    await asyncio.gather(
        *(tab.said(f"{name} {n}") for n in range(5) for name, tab in (("left", left), ("right", right)))
    )
    await wait_until(lambda: len(left.shown()) == len(right.shown()) == 11, 10, "ten messages and the greeting in both")
    assert left.shown() == right.shown()
    assert len(await door.transcript(visitor)) == 11, "one task, one greeting"


async def test_closing_one_of_two_tabs_is_no_leaving(door: Door) -> None:
    door.polls = False  # a page that polls does not close anything: its connection runs out
    visitor = await door.visitor().begin()
    left, right = await visitor.enter(), await visitor.enter()
    await left.said("Hello")
    await right.status("waiting")  # the other tab knows of the task, and is counted
    await left.close()
    assert (await door.task(visitor)).visitor_here
    await right.drop()

    async def away() -> bool:
        return not (await door.task(visitor)).visitor_here

    await wait_until(away, 10, "the last connection gone")
    back = await visitor.enter(after=2)
    assert (await door.task(visitor)).visitor_here
    assert (await back.status("waiting"))["state"] == "waiting"


async def test_fifty_messages_are_offered_again_after_a_resume_without_harm(door: Door) -> None:
    visitor = await door.visitor().begin()
    line = await visitor.enter()
    for n in range(50):
        await line.say(f"{n}", f"message-{n}")
    await line.expect("ack", id="message-49")
    await line.drop()
    again = await visitor.enter(after=10_000)
    for n in range(50):
        assert (await again.said(f"{n}", f"message-{n}"))["seq"] > 0
    stored = [line for line in await door.transcript(visitor) if line.startswith("visitor")]
    assert stored == [f"visitor: {n}" for n in range(50)]


async def test_a_crash_between_the_first_message_and_its_task_heals_on_resume(door: Door) -> None:
    visitor = await door.visitor().begin()
    await door.visitor_says(visitor, "Hello")
    line = await visitor.enter()
    assert (await door.task(visitor)).state is not TaskState.CLOSED
    await line.status("waiting")
    await line.texts("Hello", "Welcome.")


# --- whose chat it is, and what is in it -------------------------------------------------------------------------


async def test_a_visitor_saw_somebody_elses_chat__chatwoot_2070_9493(door: Door) -> None:
    mia, noah = await door.visitor().begin(), await door.visitor().begin()
    hers, noahs = await mia.enter(), await noah.enter()
    await hers.said("I am Mia")
    await noahs.said("I am Noah")
    await hers.texts("I am Mia", "Welcome.")
    await noahs.texts("I am Noah", "Welcome.")
    assert "Noah" not in str(hers.seen)
    assert "Mia" not in str(noahs.seen)


@pytest.mark.parametrize("token", ["garbage", "eyJhbGciOiJub25lIn0.eyJjIjoieCJ9.", ""])
async def test_without_his_own_token_nobody_gets_in(door: Door, token: str) -> None:
    visitor = await door.visitor().begin()
    await (await visitor.enter()).said("secret")
    line = await visitor.line()
    await line.send({"type": "hello", "token": token, "after": 0})
    error = await line.expect("error")
    assert error["field"] == "token"
    assert await line.ended() == 1008
    assert "secret" not in str(line.seen)


async def test_notes_are_not_for_the_visitor_and_leave_no_gap_to_wait_for(door: Door) -> None:
    visitor = await door.visitor().begin()
    line = await visitor.enter()
    await line.said("Hello")
    await door.answer(visitor)
    await door.agent_says(visitor, "Good morning")
    await door.agent_says(visitor, "// rather rude", sender=Sender.NOTE)
    await line.texts("Hello", "Welcome.", "Good morning")
    await line.expect("beat", last=3)
    resumed = await visitor.enter(after=3)
    assert resumed.seen[0]["last"] == 3
    await resumed.expect("beat", last=3)
    assert resumed.shown() == []
    assert "rude" not in str(line.seen + resumed.seen)


async def test_agents_edits_and_deletes_reach_the_visitor(door: Door) -> None:
    visitor = await door.visitor().begin()
    line = await visitor.enter()
    await line.said("Hello")
    await line.texts("Hello", "Welcome.")
    await door.agent_says(visitor, "Helo", client_id="teams:1")
    await door.agent_says(visitor, "Hello", kind=Kind.EDIT, refers="teams:1", client_id="teams:1:e")
    await door.agent_says(visitor, "", kind=Kind.DELETE, refers="teams:1", client_id="teams:1:d")
    await line.expect("message", seq=3, kind="text", refers_to=None)
    await line.expect("message", seq=4, kind="edit", text="Hello", refers_to=3)
    await line.expect("message", seq=5, kind="delete", text="", refers_to=3)


async def test_typing_is_seen_on_the_other_side_only(door: Door) -> None:
    visitor = await door.visitor().begin()
    line, other_tab = await visitor.enter(), await visitor.enter()
    await line.said("Hello")
    await line.send({"type": "typing"})
    await line.say("still here")
    for tab in (line, other_tab):
        await tab.expect("message", text="still here")
        await tab.expect("beat")  # what the doorbells brought has been sent by now
    assert not [f for f in line.seen + other_tab.seen if f["type"] == "typing"], "the visitor does not see himself"

    async def seen() -> bool:
        # Between two polls nobody listens: it is told again, as Teams does while somebody goes on typing.
        await door.conversations.typing(door.tenant, visitor.conversation, "agent")
        return all("typing" in {frame["type"] for frame in tab.seen} for tab in (line, other_tab))

    await wait_until(seen, 10, "typing in both tabs", step=0.05)


# --- the end ----------------------------------------------------------------------------------------------------


async def test_closed_chats_silently_reopen__chatwoot_14563(door: Door) -> None:
    visitor = await door.visitor("orders").begin(name="Mia")
    line = await visitor.enter()
    first = await line.said("Hello", "message-1")
    await door.answer(visitor)
    await door.hang_up(visitor)
    await line.status("ended")
    closed = await door.task(visitor)
    assert closed.state is TaskState.CLOSED
    await line.say("one more thing", "message-2")
    error = await line.expect("error", id="message-2")
    assert error["code"] == "ended"
    again = await visitor.enter()
    assert again.seen[0]["status"]["state"] == "ended"
    await again.texts("Hello")
    assert await again.said("Hello", "message-1") == first, "a lost answer is given again"
    await again.say("please", "message-3")
    await again.expect("error", id="message-3")
    assert await door.task(visitor) == closed
    conversation = await door.conversations.get(door.tenant, visitor.conversation)
    assert conversation is not None
    assert conversation.closed_at is not None


async def test_leaving_while_waiting_ends_the_chat(door: Door) -> None:
    visitor = await door.visitor().begin()
    line = await visitor.enter()
    await line.said("Hello")
    await line.send({"type": "leave"})
    ended = await line.status("ended")
    assert ended["visitor_ended"]
    assert (await door.task(visitor)).state is TaskState.CLOSED


async def test_leaving_a_running_talk_ends_it_for_both(door: Door) -> None:
    visitor = await door.visitor().begin()
    line = await visitor.enter()
    await line.said("Hello")
    await door.answer(visitor)
    await line.status("connected")
    await line.send({"type": "leave"})
    ended = await line.status("ended")
    assert (ended["visitor_ended"], ended["agent"]) == (True, "Anna Meier")
    task = await door.task(visitor)
    assert (task.state, task.ended_by) == (TaskState.ACW, "visitor")


async def test_leaving_before_a_word_leaves_nothing_behind(door: Door) -> None:
    visitor = await door.visitor().begin()
    line = await visitor.enter()
    await line.send({"type": "leave"})
    assert (await line.status("ended"))["visitor_ended"]
    await line.say("Hello", "message-1")
    await line.expect("error", code="ended")
    assert await door.distributor.task(door.tenant, visitor.conversation) is None


async def test_a_first_word_in_one_tab_and_leaving_in_another_rings_at_nobody(door: Door) -> None:
    for _ in range(5):
        visitor = await door.visitor().begin()
        one, other = await visitor.enter(), await visitor.enter()
        await asyncio.gather(one.say("Hello", "message-1"), other.send({"type": "leave"}))
        await other.status("ended")
        await one.status("ended")
        task = await door.distributor.task(door.tenant, visitor.conversation)
        assert task is None or task.state is TaskState.CLOSED


async def test_instant_messaging_switched_off_refuses_new_chats_and_ends_no_running_one(door: Door) -> None:
    running, late = await door.visitor().begin(), await door.visitor().begin()
    line, late_line = await running.enter(), await late.enter()
    await line.said("Hello")
    await door.answer(running)
    await line.status("connected")
    await door.distributor.set_tenant(door.tenant, im_enabled=False)
    await line.said("still talking")
    await late_line.say("Hello", "message-1")
    error = await late_line.expect("error", id="message-1")
    assert error["code"] == "refused"
    assert (await late_line.status("ended"))["outcome"] is None
    assert not [f for f in late_line.seen if f["type"] == "ack"]


async def test_twenty_visitors_at_once_each_get_their_own_in_order(door: Door) -> None:
    async def visit(name: int) -> None:
        visitor = await door.visitor().begin()
        line = await visitor.enter()
        for n in range(10):
            await line.say(f"{name} {n}")
        await wait_until(lambda: len(line.shown()) == 11, 20, "all of one visitor's messages")
        own = [text for text in line.shown() if text != "Welcome."]
        assert own == [f"{name} {n}" for n in range(10)]
        assert [f["seq"] for f in line.seen if f["type"] == "ack"] == sorted(
            f["seq"] for f in line.seen if f["type"] == "ack"
        )

    await asyncio.gather(*(visit(name) for name in range(20)))
    assert QUICK.messages_burst >= 10
