"""A room or a card that is refused again and again: the trying ends, and what becomes of the talk is told."""

import pytest

from bots import refusals
from distribution.tasks import OfferResult, TaskState, Via
from tests.bots.house import SOON, House
from tests.bots.test_lost_answers import SEND, comes, conversation, in_room, talk
from tests.bots.test_lost_notices import ROOMS
from tests.sandbox.product import ANNA
from tests.support import wait_until

DECRYPT = {"status": 403, "code": "Forbidden", "message": "Failed to decrypt conversation id"}
UPDATE = "Conversations_UpdateActivity"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "LONGEST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(refusals, "LEFT_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(refusals, "LEFT_PATIENCE_MS", 300)
    monkeypatch.setattr("bots.outbox.LONGEST_PAUSE_SECONDS", 0.1)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (DECRYPT, "room_lost"),
        ({"status": 403, "code": "BotDisabledByAdmin"}, "bot_removed"),
        ({"status": 503}, "room_lost"),
    ],
    ids=["cannot decrypt", "refused", "unavailable for this room alone"],
)
async def test_a_room_that_takes_nothing_is_given_up(
    home: House, monkeypatch: pytest.MonkeyPatch, fault: dict[str, object], why: str
) -> None:
    monkeypatch.setattr(refusals, "MOST_FAULTS", 2)
    task, _ = await talk(home)
    await home.product.order({"operation": SEND, "path": ROOMS}, fault, times=None)
    await home.visitor_says(task, "Are you there?")
    found = await home.in_state(task, TaskState.QUEUED)
    assert (found.broken, found.why, found.past[ANNA]) == (why, why, OfferResult.FAILED)
    await home.settled()


async def test_a_room_that_takes_something_again_has_all_its_tries(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "MOST_REFUSALS", 4)
    task, chat = await talk(home)
    for text in ("first", "second"):
        await home.product.order({"operation": SEND, "path": ROOMS}, DECRYPT, times=3)
        await home.visitor_says(task, text)
        await comes(home, chat, text)
        assert (await conversation(home, task)).refusals == 0
    assert (await home.task(task)).state is TaskState.ACTIVE


async def test_after_the_end_nothing_is_tried_for_ever(home: House) -> None:
    task, chat = await talk(home)
    await home.product.order({"operation": SEND, "path": ROOMS}, DECRYPT, times=None)
    await home.distributor.terminate(home.tenant, task, by="agent", actor=ANNA, via=Via.PORTAL)
    await home.settled()
    assert await in_room(home, chat, "This chat has ended") == 0
    assert (await home.task(task)).broken == ""


async def test_an_old_card_that_cannot_be_changed_is_left(home: House) -> None:
    task, _ = await talk(home)
    await home.product.order({"operation": UPDATE, "path": r"/conversations/a(:|%3A)"}, DECRYPT, times=None)
    await home.distributor.terminate(home.tenant, task, by="agent", actor=ANNA, via=Via.PORTAL)
    await wait_until(lambda: home.calls(UPDATE), SOON, "a try to change the card")
    await home.settled()
