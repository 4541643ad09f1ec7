"""Cards and notices whose answer was lost: they stand in the room once, like the messages."""

from typing import Any

import pytest

from distribution.tasks import TaskState, Via
from tests.bots.house import SOON, House, text_of
from tests.bots.test_lost_answers import HISTORY, SEND, comes, in_room, talk
from tests.sandbox.product import ANNA
from tests.support import wait_until

LOST = pytest.mark.parametrize(
    "fault",
    [{"drop": "after"}, {"status": 502, "drop": "after"}, {"status": 500, "drop": "after"}],
    ids=["connection lost", "502", "500"],
)
ROOMS = r"/conversations/19(:|%3A)"


async def lose(home: House, fault: dict[str, Any], times: int = 1) -> None:
    """The next sends to a group chat are done, and not answered."""
    await home.product.order({"operation": SEND, "path": ROOMS}, fault, times=times)


async def cards_in(home: House, chat: str) -> list[dict[str, Any]]:
    return [message for message in await home.messages(chat) if message["cards"]]


@LOST
async def test_an_opening_card_stands_there_once(home: House, fault: dict[str, Any]) -> None:
    await home.register(ANNA)
    await lose(home, fault)
    _, chat = await home.talking()
    await home.settled()
    assert len(await cards_in(home, chat)) == 1
    assert home.calls(HISTORY)


async def test_an_opening_card_that_is_found_is_brought_up_to_date(home: House) -> None:
    await home.register(ANNA)
    await lose(home, {"drop": "after"})
    task, chat = await home.talking()
    await home.settled()
    await home.distributor.terminate(home.tenant, task, by="agent", actor=ANNA, via=Via.PORTAL)
    await home.in_state(task, TaskState.ACW)
    await home.settled()
    [card] = await cards_in(home, chat)
    assert "Topic" in text_of(card)


@LOST
async def test_the_notice_of_the_end_stands_there_once(home: House, fault: dict[str, Any]) -> None:
    task, chat = await talk(home)
    await lose(home, fault)
    await home.distributor.terminate(home.tenant, task, by="agent", actor=ANNA, via=Via.PORTAL)
    await comes(home, chat, "This chat has ended")


async def test_the_notice_about_a_refused_message_stands_there_once(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.relay.REFUSED_PAUSE_SECONDS", 0.2)
    task, chat = await talk(home)
    await home.product.order({"operation": SEND, "path": ROOMS}, {"status": 400, "code": "BadSyntax"}, times=2)
    await lose(home, {"drop": "after"})
    await home.visitor_says(task, "poison")
    await comes(home, chat, "could not be shown here")
    assert await in_room(home, chat, "poison") == 0


async def test_the_answer_to_a_message_stands_there_once(home: House) -> None:
    _, chat = await talk(home)
    await lose(home, {"drop": "after"})
    written = await home.writes(chat, {"html": '<video src="https://graph.example/x"></video>'})

    def answered() -> bool:
        return any(
            call["door"] == "bot" and call["body"].get("id") == written and call["status"] == 200
            for call in home.core.records.since(0)
        )

    await wait_until(answered, SOON, "the answer to what was written")
    await comes(home, chat, "not sent")


async def test_a_notice_that_did_not_arrive_is_sent_again(home: House) -> None:
    task, chat = await talk(home)
    await home.product.order({"operation": SEND, "path": ROOMS}, {"status": 504}, times=1)
    await home.distributor.terminate(home.tenant, task, by="agent", actor=ANNA, via=Via.PORTAL)
    await comes(home, chat, "This chat has ended")
    assert home.calls(HISTORY)
