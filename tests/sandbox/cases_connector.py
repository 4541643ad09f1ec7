"""One way into each row of the Connector's table."""

from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.entra.tokens import BOT_AUDIENCE, GRAPH_AUDIENCE
from tests.sandbox.product import ANNA, BEN, SUBMIT, Answer, Product, card, card_message

Case = Callable[[Product], Awaitable[Answer]]


def _send(activity: Any, *, token: Callable[[Product], str] | None = None) -> Case:
    async def case(product: Product) -> Answer:
        chat = await product.personal_chat()
        given = token(product) if token is not None else None
        return await product.connector("POST", f"/{chat}/activities", activity, token=given)

    return case


def _card(content: Any) -> Case:
    return _send(card_message(content))


def _create(**changed: Any) -> Case:
    async def case(product: Product) -> Answer:
        await product.personal_chat()
        member = {"id": product.core.people.teams_id(ANNA)}
        body = {
            "members": [member],
            "tenantId": product.tenant,
            "bot": {"id": product.core.world.app.bot_id},
            **changed,
        }
        return await product.connector("POST", "", body)

    return case


async def _create_not_installed(product: Product) -> Answer:
    body = {"members": [{"id": product.core.people.teams_id(BEN)}], "tenantId": product.tenant}
    return await product.connector("POST", "", body)


async def _uninstalled(product: Product) -> Answer:
    chat = await product.personal_chat()
    await product.teams("POST", "/app/uninstall")
    return await product.connector("POST", f"/{chat}/activities", {"type": "message", "text": "Hello"})


async def _not_yours(product: Product) -> Answer:
    chat = await product.personal_chat()
    theirs = (await product.teams("POST", f"/chats/{chat}/messages", {"text": "mine"})).body["id"]
    return await product.connector("PUT", f"/{chat}/activities/{theirs}", {"type": "message", "text": "yours"})


async def _update_splits(product: Product) -> Answer:
    chat = await product.personal_chat()
    message = await product.sent_card(chat, card(SUBMIT))
    both = {**card_message(card(SUBMIT)), "text": "and a text"}
    return await product.connector("PUT", f"/{chat}/activities/{message}", both)


async def _no_such_activity(product: Product) -> Answer:
    chat = await product.personal_chat()
    return await product.connector("PUT", f"/{chat}/activities/1", {"type": "message", "text": "Hello"})


async def _conversation_rate(product: Product) -> Answer:
    chat = await product.personal_chat()
    for _ in range(7):
        answer = await product.connector("POST", f"/{chat}/activities", {"type": "typing"})
        assert answer.status == 202
    return await product.connector("POST", f"/{chat}/activities", {"type": "typing"})


async def _tenant_rate(product: Product) -> Answer:
    for _ in range(50):
        assert (await product.connector("GET", "/a:nowhere/members")).status == 404
    return await product.connector("GET", "/a:nowhere/members")


async def _member(product: Product) -> Answer:
    return await product.connector("GET", f"/{await product.personal_chat()}/members/{BEN}")


async def _page_size(product: Product) -> Answer:
    return await product.connector("GET", f"/{await product.personal_chat()}/pagedmembers?pageSize=many")


CASES: dict[str, Case] = {
    "connector.token_missing": _send({"type": "typing"}, token=lambda _: ""),
    "connector.token_bad": _send({"type": "typing"}, token=lambda product: product.foreign_token(BOT_AUDIENCE)),
    "connector.token_expired": _send({"type": "typing"}, token=lambda product: product.expired_token(BOT_AUDIENCE)),
    "connector.token_audience": _send(
        {"type": "typing"}, token=lambda product: product.core.tokens.for_app(GRAPH_AUDIENCE, ())
    ),
    "connector.body_not_json": _send(b"{"),
    "connector.field_type": _send({"type": "message", "text": 1}),
    "connector.field_unknown": _send({"type": "message", "text": "Hello", "colour": "red"}),
    "connector.activity_type_missing": _send({"text": "Hello"}),
    "connector.activity_type_unsupported": _send({"type": "trace"}),
    "connector.activity_empty": _send({"type": "message", "summary": "nothing else"}),
    "connector.attachment_unknown": _send(
        {"type": "message", "attachments": [{"contentType": "text/html", "content": {}}]}
    ),
    "connector.card_invalid": _card({"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock"}]}),
    "connector.card_version": _card({"type": "AdaptiveCard", "version": "1.6"}),
    "connector.too_large": _send({"type": "message", "text": "x" * 52_000}),
    "connector.conversation_not_found": lambda product: product.connector(
        "POST", "/a:nowhere/activities", {"type": "typing"}
    ),
    "connector.not_in_roster": _uninstalled,
    "connector.activity_not_found": _no_such_activity,
    "connector.activity_not_yours": _not_yours,
    "connector.update_splits": _update_splits,
    "connector.create_group": _create(isGroup=True),
    "connector.create_members": _create(members=[{"id": "29:nobody"}]),
    "connector.create_tenant": _create(tenantId="00000000-0000-0000-0000-000000000000"),
    "connector.create_not_installed": _create_not_installed,
    "connector.member_not_found": _member,
    "connector.page_size": _page_size,
    "connector.conversation_rate": _conversation_rate,
    "connector.tenant_rate": _tenant_rate,
    "connector.path_unknown": lambda product: product.connector("POST", "/a:1/activities/history", {}),
    "connector.method_unknown": lambda product: product.connector("GET", ""),
}
