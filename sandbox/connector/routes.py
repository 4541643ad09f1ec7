"""The Connector's routes. Operations have their names from the published interface."""

from dataclasses import replace
from typing import Any

from aiohttp import web

from sandbox import limits
from sandbox.bells import Ring
from sandbox.chats import Chat
from sandbox.connector.body import Body, check_activity, check_fields, read_object, splits
from sandbox.core import CORE, Core
from sandbox.entra.tokens import BOT_AUDIENCE
from sandbox.messages import BOT, Message
from sandbox.problems import refuse
from sandbox.teams import happenings
from sandbox.wire import Route
from sandbox.world import Person


def _enter(request: web.Request) -> Core:
    """Check the token and count the call for the tenant."""
    core = request.app[CORE]
    core.tokens.check("connector", request.headers.get("Authorization", ""), BOT_AUDIENCE)
    core.count("connector.tenant_rate", core.world.tenant_id, limits.CONNECTOR_TENANT)
    return core


def _conversation(core: Core, request: web.Request, windows: limits.Windows) -> Chat:
    """Return the conversation of the path if the bot is in it. It may carry an activity id:
    `19:…@thread.v2;messageid=…`."""
    chat = core.chats.get(request.match_info["conversation"].partition(";messageid=")[0])
    if chat is None:
        raise refuse("connector.conversation_not_found")
    if not core.chats.bot_in(chat):
        raise refuse("connector.not_in_roster")
    core.count("connector.conversation_rate", f"{chat.id} {id(windows)}", windows)
    return chat


async def create_conversation(request: web.Request) -> web.Response:
    """Open the personal chat with a person who has the app installed."""
    core = _enter(request)
    body = await read_object(request)
    check_fields(body, "ConversationParameters", "parameters")
    if body.get("isGroup"):
        raise refuse("connector.create_group")
    tenant = body.get("tenantId") or body.get("channelData", {}).get("tenant", {}).get("id")
    if tenant != core.world.tenant_id:
        raise refuse("connector.create_tenant")
    members = body.get("members", [])
    person = core.people.find(members[0].get("id", "")) if len(members) == 1 else None
    if person is None or core.is_deleted(person.id):
        raise refuse("connector.create_members")
    core.count("connector.conversation_rate", f"create {person.id}", limits.CONVERSATION_CREATIONS)
    if core.chats.installed(person.id) is None:
        raise refuse("connector.create_not_installed")
    answer = {"id": core.chats.open_personal(person.id).id, "serviceUrl": core.service_url}
    if "activity" in body:
        check_activity(body["activity"])
        answer["activityId"] = _deliver(core, core.chats.must(answer["id"]), body["activity"])
    return web.json_response(answer, status=201)


async def send(request: web.Request) -> web.Response:
    """Send a message or a typing indicator; also as a reply."""
    core = _enter(request)
    activity = await read_object(request)
    check_activity(activity)
    chat = _conversation(core, request, limits.CONVERSATION_SENDS)
    replied = request.match_info.get("activity")
    if replied is not None and core.messages.get(chat.id, replied) is None and not _invoked(replied):
        raise refuse("connector.activity_not_found")
    if activity["type"] == "typing":
        ring = Ring("typing", {"chat": chat.id, "from": core.world.app.name})
        core.bells.ring(happenings.people_in(core, chat), ring)
        return web.json_response({}, status=202)
    if splits(activity):
        _deliver(core, chat, {name: value for name, value in activity.items() if name != "attachments"})
        _deliver(core, chat, {name: value for name, value in activity.items() if name != "text"})
        return web.json_response({}, status=202)
    return web.json_response({"id": _deliver(core, chat, activity)}, status=201)


def _invoked(activity_id: str) -> bool:
    """Invokes and conversation events have ids too (`f:…`) but are not messages; a reply to one is a plain message."""
    return activity_id.startswith("f:")


def _deliver(core: Core, chat: Chat, activity: Body) -> str:
    message_id, at = core.messages.new_id(opaque=chat.id.startswith("a:"))
    happenings.said(core, chat, _message(chat, message_id, at, activity))
    return message_id


def _message(chat: Chat, message_id: str, at: int, activity: Body) -> Message:
    return Message(
        chat.id, message_id, at, BOT,
        text=activity.get("text", ""), text_format=activity.get("textFormat", "markdown"),
        attachments=activity.get("attachments", ()), summary=activity.get("summary", ""),
    )  # fmt: skip


def _own_message(core: Core, request: web.Request, chat: Chat) -> Message:
    message = core.messages.get(chat.id, request.match_info["activity"])
    if message is None or message.deleted:
        raise refuse("connector.activity_not_found")
    if message.sender != BOT:
        raise refuse("connector.activity_not_yours")
    return message


async def update(request: web.Request) -> web.Response:
    """Replace a message for everybody."""
    core = _enter(request)
    activity = await read_object(request)
    check_activity(activity)
    chat = _conversation(core, request, limits.CONVERSATION_SENDS)
    message = _own_message(core, request, chat)
    if splits(activity):
        raise refuse("connector.update_splits")
    if activity["type"] != "message":
        raise refuse("connector.activity_type_unsupported", type=activity["type"])
    newer = _message(chat, message.id, message.at, activity)
    happenings.changed(core, chat, replace(newer, version=message.version))
    return web.json_response({"id": message.id})


async def delete(request: web.Request) -> web.Response:
    core = _enter(request)
    chat = _conversation(core, request, limits.CONVERSATION_SENDS)
    happenings.deleted(core, chat, _own_message(core, request, chat))
    return web.Response()


def _account(core: Core, person: Person) -> dict[str, Any]:
    """A member as Teams describes it to a bot: more fields than the published interface has (get member profiles, docs)."""
    return {
        "id": core.people.teams_id(person.id), "name": person.name, "aadObjectId": person.id, "objectId": person.id,
        "givenName": person.given_name, "surname": person.surname, "email": person.upn, "userPrincipalName": person.upn,
        "tenantId": core.world.tenant_id, "userRole": "guest" if person.guest else "user",
    }  # fmt: skip


def _accounts(core: Core, chat: Chat) -> list[dict[str, Any]]:
    inside = happenings.people_in(core, chat)
    return [_account(core, person) for person in core.people.all() if person.id in inside]


async def members(request: web.Request) -> web.Response:
    core = _enter(request)
    return web.json_response(_accounts(core, _conversation(core, request, limits.CONVERSATION_READS)))


async def paged_members(request: web.Request) -> web.Response:
    """Return pages of at least 50 members, as Teams does; the token is the offset in the list."""
    core = _enter(request)
    chat = _conversation(core, request, limits.CONVERSATION_READS)
    asked, begin = request.query.get("pageSize", "200"), request.query.get("continuationToken", "0")
    if not asked.isdigit() or not begin.isdigit():
        raise refuse("connector.page_size")
    size = min(max(int(asked), 50), 500)
    everybody = _accounts(core, chat)
    page = {"members": everybody[int(begin) : int(begin) + size]}
    rest = {"continuationToken": str(int(begin) + size)} if len(everybody) > int(begin) + size else {}
    return web.json_response(page | rest)


async def member(request: web.Request) -> web.Response:
    """Return one member, by `29:…` id or object id. Teams has this endpoint; the published interface does not
    (docs)."""
    core = _enter(request)
    chat = _conversation(core, request, limits.CONVERSATION_READS)
    person = core.people.find(request.match_info["member"])
    if person is None or not core.chats.is_member(chat.id, person.id):
        raise refuse("connector.member_not_found")
    return web.json_response(_account(core, person))


def routes(tenant: str) -> list[Route]:
    """Return all routes, below the tenant's service URL."""
    root = f"/smba/{tenant}/v3/conversations"
    one = f"{root}/{{conversation}}"
    activity = f"{one}/activities/{{activity:(?!history$)[^/]+}}"  # transcript uploads are not simulated
    return [
        Route("POST", root, "Conversations_CreateConversation", create_conversation),
        Route("POST", f"{one}/activities", "Conversations_SendToConversation", send),
        Route("POST", activity, "Conversations_ReplyToActivity", send),
        Route("PUT", activity, "Conversations_UpdateActivity", update),
        Route("DELETE", activity, "Conversations_DeleteActivity", delete),
        Route("GET", f"{one}/members", "Conversations_GetConversationMembers", members),
        Route("GET", f"{one}/members/{{member}}", "Conversations_GetConversationMember", member),
        Route("GET", f"{one}/pagedmembers", "Conversations_GetConversationPagedMembers", paged_members),
    ]
