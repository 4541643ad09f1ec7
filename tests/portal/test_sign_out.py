"""What a session that has ended shows, and what somebody who has left the company sees: nothing, at once."""

import time
from dataclasses import replace

import pytest
from aiohttp import ClientSession

from directory.model import User
from directory.state import State
from distribution.tasks import Via
from store.connection import Store
from store.keys import root
from tests.portal.browser import Browser, Page
from tests.portal.company import ANNA, SAMIR
from tests.portal.office import QUICK, Office, open_office
from tests.support import wait_until

AT_ONCE, WITHOUT_A_SIGNAL = 1.0, 5.0
"""Seconds after which a stream has ended, with the change signal and without it."""

DEFAULT = replace(QUICK, heartbeat=60.0, surface=60.0, keep=60.0, session=4.0)
"""Nothing but the signal, and the look at the session, ends a stream."""


async def test_a_stream_ends_with_its_session(store: Store, tenant: str) -> None:
    async with open_office(store, tenant, rhythm=DEFAULT) as office:
        here, there = office.browser(SAMIR), office.browser(SAMIR)
        async with here.page() as page, there.page() as other:
            await office.sign_out(here)
            await ended(page, AT_ONCE)
            await here.refused("GET", "/events", expect=401)
            await here.refused("GET", "/state", expect=401)
            # The session of another browser goes on.
            task = await office.visitor(name="Noah")
            await other.shows("who waits", lambda now: [one for one in now["waiting"] if one["tasks"]])
            await office.distributor.visitor_left(tenant, task)


async def test_a_stream_ends_though_the_signal_was_lost(store: Store, tenant: str) -> None:
    async with open_office(store, tenant, rhythm=DEFAULT, bells=False) as office:
        anna = office.browser(ANNA)
        async with anna.page() as page:
            began = time.monotonic()
            await office.sign_out(anna)
            await ended(page, WITHOUT_A_SIGNAL)
            assert time.monotonic() - began <= WITHOUT_A_SIGNAL


async def test_a_stream_ends_when_the_signal_came_while_nobody_heard(store: Store, tenant: str) -> None:
    """After a lost connection to the store, everyone looks at the session as well."""
    slow = replace(DEFAULT, session=60.0)
    async with open_office(store, tenant, rhythm=slow) as office:
        anna = office.browser(ANNA)
        async with anna.page() as page:
            # As a change signal that got lost: the record goes, and nobody says so.
            assert anna.identity is not None
            await store.delete(*await store.scan(f"*session:{tenant}:{anna.identity.session}"))
            await store.network.talk([("CLIENT", "KILL", "TYPE", "pubsub")], [root(tenant)])
            await ended(page, WITHOUT_A_SIGNAL)


@pytest.mark.parametrize("left", [True, False], ids=["left the company", "lost every role"])
async def test_who_has_no_role_any_more_sees_no_chat(office: Office, anna: Browser, left: bool) -> None:
    async with anna.page() as page:
        past = await office.talk(anna)
        await office.distributor.terminate(office.tenant, past, by="agent", actor=ANNA, via=Via.PORTAL)
        await office.distributor.finish_acw(office.tenant, past, ANNA, Via.PORTAL)
        task = await office.talk(anna)
        await page.shows("both chats", lambda now: now["past"] and now["open"])
        await change(office, ANNA, None if left else {"agent_of": []})
        await page.shows("no chats", lambda now: now["open"] == [] and now["past"] == [] and now["waiting"] == [])
        assert page.shown["me"]["roles"] == []
    for chat in (task, past):
        await anna.refused("GET", f"/tasks/{chat}/transcript", expect=404)
        await anna.refused("POST", f"/tasks/{chat}/terminate", expect=404)
        await anna.refused("POST", f"/tasks/{chat}/wrapup", {"codes": [], "tags": [], "note": ""}, expect=404)


async def test_a_supervisor_who_was_removed_sees_no_queue(office: Office) -> None:
    samir = office.browser(SAMIR)
    task = await office.visitor(name="Noah")
    async with samir.page() as page:
        await page.shows("who waits", lambda now: [one for one in now["waiting"] if one["tasks"]])
        await change(office, SAMIR, {"supervises": [], "owns": []})
        await page.shows("no queue", lambda now: not [one for one in now["waiting"] if one["tasks"]])
    await samir.refused("GET", "/services/garden-advice/tasks", expect=404)
    await office.distributor.visitor_left(office.tenant, task)


async def test_only_a_page_of_ours_opens_a_stream(office: Office, anna: Browser) -> None:
    """A stream counts as a page at which somebody sits: another site must not open one."""
    async with ClientSession() as http:
        for headers in ({"x-usher": ""}, {"Origin": "https://evil.example"}):
            async with http.get(f"{office.base}/api/v1/events", headers={**anna.headers, **headers}) as answer:
                assert answer.status == 403
                assert (await answer.json())["error"]["code"] == "not_own_page"


async def ended(page: Page, seconds: float) -> None:
    await wait_until(lambda: page.ended, seconds, "the end of the stream")


async def change(office: Office, user: str, changed: dict[str, object] | None) -> None:
    """This person's record is loaded with other values; None: without this person."""

    def turn(before: State) -> State:
        users = dict(before.users)
        gone = users.pop(user)
        if changed is not None:
            users[user] = User.model_validate(gone.model_dump(exclude_unset=True) | changed)
        return before.having(users=users)

    await office.directory.change(office.tenant, turn, actor="test")
