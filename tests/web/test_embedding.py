"""Pages as they are: tag managers, layouts, shortcuts, other people's scripts. The chat works, and moves nothing."""

import pytest
from playwright.async_api import expect

from tests.web.website import Website

HEAD = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,">'
TAG = '<script async src="{embed}" data-widget="{key}"></script>'


@pytest.mark.parametrize(
    "tags",
    [
        '<script src="{embed}?widget={key}"></script>',
        '<script type="module" src="{embed}?widget={key}"></script>',
        '<script>window.usherWidget = "{key}"</script><script async src="{embed}"></script>',
        # A tag manager that fetches scripts and evaluates them: there is no element, and nothing is running.
        '<script>fetch("{embed}?widget={key}").then(a => a.text()).then(code => setTimeout(code))</script>',
        """<script>window.usherWidget = "{embed}?widget={key}"; fetch("{embed}").then(a => a.text())
        .then(code => { performance.clearResourceTimings(); setTimeout(code); })</script>""",
        """<script>window.usherWidget = "{embed}?widget={key}"; fetch("{embed}").then(a => a.text())
        .then(code => setTimeout(code))</script>""",
        """<script>window.usherWidget = "{embed}?widget={key}"</script><script src="{embed}" async></script>""",
        # Another vendor's script has an attribute of the same name.
        '<script data-widget="w0">"weather"</script><script type="module" src="{embed}" data-widget="{key}"></script>',
    ],
    ids=[
        "address",
        "module",
        "global",
        "evaluated",
        "global-address",
        "global-fetched",
        "global-script",
        "other-vendor",
    ],
)
async def test_the_key_is_found_however_the_script_comes(website: Website, tags: str) -> None:
    website.pages["/shop"] = f"{HEAD}</head><body><h1>Roses</h1>{tags}</body></html>"
    widget = await website.go("/shop")
    await expect(widget.launcher).to_have_accessible_name("Chat with Garden Advice")
    assert widget.errors == []


async def test_a_script_without_a_key_says_so_and_shows_nothing(website: Website) -> None:
    website.pages["/shop"] = f'{HEAD}</head><body>{TAG}<script src="{{embed}}"></script></body></html>'
    widget = await website.go("/shop")
    assert any("no data-widget" in error for error in widget.errors)
    await expect(widget.launcher).to_have_count(1)


async def test_a_key_that_comes_twice_shows_one_chat(website: Website) -> None:
    website.pages["/shop"] = (
        f'{HEAD}</head><body>{TAG}{TAG}<script src="{{embed}}?widget={{key}}"></script></body></html>'
    )
    widget = await website.go("/shop")
    await widget.begin("Hello")
    await expect(widget.launcher).to_have_count(1)
    assert len(widget.sockets) == 1


BOXES = """() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight,
  ...[...document.querySelectorAll('body, body *:not(script)')].map(e => JSON.stringify(e.getBoundingClientRect()))]"""


@pytest.mark.parametrize(
    "style",
    [
        "body{display:flex;flex-direction:column;justify-content:space-between;min-height:100vh}",
        "body{display:grid;place-items:center;min-height:100vh;gap:48px}",
        "body{filter:grayscale(1)} main{height:4000px}",
        "body{transform:translateX(0)} main{height:4000px}",
        "html{transform:translateX(0)} main{height:4000px}",
        "html{display:flex;gap:40px} body{contain:paint;will-change:transform} main{height:3000px}",
        "*{position:relative!important;display:block!important;transform:none!important;--accent:#fff!important}",
    ],
)
async def test_the_page_keeps_its_layout_and_the_launcher_is_in_view(website: Website, style: str) -> None:
    website.pages["/shop"] = (
        f"{HEAD}<style>{style}</style></head><body><header>Shop</header><main>Roses</main><footer>End</footer>"
        f"<script>window.before = ({BOXES})()</script>{TAG}</body></html>"
    )
    widget = await website.go("/shop", reduced_motion="reduce")
    assert await widget.page.evaluate(BOXES) == await widget.page.evaluate("window.before")
    for scrolled in (0, 1500):
        await widget.page.evaluate("y => scrollTo(0, y)", scrolled)
        assert await widget.launcher.bounding_box() == {"x": 1200, "y": 720, "width": 60, "height": 60}
        seen = "document.elementFromPoint(1230, 750)?.localName"
        assert await widget.page.evaluate(seen) == "usher-chat"
    await widget.open()
    await expect(widget.box).to_be_in_viewport()
    background = await widget.launcher.evaluate("e => getComputedStyle(e).backgroundColor")
    assert background == "rgb(47, 111, 78)", "the owner's colour"


SHORTCUTS = """<dialog id=search>Search</dialog><script>
  const isField = e => /INPUT|TEXTAREA/.test(e.target.tagName) || e.target.isContentEditable;
  for (const type of ['keydown', 'keypress', 'keyup']) addEventListener(type, e => {
    if (e.key === 's' && !isField(e)) { e.preventDefault(); search.show(); }
  }, CAPTURE);
  let escapes = 0, heard = [];
  addEventListener('keydown', e => { heard.push(e.key); if (e.key === 'Escape') escapes++; });
  addEventListener('input', e => heard.push('input'));
  addEventListener('focusin', e => { if (document.querySelector('#trap')) document.querySelector('#trap').focus(); });
</script>"""


@pytest.mark.parametrize("capture", ["false", "true"])
async def test_shortcuts_of_the_page_leave_the_visitors_letters_alone(website: Website, capture: str) -> None:
    page = SHORTCUTS.replace("CAPTURE", capture)
    website.pages["/shop"] = f"{HEAD}</head><body><h1>Roses</h1><a href='#'>One</a>{page}{TAG}</body></html>"
    widget = await website.go("/shop")
    keyboard = widget.page.keyboard
    await widget.open()
    await widget.box.focus()
    await keyboard.type("yes / sure")
    await expect(widget.box).to_have_value("yes / sure")
    assert await widget.page.locator("#search").get_attribute("open") is None
    assert await widget.page.evaluate("heard") == []
    await keyboard.press("Tab")
    await expect(widget.page.get_by_role("button", name="Send", exact=True)).to_be_focused()
    await keyboard.press("Escape")
    await expect(widget.window).to_have_count(0)
    assert await widget.page.evaluate("escapes") == 0, "the window has used it"
    await keyboard.press("Escape")
    assert await widget.page.evaluate("escapes") == 1, "the page's own"
    assert await widget.page.evaluate("heard") == ["Tab", "Escape"]


async def test_a_page_that_holds_the_focus_in_its_dialog_lets_the_visitor_write(website: Website) -> None:
    trap = "<div><button id=trap>Accept cookies</button></div>"
    page = SHORTCUTS.replace("CAPTURE", "false")
    website.pages["/shop"] = f"{HEAD}</head><body><h1>Roses</h1>{trap}{page}{TAG}</body></html>"
    widget = await website.go("/shop")
    await widget.open()
    await widget.box.click()
    await expect(widget.box).to_be_focused()


async def test_enter_that_ends_a_composition_sends_nothing(website: Website) -> None:
    widget = await website.visit()
    await widget.open()
    await widget.box.fill("にほん")
    # Safari: compositionend first, then this, which is not said to be a part of the composition.
    await widget.box.evaluate(
        """e => { e.dispatchEvent(new CompositionEvent('compositionend', {data: 'にほん', bubbles: true, composed: true}));
            e.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true, composed: true})); }"""
    )
    await expect(widget.box).to_have_value("にほん")
    await widget.box.press("Enter")
    await expect(widget.text("Sent")).to_be_visible()
    await expect(widget.rows.last).to_have_text("にほん")


# In the manner of Prototype.js, MooTools, old polyfills, and wrappers of people who count requests.
SCRIPTS_OF_OTHERS = """
Array.prototype.toJSON = function () { return '[' + this.join(', ') + ']'; };
String.prototype.toJSON = Number.prototype.toJSON = Object.prototype.toJSON = function () { return '"' + this + '"'; };
for (const [name, made] of Object.entries({
  entries() { return this.slice(); }, keys() { return []; }, reduce() { return this.length > 1 ? this : this[0]; },
  each(f) { this.forEach(f); }, last() { return this[this.length - 1]; }, remove() {}, first() { return this[0]; },
})) Array.prototype[name] = made;
Array.from = () => { throw new Error('Array.from'); };
window.JSON.stringify = value => '"broken"';
window.fetch = () => Promise.reject(new Error('this page has its own fetch'));
window.WebSocket = class { constructor() { setTimeout(() => this.onclose && this.onclose({})); } send() {} close() {} };
window.Promise = function () { throw new Error('Promise'); };
window.Event = { observe() {} }; window.Element = function () {}; window.Comment = function () {};
window.matchMedia = (inner => query => ({ matches: inner(query).matches, addListener() {} }))(window.matchMedia.bind(window));
"""


async def test_the_chat_works_whatever_scripts_have_done_to_the_built_ins(website: Website) -> None:
    website.pages["/shop"] = f"{HEAD}<script>{SCRIPTS_OF_OTHERS}</script></head><body><h1>Roses</h1>{TAG}</body></html>"
    widget = await website.go("/shop")
    await widget.open()
    await widget.say('"Quotes", \\ and 🌹\ttabs\n\x01 alone')
    await expect(widget.text("Sent")).to_be_visible()
    chat = await widget.conversation()
    assert await website.transcript(chat) == ['"Quotes", \\ and 🌹\ttabs\n alone']
    await website.answer(widget)
    await website.agent_says(chat, "Good morning")
    await expect(widget.text("Good morning")).to_be_visible()
    await widget.page.reload()
    await expect(widget.text("Good morning")).to_be_visible()
    await widget.say("Again")
    await expect(widget.text("Sending…")).to_have_count(0)
    assert await website.transcript(chat) == ['"Quotes", \\ and 🌹\ttabs\n alone', "Again"]


async def test_the_chat_works_whatever_scripts_do_to_its_element(website: Website) -> None:
    website.pages["/shop"] = f"{HEAD}</head><body><h1>Roses</h1>{TAG}</body></html>"
    widget = await website.go("/shop")
    await widget.begin("Hello")
    await widget.page.evaluate(
        """() => { const chat = document.querySelector('usher-chat');
          for (const name of chat.getAttributeNames()) chat.removeAttribute(name);
          chat.style = 'display: none !important; all: unset; --accent: red; opacity: 0 !important; position: static';
          chat.className = 'hidden'; chat.hidden = true;
          document.body.append(chat.cloneNode(true), chat.cloneNode(true));
          document.body.insertAdjacentHTML('beforeend', '<usher-chat data-key="x"></usher-chat>');
          document.body.append(chat); chat.innerHTML = '<p>inside</p>'; }"""
    )
    await expect(widget.page.locator("usher-chat")).to_have_count(1)
    await expect(widget.text("Hello", exact=True)).to_be_visible()
    assert await widget.page.evaluate("getComputedStyle(document.querySelector('usher-chat')).opacity") == "1"
    await widget.say("Still there")
    await expect(widget.text("Sending…")).to_have_count(0)
    await expect(widget.rows.last).to_have_text("Still there")
    assert [socket.is_closed() for socket in widget.sockets].count(False) == 1
    assert widget.errors == []
