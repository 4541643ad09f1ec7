import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from scripts.browser import find
from store.connection import Store
from tests.interact.door import Door, open_door
from tests.web.website import STATIC, Website, add_services, open_website

CHROMIUM = find()
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = CHROMIUM is None and not os.environ.get("CI")
    for item in items:
        if "tests/web/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("web"))
            if missing:
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        await browser.close()


@pytest.fixture
async def door(store: Store, tenant: str) -> AsyncIterator[Door]:
    assert (STATIC / "widget.js").is_file(), (
        "The widget is not built: make test builds it, or npm run build:widget in web/"
    )
    async with open_door(store, tenant) as door:
        await add_services(door)
        yield door


@pytest.fixture
async def website(door: Door, browser: Browser) -> AsyncIterator[Website]:
    """A website with the widget; nobody is there to answer yet."""
    async with open_website(door, browser) as website:
        yield website
