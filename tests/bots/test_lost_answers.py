"""A message whose answer was lost, or that Teams refuses: in the room once, in its place, and nobody left in doubt."""

from datetime import UTC, datetime
from typing import Any

import pytest

from conversations.messages import Batch, Conversation
from store.due import RetryLater, Subject
from store.keys import root
from tests.bots.house import SOON, House
from tests.sandbox.product import ANNA, BEN
from tests.support import wait_until

SEND, HISTORY = "Conversations_SendToConversation", "Chats.ListMessages"


def _in(chat: str) -> str:
    return f"/conversations/{chat.replace(':', '(:|%3A)').replace('.', '[.]').replace('@', '(@|%40)')}/activities"


async def in_room(home: House, chat: str, text: str) -> int:
    return sum(text in said for said in await home.said(chat))


async def talk(home: House) -> tuple[str, str]:
    await home.register(ANNA, BEN)
    await home.distributor.set_duty(home.tenant, BEN, False, "test")
    task, chat = await home.talking()
    await home.settled()
    return task, chat


async def comes(home: House, chat: str, text: str, times: int = 1) -> None:
    async def there() -> bool:
        return await in_room(home, chat, text) >= times

    await wait_until(there, 2 * SOON, f"«{text}» in the room")
    await home.settled()
    assert await in_room(home, chat, text) == times, await home.said(chat)


async def conversation(home: House, task: str) -> Conversation:
    found = await home.conversations.get(home.tenant, task)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "fault",
    [
        {"drop": "after"},
        {"status": 502, "drop": "after"},
        {"status": 504, "drop": "after"},
        {"status": 500, "drop": "after"},
    ],
    ids=["connection lost", "502", "504", "500"],
)
async def test_what_arrived_without_an_answer_is_not_sent_again(home: House, fault: dict[str, Any]) -> None:
    task, chat = await talk(home)
    await home.product.order({"operation": SEND, "path": _in(chat)}, fault, times=1)
    await home.visitor_says(task, "My <b> rose & https://example.com/x?a=1&b=2\nsecond line")
    await home.visitor_says(task, "next words")
    await comes(home, chat, "next words")
    assert await in_room(home, chat, "second line") == 1
    assert await in_room(home, chat, "next words") == 1
    assert home.calls(HISTORY)


async def test_what_did_not_arrive_is_sent_again_although_the_same_words_came_before(home: House) -> None:
    task, chat = await talk(home)
    await home.visitor_says(task, "yes")
    await comes(home, chat, "yes")
    await home.product.order({"operation": SEND, "path": _in(chat)}, {"status": 504}, times=1)
    await home.visitor_says(task, "yes")
    await comes(home, chat, "yes", 2)


async def test_a_process_that_dies_before_its_note_sends_nothing_twice(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, chat = await talk(home)
    note = home.conversations.batch_sent

    async def dies(*_given: Any, **_named: Any) -> None:
        monkeypatch.setattr(home.conversations, "batch_sent", note)
        raise RuntimeError("killed")

    monkeypatch.setattr(home.conversations, "batch_sent", dies)
    await home.visitor_says(task, "once only")
    await comes(home, chat, "once only")
    assert (await conversation(home, task)).relayed_seq == (await conversation(home, task)).last_seq


async def test_where_the_room_cannot_be_read_it_is_sent_again(home: House) -> None:
    task, chat = await talk(home)
    await home.product.order({"operation": HISTORY}, {"status": 403, "code": "Forbidden"}, times=None)
    await home.product.order({"operation": SEND, "path": _in(chat)}, {"drop": "after"}, times=1)
    await home.visitor_says(task, "twice, but never lost")
    await comes(home, chat, "twice, but never lost", 2)


async def test_no_history_is_read_on_the_normal_path_nor_after_a_clear_no(home: House) -> None:
    task, chat = await talk(home)
    await home.product.order({"operation": SEND, "path": _in(chat)}, {"status": 503}, times=1)
    await home.visitor_says(task, "plainly refused once")
    await comes(home, chat, "plainly refused once")
    assert not home.calls(HISTORY)


@pytest.mark.parametrize("status", [400, 500])
async def test_what_is_refused_once_is_sent_later_and_nobody_is_told(home: House, status: int) -> None:
    task, chat = await talk(home)
    await home.product.order({"operation": SEND, "path": _in(chat)}, {"status": status, "code": "x"}, times=1)
    await home.visitor_says(task, "unlucky once")
    await comes(home, chat, "unlucky once")
    assert await in_room(home, chat, "could not be shown here") == 0
    assert (await conversation(home, task)).failed == ()


async def test_what_is_refused_twice_is_named_to_both_sides(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.relay.REFUSED_PAUSE_SECONDS", 0.2)
    task, chat = await talk(home)
    await home.product.order({"operation": SEND, "path": _in(chat)}, {"status": 400, "code": "BadSyntax"}, times=2)
    await home.visitor_says(task, "poison")
    await comes(home, chat, "could not be shown here")
    found = await conversation(home, task)
    assert found.failed == (found.last_seq,)
    await home.visitor_says(task, "wholesome")
    await comes(home, chat, "wholesome")


async def test_one_bad_message_takes_no_other_with_it(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.relay.REFUSED_PAUSE_SECONDS", 0.2)
    task, chat = await talk(home)
    # Together twice, then the first by itself twice.
    await home.product.order({"operation": SEND, "path": _in(chat)}, {"status": 400, "code": "BadSyntax"}, times=4)
    await home.effects.stop(1)
    for text in ("poison", "good one", "good two"):
        await home.visitor_says(task, text)
    batch = await home.conversations.next_batch(home.tenant, task)
    assert isinstance(batch, Batch)
    assert len(batch.messages) == 3
    await handle(home, task)
    await comes(home, chat, "good two")
    assert await in_room(home, chat, "good one") == 1
    assert await in_room(home, chat, "poison") == 0
    assert (await conversation(home, task)).failed == (batch.first,)


async def handle(home: House, task: str) -> None:
    """Run the handler as the worker would, until it is done."""
    subject = Subject("relay", home.tenant, (task,))
    for _ in range(20):
        try:
            await home.bot.handle_relay(subject)
        except RetryLater:
            continue
        break
    await home.store.delete(f"{root(home.tenant)}due")


async def test_late_words_say_when_they_were_written(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conversations.rooms.LATE_MS", 300)
    task, chat = await talk(home)
    await home.product.order({"operation": SEND, "path": _in(chat)}, {"status": 503, "retry_after": 1}, times=1)
    await home.visitor_says(task, "written long ago")
    await comes(home, chat, "written long ago")
    [said] = [said for said in await home.said(chat) if "written long ago" in said]
    message = (await home.conversations.read(home.tenant, task, 0))[-1]
    written = datetime.fromtimestamp(message.at / 1000, UTC).strftime("%H:%M")
    assert f"({written})" in said
    await home.visitor_says(task, "in time")
    await comes(home, chat, "in time")
    [said] = [said for said in await home.said(chat) if "in time" in said]
    assert "(" not in said


async def test_when_one_answer_in_five_is_lost_each_message_stands_there_once(home: House) -> None:
    task, chat = await talk(home)
    fault = {"match": {"operation": SEND}, "fault": {"drop": "after"}, "times": None, "share": 0.2}
    await home.product.http("POST", "/control/faults", fault)

    async def all_relayed() -> bool:
        found = await conversation(home, task)
        return found.relayed_seq == found.last_seq

    for number in range(15):
        await home.visitor_says(task, f"line {number}.")
        await wait_until(all_relayed, 3 * SOON, f"line {number} in the room")
    assert [await in_room(home, chat, f"line {number}.") for number in range(15)] == [1] * 15
    assert home.calls(HISTORY), "no answer was lost"
