"""Keyboards, screen readers, colours, languages, phones, and the bytes that all of it costs."""

import json
import re
from typing import Any, Literal

import pytest
from playwright.async_api import Request, Route, expect

from tests.web.website import Website

MOST_BYTES = 15_000
"""All that is fetched until a message can be sent: bodies of answers as they cross the network."""


@pytest.mark.parametrize("lang", ["en", "de", "fr", "it"])
async def test_the_widget_is_small(website: Website, lang: str) -> None:
    context = await website.visitor()
    fetched: list[Request] = []
    context.on("requestfinished", lambda request: fetched.append(request))  # noqa: PLW0108  # Playwright takes no built-in
    widget = await website.visit(context=context, lang=lang)
    await widget.launcher.click()
    await widget.page.locator("#text").fill("Hello")
    await widget.page.locator("#text").press("Enter")
    await widget.page.locator(".foot.own", has_text=":").wait_for()
    ours = [request for request in fetched if request.url.startswith(website.door.base) and request.method != "OPTIONS"]
    sizes = [(request.url.rpartition("/")[2], (await request.sizes())["responseBodySize"]) for request in ours]
    until = [
        one for one in sizes if "-later" not in one[0] and one[0] != "links.js"
    ]  # for what follows the first message
    assert {"embed.js", "widget.js", f"{lang}.js", "sessions"} <= {name for name, _ in until}
    assert min(size for _, size in until) > 0, sizes
    assert sum(size for _, size in until) <= MOST_BYTES, (sum(size for _, size in until), sizes)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(website: Website, scheme: Literal["light", "dark"]) -> None:
    widget = await website.visit(lang="en", color_scheme=scheme, reduced_motion="reduce")
    assert await widget.violations() == []
    await widget.open()
    assert await widget.violations() == []
    await widget.say("Hello")
    await expect(widget.text("You are next in line.")).to_be_visible()
    assert await widget.violations() == []
    chat = await website.answer(widget)
    await website.agent_says(chat, "Good morning. See https://www.fabrikam.example")
    await expect(widget.text("Good morning.")).to_be_visible()
    await widget.page.get_by_role("button", name="End chat").click()
    assert await widget.violations() == []
    await widget.page.keyboard.press("Escape")
    await website.hang_up(chat)
    await expect(widget.page.get_by_role("button", name="Start a new chat")).to_be_visible()
    assert await widget.violations() == []


async def test_a_keyboard_is_enough(website: Website) -> None:
    widget = await website.visit()
    keyboard = widget.page.keyboard
    await keyboard.press("Tab")
    await expect(widget.launcher).to_be_focused()
    await keyboard.press("Enter")
    await expect(widget.page.get_by_label("Your name")).to_be_focused()
    await keyboard.type("Mia")
    await keyboard.press("Enter")
    await expect(widget.box).to_be_focused()
    await keyboard.type("Hello")
    await keyboard.press("Shift+Enter")
    await keyboard.type("there")
    await keyboard.press("Enter")
    await expect(widget.rows.last).to_have_text("Hello\nthere")
    await expect(widget.box).to_be_focused()
    await keyboard.press("Escape")
    await expect(widget.window).to_have_count(0)
    await expect(widget.launcher).to_be_focused()


async def test_screen_readers_are_told_what_happens(website: Website) -> None:
    widget = await website.visit()
    await widget.begin("Hello")
    news = widget.page.get_by_role("log")
    await expect(news).to_contain_text("We are finding somebody for you.")
    chat = await website.answer(widget)
    await expect(news).to_contain_text("You are talking to Anna Meier.")
    await widget.launcher.click()
    await website.agent_says(chat, "Good morning")
    await expect(news).to_contain_text("Anna Meier: Good morning")
    await website.hang_up(chat)
    await expect(news).to_contain_text("The chat has ended.")


@pytest.mark.parametrize(
    "colour", ["#ffd84d", "#ffffff", "#000000", "#e4572e", "#5b8a3c", "#0078d4", "#808080", "#777"]
)
async def test_whatever_colour_the_owner_likes_can_be_read(website: Website, colour: str) -> None:
    widget = await website.visit("orders")

    async def painted(route: Route) -> None:
        answer = await route.fetch()
        config: dict[str, Any] = {**json.loads(await answer.text()), "colour": colour, "greeting": "https://x.example"}
        await route.fulfill(response=answer, body=json.dumps(config))

    await widget.page.route("**/v1/widgets/*", painted)
    for scheme in ("light", "dark"):
        await widget.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]  # both are
        await widget.page.reload()
        await widget.open()
        await widget.page.get_by_label("Your name").fill("Mia")
        assert await widget.violations() == [], f"{colour} by {scheme}"
        assert (
            await widget.page.locator("header").evaluate("e => getComputedStyle(e).backgroundColor")
            != "rgb(47, 95, 208)"
        )


@pytest.mark.parametrize(
    ("page", "visitor", "words"),
    [
        ("de-CH", "en-GB", "Nachricht schreiben…"),
        ("fr", "en-GB", "Écrire un message…"),
        ("", "it-IT", "Scriva un messaggio…"),
        ("ja", "ja-JP", "Write a message…"),
    ],
)
async def test_the_widget_speaks_the_language_of_the_page_or_of_the_visitor(
    website: Website, page: str, visitor: str, words: str
) -> None:
    widget = await website.visit(lang=page, locale=visitor)
    await widget.launcher.click()
    await expect(widget.page.get_by_placeholder(words)).to_be_visible()


@pytest.mark.parametrize(
    "tags",
    [["en-US@posix"], ["en_US"], [], None, ["xx-invalid-tag-that-is-long"], ["en-US-x-aaaaaaaa-bbbbbbbb-cccccccc-dd"]],
    ids=str,
)
async def test_language_tags_that_are_none_are_english(website: Website, tags: list[str] | None) -> None:
    context = await website.visitor()
    await context.add_init_script(
        f"Object.defineProperty(navigator, 'languages', {{ get: () => {json.dumps(tags) if tags is not None else 'undefined'} }})"
    )
    widget = await website.visit(context=context, lang="en_US@posix")
    await widget.begin("Hello")
    await expect(widget.text("Sent")).to_contain_text(re.compile(r"Sent · \d\d?:\d\d"))
    await website.answer(widget)
    await expect(widget.text("You are talking to Anna Meier.")).to_be_visible()
    assert widget.errors == []


async def test_a_phone_is_all_chat(website: Website) -> None:
    widget = await website.visit(width=390, height=844, is_mobile=True, has_touch=True, reduced_motion="reduce")
    await widget.launcher.tap()
    await expect(widget.window).to_be_visible()
    assert await widget.window.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    await expect(widget.window.get_by_role("heading")).to_be_focused()  # no keyboard covers the window
    await widget.say("Hello")
    await expect(widget.text("Sent")).to_be_visible()
    assert await widget.violations() == []
    await widget.page.reload()
    await widget.launcher.wait_for()
    await expect(widget.window).to_have_count(0)  # it does not cover the page that the visitor opened


@pytest.mark.parametrize("lang", ["en", "de", "fr", "it"])
async def test_the_smallest_phone_shows_the_whole_name(website: Website, lang: str) -> None:
    widget = await website.visit(lang=lang, width=320, height=568, is_mobile=True, has_touch=True)
    await widget.launcher.tap()
    await widget.page.locator("#text").fill("Hello")
    await widget.page.locator("#text").press("Enter")
    await widget.page.locator(".foot.own", has_text=":").wait_for()
    await website.answer(widget)
    name = widget.window.get_by_role("heading")
    await expect(name).to_have_text("Anna Meier")
    cut = "each => each.scrollWidth > each.clientWidth || each.scrollHeight > each.clientHeight"
    assert not await name.evaluate(cut)
    assert not await widget.window.locator("header p").evaluate(cut)


async def test_from_right_to_left(website: Website) -> None:
    widget = await website.visit(direction="rtl", reduced_motion="reduce")
    await widget.open()
    launcher = await widget.launcher.bounding_box()
    assert launcher is not None
    assert launcher["x"] < 100
    await widget.say("שלום")
    await expect(widget.text("Sent")).to_be_visible()
    own = await widget.rows.last.bounding_box()
    greeting = await widget.rows.first.bounding_box()
    assert own is not None
    assert greeting is not None
    assert own["x"] < greeting["x"], "the visitor's messages are on the left here"


async def test_a_page_that_takes_no_markup_from_strings_gets_the_chat(website: Website) -> None:
    website.policy = "require-trusted-types-for 'script'; trusted-types usher"
    widget = await website.visit()
    await widget.open()
    await widget.say("Hello")
    await expect(widget.rows.last).to_have_text("Hello")
    assert widget.errors == []
