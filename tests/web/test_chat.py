"""A visitor's chat in a real browser: from the button in the corner to the next chat."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from conversations.messages import Kind, Sender
from distribution.agents import Presence
from tests.interact.company import ANNA
from tests.interact.door import Door
from tests.support import wait_until
from tests.web.proxy import open_proxy
from tests.web.website import GREETING, Website, open_website


@pytest.fixture(params=["websocket", "polling"])
async def website(door: Door, browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Website]:
    """The same chats by both ways to the door."""
    async with open_website(door, browser) as website:
        if request.param == "websocket":
            yield website
            return
        async with open_proxy(door.base, "403") as proxy:
            website.entry = proxy.address
            yield website
            assert not website.door.sockets or "/interact/v1/poll" in proxy.asked


async def test_a_chat_from_the_first_word_to_the_next_chat(website: Website) -> None:
    widget = await website.visit()
    await widget.open()
    await expect(widget.text(GREETING)).to_be_visible()
    await expect(widget.text("We keep this chat for 30 days.")).to_be_visible()
    await widget.page.get_by_label("Your name").fill("Mia Keller")
    await widget.say("Do my roses need pruning?")
    await expect(widget.text("You are next in line.")).to_be_visible()
    await expect(widget.text("Sent")).to_be_visible()

    chat = await website.answer(widget)
    await expect(widget.window.get_by_role("heading", name="Anna Meier")).to_be_visible()
    await expect(widget.text("You are talking to Anna Meier.")).to_be_visible()
    await website.agent_says(chat, "A little, once they have stopped flowering 🌹")
    await expect(widget.text("A little, once they have stopped flowering 🌹")).to_be_visible()
    await widget.say("Thank you")
    await expect(widget.rows.last).to_have_text("Thank you")
    await expect(widget.text(GREETING)).to_have_count(1)
    await expect(widget.text("Sending…")).to_have_count(0)
    assert await website.transcript(chat) == ["Do my roses need pruning?", "Thank you"]
    assert (await website.door.distributor.task(website.door.tenant, chat)).customer == "Mia Keller"  # type: ignore[union-attr]  # there is one

    await website.hang_up(chat)
    await expect(widget.text("The chat has ended.")).to_be_visible()
    await widget.page.get_by_role("button", name="Start a new chat").click()
    await expect(widget.text("Do my roses need pruning?")).to_be_visible()
    await expect(widget.page.get_by_label("Your name")).to_have_value("Mia Keller")
    await widget.say("One more thing")
    await expect(widget.text("Sent")).to_be_visible()
    assert await widget.conversation() != chat
    assert [error for error in widget.errors if "WebSocket connection" not in error] == []


async def test_the_visitor_ends_the_chat_when_he_means_it(website: Website) -> None:
    widget = await website.visit()
    await widget.begin("Hello")
    await widget.page.get_by_role("button", name="End chat").click()
    await widget.page.keyboard.press("Escape")
    await expect(widget.box).to_be_focused()
    await widget.page.get_by_role("button", name="End chat").click()
    await widget.page.get_by_role("alertdialog").get_by_role("button", name="End chat").click()
    await expect(widget.text("You ended the chat.")).to_be_visible()
    await expect(widget.page.get_by_role("button", name="Start a new chat")).to_be_focused()
    assert [
        task.ended_by
        for task in [await website.door.distributor.task(website.door.tenant, await widget.conversation())]
        if task
    ] == ["visitor"]


async def test_typing_is_seen_both_ways(website: Website) -> None:
    widget = await website.visit()
    await widget.begin("Hello")
    chat = await website.answer(widget)
    await expect(widget.text("You are talking to Anna Meier.")).to_be_visible()
    typing = widget.page.get_by_role("img", name="Anna Meier is typing")

    async def seen() -> bool:
        await website.door.conversations.typing(website.door.tenant, chat, "agent")  # told while somebody types
        return await typing.count() == 1

    await wait_until(seen, 10, "the visitor sees that Anna is typing")
    await website.agent_says(chat, "Here I am.")
    await expect(widget.page.get_by_role("img", name="Anna Meier is typing")).to_have_count(0)


async def test_edits_and_deletes_of_the_agent_are_followed(website: Website) -> None:
    widget = await website.visit()
    await widget.begin("Hello")
    chat = await website.answer(widget)
    first = await website.agent_says(chat, "Good mornign")
    second = await website.agent_says(chat, "Wrong chat, sorry")
    await expect(widget.text("Wrong chat, sorry")).to_be_visible()
    await website.door.conversations.say(
        website.door.tenant, chat, sender=Sender.AGENT, author="Anna Meier", author_id=ANNA, text="Good morning",
        client_id=f"{first}:edit", kind=Kind.EDIT, refers_to_client_id=first,
    )  # fmt: skip
    await website.agent_says(chat, "", kind=Kind.DELETE, of=second)
    await expect(widget.text("Good morning")).to_be_visible()
    await expect(widget.text("edited")).to_be_visible()
    await expect(widget.text("This message was deleted.")).to_be_visible()
    await expect(widget.text("Wrong chat, sorry")).to_have_count(0)


async def test_what_people_write_is_text_and_never_markup(website: Website) -> None:
    widget = await website.visit()
    await widget.begin('<img src=x onerror="window.broken = 1"> <b>bold</b>\nsecond line')
    chat = await website.answer(widget)
    await website.agent_says(
        chat, "See (https://www.fabrikam.example/roses), javascript:alert(1) or write to a@b.example."
    )
    await expect(widget.rows.nth(1)).to_contain_text('<img src=x onerror="window.broken = 1"> <b>bold</b>')
    links = widget.rows.last.get_by_role("link")
    await expect(links).to_have_text(["https://www.fabrikam.example/roses", "a@b.example"])
    await expect(links.first).to_have_attribute("rel", "noopener noreferrer nofollow")
    await expect(links.first).to_have_attribute("target", "_blank")
    await expect(links.last).to_have_attribute("href", "mailto:a@b.example")
    assert await widget.page.evaluate("window.broken") is None
    lines = await widget.rows.nth(1).evaluate("e => getComputedStyle(e).whiteSpace")
    assert lines == "pre-wrap"


async def test_new_messages_are_counted_while_the_window_is_closed(website: Website) -> None:
    widget = await website.visit()
    await widget.begin("Hello")
    chat = await website.answer(widget)
    await expect(widget.text("You are talking to Anna Meier.")).to_be_visible()
    await widget.launcher.click()
    await expect(widget.window).to_have_count(0)
    await website.agent_says(chat, "Good morning")
    await website.agent_says(chat, "Are you there?")
    await expect(widget.launcher).to_have_accessible_name("Chat with Garden Advice. New messages: 2")
    await widget.launcher.click()
    await expect(widget.text("Are you there?")).to_be_visible()
    await widget.launcher.click()
    await expect(widget.launcher).to_have_accessible_name("Chat with Garden Advice")


async def test_several_widgets_stand_on_one_page(website: Website) -> None:
    widget = await website.visit("advice", "orders")
    await expect(widget.launcher).to_have_count(2)
    await widget.page.get_by_role("button", name="Chat with Garden Advice").click()
    await expect(widget.window.get_by_role("heading", name="Garden Advice")).to_be_visible()
    await widget.page.get_by_role("button", name="Chat with Orders & Delivery").click()
    await expect(widget.window).to_have_count(1)
    await expect(widget.window.get_by_role("heading", name="Orders & Delivery")).to_be_visible()


async def test_what_is_required_is_asked_for_in_words(website: Website) -> None:
    widget = await website.visit("careful")
    await widget.open()
    await widget.say("Hello")
    name = widget.page.get_by_label("Your name")
    await expect(widget.text("Please tell us your name.")).to_be_visible()
    await expect(name).to_be_focused()
    await name.fill("Mia")
    await name.press("Enter")
    email = widget.page.get_by_label("Your e-mail address")
    await expect(email).to_be_focused()
    await email.fill("mia@example")
    await email.press("Enter")
    await expect(widget.text("Please enter an e-mail address.")).to_be_visible()
    await email.fill("mia@fabrikam.example")
    await email.press("Enter")
    await expect(widget.text("Please tick this box first.")).to_be_visible()
    assert await widget.violations() == []
    await widget.page.get_by_role("checkbox").check()
    await expect(widget.box).to_have_value("Hello")
    await widget.box.press("Enter")
    await expect(widget.text("Sent")).to_be_visible()
    conversation = await website.door.conversations.get(website.door.tenant, await widget.conversation())
    assert conversation is not None
    assert (conversation.customer, conversation.email) == ("Mia", "mia@fabrikam.example")
    assert conversation.privacy_at


async def test_a_service_that_cannot_be_reached_says_so(website: Website) -> None:
    await website.door.close_service("orders")
    widget = await website.visit("orders")
    await widget.open()
    await expect(widget.text("This chat is not available at the moment.")).to_be_visible()
    await expect(widget.box).to_have_count(0)


async def test_a_message_that_is_too_long_is_not_cut(website: Website) -> None:
    widget = await website.visit()
    await widget.begin("Hello")
    await widget.say("🌹" * 8_001)
    await expect(widget.text("Too long: please remove 1 characters or more.")).to_be_visible()
    await widget.say("🌹" * 8_000)
    await expect(widget.box).to_have_value("")
    chat = await widget.conversation()
    await expect(widget.text("Sending…")).to_have_count(0)
    assert [len(text) for text in await website.transcript(chat)] == [5, 8_000]


async def test_who_is_there_is_shown_before_the_chat(website: Website) -> None:
    distributor, tenant = website.door.distributor, website.door.tenant
    await distributor.set_registered(tenant, ANNA, True)
    await distributor.set_presence(tenant, {ANNA: Presence.AVAILABLE})
    widget = await website.visit()
    await widget.open()
    await expect(widget.text("Available now")).to_be_visible()
