"""Half a character (JSON may have `\\ud800`) in any text of any body: refused, by the name of its field."""

from typing import Any

import pytest

from tests.portal.browser import Browser
from tests.portal.company import ANNA, SAMIR
from tests.portal.office import Office
from tests.support import with_halves

Json = dict[str, Any]


async def hold(browser: Browser, method: str, path: str, whole: Json) -> None:
    """Each of the broken bodies is refused, and the whole one is taken: nothing else was wrong with them."""
    for body in with_halves(whole):
        [field] = [name for name in {*body, *whole} if body.get(name) != whole.get(name)]
        status, found = await browser.raw(method, path, body)
        assert status == 400, body
        named = (found["error"]["field"] or "").partition(".")[0]
        assert named == (field if field in whole else ""), (body, found)
    status, found = await browser.raw(method, path, whole)
    assert 200 <= status < 300, found


@pytest.mark.parametrize(
    ("method", "path", "whole"),
    [
        ("POST", "/me/duty", {"on": True}),
        ("POST", "/me/availability", {"reason": ""}),
        ("PUT", "/me/preferences", {"language": "en", "theme": "dark", "notifications": True}),
        ("POST", "/surface", {"surface": "x", "hidden": False, "notifications": True}),
    ],
)
async def test_in_what_is_about_myself(anna: Browser, method: str, path: str, whole: Json) -> None:
    await hold(anna, method, path, whole)


async def test_in_the_answer_to_an_offer(office: Office, anna: Browser) -> None:
    task = await office.visitor("Hello")
    offer = (await anna.sees("the offer", lambda now: now["offers"]))[0]["offer"]
    for verb in ("delivered", "accept"):
        await hold(anna, "POST", f"/tasks/{task}/{verb}", {"offer": offer})


async def test_in_what_is_noted_of_a_chat_and_where_it_goes(office: Office, anna: Browser) -> None:
    task = await office.talk(anna)
    await hold(anna, "POST", f"/tasks/{task}/wrapup", {"codes": ["Plants"], "tags": ["urgent"], "note": "Roses"})
    await hold(anna, "POST", f"/tasks/{task}/transfer", {"service": "orders"})


async def test_in_what_a_supervisor_decides(office: Office) -> None:
    samir = office.browser(SAMIR, name="Samir")
    task = await office.visitor("Hello")
    await hold(samir, "POST", f"/tasks/{task}/priority", {"priority": "high"})
    await office.present(ANNA)
    await hold(samir, "POST", f"/services/garden-advice/agents/{ANNA}/duty", {"on": True})
