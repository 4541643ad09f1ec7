"""The whole flow in a real Chromium: the company's website, the agent's Teams and My Sessions, all open at once.

Screenshots of every step are kept in `build/screenshots`.
"""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.async_api import Browser, Page, expect

from distribution.tasks import TaskState
from tests.browser.conftest import watch
from tests.story.stage import ROOT, TENANT, Stage

SHOTS = ROOT / "build" / "screenshots"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = pytest.mark.browser


async def shoot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SHOTS / f"{name}.png", animations="disabled")


async def violations(page: Page, within: str | None = None) -> list[str]:
    """What axe finds against WCAG 2.2 AA on a page, shadow roots included."""
    # Evaluated, not added as a script: the pages' own policy rightly forbids strangers' scripts.
    await page.evaluate(AXE.read_text())
    found = await page.evaluate(
        "async within => (await axe.run(within ? document.querySelector(within) : document,"
        " {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})).violations"
        ".map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).join(', ')}`)",
        within,
    )
    return [str(line) for line in found]


async def test_visitor_agent_and_portal_at_once(stage: Stage, chromium: Browser) -> None:
    company = await stage.company("Anna", acw_seconds=60, tags=["urgent", "returning"])
    [anna] = company.agents
    errors: list[str] = []

    async def page(width: int, height: int) -> Page:
        context = await chromium.new_context(viewport={"width": width, "height": height}, locale="en-GB")
        opened = await context.new_page()
        watch(opened, errors)
        return opened

    website, teams, portal = await page(1280, 800), await page(1280, 800), await page(1280, 800)
    sandbox = stage.places["http"]

    await portal.goto(f"{stage.app}/portal/")
    await portal.wait_for_load_state()
    if "/oauth2/" in portal.url:
        await shoot(portal, "01-sign-in")
        await portal.get_by_text(anna.name).last.click()
    await expect(portal.get_by_text("My Sessions").first).to_be_visible()
    await teams.goto(f"{sandbox}/teams/{anna.user}")
    await expect(teams.get_by_text("Usher").first).to_be_visible()
    await website.goto(f"{sandbox}/shop/?widget={quote(company.widget)}&app={quote(stage.app)}")
    await shoot(website, "02-website")

    # The visitor writes.
    await website.get_by_role("button", name="Chat with").click()
    await website.get_by_label("Your name").fill("Mia Keller")
    await shoot(website, "03-widget-start")
    await website.get_by_role("textbox", name="Write a message").fill("Do my roses need pruning in November?")
    await website.keyboard.press("Enter")
    await expect(website.get_by_text("Do my roses need pruning in November?").first).to_be_visible()

    # The agent is offered the chat in Teams and in the portal.
    await expect(portal.get_by_text("Mia Keller").first).to_be_visible(timeout=10_000)
    await shoot(portal, "04-portal-offer")
    await teams.get_by_text("Usher").first.click()
    accept = teams.get_by_role("button", name="Accept")
    await expect(accept.first).to_be_visible(timeout=10_000)
    await shoot(teams, "05-teams-offer")
    await shoot(website, "06-widget-waiting")
    await accept.first.click()

    # The room opens; they talk.
    room = await anna.room(topic="Mia Keller")
    await teams.get_by_text("Mia Keller").first.click()
    await shoot(teams, "07-teams-accepted")
    await teams.goto(f"{sandbox}/teams/{anna.user}?chat={quote(room['id'], safe='')}")
    await expect(teams.get_by_text("Do my roses need pruning in November?").first).to_be_visible(timeout=10_000)
    box = teams.get_by_role("textbox").last
    await box.fill("A little, once they have stopped flowering 🌹")
    await box.press("Enter")
    await expect(website.get_by_text("A little, once they have stopped flowering").first).to_be_visible(timeout=10_000)
    await website.get_by_role("textbox", name="Write a message").fill("Thank you 🙂")
    await website.keyboard.press("Enter")
    await expect(teams.get_by_text("Thank you").first).to_be_visible(timeout=10_000)
    await shoot(website, "08-widget-connected")
    await shoot(teams, "09-teams-room")
    await shoot(portal, "10-portal-connected")
    assert await violations(website, "usher-chat") == []

    # The agent ends it; both see the result.
    await teams.get_by_role("button", name="Terminate").first.click()
    await expect(website.get_by_role("button", name="Start a new chat")).to_be_visible(timeout=10_000)
    await shoot(website, "11-widget-ended")
    await expect(portal.get_by_text("Plants").first).to_be_visible(timeout=10_000)
    await shoot(portal, "12-portal-acw")
    await shoot(teams, "13-teams-acw")
    assert await violations(portal) == []
    [task] = await stage.distributor.open_tasks(TENANT, anna.user)
    assert task.state is TaskState.ACW
    assert task.ended_by == "agent"
    assert errors == []
