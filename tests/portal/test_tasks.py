"""An agent's chat from the offer to the last code, over HTTP."""

from conversations.messages import GREETING_ID, Kind, Sender
from distribution.agents import AgentRules
from distribution.tasks import TaskState
from distribution.user_session import OfferResult
from tests.portal.browser import Browser
from tests.portal.company import BEN
from tests.portal.office import Office


async def test_a_chat_from_offer_to_past(office: Office, anna: Browser) -> None:
    task = await office.visitor("My lemon tree has yellow leaves.", name="Lena Vogel")
    [offer] = await anna.sees("the offer", lambda now: now["offers"])
    assert (offer["customer"], offer["service_name"], offer["page"]) == ("Lena Vogel", "Garden Advice", "/plants")
    assert offer["first_message"] == "My lemon tree has yellow leaves."
    assert offer["deadline_at"] is None, "nobody has seen it yet"
    seen = await anna.call("POST", f"/tasks/{task}/delivered", {"offer": offer["offer"]})
    assert seen["task"]["deadline_at"] - seen["task"]["offered_at"] >= 5_000
    accepted = await anna.call("POST", f"/tasks/{task}/accept", {"offer": offer["offer"]})
    assert accepted["task"]["state"] == "connecting"
    await office.room(task)
    [chat] = (await anna.state())["open"]
    assert (chat["state"], chat["chat_url"]) == ("active", f"https://teams.example/{task}")
    ended = await anna.call("POST", f"/tasks/{task}/terminate")
    assert ended["task"]["state"] == "acw"
    await anna.call("POST", f"/tasks/{task}/wrapup", {"codes": ["Plants"], "tags": ["urgent"], "note": "Less water."})
    await anna.call("POST", f"/tasks/{task}/acw/done")
    state = await anna.state()
    assert (state["offers"], state["open"]) == ([], [])
    [past] = state["past"]
    assert (past["outcome"], past["codes"], past["tags"], past["note"]) == (
        "handled", ["Plants"], ["urgent"], "Less water.",
    )  # fmt: skip


async def test_a_late_accept_is_an_answer_that_says_what_happened(office: Office, anna: Browser) -> None:
    task = await office.visitor()
    [offer] = await anna.sees("the offer", lambda now: now["offers"])
    await office.distributor.visitor_left(office.tenant, task)
    late = await anna.call("POST", f"/tasks/{task}/accept", {"offer": offer["offer"]})
    assert late["verdict"] == "gone"
    assert late["message"] == "This offer is no longer open."


async def test_accept_clicked_five_times_accepts_once(office: Office, anna: Browser) -> None:
    task = await office.visitor()
    [offer] = await anna.sees("the offer", lambda now: now["offers"])
    verdicts = [
        (await anna.call("POST", f"/tasks/{task}/accept", {"offer": offer["offer"]}))["verdict"] for _ in range(5)
    ]
    assert verdicts == ["ok", "unchanged", "unchanged", "unchanged", "unchanged"]


async def test_decline_gives_the_chat_away(office: Office, anna: Browser) -> None:
    task = await office.visitor()
    [offer] = await anna.sees("the offer", lambda now: now["offers"])
    await anna.call("POST", f"/tasks/{task}/decline", {"offer": offer["offer"]})
    found = await office.task(task)
    assert found.state is TaskState.QUEUED
    assert set(found.past.values()) == {OfferResult.DECLINED}
    assert (await anna.state())["offers"] == []


async def test_who_declined_learns_nothing_of_the_talk_that_another_has(office: Office, anna: Browser) -> None:
    task = await office.visitor()
    [offer] = await anna.sees("the offer", lambda now: now["offers"])
    await anna.call("POST", f"/tasks/{task}/decline", {"offer": offer["offer"]})
    rules = AgentRules(licensed=True, direct_licensed=False, services={"garden-advice": True})
    await office.distributor.set_agent(office.tenant, BEN, rules)
    await office.present(BEN)
    ben = office.browser(BEN)
    [bens] = await ben.sees("the offer", lambda now: now["offers"])
    await ben.call("POST", f"/tasks/{task}/accept", {"offer": bens["offer"]})
    await office.room(task)
    await ben.call("POST", f"/tasks/{task}/terminate")
    await ben.call("POST", f"/tasks/{task}/wrapup", {"codes": ["Tools"], "tags": ["urgent"], "note": "Owes us 300."})
    late = (await anna.call("POST", f"/tasks/{task}/accept", {"offer": offer["offer"]}))["task"]
    assert (late["my_result"], late["state"]) == ("declined", "acw")
    assert (late["codes"], late["tags"], late["note"], late["chat_url"]) == ([], [], "", None)


async def test_terminate_twice_is_one_end(office: Office, anna: Browser) -> None:
    task = await office.talk(anna)
    first = await anna.call("POST", f"/tasks/{task}/terminate")
    second = await anna.call("POST", f"/tasks/{task}/terminate")
    assert (first["verdict"], second["verdict"]) == ("ok", "unchanged")
    assert first["task"]["acw_until_at"] == second["task"]["acw_until_at"]


async def test_required_codes_hold_the_end_back(office: Office, anna: Browser) -> None:
    task = await office.talk(anna)
    await anna.call("POST", f"/tasks/{task}/terminate")
    error = await anna.refused("POST", f"/tasks/{task}/acw/done", expect=409)
    assert (error["code"], error["field"]) == ("codes_missing", "codes")
    assert "Topic" in error["message"]
    assert (await office.task(task)).state is TaskState.ACW
    await anna.call("POST", f"/tasks/{task}/wrapup", {"codes": ["Tools"], "tags": [], "note": ""})
    await anna.call("POST", f"/tasks/{task}/acw/done")
    assert (await office.task(task)).state is TaskState.CLOSED


async def test_only_codes_and_tags_of_the_service_are_kept(office: Office, anna: Browser) -> None:
    task = await office.talk(anna)
    error = await anna.refused("POST", f"/tasks/{task}/wrapup", {"codes": ["Cars"], "tags": [], "note": ""}, expect=400)
    assert error["field"] == "codes"
    error = await anna.refused("POST", f"/tasks/{task}/wrapup", {"codes": [], "tags": ["vip"], "note": ""}, expect=400)
    assert error["field"] == "tags"
    assert (await office.task(task)).codes == ()


async def test_after_call_work_is_extended_as_often_as_the_service_allows(office: Office, anna: Browser) -> None:
    task = await office.talk(anna)
    ended = await anna.call("POST", f"/tasks/{task}/terminate")
    assert ended["task"]["acw_can_extend"]
    extended = await anna.call("POST", f"/tasks/{task}/acw/extend")
    assert extended["task"]["acw_until_at"] > ended["task"]["acw_until_at"]
    assert not extended["task"]["acw_can_extend"]
    error = await anna.refused("POST", f"/tasks/{task}/acw/extend", expect=409)
    assert error["code"] == "refused"


async def test_a_transcript_has_edits_deletions_and_notes(office: Office, anna: Browser) -> None:
    task = await office.talk(anna, text="Too much sun?")
    await office.answers(task, "Welcome.", GREETING_ID, sender=Sender.SYSTEM)
    await office.answers(task, "How oftn?", "1")
    await office.answers(task, "How often?", "1-edit", kind=Kind.EDIT, of="1")
    await office.answers(task, "Too wet.", "2", sender=Sender.NOTE)
    await office.answers(task, "Oops", "3")
    await office.answers(task, "", "3-delete", kind=Kind.DELETE, of="3")
    found = await anna.call("GET", f"/tasks/{task}/transcript")
    lines = [(one["sender"], one["text"], one["edited"], one["deleted"]) for one in found["messages"]]
    assert lines == [
        ("system", "Welcome.", False, False),  # the visitor read it before writing
        ("visitor", "Too much sun?", False, False),
        ("agent", "How often?", True, False),
        ("note", "Too wet.", False, False),
        ("agent", "", False, True),
    ]


async def test_a_visitor_who_loses_his_connection_is_shown_with_the_time_he_has(office: Office, anna: Browser) -> None:
    task = await office.talk(anna)
    await office.distributor.visitor_here(office.tenant, task, "socket-1")
    await office.distributor.visitor_away(office.tenant, task, "socket-1")
    [chat] = await anna.sees(
        "that the visitor has left", lambda now: [one for one in now["open"] if not one["visitor_here"]]
    )
    left_at = (await office.task(task)).visitor_left_at
    assert left_at is not None
    assert chat["visitor_grace_until_at"] == left_at + 300_000


async def test_a_visitor_without_a_name_has_one_everywhere(office: Office, anna: Browser) -> None:
    task = await office.visitor(name="")
    [offer] = await anna.sees("the offer", lambda now: now["offers"])
    assert offer["customer"].startswith("Visitor ")
    await anna.call("POST", f"/tasks/{task}/accept", {"offer": offer["offer"]})
    found = await anna.call("GET", f"/tasks/{task}/transcript")
    assert found["messages"][0]["author"] == found["customer"] == offer["customer"]
