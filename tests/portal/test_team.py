"""A supervisor's view of a service, and their actions on its chats and agents, recorded in their name."""

import re

import pytest

from conversations.messages import Sender
from directory.hours import OpeningHours
from distribution.tasks import Outcome, TaskState, Via
from store.ids import new_id
from tests.portal.browser import Browser, Json
from tests.portal.company import ANNA, BEN, SAMIR
from tests.portal.office import Office

GARDEN = "/services/garden-advice"


@pytest.fixture
async def samir(office: Office) -> Browser:
    return office.browser(SAMIR, name="Samir")


async def team(samir: Browser) -> Json:
    return await samir.call("GET", f"{GARDEN}/agents")


async def waiting(samir: Browser) -> list[Json]:
    return (await samir.call("GET", f"{GARDEN}/tasks"))["waiting"]


async def test_why_is_nobody_offered_this_is_one_call(office: Office, samir: Browser) -> None:
    await office.visitor()
    found = await team(samir)
    [anna] = found["agents"]
    assert (anna["name"], anna["selectable"], anna["level"]) == ("Anna Meier", False, 1)
    assert [reason["text"] for reason in anna["reasons"]] == ["offline in Teams", "offers do not reach them"]
    assert [notice["code"] for notice in found["notices"]] == ["nobody"]
    await office.present(ANNA)
    found = await team(samir)
    assert [reason["code"] for reason in found["agents"][0]["reasons"]] == ["ringing"]
    tasks = await samir.call("GET", f"{GARDEN}/tasks")
    assert (tasks["waiting"], [one["agents"] for one in tasks["running"]]) == ([], [["Anna Meier"]])


async def test_that_teams_reaches_nobody_is_said_once_for_all(office: Office, samir: Browser) -> None:
    await office.distributor.set_registered(office.tenant, ANNA, registered=True)
    await office.distributor.path_down(office.tenant, "unavailable")
    found = await team(samir)
    [down] = [notice["text"] for notice in found["notices"] if notice["code"] == "teams_unreachable"]
    assert re.match(r"Teams has not been reachable for \d s: ", down)
    assert "Teams cannot be reached at the moment" in [reason["text"] for reason in found["agents"][0]["reasons"]]
    await office.distributor.path_up(office.tenant)
    found = await team(samir)
    assert "teams_unreachable" not in [notice["code"] for notice in found["notices"]]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"instant_messaging": False}, "im_off"),
        ({"contact_center": False}, "no_licence"),
        ({"hours": OpeningHours(open={"2020-01-01": ["08:00-09:00"]})}, "closed"),
    ],
)
async def test_what_stands_against_the_service_itself_is_said_first(
    office: Office, samir: Browser, change: Json, code: str
) -> None:
    await office.present(ANNA)
    await office.lay_down("garden-advice", **change)
    found = await team(samir)
    assert found["notices"][0]["code"] == code
    assert found["notices"][0]["text"].endswith(".")


async def test_a_service_with_all_its_chats_running_says_so(office: Office, samir: Browser, anna: Browser) -> None:
    await office.lay_down("garden-advice", concurrent=1)
    await office.talk(anna)
    notices = (await team(samir))["notices"]
    assert notices[0]["text"] == "1 of 1 chats are running: what waits, waits for one of them to end."


async def test_levels_are_shown_with_whom_they_add(office: Office, samir: Browser) -> None:
    await office.lay_down("garden-advice", levels=[{"skills": ["french"]}, {"after_seconds": 30, "agents": [ANNA]}])
    task = await office.visitor()
    found = await team(samir)
    assert (found["levels"], found["agents"][0]["level"]) == (2, 2)
    assert [(one["id"], one["level"]) for one in await waiting(samir)] == [(task, 1)]


async def test_priority_lets_a_chat_wait_in_front(office: Office, samir: Browser) -> None:
    first, second = await office.visitor(name="One"), await office.visitor(name="Two")
    assert [one["id"] for one in await waiting(samir)] == [first, second]
    answer = await samir.call("POST", f"/tasks/{second}/priority", {"priority": "high"})
    assert (answer["verdict"], answer["task"]) == ("ok", None)
    assert [(one["id"], one["priority"]) for one in await waiting(samir)] == [(second, "high"), (first, "normal")]
    [entry] = await office.journal("priority")
    assert (entry["task"], entry["actor"]) == (second, SAMIR)
    error = await samir.refused("POST", f"/tasks/{second}/priority", {"priority": "vip"}, expect=400)
    assert error["field"] == "priority"


async def test_a_chat_is_given_to_an_agent_who_is_free(office: Office, samir: Browser) -> None:
    task = await office.visitor()
    error = await samir.refused("POST", f"/tasks/{task}/assign", {"user": ANNA}, expect=409)
    assert error["message"] == "Anna Meier cannot be asked now: offline in Teams."
    await office.distributor.set_duty(office.tenant, ANNA, False, ANNA)
    await office.present(ANNA)
    await office.distributor.set_duty(office.tenant, ANNA, True, ANNA)
    # By now it rings at her anyway; who asks again is told that it is so already.
    assert (await samir.call("POST", f"/tasks/{task}/assign", {"user": ANNA}))["verdict"] == "unchanged"


async def test_a_chat_of_a_level_that_is_not_open_is_given_all_the_same(office: Office, samir: Browser) -> None:
    await office.lay_down("garden-advice", levels=[{"skills": ["french"]}, {"after_seconds": 900, "agents": [ANNA]}])
    await office.present(ANNA)
    task = await office.visitor()
    assert (await office.task(task)).state is TaskState.QUEUED
    assert (await samir.call("POST", f"/tasks/{task}/assign", {"user": ANNA}))["verdict"] == "ok"
    assert (await office.task(task)).invited == (ANNA,)
    [entry] = await office.journal("assigned")
    assert entry["actor"] == SAMIR


async def test_a_waiting_chat_is_cancelled_and_a_talk_is_not(office: Office, samir: Browser, anna: Browser) -> None:
    talk = await office.talk(anna)
    task = await office.visitor()
    await samir.call("POST", f"/tasks/{task}/cancel")
    assert (await office.task(task)).outcome is Outcome.CANCELLED
    await samir.refused("POST", f"/tasks/{talk}/cancel", expect=409)
    assert (await office.task(talk)).state is TaskState.ACTIVE


async def test_an_agent_is_set_off_duty_and_his_pause_is_ended(office: Office, samir: Browser, anna: Browser) -> None:
    task = await office.visitor()
    [offer] = await anna.sees("the offer", lambda now: now["offers"])
    await anna.call("POST", f"/tasks/{task}/decline", {"offer": offer["offer"]})
    assert (await team(samir))["agents"][0]["rona"]
    await samir.call("POST", f"{GARDEN}/agents/{ANNA}/rona/reset", expect=204)
    assert not (await team(samir))["agents"][0]["rona"]
    await samir.call("POST", f"{GARDEN}/agents/{ANNA}/duty", {"on": False}, expect=204)
    [agent] = (await team(samir))["agents"]
    assert (agent["on_duty"], agent["reasons"][0]["text"]) == (False, "off duty")
    assert (await office.journal("duty"))[-1]["actor"] == SAMIR


async def test_only_who_supervises_a_service_learns_of_its_team(office: Office, anna: Browser, samir: Browser) -> None:
    task = await office.visitor()
    ben = office.browser(BEN)
    for browser, path in (
        (anna, GARDEN),
        (ben, GARDEN),
        (samir, "/services/orders"),
        (samir, "/services/nowhere"),
    ):
        for what in ("agents", "tasks"):
            assert (await browser.refused("GET", f"{path}/{what}", expect=404))["code"] == "no_such_service"
    assert (await samir.refused("POST", f"{GARDEN}/agents/{BEN}/duty", {"on": False}, expect=404))["code"] == (
        "no_such_agent"
    )
    for verb, body in {"priority": {"priority": "high"}, "assign": {"user": ANNA}, "cancel": {}}.items():
        await ben.refused("POST", f"/tasks/{task}/{verb}", body, expect=404)
        error = await anna.refused("POST", f"/tasks/{task}/{verb}", body, expect=403)
        assert error["code"] == "not_supervisor", "she is asked herself"
    assert (await anna.call("GET", "/me"))["supervises"] == []
    assert (await samir.call("GET", "/me"))["supervises"] == [{"id": "garden-advice", "name": "Garden Advice"}]


async def test_all_chats_of_a_service_are_ended_at_once(office: Office, samir: Browser, anna: Browser) -> None:
    talk = await office.talk(anna)
    waits = [await office.visitor() for _ in range(3)]
    elsewhere = await office.visitor(service="orders")
    assert await samir.call("POST", f"{GARDEN}/end-all") == {"ended": 4}
    assert [(await office.task(task)).outcome for task in waits] == [Outcome.CANCELLED] * 3
    assert (await office.task(talk)).state is TaskState.ACW
    assert (await office.task(elsewhere)).state is TaskState.QUEUED
    await samir.refused("POST", "/services/orders/end-all", expect=404)


async def test_the_reason_that_an_agent_chose_is_shown_in_the_tenants_words(office: Office, samir: Browser) -> None:
    await office.distributor.set_availability(office.tenant, ANNA, "other-work", ANNA)
    [agent] = (await team(samir))["agents"]
    assert agent["unavailable"] == "Other work"
    assert "not available: Other work" in [reason["text"] for reason in agent["reasons"]]


async def test_why_a_room_could_not_be_opened_is_said_while_the_chat_pauses(office: Office, samir: Browser) -> None:
    await office.present(ANNA)
    task = await office.visitor()
    found = await office.distributor.task(office.tenant, task)
    assert found is not None
    await office.distributor.accept(office.tenant, task, found.offer or "", ANNA, Via.PORTAL)
    await office.distributor.opening_failed(office.tenant, task, "no_second_person")
    [chat] = await waiting(samir)
    assert "names no second person" in chat["trouble"]
    assert chat["paused_until_at"] is not None


@pytest.mark.parametrize(
    "why", ["agent_removed", "agent_left_out", "no_such_user", "graph_unavailable", "something_new"]
)
async def test_why_a_room_could_not_be_opened_is_said_of_the_agent(office: Office, samir: Browser, why: str) -> None:
    """Who supervises reads it: it is neither their account nor their chat."""
    await office.present(ANNA)
    task = await office.visitor()
    found = await office.distributor.task(office.tenant, task)
    assert found is not None
    await office.distributor.accept(office.tenant, task, found.offer or "", ANNA, Via.PORTAL)
    await office.distributor.opening_failed(office.tenant, task, why)
    [chat] = await waiting(samir)
    assert chat["trouble"]
    assert not re.search(r"\byou(r)?\b", chat["trouble"].lower()), chat["trouble"]


async def test_it_is_said_until_a_room_is_open(office: Office, samir: Browser) -> None:
    """Also while the chat is offered again, and while its room is tried once more."""
    await office.present(ANNA)
    task = await office.visitor()

    async def shown() -> Json:
        found = await samir.call("GET", f"{GARDEN}/tasks")
        [chat] = [*found["waiting"], *found["running"]]
        return chat

    async def accepted() -> None:
        found = await office.distributor.task(office.tenant, task)
        assert found is not None
        assert (await office.distributor.accept(office.tenant, task, found.offer or "", ANNA, Via.PORTAL)).ok

    await accepted()
    assert (await shown())["trouble"] == ""
    await office.distributor.opening_failed(office.tenant, task, "forbidden")
    await office.distributor.assign(office.tenant, task, ANNA, actor=SAMIR)
    assert ((await shown())["state"], (await shown())["trouble"] != "") == ("offered", True)
    await accepted()
    assert ((await shown())["state"], (await shown())["trouble"] != "") == ("connecting", True)
    await office.distributor.opened(office.tenant, task)
    assert (await shown())["trouble"] == ""


async def test_somebody_whose_chat_rings_is_being_asked(office: Office, samir: Browser) -> None:
    await office.present(ANNA)
    task = await office.visitor()
    found = await office.distributor.task(office.tenant, task)
    assert found is not None
    assert found.invited == (ANNA,)

    async def codes() -> set[str]:
        return {notice["code"] for notice in (await team(samir))["notices"]}

    assert "nobody" not in await codes()
    assert (await office.distributor.accept(office.tenant, task, found.offer or "", ANNA, Via.PORTAL)).ok
    assert "nobody" in await codes()


async def test_chats_in_the_workflow_are_counted_and_ended_with_all_others(office: Office, samir: Browser) -> None:
    task = new_id()
    await office.distributor.create(office.tenant, task, service="garden-advice", workflow=True)
    await office.visitor()
    found = await samir.call("GET", f"{GARDEN}/tasks")
    assert (found["all"], len(found["waiting"]), found["running"]) == (2, 1, [])
    assert await samir.call("POST", f"{GARDEN}/end-all") == {"ended": 2}
    assert (await office.task(task)).outcome is Outcome.CANCELLED
    assert (await samir.call("GET", f"{GARDEN}/tasks"))["all"] == 0


async def test_messages_that_do_not_reach_the_room_are_counted(
    office: Office, samir: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.team_api.LATE_MS", 0)
    await office.present(ANNA)
    task = await office.visitor()
    found = await office.distributor.task(office.tenant, task)
    assert found is not None
    await office.distributor.accept(office.tenant, task, found.offer or "", ANNA, Via.PORTAL)
    await office.distributor.opened(office.tenant, task)
    await office.conversations.bind_room(office.tenant, task, "19:room@thread.v2", "https://teams.example/1")

    async def running() -> Json:
        return (await samir.call("GET", f"{GARDEN}/tasks"))["running"][0]

    assert ((await running())["backlog"], (await running())["backlog_since_at"]) == (0, None)
    said = await office.conversations.say(
        office.tenant, task, sender=Sender.VISITOR, author="", author_id="", text="Hello?", client_id="12345678"
    )
    assert ((await running())["backlog"], (await running())["backlog_since_at"]) == (1, said.at)
    batch = await office.conversations.next_batch(office.tenant, task)
    assert batch is not None
    await office.conversations.batch_sent(office.tenant, task, batch, "a1")
    assert (await running())["backlog"] == 0
