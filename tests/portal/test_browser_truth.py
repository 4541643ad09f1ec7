"""What the pages show is so: presence, what a question is about, nothing after sign-out, and odd browsers."""

import json
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, async_playwright, expect

from distribution.agents import Presence, Reason
from portal.deps import Rhythm
from store.connection import Store
from tests.portal import test_browser as pages
from tests.portal.company import ANNA, SAMIR
from tests.portal.office import Office, open_office
from tests.support import wait_until

pytestmark = pages.pytestmark

HIDDEN = """
let hidden = false;
Object.defineProperty(document, "hidden", { get: () => hidden });
window.hide = () => { hidden = true; document.dispatchEvent(new Event("visibilitychange")); };
window.Notification = class {
  static permission = "granted";
  constructor() { throw new TypeError("Illegal constructor. Use ServiceWorkerRegistration.showNotification() instead."); }
};
"""
"""A tab that can be hidden, in a browser such as Chrome on Android: notifications are there, and cannot be used."""


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Chromium]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=pages.CHROMIUM, args=pages.SWITCHES)
        yield browser
        await browser.close()


@pytest.fixture
async def office(store: Store, tenant: str) -> AsyncIterator[Office]:
    async with open_office(store, tenant, rhythm=Rhythm(heartbeat=1.0)) as opened:
        yield opened


async def colour(page: Page) -> str:
    dot = page.locator("usher-team-agents li", has_text="Anna").locator("usher-presence i")
    return await dot.evaluate("dot => getComputedStyle(dot).backgroundColor")


async def test_the_dot_has_the_colour_of_the_presence_and_follows_it(chromium: Chromium, office: Office) -> None:
    await office.present(ANNA)
    async with pages.window(chromium, office, who=SAMIR) as context:
        page = await context.new_page()
        await page.goto(f"{office.base}/portal/team")
        line = page.locator("usher-team-agents li", has_text="Anna")
        seen: dict[str, str] = {}
        for presence, words in (
            (Presence.AVAILABLE, "Available"),
            (Presence.BUSY, "Busy"),
            (Presence.AWAY, "Away"),
            (Presence.OFFLINE, "Offline"),
            (Presence.DO_NOT_DISTURB, "Do not disturb"),
        ):
            await office.distributor.set_presence(office.tenant, {ANNA: presence})
            await expect(line).to_contain_text(f"Teams presence: {words}", timeout=10_000)
            seen[words] = await colour(page)
        assert len({seen[words] for words in ("Available", "Busy", "Away", "Offline")}) == 4
        assert seen["Do not disturb"] == seen["Busy"]
        await pages.looks_right(page)


async def test_an_agent_sees_the_dot_of_his_own_presence(chromium: Chromium, office: Office) -> None:
    await office.present(ANNA)
    async with pages.window(chromium, office) as context:
        page = await context.new_page()
        await page.goto(f"{office.base}/portal/")
        for presence, tone in ((Presence.AVAILABLE, "here"), (Presence.IN_A_MEETING, "busy"), (Presence.AWAY, "away")):
            await office.distributor.set_presence(office.tenant, {ANNA: presence})
            await expect(page.locator("usher-my-state usher-presence i")).to_have_class(tone, timeout=10_000)


async def test_the_question_names_the_service_and_counts_what_it_ends(chromium: Chromium, office: Office) -> None:
    for name in ("Lena", "Marco", "Nora"):
        await office.visitor(name=name)
    async with pages.window(chromium, office, who=SAMIR) as context:
        page = await context.new_page()
        await page.goto(f"{office.base}/portal/team")
        await expect(page.locator("usher-team-tasks ol li")).to_have_count(3)
        await page.get_by_role("button", name="End all").click()
        dialog = page.locator("usher-team-tasks fluent-dialog")
        await expect(dialog.get_by_role("heading")).to_have_text("End all chats of Garden Advice?")
        await expect(dialog).to_contain_text("3 chats end now")
        await page.get_by_role("button", name="End all chats").click()
        await expect(page.get_by_text("3 chats were ended.")).to_be_visible()
        await expect(page.locator("usher-team-tasks ol li")).to_have_count(0)


async def test_the_question_counts_one_as_one_and_beyond_the_list(chromium: Chromium, office: Office) -> None:
    samir = office.browser(SAMIR, name="Samir")
    await office.visitor()
    async with pages.window(chromium, office, who=SAMIR) as context:
        page = await context.new_page()
        await page.goto(f"{office.base}/portal/team")
        await expect(page.locator("usher-team-tasks ol li")).to_have_count(1)
        await page.get_by_role("button", name="End all").click()
        await expect(page.locator("usher-team-tasks fluent-dialog")).to_contain_text("1 chat ends now")
    for _ in range(204):
        await office.visitor()
    found = await samir.call("GET", "/services/garden-advice/tasks")
    assert (len(found["waiting"]), found["all"]) == (200, 205)


async def test_after_the_sign_out_no_tab_shows_anything(chromium: Chromium, office: Office) -> None:
    await office.visitor("My lemon tree has yellow leaves.", name="Lena Vogel")
    samir = office.browser(SAMIR, name="Samir")
    async with pages.window(chromium, office, signed_in=False) as context:
        name, _, value = samir.headers["Cookie"].partition("=")
        await context.add_cookies([{"name": name, "value": value, "url": office.base}])
        tabs = [await context.new_page() for _ in range(2)]
        for tab in tabs:
            await tab.goto(f"{office.base}/portal/team")
            await expect(tab.get_by_text("Lena Vogel").first).to_be_visible()
        await office.sign_out(samir)
        for tab in tabs:
            await expect(tab.get_by_role("link", name="Sign in")).to_be_visible(timeout=10_000)
            assert "Lena" not in await text_of(tab)


async def test_a_page_from_the_browsers_memory_shows_nothing_before_it_has_asked(
    chromium: Chromium, office: Office
) -> None:
    await office.visitor(name="Lena Vogel")
    async with pages.window(chromium, office, who=SAMIR) as context:
        page = await context.new_page()
        await page.goto(f"{office.base}/portal/team")
        await expect(page.get_by_text("Lena Vogel").first).to_be_visible()
        await page.route("**/api/v1/**", lambda route: route.abort())
        await page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
        await expect(page.get_by_text("Lena Vogel")).to_have_count(0)
        await page.unroute("**/api/v1/**")
        await expect(page.get_by_text("Lena Vogel").first).to_be_visible(timeout=10_000)


async def text_of(page: Page) -> str:
    """All text of the page, through every shadow root."""
    return await page.evaluate(
        "() => { const text = (node) => [...node.childNodes, ...(node.shadowRoot?.childNodes ?? [])].map("
        "(one) => one.nodeType === 3 ? one.data : text(one)).join(' '); return text(document.documentElement) }"
    )


async def test_a_browser_that_cannot_notify_says_so(chromium: Chromium, office: Office) -> None:
    await office.present(ANNA, registered=False)
    await office.browser(ANNA, name="Anna").call("PUT", "/me/preferences", {"notifications": True})

    async def unreachable() -> bool:
        agent = await office.distributor.agent(office.tenant, ANNA)
        return agent is not None and Reason.UNREACHABLE in agent.reasons["garden-advice"]

    async with pages.window(chromium, office) as context:
        await context.add_init_script(HIDDEN)
        page = await context.new_page()
        await page.goto(f"{office.base}/portal/")
        await expect(page.get_by_text("The next chat can come to you.")).to_be_visible()
        await page.evaluate("hide()")
        task = await office.visitor(name="Lena Vogel")
        await wait_until(unreachable, 10, "the page saying that it reaches nobody", step=0.05)
        assert (await office.task(task)).deadline_at is None
        await page.goto(f"{office.base}/portal/preferences")
        await expect(page.get_by_text("Desktop notifications").first).to_be_visible()


@pytest.mark.parametrize(
    "languages",
    [["en-US@posix"], ["en_US"], [], None, ["xx-invalid-tag-that-is-long"], ["en-US@posix", "en-NZ"]],
    ids=str,
)
async def test_odd_language_tags_give_english_and_dates(
    chromium: Chromium, office: Office, languages: list[str] | None
) -> None:
    await office.install(office.tenant, ANNA)
    said = "undefined" if languages is None else json.dumps(languages)
    async with pages.window(chromium, office) as context:
        await context.add_init_script(
            f"Object.defineProperty(Navigator.prototype, 'languages', {{get: () => {said}}});"
        )
        page = await context.new_page()
        await page.goto(f"{office.base}/portal/preferences")
        await expect(page.get_by_text("14 Nov 2023")).to_be_visible()
        await expect(page.get_by_text("Desktop notifications").first).to_be_visible()
