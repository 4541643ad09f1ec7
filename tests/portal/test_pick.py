"""An agent picks a waiting chat if the service allows it; if not, they are told why."""

import pytest

from directory.hours import WEEK
from distribution.tasks import TaskState
from tests.portal.browser import Browser, Json
from tests.portal.company import ANNA, BEN
from tests.portal.office import Office

ALWAYS = {day: ["00:00-24:00"] for day in WEEK}


async def waits(office: Office, **change: object) -> str:
    """A chat that nobody is offered: the service rings nobody."""
    await office.lay_down("garden-advice", **({"kind": "pickup", "agents_may_pick": True, "hours": ALWAYS} | change))
    return await office.visitor(name="Lena")


async def test_a_chat_is_picked_and_opens_at_once(office: Office, anna: Browser) -> None:
    task = await waits(office)
    [garden] = (await anna.state())["waiting"]
    assert (garden["may_pick"], [one["id"] for one in garden["tasks"]]) == (True, [task])
    answer = await anna.call("POST", f"/tasks/{task}/pick")
    assert (answer["verdict"], answer["task"]["state"]) == ("ok", "connecting")
    assert (await office.task(task)).agent == ANNA
    assert (await anna.call("POST", f"/tasks/{task}/pick"))["verdict"] == "unchanged"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"agents_may_pick": False}, "This service lets nobody pick a chat here."),
        (
            {"levels": [{"skills": ["french"]}, {"after_seconds": 900, "agents": [ANNA]}]},
            "This chat is not open to your level yet.",
        ),
    ],
)
async def test_a_refusal_has_words(office: Office, anna: Browser, change: Json, words: str) -> None:
    task = await waits(office, **change)
    error = await anna.refused("POST", f"/tasks/{task}/pick", expect=409)
    assert (error["code"], error["message"]) == ("refused", words)
    assert (await office.task(task)).state is TaskState.QUEUED


async def test_who_is_in_a_chat_is_told_so(office: Office, anna: Browser) -> None:
    first = await waits(office)
    await anna.call("POST", f"/tasks/{first}/pick")
    second = await office.visitor()
    error = await anna.refused("POST", f"/tasks/{second}/pick", expect=409)
    assert error["message"] == "You are in a chat."


async def test_a_chat_that_is_gone_is_an_answer(office: Office, anna: Browser) -> None:
    task = await waits(office)
    await office.distributor.visitor_left(office.tenant, task)
    answer = await anna.call("POST", f"/tasks/{task}/pick")
    assert (answer["verdict"], answer["message"]) == ("gone", "Somebody was quicker, or the customer has left.")


async def test_nobody_picks_chats_of_other_services(office: Office) -> None:
    task = await waits(office)
    await office.present(BEN)
    await office.browser(BEN).refused("POST", f"/tasks/{task}/pick", expect=404)


async def test_where_nobody_may_pick_the_page_does_not_offer_it(office: Office, anna: Browser) -> None:
    await waits(office, agents_may_pick=False)
    assert [service["may_pick"] for service in (await anna.state())["waiting"]] == [False]
