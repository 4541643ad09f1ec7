"""Reloads, tabs, lost lines and lost answers: nothing is lost, nothing comes twice."""

import json

from playwright.async_api import WebSocketRoute, expect

from interact.lines import WebSocketLine
from tests.support import wait_until
from tests.web.website import Website, Widget


class Line:
    """Stands between a page and the door, and cuts, delays or forgets as tests ask."""

    def __init__(self) -> None:
        self.up = True
        self.swallow: set[str] = set()  # types of server frames that do not arrive
        self.heard: list[dict[str, object]] = []  # the client's frames
        self._open: list[WebSocketRoute] = []

    async def put_into(self, widget: Widget) -> None:
        """From the page's next socket on."""
        await widget.page.route_web_socket("**/interact/v1/socket", self._connected)

    async def cut(self) -> None:
        self.up = False
        open_now, self._open = self._open, []
        for route in open_now:
            await route.close(code=4000)

    async def _connected(self, route: WebSocketRoute) -> None:
        if not self.up:
            await route.close(code=4000)
            return
        server = route.connect_to_server()
        self._open.append(route)

        def to_server(frame: str | bytes) -> None:
            self.heard.append(json.loads(frame))
            server.send(frame)

        def to_page(frame: str | bytes) -> None:
            if json.loads(frame)["type"] not in self.swallow:
                route.send(frame)

        route.on_message(to_server)
        server.on_message(to_page)


async def test_a_reload_and_another_page_go_on_with_the_chat(website: Website) -> None:
    context = await website.visitor()
    widget = await website.visit(context=context)
    await widget.begin("Hello")
    chat = await website.answer(widget)
    await expect(widget.text("You are talking to Anna Meier.")).to_be_visible()
    await widget.box.fill("half a sen")
    await widget.page.reload()
    await expect(widget.text("Hello", exact=True)).to_be_visible()
    await expect(widget.box).to_have_value("half a sen")
    await widget.say("half a sentence")
    other = await website.visit(context=context, lang="de")
    await expect(other.window.get_by_text("half a sentence")).to_be_visible()
    await website.agent_says(chat, "You are on two pages now.")
    await expect(widget.text("You are on two pages now.")).to_be_visible()
    await expect(other.window.get_by_text("You are on two pages now.")).to_be_visible()
    assert await website.transcript(chat) == ["Hello", "half a sentence"]


async def test_a_chat_that_one_tab_starts_appears_in_the_other(website: Website) -> None:
    context = await website.visitor()
    first, second = await website.visit(context=context), await website.visit(context=context)
    await second.open()
    await first.page.bring_to_front()
    await first.begin("From the first tab")
    await expect(second.text("From the first tab")).to_be_visible()
    await second.say("From the second")
    await expect(first.text("From the second")).to_be_visible()
    assert await website.transcript(await first.conversation()) == ["From the first tab", "From the second"]


async def test_what_is_written_while_the_line_is_down_is_sent_when_it_is_back(website: Website) -> None:
    widget, line = await website.visit(), Line()
    await line.put_into(widget)
    await widget.begin("First")
    await line.cut()
    await expect(widget.text("Connecting again…")).to_be_visible()
    await widget.say("Second")
    await widget.say("Third")
    await expect(widget.text("Sending…")).to_have_count(2)
    line.up = True
    await expect(widget.text("Connecting again…")).to_have_count(0, timeout=10_000)
    await expect(widget.text("Sending…")).to_have_count(0)
    assert await website.transcript(await widget.conversation()) == ["First", "Second", "Third"]


async def test_a_message_whose_answer_was_lost_is_stored_once(website: Website) -> None:
    widget, line = await website.visit(), Line()
    await line.put_into(widget)
    await widget.begin("First")
    line.swallow = {"ack", "message"}
    await widget.say("Second")
    chat = await widget.conversation()
    await wait_until(lambda: website.transcript(chat), 5, "the message is stored")
    await expect(widget.text("Sending…")).to_have_count(1)
    await line.cut()
    line.swallow, line.up = set(), True
    await expect(widget.text("Sending…")).to_have_count(0, timeout=10_000)
    said = [frame["id"] for frame in line.heard if frame["type"] == "say" and frame["text"] == "Second"]
    assert len(said) == 2, "it was offered again"
    assert len(set(said)) == 1, "with the same id"
    assert await website.transcript(chat) == ["First", "Second"]
    await expect(widget.text("Second")).to_have_count(1)


async def test_a_server_that_lost_messages_is_offered_them_again(website: Website) -> None:
    widget, line = await website.visit(), Line()
    await line.put_into(widget)
    await widget.begin("First")
    await widget.say("Second")
    await expect(widget.text("Sending…")).to_have_count(0)
    chat = await widget.conversation()
    # The browser remembers numbers that this server has never given: as after a restore from a backup.
    ahead = """([key, by]) => { const notes = JSON.parse(localStorage.getItem(key)); notes.chat.seen += by;
                for (const entry of notes.chat.entries) if (entry.text === 'Second') entry.seq += by;
                localStorage.setItem(key, JSON.stringify(notes)); }"""
    key = f"usher:{website.door.widgets['advice']}"
    page = await widget.page.context.new_page()
    await page.goto(f"{website.address}/?widgets={website.door.widgets['orders']}")
    await widget.page.close()
    await page.evaluate(ahead, [key, 40])
    line.heard.clear()
    again = Widget(page)
    await line.put_into(again)
    await page.goto(f"{website.address}/?widgets={website.door.widgets['advice']}")
    await expect(again.text("Second")).to_be_visible()
    await wait_until(
        lambda: [frame for frame in line.heard if frame["type"] == "say"], 5, "the message is offered again"
    )
    await expect(again.text("Sending…")).to_have_count(0)
    assert await website.transcript(chat) == ["First", "Second"], "this server had it after all, and knows the id"
    await website.answer(again)
    await website.agent_says(chat, "I am heard")
    await expect(again.text("I am heard")).to_be_visible()


async def test_the_visitors_leaving_reaches_a_server_that_was_away(website: Website) -> None:
    widget, line = await website.visit(), Line()
    await line.put_into(widget)
    await widget.begin("Hello")
    await line.cut()
    await widget.page.get_by_role("button", name="End chat").click()
    await widget.page.get_by_role("alertdialog").get_by_role("button", name="End chat").click()
    await expect(widget.text("You ended the chat.")).to_be_visible()
    line.up = True
    chat = await widget.conversation()

    async def over() -> bool:
        task = await website.door.distributor.task(website.door.tenant, chat)
        return task is not None and task.ended_by == "visitor"

    await wait_until(over, 10, "the server learns that the visitor left")


async def test_a_message_that_came_too_late_says_so(website: Website) -> None:
    widget, line = await website.visit(), Line()
    await line.put_into(widget)
    await widget.begin("Hello")
    chat = await website.answer(widget)
    await expect(widget.text("You are talking to Anna Meier.")).to_be_visible()
    await line.cut()
    await widget.say("Are you there?")
    await website.hang_up(chat)
    line.up = True
    await expect(widget.text("Not sent. This chat has ended.")).to_be_visible(timeout=10_000)
    await expect(widget.text("The chat has ended.")).to_be_visible()


async def test_a_chat_that_the_server_does_not_know_ends_in_words(website: Website) -> None:
    widget = await website.visit()
    await widget.begin("Hello")
    key = f"usher:{website.door.widgets['advice']}"
    await widget.page.goto("about:blank")
    page = await widget.page.context.new_page()
    await page.goto(f"{website.address}/?widgets={website.door.widgets['orders']}")
    await page.evaluate(
        'key => localStorage.setItem(key, localStorage.getItem(key).replace(/"token":"[^"]+/, \'"token":"forged\'))',
        key,
    )
    again = Widget(page)
    await page.goto(f"{website.address}/?widgets={website.door.widgets['advice']}")
    await expect(again.text("This chat is no longer available.")).to_be_visible()
    await expect(again.page.get_by_role("button", name="Start a new chat")).to_be_visible()


async def test_nothing_is_stored_before_the_visitor_starts(website: Website) -> None:
    widget = await website.visit()
    await widget.open()
    await widget.box.fill("Not yet")
    await widget.page.reload()
    await widget.launcher.wait_for()
    assert await widget.page.evaluate("localStorage.length + sessionStorage.length") == 0
    await widget.begin("Hello")
    assert await widget.notes() is not None
    assert await widget.page.context.cookies() == []


async def test_a_chat_is_forgotten_after_a_day(website: Website) -> None:
    context = await website.visitor()
    widget = await website.visit(context=context)
    await widget.begin("Yesterday")
    key = f"usher:{website.door.widgets['advice']}"
    await widget.page.goto("about:blank")
    page = await context.new_page()
    await page.goto(f"{website.address}/?widgets={website.door.widgets['orders']}")
    day = 24 * 3600 * 1000
    await page.evaluate(
        """([key, day]) => { const notes = JSON.parse(localStorage.getItem(key)); notes.chat.since -= day;
           localStorage.setItem(key, JSON.stringify(notes)); }""",
        [key, day],
    )
    again = await website.visit(context=context)
    await again.open()
    await expect(again.box).to_be_visible()
    await expect(again.text("Yesterday")).to_have_count(0)


async def test_who_is_asked_to_connect_elsewhere_does_so_before_the_old_line_ends(website: Website) -> None:
    widget = await website.visit()
    await widget.begin("First")
    sockets = website.door.sockets
    [served] = [socket for slot in sockets._slots for socket in slot]  # pyright: ignore[reportPrivateUsage]
    await served.move("stopping", at_once=True)
    line = served._line  # pyright: ignore[reportPrivateUsage]
    assert isinstance(line, WebSocketLine)
    assert not line._told, "the page closed it by itself"  # pyright: ignore[reportPrivateUsage]
    [now] = [socket for slot in sockets._slots for socket in slot]  # pyright: ignore[reportPrivateUsage]
    assert now is not served
