"""A chat is handed on: the first agent keeps it until another one has it, and has it again if nobody takes it."""

import pytest

from distribution.tasks import TaskState
from distribution.user_session import Entries
from tests.portal.browser import Browser, Json
from tests.portal.company import ANNA, BEN, SAMIR
from tests.portal.office import Office


@pytest.fixture
async def ben(office: Office) -> Browser:
    """Ben, agent of Orders, present and with a licence."""
    await office.license(BEN)
    await office.present(BEN)
    return office.browser(BEN, name="Ben")


async def handed(office: Office, anna: Browser, to: Json) -> str:
    task = await office.talk(anna)
    answer = await anna.call("POST", f"/tasks/{task}/transfer", to)
    assert answer["verdict"] == "ok", answer
    return task


async def test_where_a_chat_could_go(office: Office, anna: Browser, ben: Browser) -> None:
    task = await office.talk(anna)
    found = await anna.call("GET", f"/tasks/{task}/targets")
    assert found["services"] == [
        {"id": "garden-advice", "name": "Garden Advice", "free": 0},
        {"id": "orders", "name": "Orders & Delivery", "free": 1},
    ]
    assert found["agents"] == [{"user": BEN, "name": "Ben Okafor", "free": True, "reason": ""}]
    await ben.call("POST", "/me/availability", {"reason": "lunch"}, expect=204)
    [agent] = (await anna.call("GET", f"/tasks/{task}/targets"))["agents"]
    assert (agent["free"], agent["reason"]) == (False, "not available: Lunch")
    await ben.refused("GET", f"/tasks/{task}/targets", expect=404)


@pytest.mark.parametrize("to", [{"service": "orders"}, {"user": BEN}])
async def test_the_first_agent_keeps_it_until_another_has_it(
    office: Office, anna: Browser, ben: Browser, to: Json
) -> None:
    task = await handed(office, anna, to)
    [mine] = (await anna.state())["open"]
    name = "Ben Okafor" if "user" in to else "Orders & Delivery"
    assert (mine["state"], mine["handed_to"]) == ("active", name)
    assert mine["handed_until_at"] is not None
    [offer] = await ben.sees("the offer", lambda now: now["offers"])
    assert offer["handed_by"] == "Anna Meier"
    await ben.call("POST", f"/tasks/{task}/accept", {"offer": offer["offer"]})
    assert [one["id"] for one in (await anna.state())["open"]] == [task], "until the other one is in it"
    await office.distributor.opened(office.tenant, task)
    [bens] = (await ben.state())["open"]
    assert (bens["state"], bens["handed_by"], bens["handed_to"]) == ("active", "Anna Meier", "")
    found = await office.task(task)
    assert (found.agent, found.holder, found.handed_on) == (BEN, None, (ANNA,))
    await anna.refused("POST", f"/tasks/{task}/take-back", expect=409)


async def test_who_handed_it_on_does_his_own_after_call_work(office: Office, anna: Browser, ben: Browser) -> None:
    task = await handed(office, anna, {"service": "orders"})
    [offer] = await ben.sees("the offer", lambda now: now["offers"])
    [held] = (await anna.state())["open"]
    assert (held["service_name"], offer["service_name"]) == ("Garden Advice", "Orders & Delivery")
    await ben.call("POST", f"/tasks/{task}/accept", {"offer": offer["offer"]})
    await office.distributor.opened(office.tenant, task)
    [mine] = await anna.sees(
        "her own after-call work", lambda now: [one for one in now["open"] if one["state"] == "acw"]
    )
    assert (mine["service"], mine["acw_can_extend"]) == ("garden-advice", True)
    extended = await anna.call("POST", f"/tasks/{task}/acw/extend")
    assert extended["task"]["acw_until_at"] > mine["acw_until_at"]
    assert extended["task"]["acw_can_extend"] is False, "her service allows it once"
    # The codes that her service requires, although the chat is another service's by now.
    error = await anna.refused("POST", f"/tasks/{task}/acw/done", expect=409)
    assert error["code"] == "codes_missing"
    await anna.call("POST", f"/tasks/{task}/wrapup", {"codes": ["Plants"], "tags": [], "note": "For Orders."})
    await anna.call("POST", f"/tasks/{task}/acw/done")
    assert (await anna.state())["open"] == []
    assert (await office.task(task)).state is TaskState.ACTIVE, "the talk goes on"
    [bens] = (await ben.state())["open"]
    assert (bens["id"], bens["codes"], bens["note"]) == (task, [], "")
    hers = {"name": "Anna Meier", "codes": ["Plants"], "tags": [], "note": "For Orders."}
    assert bens["noted_before"] == [hers]
    await ben.call("POST", f"/tasks/{task}/wrapup", {"codes": [], "tags": [], "note": "Sent."})
    assert (await office.task(task)).entries_of(ANNA) == Entries(("Plants",), (), "For Orders.")

    await ben.call("POST", f"/tasks/{task}/terminate")
    for agent, service in ((anna, "Garden Advice"), (ben, "Orders & Delivery")):
        [past] = (await agent.state())["past"]
        assert past["service_name"] == service


async def test_taken_back_it_is_his_again(office: Office, anna: Browser, ben: Browser) -> None:
    task = await handed(office, anna, {"user": BEN})
    await ben.sees("the offer", lambda now: now["offers"])
    answer = await anna.call("POST", f"/tasks/{task}/take-back")
    assert (answer["verdict"], answer["task"]["handed_to"], answer["task"]["state"]) == ("ok", "", "active")
    assert (await ben.state())["offers"] == []
    found = await office.task(task)
    assert (found.state, found.agent, found.holder) == (TaskState.ACTIVE, ANNA, None)


async def test_nobody_hands_on_what_is_not_his(office: Office, anna: Browser, ben: Browser) -> None:
    task = await office.talk(anna)
    await ben.refused("POST", f"/tasks/{task}/transfer", {"service": "orders"}, expect=404)
    for body in ({}, {"service": "orders", "user": BEN}):
        error = await anna.refused("POST", f"/tasks/{task}/transfer", body, expect=400)
        assert error["field"] == "service"
    assert (await office.task(task)).agent == ANNA


async def test_an_agent_who_is_not_free_is_refused_by_name(office: Office, anna: Browser, ben: Browser) -> None:
    task = await office.talk(anna)
    await ben.call("POST", "/me/duty", {"on": False}, expect=204)
    error = await anna.refused("POST", f"/tasks/{task}/transfer", {"user": BEN}, expect=409)
    assert error["message"] == "Ben Okafor cannot be asked now: off duty."
    assert (await office.task(task)).holder is None


async def test_a_supervisor_sees_a_chat_that_is_handed_on_with_whom_it_is(
    office: Office, anna: Browser, ben: Browser
) -> None:
    task = await handed(office, anna, {"user": BEN})
    await ben.sees("the offer", lambda now: now["offers"])
    samir = office.browser(SAMIR)
    [running] = (await samir.call("GET", "/services/garden-advice/tasks"))["running"]
    assert (running["id"], running["state"], running["agents"]) == (task, "active", ["Anna Meier"])
    await samir.call("POST", f"/tasks/{task}/terminate")
    assert (await ben.state())["offers"] == []
    assert [one["state"] for one in (await anna.state())["open"]] == ["acw"]


async def test_an_agent_who_transfers_to_a_service_they_supervise_ends_it_as_its_agent(
    office: Office, anna: Browser, ben: Browser
) -> None:
    task = await handed(office, anna, {"service": "orders"})
    await office.change_user(ANNA, supervises=["orders"])
    await ben.sees("the offer", lambda now: now["offers"])
    answer = await anna.call("POST", f"/tasks/{task}/terminate")
    assert (answer["verdict"], answer["task"]["state"]) == ("ok", "acw")
    assert (await office.task(task)).ended_by == "agent"


async def test_who_transferred_a_chat_ends_it_later_only_as_a_supervisor(
    office: Office, anna: Browser, ben: Browser
) -> None:
    task = await handed(office, anna, {"service": "orders"})
    await office.change_user(ANNA, supervises=["orders"])
    [offer] = await ben.sees("the offer", lambda now: now["offers"])
    await ben.call("POST", f"/tasks/{task}/accept", {"offer": offer["offer"]})
    await office.distributor.opened(office.tenant, task)
    await anna.call("POST", f"/tasks/{task}/terminate")
    assert (await office.task(task)).ended_by == "supervisor"
