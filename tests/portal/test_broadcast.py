"""A broadcast chat rings at everybody; who loses it is told who won."""

from cards.state import PersonalState, personal_state
from distribution.agents import AgentRules
from tests.portal.browser import Browser
from tests.portal.company import ANNA, BEN
from tests.portal.office import Office


async def test_the_page_and_the_card_of_who_lost_say_who_won(office: Office, anna: Browser) -> None:
    await office.lay_down("garden-advice", kind="broadcast")
    rules = AgentRules(licensed=True, direct_licensed=False, services={"garden-advice": True})
    await office.distributor.set_agent(office.tenant, BEN, rules)
    await office.present(BEN)
    ben = office.browser(BEN)
    async with anna.page() as page:
        task = await office.visitor(name="Lena")
        await page.shows("the offer", lambda shown: shown["offers"])
        [offer] = await ben.sees("the same offer", lambda now: now["offers"])
        await ben.call("POST", f"/tasks/{task}/accept", {"offer": offer["offer"]})
        await page.shows("that it is gone", lambda shown: not shown["offers"])
        [notice] = await page.shows("who won", lambda _: page.notices)
    assert notice == {"code": "taken", "text": "Ben Okafor has taken the chat with Lena."}
    found = await office.task(task)
    assert (personal_state(found, ANNA), personal_state(found, BEN)) == (PersonalState.TAKEN, PersonalState.CONNECTING)
