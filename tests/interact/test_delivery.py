"""What has not reached the room: the visitor is told after a while, and told when it has arrived after all."""

import pytest

from conversations.messages import Batch
from tests.interact.door import Door
from tests.interact.visitor import Frame, Line, Visitor

CHAT = "19:room@thread.v2"


@pytest.fixture(autouse=True)
def soon_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds are 0.4 s here."""
    for module in ("interact.chat", "conversations.rooms"):
        monkeypatch.setattr(f"{module}.LATE_MS", 400)


async def in_a_room(door: Door) -> tuple[Visitor, Line]:
    visitor = await door.visitor().begin(name="Mia")
    line = await visitor.enter()
    await line.said("Hello")
    await door.answer(visitor)
    assert await door.conversations.bind_room(door.tenant, visitor.conversation, CHAT, "https://teams.example/1")
    await line.status("connected")
    return visitor, line


async def batch_of(door: Door, visitor: Visitor) -> Batch:
    batch = await door.conversations.next_batch(door.tenant, visitor.conversation)
    assert batch is not None
    return batch


def deliveries(line: Line) -> list[Frame]:
    return [frame for frame in line.seen if frame["type"] == "delivery"]


async def test_a_message_that_does_not_reach_the_room_is_marked_until_it_does(door: Door) -> None:
    visitor, line = await in_a_room(door)
    ack = await line.said("Are you there?")
    await line.said("Hello?")
    late = await line.expect("delivery")
    assert (late["late_from"], late["failed"]) == (ack["seq"], [])
    # Another tab, or the page after a reload, learns it too: it is what is stored that counts.
    again = await visitor.enter()
    assert (await again.expect("delivery"))["late_from"] == ack["seq"]
    batch = await batch_of(door, visitor)
    await door.conversations.batch_sent(door.tenant, visitor.conversation, batch, "a1", late=True)
    for tab in (line, again):
        assert (await tab.expect("delivery"))["late_from"] is None


async def test_what_arrives_in_time_is_not_spoken_of(door: Door) -> None:
    visitor, line = await in_a_room(door)
    await line.said("Hello?")
    batch = await batch_of(door, visitor)
    await door.conversations.batch_sent(door.tenant, visitor.conversation, batch, "a1")
    await line.said("On time")
    late = await line.expect("delivery")
    assert [message.text for message in batch.messages] == ["Hello?"]
    assert late["late_from"] == batch.last + 1
    assert len(deliveries(line)) == 1


async def test_a_message_that_teams_refuses_for_good_stays_marked(door: Door) -> None:
    visitor, line = await in_a_room(door)
    ack = await line.said("poison")
    batch = await batch_of(door, visitor)
    await door.conversations.batch_sent(door.tenant, visitor.conversation, batch, "notice", failed=[ack["seq"]])
    failed = await line.expect("delivery", failed=[ack["seq"]])
    assert failed["late_from"] is None
    after_reload = await visitor.enter()
    assert (await after_reload.expect("delivery"))["failed"] == [ack["seq"]]


async def test_before_there_is_a_room_nothing_is_late(door: Door) -> None:
    visitor = await door.visitor().begin(name="Mia")
    line = await visitor.enter()
    await line.said("Hello")
    await door.answer(visitor)
    await line.status("connected")
    await line.said("Still there?")
    await door.agent_says(visitor, "Yes")
    await line.expect("message", sender="agent")
    assert deliveries(line) == []
