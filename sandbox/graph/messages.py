"""The messages of a chat in Graph's notation (`chatMessage`, docs)."""

import json
import re
import uuid
from collections.abc import Callable
from urllib.parse import quote

from aiohttp import web

from sandbox.chats import Chat
from sandbox.clock import iso
from sandbox.core import Core
from sandbox.graph import door
from sandbox.graph.door import Body
from sandbox.messages import BOT, NOBODY, SYSTEM, Message
from sandbox.problems import refuse
from sandbox.teams import happenings
from sandbox.teams.text import shown, stored
from sandbox.wire import Route

LARGEST_PAGE = 50
PAGE = 20
_ALL = 100_000

# The orders that Graph supports, newest first; ascending order is refused (list messages in a chat, docs).
_ORDERS: dict[str, Callable[[Message], int]] = {
    "lastModifiedDateTime desc": lambda message: message.edited_at or message.at,
    "createdDateTime desc": lambda message: message.at,
}


def message_resource(core: Core, message: Message) -> Body:
    """A message in Graph's notation. The details of an event (a grey line) are not simulated."""
    event = message.sender == SYSTEM
    attachments = [] if message.deleted else _attachments(message)
    edited = message.edited_at
    return {
        "id": message.id, "replyToId": None, "etag": str(edited or message.at), "messageType": "message",
        "createdDateTime": iso(message.at), "lastModifiedDateTime": iso(edited or message.at),
        "lastEditedDateTime": iso(edited) if edited and not message.deleted else None,
        "deletedDateTime": iso(edited or message.at) if message.deleted else None,
        "subject": None, "summary": None, "chatId": message.chat, "importance": "normal", "locale": "en-us",
        "webUrl": None, "channelIdentity": None, "policyViolation": None, "eventDetail": None,
        "from": _author(core, message), "body": _body(message, attachments), "attachments": attachments, "mentions": [],
        "reactions": [], "messageHistory": [],
    } | ({"messageType": "unknownFutureValue"} if event else {})  # fmt: skip


def _author(core: Core, message: Message) -> Body | None:
    nobody: Body = {"application": None, "device": None, "user": None}
    if message.sender == SYSTEM:
        return None
    name = happenings.author(core, message.sender)
    if message.sender == BOT:
        app = {"id": core.world.app.client_id, "displayName": name, "applicationIdentityType": "bot"}
        return nobody | {"application": {"@odata.type": "#microsoft.graph.teamworkApplicationIdentity", **app}}
    if message.sender == NOBODY:
        # Somebody without an account: Graph returns at most their name (chatMessageFromIdentitySet, docs).
        user = {"id": None, "displayName": None, "userIdentityType": "anonymousGuest", "tenantId": None}
        return nobody | {"user": {"@odata.type": "#microsoft.graph.teamworkUserIdentity", **user}}
    user = {"id": message.sender, "displayName": name, "userIdentityType": "aadUser", "tenantId": core.world.tenant_id}
    return nobody | {"user": {"@odata.type": "#microsoft.graph.teamworkUserIdentity", **user}}


def _body(message: Message, attachments: list[Body]) -> Body:
    if message.sender == SYSTEM:
        return {"contentType": "html", "content": "<systemEventMessage/>"}
    if message.deleted:
        return {"contentType": "html", "content": ""}
    if message.sender == BOT:
        html = shown(message.text, message.text_format) if message.text else ""
        marks = "".join(f'<attachment id="{attachment["id"]}"></attachment>' for attachment in attachments)
        return {"contentType": "html", "content": f"{message.text if html is None else html}{marks}"}
    kind, content = stored(message.text, message.html)
    return {"contentType": kind, "content": content}


def _attachments(message: Message) -> list[Body]:
    return [
        {
            "id": uuid.uuid5(uuid.NAMESPACE_URL, f"{message.chat} {message.id} {number}").hex,
            "contentType": given.get("contentType"), "contentUrl": given.get("contentUrl"), "name": given.get("name"),
            "content": json.dumps(given["content"]) if "content" in given else None, "thumbnailUrl": None,
            "teamsAppId": None,
        }
        for number, given in enumerate(message.attachments)
    ]  # fmt: skip


async def list_of_chat(request: web.Request) -> web.Response:
    core, chat = door.enter_chat(request, "Chats.ListMessages")
    query = door.query(request, ("$top", "$orderby", "$skiptoken"))
    order = query.get("$orderby", "lastModifiedDateTime desc")
    if order not in _ORDERS:
        raise refuse("graph.order_unsupported", order=order)
    top = query.get("$top", str(PAGE))
    if not top.isdigit() or not 1 <= int(top) <= LARGEST_PAGE:
        raise refuse("graph.page_size", limit=LARGEST_PAGE, asked=top)

    def place(message: Message) -> tuple[int, int]:
        return _ORDERS[order](message), message.at

    found = sorted(core.messages.latest(chat.id, _ALL), key=place, reverse=True)
    if "$skiptoken" in query:
        behind = _read_token(query["$skiptoken"])
        found = [message for message in found if place(message) < behind]
    page = found[: int(top)]
    values = [message_resource(core, message) for message in page]
    more = _next(core, chat, top, order, place(page[-1])) if len(found) > len(page) else None
    return door.collection(core, f"chats('{chat.id}')/messages", values, more=more)


def _read_token(token: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)~(\d+)", token)
    if found is None:
        raise refuse("graph.query_unknown", option="$skiptoken")
    return int(found[1]), int(found[2])


def _next(core: Core, chat: Chat, top: str, order: str, last: tuple[int, int]) -> str:
    query = f"$top={top}&$orderby={quote(order)}&$skiptoken={last[0]}~{last[1]}"
    return f"{core.addresses.tls}/v1.0/chats/{quote(chat.id, safe=':@')}/messages?{query}"


ROUTES = [Route("GET", "/v1.0/chats/{chat}/messages", "Chats.ListMessages", list_of_chat)]
