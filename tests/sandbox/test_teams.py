"""The Teams page: what people do becomes activities, and what bots answer becomes what people see."""

from typing import Any
from urllib.parse import quote

import pytest

from sandbox.teams.text import plain
from sandbox.values import Json
from tests.sandbox.product import ACCEPT, ANNA, BEN, SUBMIT, Product, card, card_message
from tests.support import wait_until

CARD = "application/vnd.microsoft.card.adaptive"
TEXT = "application/vnd.microsoft.activity.message"


async def message_of(product: Product, kind: str = "message", count: int = 1) -> Json:
    """The newest activity of this kind, when the bot has `count` of them."""
    await wait_until(lambda: len(product.bot.got(kind)) >= count, 5, f"{count} activities of type {kind} arrive")
    return product.bot.got(kind)[count - 1]


async def test_what_an_agent_writes_arrives_as_teams_writes_it(product: Product) -> None:
    chat = await product.made_chat(ANNA)
    answer = await product.teams("POST", f"/chats/{chat}/messages", {"text": "Roses & more\nfrom 8:00"})
    assert answer.status == 201
    activity = await message_of(product)
    assert activity["id"] == answer.body["id"]
    assert activity["text"] == "Roses & more\nfrom 8:00"
    assert activity["attachments"] == [{"contentType": "text/html", "content": "<p>Roses &amp; more<br>from 8:00</p>"}]
    assert activity["from"] == {"id": product.core.people.teams_id(ANNA), "name": "Anna Meier", "aadObjectId": ANNA}
    assert activity["recipient"]["id"] == f"28:{product.client}"
    assert activity["channelData"] == {"tenant": {"id": product.tenant}}
    assert (activity["channelId"], activity["serviceUrl"]) == ("msteams", product.core.service_url)


async def test_emoji_are_images_in_the_html_and_missing_from_the_text(product: Product) -> None:
    chat = await product.made_chat(ANNA)
    await product.teams("POST", f"/chats/{chat}/messages", {"text": "Good 👍🏽 thanks 👩‍🌾"})
    activity = await message_of(product)
    assert activity["text"] == "Good  thanks "
    html = activity["attachments"][0]["content"]
    assert html.count('itemtype="http://schema.skype.com/Emoji"') == 2
    assert plain(html) == "Good 👍🏽 thanks 👩‍🌾"


async def test_messages_of_one_chat_arrive_in_order_while_the_bot_is_slow(product: Product) -> None:
    chat = await product.made_chat(ANNA)
    await product.teams("POST", f"/chats/{chat}/messages", {"text": "0"})
    for number in range(1, 10):
        await product.teams("POST", f"/chats/{chat}/messages", {"text": str(number)})
    await message_of(product, count=10)
    assert [activity["text"] for activity in product.bot.got("message")] == [str(number) for number in range(10)]


async def test_edits_and_deletes_carry_the_id_of_the_message(product: Product) -> None:
    chat = await product.made_chat(ANNA)
    message = (await product.teams("POST", f"/chats/{chat}/messages", {"text": "Tomorow"})).body["id"]
    await product.teams("PATCH", f"/chats/{chat}/messages/{message}", {"text": "Tomorrow"})
    await product.teams("DELETE", f"/chats/{chat}/messages/{message}")
    await product.teams("POST", f"/chats/{chat}/messages/{message}/undelete")
    edited, restored = await message_of(product, "messageUpdate"), await message_of(product, "messageUpdate", 2)
    deleted = await message_of(product, "messageDelete")
    assert {one["id"] for one in (edited, restored, deleted)} == {message}
    assert [one["channelData"]["eventType"] for one in (edited, deleted, restored)] == [
        "editMessage", "softDeleteMessage", "undeleteMessage",
    ]  # fmt: skip
    assert (edited["text"], restored["text"]) == ("Tomorrow", "Tomorrow")


async def test_without_the_chats_consent_the_bot_hears_mentions_only(product: Product) -> None:
    await product.http("PUT", "/control/manifest", {"rsc": ["ChatMember.Read.Chat"]})
    chat = await product.made_chat(ANNA)
    assert not (await product.seen_chat(chat))["reads_all"]
    await product.teams("POST", f"/chats/{chat}/messages", {"text": "to myself"})
    await product.teams("POST", f"/chats/{chat}/messages", {"text": "are you there?", "mention_bot": True})
    activity = await message_of(product)
    assert activity["text"] == "<at>Usher</at> are you there?"
    assert activity["entities"][-1]["mentioned"]["id"] == f"28:{product.client}"


async def test_a_chat_among_people_is_nothing_to_the_bot(product: Product) -> None:
    made = await product.teams("POST", "/chats", {"topic": "Lunch", "members": [BEN]})
    await product.teams("POST", f"/chats/{made.body['id']}/messages", {"text": "Noon?"})
    toast = await product.seen_chat(made.body["id"], BEN)
    assert (toast["title"], toast["unread"], toast["messages"][-1]["text"]) == ("Lunch", 1, "Noon?")
    assert product.bot.activities == []


async def test_a_card_answer_replaces_the_clickers_view_and_nobody_elses(product: Product) -> None:
    chat = await product.made_chat(ANNA, BEN)
    message = await product.sent_card(chat, card(ACCEPT))
    connecting = card(text="Opening the chat …")
    product.bot.reply = lambda _: (200, {"statusCode": 200, "type": CARD, "value": connecting})
    answer = await product.click(chat, message, ACCEPT, {"note": "soon"})
    assert answer.body == {"kind": "card", "status": 200, "card": connecting}
    invoke = await message_of(product, "invoke")
    assert invoke["name"] == "adaptiveCard/action"
    assert invoke["value"] == {
        "action": {"type": "Action.Execute", "verb": "accept", "data": {"task": "t1", "note": "soon"}}, "trigger": "manual",
    }  # fmt: skip
    assert invoke["replyToId"] == message
    assert (await product.seen_message(chat, message, ANNA))["cards"] == [{"content": connecting, "own_view": True}]
    assert (await product.seen_message(chat, message, BEN))["cards"] == [{"content": card(ACCEPT), "own_view": False}]


async def test_the_bots_next_edit_takes_the_place_of_every_view(product: Product) -> None:
    chat = await product.made_chat(ANNA)
    message = await product.sent_card(chat, card(ACCEPT))
    product.bot.reply = lambda _: (200, {"statusCode": 200, "type": CARD, "value": card(text="mine")})
    await product.click(chat, message, ACCEPT)
    await product.connector("PUT", f"/{chat}/activities/{message}", card_message(card(text="everybody's")))
    shown = (await product.seen_message(chat, message))["cards"]
    assert (shown[0]["content"]["body"][0]["text"], shown[0]["own_view"]) == ("everybody's", False)


ANSWERS: list[tuple[tuple[int, Any], Json]] = [
    ((200, {"statusCode": 200, "type": TEXT, "value": "Done"}), {"kind": "message", "status": 200, "text": "Done"}),
    (
        (200, {"statusCode": 400, "type": "application/vnd.microsoft.error", "value": {}}),
        {"kind": "error", "status": 400},
    ),
    ((200, {"statusCode": 200, "type": CARD, "value": {"type": "AdaptiveCard"}}), {"kind": "error", "status": 200}),
    ((200, None), {"kind": "error", "status": 200}),
    ((401, None), {"kind": "error", "status": 401}),
]


@pytest.mark.parametrize(("reply", "expected"), ANSWERS)
async def test_other_answers_to_a_click(product: Product, reply: tuple[int, Any], expected: Json) -> None:
    chat = await product.made_chat(ANNA)
    message = await product.sent_card(chat, card(ACCEPT))
    product.bot.reply = lambda _: reply
    answer = (await product.click(chat, message, ACCEPT)).body
    assert {name: answer[name] for name in expected} == expected
    wrong = (await product.seen_message(chat, message))["error"]
    assert wrong == ("Something went wrong. Please try again." if expected["kind"] == "error" else None)


async def test_a_submit_is_a_message_with_a_value_and_no_text(product: Product) -> None:
    chat = await product.personal_chat()
    message = await product.sent_card(chat, card(SUBMIT))
    assert (await product.click(chat, message, SUBMIT, {"note": "soon"})).body == {"kind": "sent", "status": 200}
    activity = await message_of(product)
    assert activity["value"] == {"verb": "accept", "task": "t1", "note": "soon"}
    assert activity["replyToId"] == message
    assert "text" not in activity


async def test_a_refresh_is_due_for_those_the_card_names_once_in_each_version(product: Product) -> None:
    chat = await product.made_chat(ANNA, BEN)
    refreshing = card(ACCEPT, refresh={"action": {"type": "Action.Execute", "verb": "refresh", "data": {"task": "t1"}},
                                       "userIds": [product.core.people.teams_id(ANNA)]})  # fmt: skip
    message = await product.sent_card(chat, refreshing)
    assert (await product.seen_message(chat, message, ANNA))["refresh_due"]
    assert not (await product.seen_message(chat, message, BEN))["refresh_due"]
    product.bot.reply = lambda _: (200, {"statusCode": 200, "type": CARD, "value": card(text="for Anna")})
    path = f"/chats/{chat}/messages/{message}/refresh"
    assert (await product.teams("POST", path)).body["kind"] == "card"
    assert (await message_of(product, "invoke"))["value"]["trigger"] == "automatic"
    assert not (await product.seen_message(chat, message, ANNA))["refresh_due"]
    assert (await product.teams("POST", path, person=BEN)).status == 400
    await product.connector("PUT", f"/{chat}/activities/{message}", card_message(refreshing))
    assert (await product.seen_message(chat, message, ANNA))["refresh_due"]


async def test_installing_twice_tells_the_bot_once(product: Product) -> None:
    for _ in range(2):
        assert (await product.teams("POST", "/app/install")).body == {"installed": True}
    await message_of(product, "installationUpdate")
    for _ in range(2):
        assert (await product.teams("POST", "/app/uninstall")).body == {"installed": False}
    activity = await message_of(product, "installationUpdate", 2)
    assert [one["action"] for one in product.bot.got("installationUpdate")] == ["add", "remove"]
    assert activity["conversation"]["conversationType"] == "personal"
    assert activity["conversation"]["id"].startswith("a:")
    added = (await message_of(product, "conversationUpdate"))["membersAdded"]
    assert added == [{"id": f"28:{product.client}"}]


async def test_colleagues_join_and_leave(product: Product) -> None:
    chat = await product.made_chat(ANNA)
    await product.teams("POST", f"/chats/{chat}/members", {"user": "ben@fabrikam.example"})
    assert (await product.seen_chat(chat, BEN))["messages"][-1]["text"] == "Ben Okafor was added to the chat."
    assert (await product.teams("POST", f"/chats/{chat}/leave", person=BEN)).status == 204
    assert [one["id"] for one in (await product.state(BEN))["chats"]] == []


async def test_what_was_read_is_not_unread_any_more(product: Product) -> None:
    chat = await product.made_chat(ANNA)
    await product.sent_card(chat, card())
    assert (await product.seen_chat(chat))["unread"] == 1
    await product.teams("POST", f"/chats/{chat}/read")
    assert (await product.seen_chat(chat))["unread"] == 0


async def test_a_page_hears_of_changes_toasts_and_typing(product: Product) -> None:
    chat = await product.made_chat(ANNA)
    async with product.session.get(f"{product.core.addresses.http}/teams/api/{ANNA}/events") as page:
        assert (await page.content.readuntil(b"\n\n")).startswith(b"event: change\nid: ")
        await product.sent_card(chat, card())
        await product.connector("POST", f"/{quote(chat)}/activities", {"type": "typing"})
        heard = [await page.content.readuntil(b"\n\n") for _ in range(3)]
    assert [event.partition(b"\n")[0] for event in heard] == [b"event: change", b"event: toast", b"event: typing"]
    assert b"A visitor is waiting" in heard[1]


async def test_a_toast_shows_words_and_no_markup(product: Product) -> None:
    chat = await product.made_chat(ANNA)
    async with product.session.get(f"{product.core.addresses.http}/teams/api/{ANNA}/events") as page:
        await product.connector("POST", f"/{quote(chat)}/activities", {"type": "message", "text": "**Marie**: hello"})
        heard = [await page.content.readuntil(b"\n\n") for _ in range(3)]
    assert b'"text": "Marie: hello"' in heard[2]


async def test_a_page_that_was_closed_troubles_nobody(product: Product, caplog: pytest.LogCaptureFixture) -> None:
    await product.made_chat(ANNA)
    page = await product.session.get(f"{product.core.addresses.http}/teams/api/{ANNA}/events")
    await page.content.readuntil(b"\n\n")
    page.close()
    bells = product.core.bells

    def noticed() -> bool:
        bells.changed([ANNA], None)
        return bells.open_pages(ANNA) == 0

    await wait_until(noticed, 5, "the closed page is noticed")
    assert caplog.records == []
