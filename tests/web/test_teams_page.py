"""The sandbox's Teams page in a real browser, on the real sandbox: what an agent sees and clicks."""

import shutil
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from playwright.async_api import Browser, Locator, Page, expect

from sandbox.keys import kept_key, server_context
from sandbox.server import running
from sandbox.world import read_world
from tests.sandbox.product import ACCEPT, ANNA, BEN, SUBMIT, Bot, Product, card, card_message, listening_bot
from tests.support import wait_until
from tests.web.website import AXE, ROOT, RULES

STATIC = ROOT / "sandbox" / "static"


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    server_context(folder, ["localhost"])
    for name in ("entra", "bot"):
        kept_key(folder, name)
    return folder


@pytest.fixture
async def product(keys: Path, tmp_path: Path) -> AsyncIterator[Product]:
    """A product whose Microsoft is a sandbox of its own."""
    assert (STATIC / "index.html").is_file(), "The page is not built: make test builds it"
    state, bot = Path(shutil.copytree(keys, tmp_path / "state")), Bot()
    async with listening_bot(bot) as address, running(read_world(ROOT / "demo" / "world.toml"), state) as core:
        core.settings.set("single_human_chats", True)
        core.settings.set("bot_endpoint", address)
        context = ssl.create_default_context(cafile=core.addresses.ca_file)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
            yield Product(core, session, bot)


@pytest.fixture
async def page(browser: Browser, product: Product) -> AsyncIterator[Page]:
    """Anna's Teams, not opened yet. An error in its script fails the test."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    await context.close()
    assert errors == []


def address(product: Product, chat: str = "", person: str = ANNA) -> str:
    return f"{product.core.addresses.http}/teams/{person}" + (f"#/chat/{quote(chat, safe='')}" if chat else "")


def row(page: Page, title: str) -> Locator:
    """A chat in the list."""
    return page.locator(".chat").filter(has=page.locator(".chat-name", has_text=title))


async def test_a_card_is_clicked_and_answers(page: Page, product: Product) -> None:
    chat = await product.personal_chat()
    await product.sent_card(chat, card(ACCEPT, text="**Mia** waits since {{TIME(2026-11-23T10:00:00Z)}}", lang="en"))
    product.bot.reply = lambda activity: (
        (200, {"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": card(text="Connecting")})
        if activity["type"] == "invoke"
        else (200, None)
    )
    await page.goto(address(product, chat))
    drawn = page.locator("teams-card")
    await expect(drawn.locator("strong")).to_have_text("Mia")
    await expect(drawn).not_to_contain_text("{{TIME")
    await drawn.get_by_label("Note").fill("A note")
    await drawn.get_by_role("button", name="Accept").click()
    await expect(drawn).to_contain_text("Connecting")
    await expect(drawn.get_by_role("button", name="Accept")).to_have_count(0)
    [invoke] = product.bot.got("invoke")
    action = invoke["value"]["action"]
    assert (action["verb"], action["data"]) == ("accept", {"task": "t1", "note": "A note"})


async def test_a_submit_goes_as_a_message_with_a_value(page: Page, product: Product) -> None:
    chat = await product.personal_chat()
    await product.sent_card(chat, card(SUBMIT))
    await page.goto(address(product, chat))
    async with page.expect_response("**/actions"):
        await page.get_by_role("button", name="Accept").click()
    await expect(page.locator("teams-card.busy")).to_have_count(0)
    values = [activity["value"] for activity in product.bot.got("message") if "value" in activity]
    assert values == [{"verb": "accept", "task": "t1", "note": ""}]


async def test_a_click_that_fails_says_so_and_can_be_repeated(page: Page, product: Product) -> None:
    chat = await product.personal_chat()
    await product.sent_card(chat, card(ACCEPT))
    product.bot.reply = lambda activity: (500, None) if activity["type"] == "invoke" else (200, None)
    await page.goto(address(product, chat))
    await page.get_by_role("button", name="Accept").click()
    await expect(page.get_by_text("Something went wrong. Please try again.").first).to_be_visible()
    product.bot.activities.clear()
    await page.get_by_role("button", name="Accept").click()
    await wait_until(lambda: product.bot.got("invoke"), 5, "the second click")
    await expect(page.locator("teams-card.busy")).to_have_count(0)


async def test_what_is_typed_into_a_card_stays_while_others_write(page: Page, product: Product) -> None:
    chat = await product.personal_chat()
    await product.sent_card(chat, card(ACCEPT))
    await page.goto(address(product, chat))
    await page.get_by_label("Note").fill("half a note")
    await product.connector("POST", f"/{chat}/activities", {"type": "message", "text": "By the way"})
    await expect(page.locator("article").get_by_text("By the way")).to_be_visible()
    await expect(page.get_by_label("Note")).to_have_value("half a note")


async def test_a_new_card_shows_a_toast_with_its_summary_and_leads_to_its_chat(page: Page, product: Product) -> None:
    room, chat = await product.made_chat(ANNA, BEN), await product.personal_chat()
    await page.goto(address(product, room))
    await expect(page.get_by_label("Type a message")).to_be_visible()
    await product.connector("POST", f"/{chat}/activities", card_message(card(ACCEPT), "Mia is waiting"))
    await expect(row(page, "Usher")).to_contain_text("Mia is waiting")
    await page.locator(".toast").get_by_text("Mia is waiting").click()
    await expect(page.get_by_role("button", name="Accept")).to_be_visible()
    await expect(page.locator(".chat.unread")).to_have_count(0)
    await expect(page).to_have_title("Usher | Anna Meier | Teams (sandbox)")


async def test_messages_are_written_edited_and_deleted(page: Page, product: Product) -> None:
    room = await product.made_chat(ANNA, BEN)
    await page.goto(address(product, room))
    box = page.get_by_label("Type a message")
    await box.fill("Good mornign")
    await box.press("Enter")
    mine = page.locator(".message.mine").last
    await expect(mine).to_contain_text("Good mornign")
    await mine.hover()
    await mine.get_by_role("button", name="Edit").click()
    await mine.get_by_label("Edit message").fill("Good morning")
    await mine.get_by_role("button", name="Save").click()
    await expect(mine).to_contain_text("Good morning Edited")
    await mine.hover()
    await mine.get_by_role("button", name="Delete").click()
    await expect(mine).to_contain_text("This message was deleted.")
    await mine.get_by_role("button", name="Undo").click()
    await expect(mine).to_contain_text("Good morning")


async def test_a_link_to_a_chat_opens_it_in_the_page(page: Page, product: Product) -> None:
    room, chat = await product.made_chat(ANNA, BEN), await product.personal_chat()
    url = (await product.seen_chat(room))["web_url"]
    await product.sent_card(chat, card({"type": "Action.OpenUrl", "title": "Open Chat", "url": url}))
    await page.goto(address(product, chat))
    await page.get_by_role("link", name="Open Chat").click()
    await expect(page.get_by_role("heading", name="Garden Advice ¦ Visitor 7F3A")).to_be_visible()
    assert len(page.context.pages) == 1
    await page.goto(f"{product.core.addresses.http}/teams/{ANNA}?chat={quote(chat, safe='')}")
    await expect(page.get_by_role("link", name="Open Chat")).to_be_visible()


async def test_presence_and_the_app_are_set_from_menus(page: Page, product: Product) -> None:
    await product.made_chat(ANNA, BEN, app=False)
    await page.goto(address(product))
    await page.get_by_role("button", name="Anna Meier, your profile and presence").click()
    await page.get_by_role("button", name="Do not disturb").click()
    await expect(page.locator(".bar .dot.DoNotDisturb")).to_be_visible()
    apps = page.get_by_role("navigation", name="Apps").get_by_role("button", name="Apps")
    await apps.click()
    await page.get_by_role("button", name="Install", exact=True).click()
    await expect(row(page, "Usher")).to_be_visible()
    await expect(page.get_by_role("button", name="Uninstall")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert [activity["action"] for activity in product.bot.got("installationUpdate")] == ["add"]


async def test_axe_finds_nothing(page: Page, product: Product) -> None:
    room, chat = await product.made_chat(ANNA, BEN), await product.personal_chat()
    await product.connector("POST", f"/{room}/activities", {"type": "message", "text": "Hello"})
    await product.sent_card(chat, card(ACCEPT))
    await page.goto(address(product, chat))
    await expect(page.get_by_role("button", name="Accept")).to_be_visible()
    await page.add_script_tag(path=str(AXE))
    look = """async rules => (await axe.run(document, {runOnly: rules})).violations.map(v =>
              `${v.id}: ${v.nodes.map(n => n.target.join(' ')).join('; ')}`)"""
    assert await page.evaluate(look, RULES[:-1]) == []
    await row(page, "Garden Advice").click()
    await page.get_by_role("button", name="people and apps").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await page.evaluate(look, RULES[:-1]) == []
