"""Networks without WebSockets, eleven tabs, clocks that jump, servers that stop: the chat goes on."""

import json
from typing import Any

import pytest
from playwright.async_api import expect

from conversations.messages import Kind
from tests.support import wait_until
from tests.web.proxy import Upgrades, open_proxy
from tests.web.website import Website, Widget


@pytest.mark.parametrize("upgrades", ["403", "200", "silence"])
async def test_without_websockets_the_chat_polls(website: Website, upgrades: Upgrades) -> None:
    async with open_proxy(website.door.base, upgrades) as proxy:
        website.entry = proxy.address
        widget = await website.visit()
        await widget.open()
        await widget.say("Hello")
        await expect(widget.text("Sent")).to_be_visible(timeout=12_000)
        chat = await website.answer(widget)
        await expect(widget.text("You are talking to Anna Meier.")).to_be_visible()
        await website.agent_says(chat, "Good morning")
        await expect(widget.text("Good morning")).to_be_visible()
        for word in ("one", "two", "three"):
            await widget.say(word)
        await expect(widget.text("Sending…")).to_have_count(0)
        assert await website.transcript(chat) == ["Hello", "one", "two", "three"]
        await expect(widget.text("Connecting again…")).to_have_count(0)
        # It waits for news; it does not ask again and again.
        asked = len(proxy.asked)
        await website.agent_says(chat, "Still here")
        await expect(widget.text("Still here")).to_be_visible()
        assert len(proxy.asked) - asked <= 4


async def test_a_page_that_polls_takes_the_websocket_when_it_can(website: Website) -> None:
    async with open_proxy(website.door.base, "403") as proxy:
        website.entry = proxy.address
        context = await website.visitor()
        # Timers of a minute and more run at once, the others as they are.
        await context.add_init_script(
            "const set = setTimeout; window.setTimeout = (work, ms, ...more) => set(work, ms >= 60000 ? 300 : ms, ...more);"
            "window.setTimeout.toString = () => 'function setTimeout() { [native code] }'"
        )
        widget = await website.visit(context=context)
        await widget.begin("Hello")
        assert "/interact/v1/poll" in proxy.asked
        proxy.upgrades = "pass"
        await wait_until(lambda: _polls_ended(proxy.asked), 20, "the page has stopped to poll")
        await widget.say("By socket")
        await expect(widget.text("Sending…")).to_have_count(0)
        assert await website.transcript(await widget.conversation()) == ["Hello", "By socket"]
        assert len(website.door.sockets) == 1


def _polls_ended(asked: list[str]) -> bool:
    """The last WebSocket was dialled after the last poll."""
    paths = [path for path in asked if path.endswith(("/poll", "/socket"))]
    return paths[-1].endswith("/socket") and len([path for path in paths if path.endswith("/socket")]) >= 2


async def test_a_message_in_the_eleventh_tab_is_sent(website: Website) -> None:
    context = await website.visitor()
    first = await website.visit(context=context)
    await first.begin("From the first tab")
    chat = await first.conversation()
    tabs = [first, *[await website.visit(context=context) for _ in range(10)]]
    last = tabs[-1]
    await expect(last.text("From the first tab")).to_be_visible()
    await last.say("From the eleventh")
    await expect(last.text("Sending…")).to_have_count(0)
    assert await website.transcript(chat) == ["From the first tab", "From the eleventh"]
    await wait_until(lambda: len(website.door.sockets) == 10, 10, "one tab has given way")
    for tab in tabs:
        await expect(tab.text("Connecting again…")).to_have_count(0)
        await expect(tab.text("From the eleventh")).to_be_visible()
        # Whichever gave way: who writes in it is heard.
    for at, tab in enumerate(tabs[:3]):
        await tab.say(f"Again {at}")
        await expect(tab.text("Sending…")).to_have_count(0)
    assert (await website.transcript(chat))[-3:] == ["Again 0", "Again 1", "Again 2"]


@pytest.mark.parametrize("hours", [-5, 5])
async def test_a_clock_that_jumps_changes_nothing(website: Website, hours: int) -> None:
    context = await website.visitor()
    await context.add_init_script(
        """const now = Date.now.bind(Date); window.jump = 0; Date.now = () => now() + jump;"""
    )
    widget = await website.visit(context=context)
    opened: list[Any] = []
    widget.page.on("websocket", lambda socket: opened.append(socket))  # noqa: PLW0108  # Playwright takes no built-in
    await widget.begin("Hello")
    chat = await website.answer(widget)
    await widget.page.evaluate("hours => { jump = hours * 3600 * 1000; dispatchEvent(new Event('online')); }", hours)
    await widget.box.press_sequentially("Still here")
    await widget.box.press("Enter")
    await expect(widget.text("Sending…")).to_have_count(0)
    await website.agent_says(chat, "So am I")
    await expect(widget.text("So am I")).to_be_visible()
    await website.door.sockets.close_all("stopping")
    website.door.sockets.closing = False
    await widget.say("After the move")
    await expect(widget.text("Sending…")).to_have_count(0, timeout=15_000)
    assert (await website.transcript(chat))[-1] == "After the move"
    assert len(opened) <= 4, "no storm of connections"


async def test_a_server_that_cannot_take_a_new_chat_is_waited_for(website: Website) -> None:
    async with open_proxy(website.door.base) as proxy:
        website.entry = proxy.address
        widget = await website.visit()
        await widget.open()
        proxy.refusals = [503, 503]
        await widget.box.fill("Hello")
        await widget.box.press("Enter")
        await expect(widget.text("One moment, please. We are trying again…")).to_be_visible()
        await expect(widget.box).to_have_value("Hello")
        await expect(widget.text("Sent")).to_be_visible()
        assert await website.transcript(await widget.conversation()) == ["Hello"]
        assert proxy.asked.count("/interact/v1/sessions") >= 3


@pytest.mark.parametrize(
    ("field", "said", "words"),
    [
        ("Your e-mail address", "a@b@c.de", "Please enter an e-mail address."),
        ("Your name", "x" * 300, "The name may have 100 characters."),
    ],
)
async def test_what_the_server_refuses_is_said_at_its_field(
    website: Website, field: str, said: str, words: str
) -> None:
    widget = await website.visit("careful")
    await widget.open()
    await widget.page.get_by_label("Your name").fill("Mia")
    await widget.page.get_by_label("Your e-mail address").fill("mia@fabrikam.example")
    await widget.page.get_by_role("checkbox").check()
    box = widget.page.get_by_label(field)
    await box.evaluate("e => e.removeAttribute('maxlength')")
    await box.fill(said)
    await widget.say("Hello")
    await expect(widget.text(words)).to_be_visible()
    await expect(box).to_have_attribute("aria-invalid", "true")
    await expect(box).to_have_accessible_description(words)
    await expect(box).to_be_focused()
    await expect(widget.box).to_have_value("Hello")
    assert await widget.violations() == []
    await box.fill("mia@fabrikam.example" if "mail" in field else "Mia")
    await widget.box.press("Enter")
    await expect(widget.text("Sent")).to_be_visible()


async def _delivery(widget: Widget, late_from: int | None, failed: list[int]) -> None:
    """What the server sends when messages do not reach the room."""
    frame = json.dumps({"type": "delivery", "late_from": late_from, "failed": failed})
    await widget.page.evaluate("frame => sockets.at(-1).onmessage({data: frame})", frame)


@pytest.mark.parametrize(
    ("lang", "late", "failed"),
    [
        ("en", "Not delivered yet. We keep trying.", "Not delivered."),
        ("de", "Noch nicht zugestellt. Wir versuchen es weiter.", "Nicht zugestellt."),
        ("fr", "Pas encore remis. Nous réessayons.", "Non remis."),
        ("it", "Non ancora consegnato. Stiamo riprovando.", "Non consegnato."),
    ],
)
async def test_what_has_not_reached_the_agent_says_so(website: Website, lang: str, late: str, failed: str) -> None:
    context = await website.visitor(reduced_motion="reduce")
    await context.add_init_script(
        "const send = WebSocket.prototype.send; window.sockets = [];"
        "WebSocket.prototype.send = function (...what) { sockets.push(this); return send.apply(this, what); }"
    )
    widget = await website.visit(context=context, lang=lang)
    box = widget.page.locator("#text")
    await widget.open()
    for word in ("one", "two", "three"):
        await box.fill(word)
        await box.press("Enter")
        await widget.page.locator(".foot.own", has_text=":").wait_for()
    chat = await widget.conversation()
    numbers = [
        message.seq
        for message in await website.door.conversations.read(website.door.tenant, chat, 0)
        if message.kind is Kind.TEXT and message.text in {"one", "two", "three"}
    ]
    await _delivery(widget, numbers[1], [])
    await expect(widget.page.locator(".late")).to_have_text(late)
    await expect(widget.page.get_by_role("log")).to_contain_text(late)
    await expect(widget.page.locator(".foot.own").first).not_to_contain_text(late)
    await _delivery(widget, None, [numbers[1]])
    await expect(widget.page.locator(".failed")).to_have_text(failed)
    await expect(widget.page.locator(".row", has_text="two").locator("+ .failed")).to_have_count(1)
    await expect(widget.page.get_by_role("log")).to_contain_text(failed)
    assert await widget.violations() == []
    await _delivery(widget, None, [])
    await expect(widget.page.locator(".late, .failed")).to_have_count(0)
