"""One way into each row of the Teams pages' and the control interface's table."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.sandbox.product import ACCEPT, BEN, SUBMIT, Answer, Product, card

Case = Callable[[Product], Awaitable[Answer]]


def _in_chat(method: str, path: str, body: Any = None) -> Case:
    async def case(product: Product) -> Answer:
        chat = await product.personal_chat()
        return await product.teams(method, f"/chats/{chat}{path}", body)

    return case


async def _foreign_message(product: Product) -> Answer:
    chat = await product.made_chat()
    message = await product.sent_card(chat, card(ACCEPT))
    return await product.teams("DELETE", f"/chats/{chat}/messages/{message}")


async def _removed(product: Product) -> Answer:
    chat = await product.personal_chat()
    await product.teams("POST", "/app/uninstall")
    return await product.teams("POST", f"/chats/{chat}/messages", {"text": "Hello"})


async def _other_action(product: Product) -> Answer:
    chat = await product.personal_chat()
    return await product.click(chat, await product.sent_card(chat, card(ACCEPT)), SUBMIT)


async def _foreign_origin(product: Product) -> Answer:
    return await product.http("GET", "/control/world", headers={"Origin": "https://elsewhere.example"})


CASES: dict[str, Case] = {
    "teams.person_unknown": lambda product: product.teams("GET", "/state", person="nobody"),
    "teams.chat_unknown": lambda product: product.teams(
        "POST", "/chats/19:none@thread.v2/messages", {"text": "a"}, person=BEN
    ),
    "teams.message_unknown": _in_chat("DELETE", "/messages/1"),
    "teams.not_yours": _foreign_message,
    "teams.cannot_write": _removed,
    "teams.body_bad": _in_chat("POST", "/messages", {"text": ""}),
    "teams.action_not_in_card": _other_action,
    "teams.origin_foreign": _foreign_origin,
    "teams.path_unknown": lambda product: product.http("GET", "/control/nothing"),
    "teams.method_unknown": lambda product: product.http("DELETE", "/control/links"),
}
