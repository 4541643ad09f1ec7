"""The sandbox's Connector held against the interface that Microsoft publishes."""

import re
from typing import Any

from sandbox.connector.routes import routes
from tests.contract import published
from tests.sandbox.product import ACCEPT, ANNA, BEN, SUBMIT, Product, card, card_message
from tests.support import wait_until

TENANT = "tenant"

# Teams has it, the published interface has not: "Get single member details" in Teams' documentation.
TEAMS_OWN = {("GET", "/v3/conversations/{}/members/{}")}
# What a member has in Teams beyond a ChannelAccount (get member profiles, docs).
MEMBER_EXTRAS = {"objectId", "givenName", "surname", "email", "userPrincipalName", "tenantId", "userRole"}


def shape(path: str) -> str:
    """A path without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", re.sub(r"\{(\w+):[^/]*?\)\[\^/\]\+\}", r"{\1}", path))


def played_operations() -> dict[tuple[str, str], str]:
    root = f"/smba/{TENANT}"
    return {(route.method, shape(route.path.removeprefix(root))): route.operation for route in routes(TENANT)}


def test_every_route_is_published_under_that_name() -> None:
    for operations in published.connector_operations():
        known = {(method, shape(path)): operation for (method, path), operation in operations.items()}
        for route, operation in played_operations().items():
            if route not in TEAMS_OWN or route in known:
                assert known[route] == operation


async def test_what_is_published_and_not_played_is_refused(product: Product) -> None:
    chat = await product.personal_chat()
    known = {(method, shape(path)) for operations in published.connector_operations() for method, path in operations}
    missing = known - set(played_operations())
    assert len(missing) == 7
    for method, path in sorted(missing):
        filled = path.replace("{}", chat, 1) if path.startswith("/v3/conversations/{}") else path.replace("{}", "1", 1)
        address = f"{product.core.service_url}{filled.replace('{}', '1').lstrip('/')}"
        answer = await product.call(method, address, json={})
        assert answer.status in (404, 405), (method, path)


async def test_what_the_connector_answers_is_what_is_published(product: Product) -> None:
    chat = await product.personal_chat()
    path = f"/{chat}/activities"
    message = await product.sent_card(chat, card(ACCEPT))
    create = {"members": [{"id": product.core.people.teams_id(ANNA)}], "tenantId": product.tenant}
    answers: list[tuple[Any, str, int]] = [
        (await product.connector("POST", "", create), "ConversationResourceResponse", 201),
        (await product.connector("POST", path, {"type": "message", "text": "a"}), "ResourceResponse", 201),
        (await product.connector("POST", path, {"type": "typing"}), "ResourceResponse", 202),
        (await product.connector("PUT", f"{path}/{message}", card_message(card())), "ResourceResponse", 200),
        (await product.connector("PUT", f"{path}/1", card_message(card())), "ErrorResponse", 404),
        (await product.connector("POST", "/a:nowhere/activities", {"type": "typing"}), "ErrorResponse", 404),
    ]
    for answer, definition, status in answers:
        assert answer.status == status, answer
        assert published.connector_faults(answer.body, definition) == []


async def test_members_are_channel_accounts_and_what_teams_adds(product: Product) -> None:
    chat = await product.made_chat(ANNA, BEN)
    for member in (await product.connector("GET", f"/{chat}/members")).body:
        assert set(member) >= MEMBER_EXTRAS
        account = {name: value for name, value in member.items() if name not in MEMBER_EXTRAS}
        assert published.connector_faults(account, "ChannelAccount") == []


async def test_every_activity_to_the_bot_is_a_published_activity(product: Product) -> None:
    chat = await product.made_chat(ANNA)
    personal = await product.personal_chat()
    offer = await product.sent_card(personal, card(ACCEPT, SUBMIT))
    product.bot.reply = lambda _: (200, {})
    said = (await product.teams("POST", f"/chats/{chat}/messages", {"text": "Hello 👍", "mention_bot": True})).body[
        "id"
    ]
    await product.teams("PATCH", f"/chats/{chat}/messages/{said}", {"html": "<p>Hello</p>"})
    await product.teams("DELETE", f"/chats/{chat}/messages/{said}")
    await product.click(personal, offer, ACCEPT, {"note": "soon"})
    await product.click(personal, offer, SUBMIT)
    await product.teams("POST", f"/chats/{chat}/members", {"user": BEN})
    await product.teams("POST", "/app/uninstall")
    kinds = {"message", "messageUpdate", "messageDelete", "invoke", "installationUpdate", "conversationUpdate"}

    def arrived() -> bool:
        seen = {activity["type"] for activity in product.bot.activities}
        return seen == kinds and len(product.bot.got("installationUpdate")) == 3

    await wait_until(arrived, 5, "one of each kind arrives at the bot")
    for activity in product.bot.activities:
        # Teams attaches what was typed as text/html, whose content is a text; the interface knows objects only.
        attached = [one for one in activity.pop("attachments", []) if one["contentType"] != "text/html"]
        assert published.connector_faults({**activity, "attachments": attached}, "Activity") == [], activity["type"]
