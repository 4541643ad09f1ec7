"""Sites that swap the page under the widget: one live chat, one socket, the newest draft, whatever they do."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright, expect

from tests.support import wait_until
from tests.web.conftest import CHROMIUM, SWITCHES
from tests.web.website import NODE_MODULES, Website, Widget, open_website

HEAD = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">'
TAG = '<script async src="{embed}" data-widget="{key}"></script>'
TURBO = '<script src="/scripts/turbo.js"></script>'
PAGES = 4


def add_turbo(website: Website, *, head: str = "", body: str = "") -> None:
    """Pages /0, /1, … that link to each other, with Turbo on them."""
    website.scripts["turbo.js"] = (NODE_MODULES / "@hotwired/turbo/dist/turbo.es2017-umd.js").read_text()
    for at in range(PAGES):
        links = "".join(f'<a href="/{to}">To page {to}</a> ' for to in range(PAGES))
        website.pages[f"/{at}"] = f"{HEAD}{TURBO}{head}</head><body><h1>Page {at}</h1>{links}{body}</body></html>"


async def one_live_chat(website: Website, widget: Widget, *, draft: str = "") -> None:
    """There is one chat on the page, with one open socket, and it works."""
    await expect(widget.launcher).to_have_count(1)
    await expect(widget.box).to_have_value(draft)
    await wait_until(lambda: len(website.door.sockets) == 1, 10, "the server sees one socket")
    chat = await widget.conversation()
    word = f"Word {len(await website.transcript(chat)) + 1}"
    await widget.say(word)
    await expect(widget.rows.last).to_have_text(word)
    await expect(widget.text("Sending…")).to_have_count(0)
    assert (await website.transcript(chat))[-1] == word
    await website.agent_says(chat, f"Answer to {word}")
    await expect(widget.window.get_by_text(f"Answer to {word}", exact=True)).to_have_count(1)


async def test_turbo_swaps_the_body_many_times_and_back(website: Website) -> None:
    add_turbo(website, body=TAG)
    widget = await website.go("/0")
    await widget.begin("Hello")
    await website.answer(widget)
    for visit in range(12):
        await widget.box.fill(f"draft {visit}")
        await widget.page.get_by_role("link", name=f"To page {(visit + 1) % PAGES}").click()
        await expect(widget.page.get_by_role("heading", name=f"Page {(visit + 1) % PAGES}")).to_be_visible()
    await one_live_chat(website, widget, draft="draft 11")
    await widget.box.fill("before going back")
    await widget.page.go_back()  # Turbo shows a clone that it has kept
    await expect(widget.page.get_by_role("heading", name="Page 3")).to_be_visible()
    await one_live_chat(website, widget, draft="before going back")
    assert widget.errors == []


async def test_turbo_with_the_script_in_the_head(website: Website) -> None:
    add_turbo(website, head=TAG)
    widget = await website.go("/0")
    await widget.begin("Hello")
    await website.answer(widget)
    await widget.page.get_by_role("link", name="To page 1").click()
    await expect(widget.page.get_by_role("heading", name="Page 1")).to_be_visible()
    await one_live_chat(website, widget)
    assert widget.errors == []


REACT = ["scheduler", "react", "react-dom", "react-dom-client"]
HYDRATE = """
const modules = {};
const require = name => modules[{'react-dom/client': 'react-dom-client'}[name] || name];
const define = (name, made) => { const module = {exports: {}}; made(module, module.exports, require); modules[name] = module.exports; };
globalThis.process = {env: {NODE_ENV: 'production'}};
DEFINITIONS
const {createElement: h, useState} = modules.react;
const {hydrateRoot} = modules['react-dom-client'];
const Shop = () => { const [n, more] = useState(0);
  return h('main', null, h('h1', null, 'Hydrated'), h('button', {onClick: () => more(n + 1)}, 'Clicked ' + n)); };
window.hydrate = { whole: () => hydrateRoot(document, h('html', {lang: 'en'}, h('head', null, h('title', null, 'Shop')),
                     h('body', null, h(Shop))), {onRecoverableError() {}}),
                   body: () => hydrateRoot(document.body, h(Shop), {onRecoverableError() {}}) };
"""


def _react() -> str:
    def source(name: str) -> str:
        folder = "react-dom" if name.startswith("react-dom") else name
        return (NODE_MODULES / folder / "cjs" / f"{name}.production.js").read_text()

    defined = [f"define('{name}', (module, exports, require) => {{ {source(name)} }});" for name in REACT]
    return HYDRATE.replace("DEFINITIONS", "\n".join(defined))


@pytest.mark.parametrize("how", ["whole", "body"])
async def test_react_removes_what_it_does_not_know(website: Website, how: str) -> None:
    website.scripts["react.js"] = _react()
    # What the server rendered differs, so React throws it away: with all that it does not know.
    website.pages["/shop"] = (
        f"{HEAD}<script src=/scripts/react.js></script></head><body><main><h1>Rendered</h1></main>{TAG}</body></html>"
    )
    widget = await website.go("/shop")
    await widget.begin("Hello")
    await website.answer(widget)
    await widget.box.fill("half a sentence")
    await widget.page.evaluate("how => void hydrate[how]()", how)
    await expect(widget.page.get_by_role("heading", name="Hydrated")).to_be_visible()
    await one_live_chat(website, widget, draft="half a sentence")
    await widget.page.get_by_role("button", name="Clicked 0").click()
    await expect(widget.page.get_by_role("button", name="Clicked 1")).to_be_visible()
    await one_live_chat(website, widget)


async def test_a_removed_element_comes_back_as_it_was(website: Website) -> None:
    website.pages["/shop"] = f"{HEAD}</head><body><h1>Roses</h1>{TAG}</body></html>"
    widget = await website.go("/shop")
    await widget.open()
    await widget.box.fill("before the first message")
    remove = "() => { window.was = document.querySelector('usher-chat'); was.remove(); }"
    await widget.page.evaluate(remove)
    await expect(widget.box).to_have_value("before the first message")
    await widget.box.press("Enter")
    await widget.text("Sent").wait_for()
    await website.answer(widget)
    for _ in range(3):
        await widget.box.fill("half a sentence")
        await widget.page.evaluate(remove)
        await expect(widget.box).to_be_visible()
        await one_live_chat(website, widget, draft="half a sentence")
    # One that a page removes whenever it sees it does not keep the page from working.
    await widget.page.evaluate(
        """() => { window.removed = 0; new MutationObserver(() => { const chat = document.querySelector('usher-chat');
           if (chat) { removed++; chat.remove(); } }).observe(document, {childList: true, subtree: true});
           document.querySelector('usher-chat').remove(); }"""
    )
    await widget.page.wait_for_function("removed >= 2")
    assert await widget.page.evaluate("removed") <= 3


OURS = {
    "online",
    "visibilitychange",
    "focus",
    "pagehide",
    "pageshow",
    "storage",
    "resize",
    "change",
    "message",
    "keydown",
}


async def _listeners(cdp: Any) -> int:
    """Listeners on the window, the document and what else outlives an element, as the browser counts them."""
    total = 0
    for target in ("window", "document", "visualViewport", "document.documentElement", "document.body"):
        found: dict[str, Any] = await cdp.send("Runtime.evaluate", {"expression": target})
        of = {"objectId": found["result"]["objectId"]}
        heard: list[dict[str, Any]] = (await cdp.send("DOMDebugger.getEventListeners", of))["listeners"]
        total += sum(one["type"] in OURS for one in heard)  # Playwright adds some for the mouse
    return total


async def test_a_removed_element_leaves_nothing_behind(website: Website) -> None:
    website.pages["/shop"] = f"{HEAD}</head><body><h1>Roses</h1>{TAG}</body></html>"
    website.pages["/bare"] = f"{HEAD}</head><body><h1>Roses</h1></body></html>"
    context = await website.visitor()
    await context.add_init_script(
        """for (const kind of ['Timeout', 'Interval']) { const live = window['live' + kind] = new Set();
             const set = window['set' + kind], clear = window['clear' + kind];
             window['set' + kind] = (work, ms) => { const id = set(() => { if (kind === 'Timeout') live.delete(id); work(); }, ms);
                                                   live.add(id); return id; };
             window['clear' + kind] = id => { live.delete(id); clear(id); }; }"""
    )
    bare = await context.new_page()
    await bare.goto(f"{website.address}/bare")
    without = await _listeners(await context.new_cdp_session(bare))
    widget = await website.go("/shop", context=context)
    cdp = await context.new_cdp_session(widget.page)
    await widget.begin("Hello")
    await website.answer(widget)
    await website.door.conversations.typing(website.door.tenant, await widget.conversation(), "agent")
    await expect(widget.page.get_by_role("img", name="Anna Meier is typing")).to_be_visible()
    there = await _listeners(cdp)
    assert there >= without + 6
    # The site keeps it out: nothing of it may run on.
    await widget.page.evaluate(
        """() => { document.documentElement.append = () => {}; window.was = document.querySelector('usher-chat'); was.remove(); }"""
    )
    await wait_until(lambda: len(website.door.sockets) == 0, 10, "the socket is closed")
    await wait_until(lambda: all(socket.is_closed() for socket in widget.sockets), 5, "the page knows it, too")
    await widget.page.wait_for_function("liveTimeout.size === 0 && liveInterval.size === 0")
    assert await _listeners(cdp) == without
    await widget.page.evaluate(
        "() => { delete document.documentElement.append; document.documentElement.append(was); }"
    )
    await one_live_chat(website, widget)
    assert await _listeners(cdp) == there


async def test_a_page_from_the_browsers_cache_goes_on_with_the_newest(door: Any) -> None:
    async with async_playwright() as playwright:
        # Playwright switches the cache of whole pages off.
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=SWITCHES, ignore_default_args=["--disable-back-forward-cache"]
        )
        async with open_website(door, browser) as website:
            for at in (0, 1):
                website.pages[f"/{at}"] = (
                    f"{HEAD}</head><body><h1>Page {at}</h1><a href='/{1 - at}'>Next</a>"
                    f"<script>addEventListener('pageshow', e => window.kept = e.persisted)</script>{TAG}</body></html>"
                )
            widget = await website.go("/0")
            await widget.begin("Hello")
            await website.answer(widget)
            await widget.box.fill("written on page 0")
            await widget.page.get_by_role("link", name="Next").click()
            await expect(widget.page.get_by_role("heading", name="Page 1")).to_be_visible()
            await expect(widget.box).to_have_value("written on page 0")
            await widget.say("said on page 1")
            await expect(widget.text("Sending…")).to_have_count(0)
            await widget.box.fill("written on page 1")
            await widget.page.evaluate("setTimeout(() => history.back())")  # go_back waits for a load that never comes
            await expect(widget.page.get_by_role("heading", name="Page 0")).to_be_visible()
            assert await widget.page.evaluate("window.kept") is True, "the page was not kept: this shows nothing"
            await expect(widget.text("said on page 1")).to_be_visible()
            await one_live_chat(website, widget, draft="written on page 1")
        await browser.close()


def test_the_packages_that_swap_pages_are_installed() -> None:
    for name in ("@hotwired/turbo", "react", "react-dom"):
        assert json.loads(Path(NODE_MODULES, name, "package.json").read_text())["version"]
