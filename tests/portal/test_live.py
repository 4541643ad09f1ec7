"""The open page: what happens anywhere shows at once, and a page that follows the events shows what a new one would."""

from contextlib import AsyncExitStack
from dataclasses import replace

from conversations.messages import Sender
from directory.state import State
from distribution.tasks import Via
from store.connection import Store
from tests.portal.browser import Browser, Json
from tests.portal.company import ANNA, SAMIR
from tests.portal.office import QUICK, Office, open_office
from tests.support import wait_until

SLOW = replace(QUICK, heartbeat=60.0, keep=60.0)


async def test_an_agent_without_the_bot_is_reached_by_the_open_page(office: Office) -> None:
    """Rocket.Chat#22105: a chat does not appear in the agent's queue until reload."""
    await office.present(ANNA, registered=False)
    anna = office.browser(ANNA)
    async with anna.page() as page:
        await page.shows("that she can be offered a chat", lambda now: now["agent"]["services"][0]["selectable"])
        task = await office.visitor("Hello there")
        [offer] = await page.shows("the offer", lambda now: now["offers"])
        assert (offer["id"], offer["first_message"]) == (task, "Hello there")


async def test_what_is_entered_elsewhere_shows_at_once(office: Office, anna: Browser) -> None:
    async with anna.page() as page:
        task = await office.talk(anna)
        await page.shows("the chat", lambda now: [one for one in now["open"] if one["state"] == "active"])
        await office.distributor.terminate(office.tenant, task, by="agent", actor=ANNA, via=Via.CARD)
        await page.shows("after-call work", lambda now: [one for one in now["open"] if one["state"] == "acw"])
        await office.distributor.save_wrapup(office.tenant, task, ANNA, codes=["Tools"], tags=[], note="From the card")
        await page.shows("the note", lambda now: [one for one in now["open"] if one["note"] == "From the card"])
        await office.distributor.finish_acw(office.tenant, task, ANNA, Via.CARD)
        await page.shows("the past session", lambda now: now["open"] == [] and now["past"])


async def test_a_page_that_follows_shows_what_a_new_one_would(office: Office, anna: Browser) -> None:
    """Events applied to an old snapshot give the new snapshot, its revision included."""
    async with anna.page() as page:
        task = await office.talk(anna)
        await office.visitor(name="Theo")
        await office.says(task, "Anybody there?", Sender.VISITOR)
        await anna.call("PUT", "/me/preferences", {"language": "it"})
        await anna.call("POST", f"/tasks/{task}/terminate")
        await anna.call("POST", "/me/duty", {"on": False}, expect=204)
        fresh: list[Json] = [{}]

        async def same() -> bool:
            fresh[0] = await anna.state()
            return _content(page.shown) == _content(fresh[0])

        await wait_until(same, 5, lambda: f"page {page.shown} = new {fresh[0]}", step=0.05)
        assert page.shown["revision"] == fresh[0]["revision"]
        assert fresh[0]["waiting"][0]["tasks"][0]["customer"] == "Theo"
        assert page.updates, "this came with the events"


async def test_the_queue_of_a_service_is_live_for_its_supervisor(office: Office) -> None:
    async with office.browser(SAMIR).page() as page:
        task = await office.visitor(name="Noah")
        [waiting] = await page.shows("who waits", lambda now: [one for one in now["waiting"] if one["tasks"]])
        assert [(one["customer"], one["position"]) for one in waiting["tasks"]] == [("Noah", 1)]
        await office.distributor.visitor_left(office.tenant, task)
        await page.shows("that nobody waits", lambda now: now["waiting"][0]["tasks"] == [])


async def test_a_missed_offer_is_told_in_words(office: Office, anna: Browser) -> None:
    async with anna.page() as page:
        task = await office.visitor(name="Lena")
        [offer] = await page.shows("the offer", lambda now: now["offers"])
        await anna.call("POST", f"/tasks/{task}/delivered", {"offer": offer["offer"]})
        await page.shows("that the offer is gone", lambda now: now["offers"] == [])
        notice = await wait_until(lambda: page.notices, 10, "the notice")
        assert notice == [{"code": "missed", "text": "You missed the chat with Lena. It goes to somebody else."}]
        assert page.shown["agent"]["rona"]


async def test_a_room_that_cannot_be_opened_is_told_in_words(office: Office, anna: Browser) -> None:
    async with anna.page() as page:
        task = await office.visitor(name="Lena")
        [offer] = await page.shows("the offer", lambda now: now["offers"])
        await anna.call("POST", f"/tasks/{task}/accept", {"offer": offer["offer"]})
        await page.shows("the opening chat", lambda now: now["open"])
        await office.distributor.set_duty(office.tenant, ANNA, False, "test")
        await office.distributor.opening_failed(office.tenant, task, "not_granted-Chat.Create")
        notice = await wait_until(lambda: page.notices, 10, "the notice")
        assert notice[0]["code"] == "failed"
        assert "Chat.Create" in notice[0]["text"]


async def test_a_declined_offer_needs_no_words(office: Office, anna: Browser) -> None:
    async with anna.page() as page:
        task = await office.visitor()
        [offer] = await page.shows("the offer", lambda now: now["offers"])
        await anna.call("POST", f"/tasks/{task}/decline", {"offer": offer["offer"]})
        await page.shows("that the offer is gone", lambda now: now["offers"] == [])
        before = len(page.beats)
        await wait_until(lambda: len(page.beats) > before, 10, "a heartbeat")
        assert page.notices == []


async def test_heartbeats_carry_the_revision_and_cost_no_update(office: Office, anna: Browser) -> None:
    async with anna.page() as page:
        await wait_until(lambda: len(page.beats) >= 3, 5, "three heartbeats")
        assert {beat["revision"] for beat in page.beats} == {page.shown["revision"]}
        assert page.updates == []


async def test_bells_alone_bring_everything(store: Store, tenant: str) -> None:
    """No heartbeat helps here, and nothing that is kept grows old by itself."""
    async with open_office(store, tenant, rhythm=SLOW) as office, office.browser(SAMIR).page() as page:
        for name in ("Noah", "Theo"):
            await office.visitor(name=name)
            await page.shows(f"{name} last", lambda now, name=name: _names(now)[-1:] == [name])

        def rename(before: State) -> State:
            service = before.services["garden-advice"].model_copy(update={"name": "Lawn Advice"})
            return before.having(services={**before.services, service.id: service})

        await office.directory.change(office.tenant, rename, actor="test")
        await page.shows("the new name", lambda now: now["waiting"][0]["name"] == "Lawn Advice")


async def test_a_lost_doorbell_costs_one_heartbeat(store: Store, tenant: str) -> None:
    async with open_office(store, tenant, bells=False) as office:
        await office.present(ANNA)
        anna = office.browser(ANNA)
        async with anna.page() as page:
            await office.visitor()
            await page.shows("the offer", lambda now: now["offers"])


async def test_a_role_taken_away_shows_at_once(office: Office, anna: Browser) -> None:
    async with anna.page() as page:
        assert page.shown["me"]["roles"] == ["agent"]

        def leave(before: State) -> State:
            person = before.users[ANNA].model_copy(update={"agent_of": []})
            return before.having(users={**before.users, ANNA: person})

        await office.directory.change(office.tenant, leave, actor="test")
        await page.shows("no role", lambda now: now["me"]["roles"] == [])
        assert page.shown["waiting"] == []


async def test_a_stopping_server_lets_its_pages_go(store: Store, tenant: str) -> None:
    async with open_office(store, tenant, rhythm=SLOW) as office, office.browser(ANNA).page() as page:
        assert office.server is not None
        await office.server.close()
        await wait_until(lambda: page.ended, 10, "the end of the stream")


async def test_a_person_has_a_bounded_number_of_pages(office: Office, anna: Browser) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(20):
            await stack.enter_async_context(anna.page())
        error = await anna.refused("GET", "/events", expect=429)
        assert error["code"] == "too_many_pages"


def _names(shown: Json) -> list[str]:
    return [task["customer"] for task in shown["waiting"][0]["tasks"]]


def _content(shown: Json) -> Json:
    return {name: piece for name, piece in shown.items() if name not in {"at", "revision"}}
