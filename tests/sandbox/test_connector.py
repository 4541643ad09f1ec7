"""The Connector: what a bot sends is what people see, in Teams' own ways."""

from urllib.parse import quote

from tests.sandbox.product import ACCEPT, ANNA, BEN, Product, card, card_message
from tests.support import wait_until


async def test_a_card_with_a_summary_comes_back_as_201_with_its_id(product: Product) -> None:
    chat = await product.personal_chat()
    answer = await product.connector("POST", f"/{chat}/activities", card_message(card(ACCEPT), summary="Offer"))
    assert answer.status == 201
    seen = await product.seen_message(chat, answer.body["id"])
    assert seen["summary"] == "Offer"
    assert seen["cards"] == [{"content": card(ACCEPT), "own_view": False}]


async def test_text_and_a_card_are_split_and_no_id_comes_back(product: Product) -> None:
    chat = await product.personal_chat()
    answer = await product.connector("POST", f"/{chat}/activities", {**card_message(card()), "text": "Look"})
    assert (answer.status, answer.body) == (202, {})
    messages = (await product.seen_chat(chat))["messages"]
    assert [(message["text"], len(message["cards"])) for message in messages] == [("Look", 0), ("", 1)]


async def test_an_update_changes_everybodys_picture_in_place(product: Product) -> None:
    chat = await product.made_chat(ANNA, BEN)
    message = await product.sent_card(chat, card(ACCEPT))
    answer = await product.connector("PUT", f"/{chat}/activities/{message}", card_message(card(text="Taken by Ben")))
    assert (answer.status, answer.body) == (200, {"id": message})
    for person in (ANNA, BEN):
        seen = await product.seen_message(chat, message, person)
        assert seen["cards"][0]["content"]["body"][0]["text"] == "Taken by Ben"
        assert seen["edited_at"] is not None


async def test_a_deleted_message_cannot_be_changed_again(product: Product) -> None:
    chat = await product.personal_chat()
    message = await product.sent_card(chat, card())
    path = f"/{chat}/activities/{message}"
    assert (await product.connector("DELETE", path)).status == 200
    assert (await product.seen_message(chat, message))["deleted"]
    assert (await product.connector("PUT", path, card_message(card()))).code == "ActivityNotFoundInConversation"


async def test_markdown_is_shown_as_html_and_plain_text_as_it_stands(product: Product) -> None:
    chat = await product.personal_chat()
    for text_format, html in (("markdown", "<p><strong>bold</strong></p>\n"), ("plain", None)):
        activity = {"type": "message", "text": "**bold**", "textFormat": text_format}
        answer = await product.connector("POST", f"/{chat}/activities", activity)
        assert (await product.seen_message(chat, answer.body["id"]))["html"] == html


async def test_scripts_in_a_bots_text_are_not_shown(product: Product) -> None:
    chat = await product.personal_chat()
    activity = {"type": "message", "text": "<b>a</b><script>alert(1)</script>", "textFormat": "xml"}
    answer = await product.connector("POST", f"/{chat}/activities", activity)
    assert (await product.seen_message(chat, answer.body["id"]))["html"] == "<b>a</b>"


async def test_a_reply_needs_what_it_replies_to_unless_that_was_an_event(product: Product) -> None:
    chat = await product.personal_chat()
    event = product.bot.activities[0]["id"] if product.bot.activities else "f:1"
    message = {"type": "message", "text": "Welcome"}
    assert (await product.connector("POST", f"/{chat}/activities/{event}", message)).status == 201
    assert (
        await product.connector("POST", f"/{chat}/activities/123", message)
    ).code == "ActivityNotFoundInConversation"


async def test_the_bot_opens_the_chat_of_somebody_who_has_the_app(product: Product) -> None:
    chat = await product.personal_chat()
    body = {
        "members": [{"id": product.core.people.teams_id(ANNA)}], "tenantId": product.tenant,
        "activity": {"type": "message", "text": "Hello"},
    }  # fmt: skip
    answer = await product.connector("POST", "", body)
    assert answer.status == 201
    assert (answer.body["id"], answer.body["serviceUrl"]) == (chat, product.core.service_url)
    assert (await product.seen_message(chat, answer.body["activityId"]))["text"] == "Hello"


async def test_members(product: Product) -> None:
    chat = await product.made_chat(ANNA, BEN)
    plain = (await product.connector("GET", f"/{chat}/members")).body
    paged = (await product.connector("GET", f"/{chat}/pagedmembers")).body
    assert paged == {"members": plain}
    assert [member["aadObjectId"] for member in plain] == [ANNA, BEN]
    one = await product.connector("GET", f"/{chat}/members/{quote(plain[1]['id'])}")
    assert one.body["userPrincipalName"] == "ben@fabrikam.example"


async def test_the_bots_ids_of_personal_messages_survive_an_address(product: Product) -> None:
    chat = await product.personal_chat()
    message = await product.sent_card(chat, card())
    assert message.startswith("1:")
    answer = await product.connector(
        "PUT", f"/{quote(chat, safe='')}/activities/{quote(message, safe='')}", card_message(card())
    )
    assert answer.status == 200


async def test_after_an_uninstall_and_a_new_install_the_chat_is_the_same(product: Product) -> None:
    chat = await product.personal_chat()
    await product.teams("POST", "/app/uninstall")
    assert (
        await product.connector("POST", f"/{chat}/activities", {"type": "typing"})
    ).code == "BotNotInConversationRoster"
    assert await product.personal_chat() == chat
    assert (await product.connector("POST", f"/{chat}/activities", {"type": "typing"})).status == 202
    await wait_until(lambda: len(product.bot.got("installationUpdate")) == 3, 5, "add, remove, add arrive at the bot")
    assert [activity["action"] for activity in product.bot.got("installationUpdate")] == ["add", "remove", "add"]


async def test_an_image_by_address_is_taken(product: Product) -> None:
    chat = await product.personal_chat()
    image = {"contentType": "image/png", "contentUrl": "https://www.fabrikam.example/rose.png"}
    assert (
        await product.connector("POST", f"/{chat}/activities", {"type": "message", "attachments": [image]})
    ).status == 201
    assert (await product.seen_chat(chat))["messages"][0]["cards"] == []
