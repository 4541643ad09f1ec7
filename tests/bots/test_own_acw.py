"""After a hand-over each agent has after-call work of his own, with the codes of the service he had the chat for."""

from urllib.parse import quote

from directory.state import State
from distribution.tasks import TaskState, Via
from distribution.user_session import Entries
from sandbox.values import Json
from tests.bots.house import ANNA, BEN, SOON, House, text_of
from tests.support import wait_until


def inputs_of(card: Json) -> set[str]:
    body = card["cards"][0]["content"]["body"]
    return {choice["value"] for one in body if one["type"] == "Input.ChoiceSet" for choice in one["choices"]}


async def orders_is_bens(home: House) -> None:
    """Ben answers orders too, which has after-call work and codes of its own."""

    def lay_down(before: State) -> State:
        orders = before.services["orders"]
        codes = [{"category": "Order", "codes": ["Returned", "Delivered"], "required": True}]
        changed = orders.model_validate(orders.model_dump() | {"acw_seconds": 300, "codes": codes})
        ben = before.users[BEN].model_copy(update={"agent_of": ("garden-advice", "orders")})
        return before.having(services={**before.services, "orders": changed}, users={**before.users, BEN: ben})

    await home.directory.change(home.tenant, lay_down, actor="test")

    async def known() -> bool:
        found = await home.distributor.agent(home.tenant, BEN)
        return found is not None and "orders" in found.levels

    await wait_until(known, SOON, "Ben in orders")


async def handed_over(home: House) -> tuple[str, str, Json]:
    """A chat that Ben has from Anna, for another service; its task, its room, and her own card."""
    await home.register(ANNA, BEN)
    await orders_is_bens(home)
    task, chat = await home.talking()
    await home.distributor.transfer(home.tenant, task, ANNA, to_service="orders", via=Via.ROOM)
    await home.click(BEN, await home.card(BEN, "New chat"), "Accept")
    hers = await home.card(ANNA, "After-call work")
    return task, chat, hers


async def test_each_card_has_its_own_form_and_keeps_its_own_notes(home: House) -> None:
    task, chat, hers = await handed_over(home)
    assert inputs_of(hers) == {"Plants", "Tools", "Solved", "returning", "urgent"}
    assert "Garden Advice" in text_of(hers)

    refused = await home.click(ANNA, hers, "Done", {"note": "He pays by card."})
    assert "Please choose: Topic." in str(refused.body)
    before = (await home.task(task)).wraps[ANNA]
    await home.click(ANNA, hers, "Extend by 1 min", {"code0": "Plants", "note": "He pays by card."})
    after = (await home.task(task)).wraps[ANNA]
    assert (after.extensions, after.until_at > before.until_at) == (1, True)
    extend = next(one for one in hers["cards"][0]["content"]["actions"] if one["title"] == "Extend by 1 min")
    repeated = await home.raw(**home.invoke({**extend["data"], "code0": "Plants", "note": "He pays by card."}))
    assert repeated["body"]["statusCode"] == 200
    assert (await home.task(task)).wraps[ANNA] == after, "the card's old end is the fence"
    assert (await home.distributor.extend_acw(home.tenant, task, ANNA, Via.CARD)).ok

    async def no_more() -> Json | None:
        card = await home.card(ANNA, "After-call work")
        titles = [one["title"] for one in card["cards"][0]["content"]["actions"]]
        return card if titles == ["Done"] else None

    hers = await wait_until(no_more, SOON, "a card that cannot be extended any more")

    async def noted() -> Json | None:
        card = await home.room_card(chat)
        return card if card is not None and "He pays by card." in text_of(card) else None

    assert "Noted by Anna Meier" in text_of(await wait_until(noted, SOON, "Ben to read what Anna noted"))
    await home.click(ANNA, hers, "Done", {"code0": "Tools", "note": "He pays by card."})
    assert "Garden Advice" in text_of(await home.card(ANNA, "Transferred to Ben Okafor"))

    await home.click(BEN, await home.card(BEN, "Accepted"), "Terminate")
    his = await home.card(BEN, "After-call work")
    assert inputs_of(his) == {"Returned", "Delivered"}
    await home.click(BEN, his, "Done", {"code0": "Returned", "note": "Refund."})
    closed = await home.in_state(task, TaskState.CLOSED)
    assert closed.entries_of(ANNA) == Entries(("Tools",), (), "He pays by card.")
    assert closed.entries_of(BEN) == Entries(("Returned",), (), "Refund.")


async def test_a_code_that_the_service_has_given_up_is_said(home: House) -> None:
    _, _, hers = await handed_over(home)
    refused = await home.click(ANNA, hers, "Done", {"code0": "Plants,Cars", "tags": "vip", "note": "A rose."})
    assert "This service does not have the code “Cars”." in str(refused.body)
    assert "This service does not have the tag “vip”." in str(refused.body)
    again = await home.card(ANNA, "After-call work")
    await home.click(ANNA, again, "Done", {"code0": "Plants", "note": "A rose."})
    await home.card(ANNA, "Transferred to Ben Okafor")


async def test_in_the_room_nobody_fills_in_the_form_of_another(home: House) -> None:
    task, chat, _ = await handed_over(home)
    await home.click(BEN, await home.card(BEN, "Accepted"), "Terminate")
    added = await home.product.teams("POST", f"/chats/{quote(chat)}/members", {"user": BEN})
    assert added.status == 200
    his = await wait_until(lambda: home.room_card(chat, "After-call work", BEN), SOON, "Ben's form in the room")

    answer = await home.click(ANNA, his, "Done", {"code0": "Returned", "note": "Ben's words"})
    assert (await home.task(task)).entries_of(ANNA) == Entries()
    hers = {"chat": chat, "id": his["id"], "cards": [{"content": answer.body["card"]}]}
    assert {"Plants", "Tools"} <= inputs_of(hers)
    await home.click(ANNA, hers, "Done", {"code0": "Plants", "note": "Anna's words"})
    await home.click(BEN, his, "Done", {"code0": "Returned", "note": "Ben's words"})
    closed = await home.in_state(task, TaskState.CLOSED)
    assert closed.entries_of(ANNA) == Entries(("Plants",), (), "Anna's words")
    assert closed.entries_of(BEN) == Entries(("Returned",), (), "Ben's words")
    assert closed.wraps == {}
