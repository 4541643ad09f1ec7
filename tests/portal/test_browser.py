"""The pages in a real Chromium on the real server: a chat by mouse and keyboard, on a phone, in the dark, and as a tab in Teams."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, Page, Route, async_playwright, expect

from portal.deps import STATIC, Rhythm
from scripts.browser import find
from store.connection import Store
from tests.portal.company import ANNA, BEN, SAMIR
from tests.portal.office import Office, open_office

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = find()
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    # The page that plays Teams has a public name, the portal a loopback address.
    "--disable-features=LocalNetworkAccessChecks",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium on this machine"),
    pytest.mark.skipif(
        not (STATIC / "index.html").exists() and not os.environ.get("CI"), reason="the pages are not built"
    ),
]

TEAMS = """<!doctype html><iframe id="tab" src="{tab}" style="width:100%;height:600px"></iframe><script>
const answers = {{
  initialize: ["content", "web", JSON.stringify({{apiVersion: 4, isLegacyTeams: false, supports: {{}}}}), "2.0.0"],
  getContext: [{{theme: "dark", locale: "en-gb", hostClientType: "web"}}],
  "authentication.getAuthToken": [true, "a token of Teams"],
}};
addEventListener("message", ({{data, source, origin}}) => {{
  const args = answers[data.func];
  if (args) source.postMessage({{id: data.id, uuid: data.uuid, args}}, origin);
}});
const theme = (name) => document.getElementById("tab").contentWindow.postMessage({{func: "themeChange", args: [name]}}, "*");
</script>"""
"""Teams, as far as TeamsJS asks it in a tab."""


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Chromium]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        await browser.close()


@pytest.fixture
async def office(store: Store, tenant: str) -> AsyncIterator[Office]:
    async with open_office(store, tenant, rhythm=Rhythm(heartbeat=1.0)) as opened:
        await opened.present(ANNA, registered=False)
        yield opened


@asynccontextmanager
async def window(
    chromium: Chromium,
    office: Office,
    *,
    width: int = 1280,
    scheme: Literal["light", "dark"] = "light",
    signed_in: bool = True,
    who: str = ANNA,
) -> AsyncGenerator[BrowserContext]:
    """A window of its own. Whatever goes wrong on its pages fails the test."""
    faults: list[str] = []
    async with await chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce", locale="en-GB"
    ) as context:
        context.on("weberror", lambda error: faults.append(str(error.error)))
        context.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
        if signed_in:
            name, _, value = office.browser(who, name="Anna").headers["Cookie"].partition("=")
            await context.add_cookies([{"name": name, "value": value, "url": office.base}])
        yield context
        assert faults == []


async def looks_right(page: Page) -> None:
    """Nothing for axe to find, and nothing to scroll sideways for."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate(
        "async rules => (await axe.run(document, {runOnly: rules})).violations"
        ".map(one => `${one.id}: ${one.nodes.map(node => node.target.join(' ')).join(', ')}`)",
        RULES,
    )
    assert found == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def focused(page: Page) -> str:
    """The element that has the keyboard, through all shadow roots."""
    return await page.evaluate(
        "() => { let one = document.activeElement; while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;"
        " return one?.localName ?? '' }"
    )


async def test_a_chat_from_offer_to_past_session(chromium: Chromium, office: Office) -> None:
    async with window(chromium, office) as context:
        page = await context.new_page()
        await page.goto(f"{office.base}/portal/")
        await expect(page.get_by_text("The next chat can come to you.")).to_be_visible()
        await looks_right(page)
        task = await office.visitor("My lemon tree has yellow leaves.", name="Lena Vogel")
        await expect(page.get_by_text("left to answer")).to_be_visible()
        await expect(page).to_have_title("(1) New chat · Usher")
        await looks_right(page)
        # By keyboard: the focus stays with the chat when the button that had it is gone.
        await page.get_by_role("button", name="Accept").press("Enter")
        await expect(page.get_by_text("A chat room in Teams is being opened.")).to_be_visible()
        assert await focused(page) == "h3"
        await office.room(task)
        await expect(page.get_by_role("link", name="Open Chat")).to_be_visible()
        await page.get_by_role("button", name="Transcript").click()
        await expect(page.get_by_text("My lemon tree has yellow leaves.")).to_be_visible()
        await looks_right(page)
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Terminate").click()
        await looks_right(page)
        await page.locator("usher-confirm").get_by_role("button", name="Terminate").click()
        await page.get_by_role("button", name="Done").click()
        await expect(page.get_by_text("Choose at least one.")).to_be_visible()
        await looks_right(page)
        await page.get_by_role("checkbox", name="Plants").check()
        await page.get_by_role("textbox", name="Note").fill("Less water.")
        await expect(page.get_by_text("Saved", exact=True)).to_be_visible()
        assert (await office.task(task)).note == "Less water."
        # What is entered on a card shows here at once.
        await office.distributor.save_wrapup(office.tenant, task, ANNA, codes=["Tools"], tags=["urgent"], note="Card")
        await expect(page.get_by_role("checkbox", name="Tools")).to_be_checked()
        await expect(page.get_by_role("textbox", name="Note")).to_have_value("Card")
        await page.get_by_role("button", name="Done").click()
        await expect(page.get_by_text("Handled")).to_be_visible()
        assert await focused(page) == "h2"
        assert (await office.task(task)).codes == ("Tools",)


async def test_two_windows_show_the_same_at_once(chromium: Chromium, office: Office) -> None:
    async with window(chromium, office) as one, window(chromium, office, width=390, scheme="dark") as other:
        desk, phone = await one.new_page(), await other.new_page()
        for page in (desk, phone):
            await page.goto(f"{office.base}/portal/")
        await office.visitor(name="Lena")
        for page in (desk, phone):
            await expect(page.get_by_role("button", name="Accept")).to_be_visible()
        await looks_right(phone)
        await phone.get_by_role("button", name="Accept").click()
        await expect(desk.get_by_text("A chat room in Teams is being opened.")).to_be_visible()


async def test_preferences_change_language_and_theme_at_once(chromium: Chromium, office: Office) -> None:
    async with window(chromium, office, width=390) as context:
        page = await context.new_page()
        await page.goto(f"{office.base}/portal/preferences")
        await page.get_by_role("button", name="Register").click()
        await expect(page.get_by_text("Registered since")).to_be_visible()
        await page.get_by_role("radio", name="Italiano").check()
        await expect(page.get_by_role("heading", name="Lingua e aspetto")).to_be_visible()
        async with page.expect_response("**/api/v1/me/preferences"):
            await page.get_by_role("radio", name="Scuro").check()
        await expect(page.locator("html")).to_have_attribute("data-mode", "dark")
        assert await page.locator("html").get_attribute("lang") == "it"
        await looks_right(page)
        await page.reload()
        await expect(page.locator("html")).to_have_attribute("data-mode", "dark")


async def test_what_was_just_chosen_stays_chosen_whatever_was_on_its_way(chromium: Chromium, office: Office) -> None:
    """An event that tells of before comes while the server still takes the choice: it does not undo it on the page."""
    async with window(chromium, office) as context:
        page = await context.new_page()
        answer = asyncio.Event()

        async def take_long(route: Route) -> None:
            await answer.wait()
            await route.continue_()

        await page.route("**/api/v1/me/preferences", take_long)
        await page.goto(f"{office.base}/portal/preferences")
        await page.get_by_role("radio", name="Dark").check()
        await office.directory.set_language(office.tenant, ANNA, "de")
        await expect(page.get_by_role("radio", name="Dunkel")).to_be_checked()
        async with page.expect_response("**/api/v1/me/preferences"):
            answer.set()
        await expect(page.locator("html")).to_have_attribute("data-mode", "dark")
        await page.reload()
        await expect(page.get_by_role("radio", name="Dunkel")).to_be_checked()


async def test_an_agent_says_that_he_is_not_available_and_takes_a_chat_himself(
    chromium: Chromium, office: Office
) -> None:
    await office.lay_down("garden-advice", kind="pickup", agents_may_pick=True)
    async with window(chromium, office) as context:
        page = await context.new_page()
        await page.goto(f"{office.base}/portal/")
        choice = page.get_by_role("combobox", name="Availability")
        await choice.select_option("Lunch")
        await expect(page.get_by_text("You are not available: Lunch")).to_be_visible()
        await expect(page.get_by_text("You get no chats until you are available again.")).to_be_visible()
        await looks_right(page)
        task = await office.visitor(name="Lena Vogel")
        await page.get_by_role("button", name="Take: Lena Vogel").click()
        await expect(page.get_by_text("You are not available.")).to_be_visible()
        await choice.select_option("Available")
        await expect(page.get_by_text("The next chat can come to you.")).to_be_visible()
        await page.get_by_role("button", name="Take: Lena Vogel").click()
        await expect(page.get_by_text("A chat room in Teams is being opened.")).to_be_visible()
    assert (await office.task(task)).agent == ANNA


async def test_a_chat_is_handed_on_taken_back_and_handed_on_again(chromium: Chromium, office: Office) -> None:
    for service in ("garden-advice", "orders"):
        await office.lay_down(service, offer_seconds=300)  # a slow machine must not let it return by itself
    await office.license(BEN)
    await office.present(BEN)
    task = await office.visitor(name="Lena Vogel")
    async with window(chromium, office) as context, window(chromium, office, who=BEN, width=390) as other:
        anna, ben = await context.new_page(), await other.new_page()
        await anna.goto(f"{office.base}/portal/")
        await ben.goto(f"{office.base}/portal/")
        await anna.get_by_role("button", name="Accept").click()
        await office.room(task)
        await anna.get_by_role("button", name="Transfer").click()
        await expect(anna.get_by_text("1 agent is free")).to_be_visible()
        await looks_right(anna)
        await anna.get_by_role("button", name="Orders & Delivery 1 agent is free").click()
        await expect(anna.get_by_text("Being handed to Orders & Delivery.")).to_be_visible()
        await expect(ben.get_by_text("Handed on by Anna Meier")).to_be_visible()
        for page in (anna, ben):
            await looks_right(page)
        await anna.get_by_role("button", name="Take back").click()
        await expect(ben.get_by_role("button", name="Accept")).to_have_count(0)
        await anna.get_by_role("button", name="Transfer").click()
        await anna.get_by_role("button", name="Ben Okafor").click()
        await expect(anna.get_by_text("Being handed to Ben Okafor.")).to_be_visible()
        await ben.get_by_role("button", name="Accept").click()
        await office.opened(task)
        await expect(ben.get_by_role("link", name="Open Chat")).to_be_visible()
        # Her own after-call work, with the codes of her service.
        await anna.get_by_role("checkbox", name="Plants").check()
        await anna.get_by_role("textbox", name="Note").fill("He pays by card.")
        await anna.get_by_role("button", name="Done").click()
        await expect(anna.get_by_text("No chat at the moment")).to_be_visible()
        await expect(ben.get_by_text("Noted by Anna Meier")).to_be_visible()
        await expect(ben.get_by_text("He pays by card.")).to_be_visible()
        await looks_right(ben)
    assert (await office.task(task)).agent == BEN


async def test_a_supervisor_sees_to_his_service(chromium: Chromium, office: Office) -> None:
    await office.lay_down("garden-advice", levels=[{"skills": ["french"]}, {"after_seconds": 900, "agents": [ANNA]}])
    first, second = await office.visitor(name="Lena"), await office.visitor(name="Marco")
    await office.visitor(name="Tom")
    async with window(chromium, office, who=SAMIR) as context, window(chromium, office, who=SAMIR, width=390) as other:
        page, phone = await context.new_page(), await other.new_page()
        await page.goto(f"{office.base}/portal/")
        await page.get_by_role("link", name="Team").click()
        lines = page.locator("usher-team-tasks ol li")
        await expect(lines).to_have_count(3)
        await expect(page.get_by_text("Offers do not reach them")).to_be_visible()
        await expect(page.get_by_text("Nobody can be asked at the moment.")).to_be_visible()
        await looks_right(page)
        # Marco first; nobody can be asked, so nobody can be given to.
        await page.get_by_role("combobox", name="Priority of the chat with Marco").select_option("High")
        await expect(lines.first).to_contain_text("Marco")
        await expect(page.get_by_role("combobox", name="Assign the chat with Marco")).to_be_disabled()
        await office.present(ANNA)
        await page.get_by_role("combobox", name="Assign the chat with Marco").select_option("Anna Meier")
        await expect(page.get_by_text("Offered to Anna Meier")).to_be_visible()
        assert (await office.task(second)).invited == (ANNA,)
        await page.get_by_role("button", name="Cancel: Lena").click()
        await looks_right(page)
        await page.get_by_role("button", name="Cancel the chat").click()
        await expect(lines).to_have_count(1)
        assert (await office.task(first)).ended_by == "supervisor"
        await page.get_by_role("button", name="Set off duty: Anna Meier").click()
        await expect(page.get_by_role("button", name="Set on duty: Anna Meier")).to_be_visible()
        await page.get_by_role("button", name="End all").click()
        await page.get_by_role("button", name="End all chats").click()
        await expect(page.get_by_text("2 chats were ended.")).to_be_visible()
        await expect(lines).to_have_count(0)
        await phone.goto(f"{office.base}/portal/team")
        await expect(phone.get_by_role("heading", name="Agents")).to_be_visible()
        await looks_right(phone)


async def test_without_a_session_the_page_says_so(chromium: Chromium, office: Office) -> None:
    async with window(chromium, office, signed_in=False) as context:
        page = await context.new_page()
        await page.goto(f"{office.base}/portal/signed-out")
        await expect(page.get_by_role("link", name="Sign in")).to_be_visible()
        await looks_right(page)


async def test_a_tab_in_teams_takes_its_theme_and_signs_in_there(chromium: Chromium, office: Office) -> None:
    tokens: list[str | None] = []

    async def teams(route: Route) -> None:
        await route.fulfill(content_type="text/html", body=TEAMS.format(tab=f"{office.base}/portal/"))

    async def sign_in(route: Route) -> None:
        tokens.append(route.request.post_data)
        await route.fulfill(status=403, json={})

    async with window(chromium, office, signed_in=False) as context:
        await context.route("https://teams.microsoft.com/**", teams)
        await context.route("https://res.cdn.office.net/**", lambda route: route.abort())
        await context.route("**/auth/teams", sign_in)
        page = await context.new_page()
        await page.goto("https://teams.microsoft.com/v2/")
        tab = page.frame_locator("#tab")
        await expect(tab.get_by_role("button", name="Try again")).to_be_visible()
        assert tokens == ['{"token":"a token of Teams"}']
        await expect(tab.locator("html")).to_have_attribute("data-mode", "dark")
        await page.evaluate("theme('default')")
        await expect(tab.locator("html")).to_have_attribute("data-mode", "light")
