"""An agent's own card: from the offer to the result, always the task as it is now."""

import asyncio
import time
from dataclasses import replace
from urllib.parse import quote

import pytest

from distribution.service_rules import ServiceRules
from distribution.tasks import Outcome, TaskState, Via
from distribution.user_session import OfferResult
from store.due import Subject
from tests.bots.house import SOON, House, text_of, title_of
from tests.sandbox.product import ANNA, BEN, DOMINIQUE
from tests.support import wait_until

SEND, UPDATE = "Conversations_SendToConversation", "Conversations_UpdateActivity"


async def test_an_offer_arrives_as_a_card_and_its_time_begins_when_it_has_arrived(home: House) -> None:
    await home.register(ANNA)
    task = await home.visitor("My rose has black spots.")
    card = await home.card(ANNA, "New chat")
    assert "My rose has black spots." in text_of(card)
    assert "www.fabrikam.example/roses" in text_of(card)
    assert card["summary"] == "New chat: Jonas Keller"

    async def timed() -> bool:
        return "within 30 s (by {{TIME(" in text_of(await home.card(ANNA, "New chat"))

    await wait_until(timed, SOON, "the deadline on the card")
    assert (await home.task(task)).deadline_at is not None


async def test_accept_opens_the_room_and_terminate_and_done_close_the_task(home: House) -> None:
    await home.register(ANNA)
    task = await home.visitor()
    home.rooms_open.clear()
    answer = await home.click(ANNA, await home.card(ANNA, "New chat"), "Accept")
    assert answer.body["kind"] == "card"
    assert "Opening the chat" in str(answer.body["card"]["body"])
    await home.card(ANNA, "Opening the chat …")

    home.rooms_open.set()
    accepted = await home.card(ANNA, "Accepted")
    opens = accepted["cards"][0]["content"]["actions"][0]
    assert opens["url"].endswith(f"/{quote(await home.room_of(task))}/0")

    answer = await home.click(ANNA, accepted, "Terminate")
    assert "After-call work" in str(answer.body["card"]["body"])
    form = await home.card(ANNA, "After-call work")

    # A required code is missing: what was typed is kept, and the card says what it waits for.
    answer = await home.click(ANNA, form, "Done", {"code1": "Solved", "note": "Sprayed."})
    assert "Please choose: Topic." in str(answer.body["card"]["body"])
    assert (await home.task(task)).note == "Sprayed."

    form = await home.card(ANNA, "After-call work")
    answer = await home.click(
        ANNA, form, "Done", {"code0": "Plants", "code1": "Solved", "tags": "urgent", "note": "Sprayed."}
    )
    assert "Chat ended" in str(answer.body["card"]["body"])
    closed = await home.in_state(task, TaskState.CLOSED)
    assert (closed.codes, closed.tags, closed.outcome) == (("Plants", "Solved"), ("urgent",), Outcome.HANDLED)
    ended = await home.card(ANNA, "Chat ended")
    assert "Plants · Solved" in text_of(ended)
    assert ended["cards"][0]["content"]["refresh"]["userIds"] == []


async def test_a_click_is_answered_within_a_second_however_long_graph_takes_and_five_clicks_do_once(
    home: House,
) -> None:
    await home.register(ANNA)
    task = await home.visitor()
    home.rooms_open.clear()
    card = await home.card(ANNA, "New chat")
    began = time.monotonic()
    clicked = await asyncio.gather(*(home.click(ANNA, card, "Accept") for _ in range(5)))
    assert time.monotonic() - began < 1
    assert all(answer.body["kind"] == "card" for answer in clicked), clicked
    connecting = await home.in_state(task, TaskState.CONNECTING)
    home.rooms_open.set()
    active = await home.in_state(task, TaskState.ACTIVE)
    assert active.accepted_at == connecting.accepted_at
    assert len(home.calls("Chats.Create")) == 1


async def test_declined_it_goes_to_the_next_agent_and_the_card_says_so(home: House) -> None:
    await home.register(ANNA, BEN)
    task = await home.visitor()
    first = (await home.in_state(task, TaskState.OFFERED)).invited[0]
    second = BEN if first == ANNA else ANNA
    await home.click(first, await home.card(first, "New chat"), "Decline")
    await home.card(first, "Declined")
    await home.card(second, "New chat")
    assert (await home.task(task)).past[first] is OfferResult.DECLINED


async def test_a_visitor_who_leaves_is_told_to_whom_it_was_offered(home: House) -> None:
    await home.register(ANNA)
    task = await home.visitor()
    await home.card(ANNA, "New chat")
    await home.distributor.visitor_left(home.tenant, task)
    assert "The customer has left." in text_of(await home.card(ANNA, "Withdrawn"))


async def test_what_is_done_in_the_portal_shows_on_the_card(home: House) -> None:
    await home.register(ANNA)
    task = await home.visitor()
    await home.card(ANNA, "New chat")
    offered = await home.task(task)
    home.rooms_open.clear()
    await home.distributor.accept(home.tenant, task, offered.offer or "", ANNA, Via.PORTAL)
    await home.card(ANNA, "Opening the chat …")
    home.rooms_open.set()
    await home.card(ANNA, "Accepted")


async def test_a_second_offer_of_the_same_task_is_a_new_message(home: House) -> None:
    await home.register(ANNA)
    await home.distributor.set_service(
        home.tenant, "garden-advice", ServiceRules(name="Garden Advice", reoffer_seconds=0)
    )
    task = await home.visitor()
    before = await home.card(ANNA, "New chat")
    home.rooms_open.clear()
    offered = await home.task(task)
    await home.distributor.accept(home.tenant, task, offered.offer or "", ANNA, Via.PORTAL)
    await home.distributor.opening_failed(home.tenant, task, "blocked_by_policy")
    # Freed, she is the longest idle one again, and asked once more.
    again = await home.card(ANNA, "New chat", count=2)
    older = (await home.cards(ANNA))[0]
    assert again["id"] != older["id"]
    assert (await home.task(task)).offer != offered.offer

    await wait_until(lambda: _first_title(home, "Not opened"), SOON, "the older card's end")

    # The older card's button may still be on somebody's screen: it decides nothing, and shows what is.
    old = before["cards"][0]["content"]["actions"][0]["data"]
    answer = await home.raw(**home.invoke(old))
    assert answer["status"] == answer["body"]["statusCode"] == 200
    assert "New chat" in str(answer["body"]["value"]["body"])
    assert (await home.task(task)).state is TaskState.OFFERED


async def _first_title(home: House, title: str) -> bool:
    return title_of((await home.cards(ANNA))[0]) == title


async def test_a_room_that_does_not_open_is_said_on_the_card(home: House) -> None:
    await home.register(ANNA)
    await home.distributor.set_duty(home.tenant, BEN, False, BEN)
    task = await home.visitor()
    await home.card(ANNA, "New chat")
    home.rooms_open.clear()
    offered = await home.task(task)
    await home.distributor.accept(home.tenant, task, offered.offer or "", ANNA, Via.PORTAL)
    await home.distributor.set_duty(home.tenant, ANNA, False, ANNA)
    await home.distributor.opening_failed(home.tenant, task, "not_granted-Chat.Create")
    assert "Teams has not been granted Chat.Create" in text_of(await home.card(ANNA, "Not opened"))


async def test_a_chat_straight_to_a_user_is_offered_to_her(home: House) -> None:
    await home.register(DOMINIQUE)
    await home.visitor(service=None, user=DOMINIQUE)
    assert "Straight to you" in text_of(await home.card(DOMINIQUE, "New chat"))


async def test_a_card_speaks_its_readers_language(home: House) -> None:
    await home.register(ANNA)
    await home.directory.set_language(home.tenant, ANNA, "it")
    await home.visitor()
    await home.card(ANNA, "Nuova chat")


async def test_an_older_clients_submit_does_the_same(home: House) -> None:
    await home.register(ANNA)
    task = await home.visitor()
    answer = await home.click(ANNA, await home.card(ANNA, "New chat"), "Accept", submit=True)
    assert answer.body["kind"] == "sent"
    await home.in_state(task, TaskState.ACTIVE)
    await home.card(ANNA, "Accepted")
    # A button is never taken for something that an agent said.
    assert all(sender == "visitor" for sender, _, _ in await home.transcript(task))


async def test_extending_repeatedly_from_one_card_extends_once(home: House) -> None:
    await home.register(ANNA)
    task, _ = await home.talking()
    await home.click(ANNA, await home.card(ANNA, "Accepted"), "Terminate")
    form = await home.card(ANNA, "After-call work")
    before = (await home.task(task)).acw_until_at
    extend = form["cards"][0]["content"]["actions"][1]["data"]
    # The same button, as Teams may send it: again, and even with a new id.
    activity = home.invoke({**extend, "note": "still typing"})
    for one in (activity, activity, home.invoke({**extend, "note": "still typing"})):
        assert (await home.raw(**one))["body"]["statusCode"] == 200
    extended = await home.task(task)
    assert extended.acw_extensions == 1
    assert extended.acw_until_at != before
    assert extended.note == "still typing"


@pytest.mark.parametrize(
    "data",
    [
        {"usher": "accept", "task": "0" * 20, "offer": "1"},
        {"usher": "explode", "task": "0" * 20, "offer": "1"},
        {"x": 1},
        "text",
        None,
    ],
)
async def test_a_card_that_nobody_knows_is_answered_with_a_sentence(home: House, data: object) -> None:
    answer = await home.raw(**home.invoke(data))
    assert answer["status"] == answer["body"]["statusCode"] == 200
    assert answer["body"]["type"] == "application/vnd.microsoft.activity.message"
    assert "no longer kept" in answer["body"]["value"]


async def test_without_registration_nothing_is_sent_and_the_offer_waits_for_an_open_page(home: House) -> None:
    await home.distributor.surface_beat(home.tenant, ANNA, "page")
    task = await home.visitor()
    offered = await home.in_state(task, TaskState.OFFERED)
    assert offered.invited == (ANNA,)
    await home.settled()
    assert not home.sends()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "BotNotInConversationRoster"),
        (403, "ConversationBlockedByUser"),
        (403, "BotDisabledByAdmin"),
        (404, "ConversationNotFound"),
    ],
)
async def test_who_cannot_be_reached_loses_the_offer_and_the_registration(home: House, status: int, code: str) -> None:
    await home.register(ANNA, BEN)
    await home.product.order({"operation": SEND}, {"status": status, "code": code, "message": "no"}, times=1)
    task = await home.visitor()

    async def undelivered() -> str:
        past = (await home.task(task)).past
        return next((user for user, result in past.items() if result is OfferResult.UNDELIVERED), "")

    lost = await wait_until(undelivered, SOON, "an offer that was not delivered")
    await home.card(BEN if lost == ANNA else ANNA, "New chat")
    assert await home.directory.registration(home.tenant, lost) is None
    assert len([record for record in home.sends() if record["status"] == status]) == 1


async def test_a_card_that_teams_has_lost_is_sent_anew(home: House) -> None:
    await home.register(ANNA)
    task = await home.visitor()
    await home.card(ANNA, "New chat")
    await home.settled()
    await home.product.order(
        {"operation": UPDATE}, {"status": 404, "code": "ActivityNotFoundInConversation", "message": "gone"}
    )
    await home.distributor.visitor_left(home.tenant, task)
    await home.card(ANNA, "Withdrawn", count=2)


@pytest.mark.parametrize("status", [412, 429, 502, 503, 504])
async def test_what_passes_is_tried_again(home: House, status: int) -> None:
    await home.register(ANNA)
    await home.product.order({"operation": SEND}, {"status": status, "code": "Passing", "message": "later"}, times=2)
    await home.visitor()
    await home.card(ANNA, "New chat")
    # Two sends failed, of which one may have been the probe that asks whether anybody is reached.
    assert [call["status"] for call in home.calls(SEND) if call["status"] >= 300] == [status, status]
    assert [record["status"] for record in home.sends()][-1] == 201


async def test_a_decryption_fault_passes_too(home: House) -> None:
    await home.register(ANNA)
    fault = {"status": 403, "code": "Forbidden", "message": "Failed to decrypt conversation id"}
    await home.product.order({"operation": SEND}, fault, times=1)
    await home.visitor()
    await home.card(ANNA, "New chat")
    assert await home.directory.registration(home.tenant, ANNA) is not None


async def test_one_token_and_one_card_for_all_that_a_replica_sends(home: House) -> None:
    await home.register(ANNA, BEN)
    first, second = await home.visitor("one"), await home.visitor("two")
    await home.card(ANNA, "New chat")
    await home.card(BEN, "New chat")
    tokens = [r for r in home.calls("Entra.Token") if "botframework" in str(r)]
    assert len(tokens) == 1
    assert {(await home.task(first)).state, (await home.task(second)).state} == {TaskState.OFFERED}


async def test_a_handler_that_runs_twice_sends_once(home: House) -> None:
    await home.register(ANNA)
    task = await home.visitor()
    await home.card(ANNA, "New chat")
    await home.settled()
    before = len(home.sends()) + len(home.calls(UPDATE))
    for _ in range(3):
        await home.bot.handle_card(Subject("card", home.tenant, (task, ANNA)))
    assert len(home.sends()) + len(home.calls(UPDATE)) == before
    assert title_of(await home.card(ANNA, "New chat")) == "New chat"
    assert replace(await home.task(task), revision=0).state is TaskState.OFFERED
