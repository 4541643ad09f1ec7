"""No page makes the browser complain, of a missing icon for a start: who looks for a fault should find only faults."""

from urllib.parse import quote

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import watch
from tests.story.stage import Stage

pytestmark = pytest.mark.browser


async def test_no_page_logs_an_error(stage: Stage, chromium: Browser) -> None:
    company = await stage.company("Nora")
    [nora] = company.agents
    sandbox = stage.places["http"]
    errors: list[str] = []
    context = await chromium.new_context(locale="en-GB")
    page = await context.new_page()
    watch(page, errors)

    for path in ("/", "/teams/", f"/teams/{nora.user}"):
        await page.goto(f"{sandbox}{path}", wait_until="networkidle")
    await page.goto(f"{sandbox}/shop/?widget={quote(company.widget)}&app={quote(stage.app)}")
    await page.get_by_role("button", name="Chat with").click()

    await page.goto(f"{stage.app}/portal/signed-out", wait_until="networkidle")
    await page.goto(f"{stage.app}/portal/")
    await page.wait_for_load_state("networkidle")
    await page.get_by_text(nora.name).last.click()
    await expect(page.get_by_text("My Sessions").first).to_be_visible()
    for path in ("/portal/preferences", "/portal/team"):
        await page.goto(f"{stage.app}{path}")
        await expect(page.get_by_role("main").first).to_be_visible()
    assert errors == []


async def test_every_page_names_its_icon(stage: Stage, chromium: Browser) -> None:
    """Pages of a refusal count as well; only that they were refused stands in the console."""
    context = await chromium.new_context()
    page = await context.new_page()
    errors: list[str] = []
    watch(page, errors)
    for address in (f"{stage.app}/auth/callback?state=used", f"{stage.app}/portal/signed-out", stage.places["http"]):
        await page.goto(address)
        icon = await page.locator("link[rel=icon]").get_attribute("href")
        assert icon, f"{address} has no icon"
    assert [error for error in errors if "status of 4" not in error] == []
