"""Who may do what: sessions, forged requests, other people's chats, other companies."""

import uuid

import pytest

from distribution.tasks import TaskState
from portal.routes import API, ROUTES, Route
from tests.portal.browser import Browser, Json
from tests.portal.company import BEN, SAMIR
from tests.portal.office import Office

WRITES = [route for route in ROUTES if route.method != "GET"]
TASK = "0" * 20


def _path(route: Route) -> str:
    return route.path.replace("{task}", TASK).replace("{service}", "garden-advice").replace("{user}", BEN)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_nothing_without_a_session(office: Office, route: Route) -> None:
    nobody = Browser(office.http, office.base, "usher=forged")
    error = await nobody.refused(route.method, _path(route), expect=401)
    assert error["code"] == "signed_out"


@pytest.mark.parametrize("route", WRITES, ids=lambda route: f"{route.method} {route.path}")
async def test_other_websites_cannot_act_in_a_persons_name(office: Office, anna: Browser, route: Route) -> None:
    for forged in ({"Origin": "https://evil.example"}, {"x-usher": "0"}):
        status, body = await anna.raw(route.method, _path(route), {}, forged)
        assert (status, body["error"]["code"]) == (403, "not_own_page"), forged


async def test_a_chat_of_another_service_does_not_exist_for_an_agent(office: Office, anna: Browser) -> None:
    task = await office.talk(anna)
    ben = office.browser(BEN)
    bodies: dict[str, Json] = {"terminate": {}, "acw/done": {}, "wrapup": {"codes": [], "tags": [], "note": ""}}
    for verb, body in bodies.items():
        error = await ben.refused("POST", f"/tasks/{task}/{verb}", body, expect=404)
        assert error["code"] == "no_such_task"
    await ben.refused("GET", f"/tasks/{task}/transcript", expect=404)
    assert [one["service"] for one in (await ben.state())["waiting"]] == ["orders"]
    assert (await office.task(task)).state is TaskState.ACTIVE


async def test_another_companys_agent_with_the_same_id_sees_nothing(office: Office, anna: Browser) -> None:
    task = await office.talk(anna)
    other = office.browser((await anna.call("GET", "/me"))["user"], tenant=str(uuid.uuid4()))
    await other.refused("POST", f"/tasks/{task}/terminate", expect=404)
    assert (await other.state())["open"] == []


async def test_an_agent_who_declined_cannot_end_somebody_elses_chat(office: Office, anna: Browser) -> None:
    task = await office.visitor()
    [offer] = await anna.sees("the offer", lambda now: now["offers"])
    await anna.call("POST", f"/tasks/{task}/decline", {"offer": offer["offer"]})
    error = await anna.refused("POST", f"/tasks/{task}/terminate", expect=403)
    assert error["code"] == "not_yours"
    await anna.refused("GET", f"/tasks/{task}/transcript", expect=404)
    assert (await office.task(task)).state is TaskState.QUEUED


async def test_a_supervisor_ends_a_chat_of_his_service_and_reads_none(office: Office, anna: Browser) -> None:
    task = await office.talk(anna)
    samir = office.browser(SAMIR)
    await samir.refused("GET", f"/tasks/{task}/transcript", expect=404)
    error = await samir.refused("POST", f"/tasks/{task}/acw/extend", expect=403)
    assert error["code"] == "not_yours"
    answer = await samir.call("POST", f"/tasks/{task}/terminate")
    assert (answer["verdict"], answer["task"]) == ("ok", None)
    assert (await office.task(task)).ended_by == "supervisor"


async def test_malformed_bodies_are_400_with_their_field_and_large_ones_413(office: Office, anna: Browser) -> None:
    task = await office.talk(anna)
    path = f"/tasks/{task}/wrapup"
    error = await anna.refused("POST", path, {"codes": "Plants", "tags": [], "note": ""}, expect=400)
    assert error["field"] == "codes"
    error = await anna.refused("POST", path, {"codes": [], "tags": [], "note": "n" * 2_001}, expect=400)
    assert error["field"] == "note"
    await anna.refused("POST", path, {"codes": [], "tags": [], "note": "n" * 70_000}, expect=413)
    async with office.http.post(f"{office.base}{API}{path}", data=b"{", headers=anna.headers) as answer:
        assert answer.status == 400
