"""Chats and their members."""

import base64
from datetime import UTC, datetime
from urllib.parse import quote

from aiohttp import web

from sandbox import limits
from sandbox.chats import Chat, ChatKind, Member
from sandbox.clock import iso
from sandbox.core import Core
from sandbox.graph import door
from sandbox.graph.door import Body
from sandbox.problems import refuse
from sandbox.teams import happenings
from sandbox.values import is_object
from sandbox.wire import Route
from sandbox.world import Person

CHAT = "microsoft.graph.chat"
MEMBER = "microsoft.graph.aadUserConversationMember"
ALL_HISTORY = "0001-01-01T00:00:00Z"
LONGEST_TOPIC = 250  # chat resource type, docs

# The properties that an app may write; only Teams writes the others.
CREATE: dict[str, type] = {"chatType": str, "topic": str, "members": list}
UPDATE: dict[str, type] = {"topic": str}
MEMBER_CREATE: dict[str, type] = {
    "roles": list,
    "user@odata.bind": str,
    "visibleHistoryStartDateTime": str,
    "tenantId": str,
}


def chat_resource(core: Core, chat: Chat) -> Body:
    """A chat in Graph's notation."""
    return {
        "id": chat.id, "topic": chat.topic, "createdDateTime": iso(chat.created_at),
        "lastUpdatedDateTime": iso(chat.updated_at), "chatType": chat.kind.value, "webUrl": web_url(core, chat),
        "tenantId": core.world.tenant_id, "onlineMeetingInfo": None, "viewpoint": None, "isHiddenForAllMembers": False,
        "migrationMode": None, "originalCreatedDateTime": None,
    }  # fmt: skip


def web_url(core: Core, chat: Chat) -> str:
    """The deep link: in real Teams `https://teams.microsoft.com/l/chat/…`, here a page of the sandbox."""
    return f"{core.addresses.http}/teams/l/chat/{quote(chat.id, safe='')}/0?tenantId={core.world.tenant_id}"


def membership_id(chat: str, person: str) -> str:
    return base64.b64encode(f"MCMjMCMj##{chat}##{person}".encode()).decode()


def member_resource(core: Core, chat: Chat, member: Member) -> Body:
    person = None if core.is_deleted(member.person) else core.people.find(member.person)
    return {
        "@odata.type": f"#{MEMBER}", "id": membership_id(chat.id, member.person), "roles": list(member.roles),
        "displayName": person.name if person else None, "visibleHistoryStartDateTime": iso(member.history_from) if member.history_from else ALL_HISTORY,
        "userId": member.person, "email": person.upn if person else None, "tenantId": core.world.tenant_id,
    }  # fmt: skip


async def create(request: web.Request) -> web.Response:
    core = door.enter(request, "Chats.Create")
    body = door.check_properties(await door.read_object(request), CREATE, CHAT)
    if body.get("chatType") not in ("group", "oneOnOne"):
        raise refuse("graph.chat_type")
    members = [_checked_member(core, entry) for entry in body.get("members", [])]
    if not members:
        raise refuse("graph.members_missing")
    if len({person.id for person, _ in members}) < len(members):
        raise refuse("graph.member_duplicate")
    topic: str | None = body.get("topic")
    if body["chatType"] == "oneOnOne":
        if len(members) != 2:
            raise refuse("graph.one_on_one_count")
        if topic is not None:
            raise refuse("graph.one_on_one_topic")
    elif len(members) == 1 and not core.settings.get("single_human_chats"):
        raise refuse("graph.single_human")
    check_topic(topic)
    chat = core.chats.create(ChatKind(body["chatType"]), topic, [(person.id, roles) for person, roles in members])
    core.bells.changed(happenings.people_in(core, chat), chat.id)
    # Creating a chat counts as a call on it: another call within the same second exceeds the limit.
    core.count("graph.chat_rate", chat.id, limits.GRAPH_CHAT)
    context = {"@odata.context": f"{core.addresses.tls}/v1.0/$metadata#chats/$entity"}
    headers = {"Location": f"{core.addresses.tls}/v1.0/chats('{chat.id}')"}
    return web.json_response(context | chat_resource(core, chat), status=201, headers=headers)


def check_topic(topic: str | None) -> None:
    if topic is not None and len(topic) > LONGEST_TOPIC:
        raise refuse("graph.topic_too_long")
    if topic is not None and ":" in topic:
        raise refuse("graph.topic_colon")


def _checked_member(core: Core, entry: object) -> tuple[Person, list[str]]:
    if not is_object(entry) or entry.get("@odata.type") != f"#{MEMBER}":
        raise refuse("graph.member_type")
    body = door.check_properties(entry, MEMBER_CREATE, MEMBER)
    name = door.bound(body.get("user@odata.bind"), "users")
    if name is None:
        raise refuse("graph.member_binding")
    person = core.people.find(name)
    if person is None or core.is_deleted(person.id):
        raise refuse("graph.member_unknown", user=name)
    if person.id in core.settings.texts("without_teams"):
        raise refuse("graph.member_without_teams", user=person.upn)
    if body.get("roles") != (["guest"] if person.guest else ["owner"]):
        raise refuse("graph.member_roles")
    return person, body["roles"]


async def get(request: web.Request) -> web.Response:
    core, chat = door.enter_chat(request, "Chats.Get")
    query = door.query(request, ("$select", "$expand"))
    value = chat_resource(core, chat)
    match query.get("$expand"):
        case None:
            pass
        case "members":
            value["members"] = [member_resource(core, chat, member) for member in core.chats.members(chat.id)]
        case other:
            raise refuse("graph.select_unknown", property=other, type=CHAT)
    return web.json_response(door.chosen(value, query.get("$select"), CHAT))


async def update(request: web.Request) -> web.Response:
    core, chat = door.enter_chat(request, "Chats.Update")
    body = door.check_properties(await door.read_object(request), UPDATE, CHAT)
    if chat.kind is not ChatKind.GROUP:
        raise refuse("graph.one_on_one_topic")
    check_topic(body.get("topic"))
    happenings.renamed(core, chat, body.get("topic"))
    return web.json_response(chat_resource(core, core.chats.must(chat.id)))


async def list_members(request: web.Request) -> web.Response:
    core, chat = door.enter_chat(request, "Chats.ListMembers")
    query = door.query(request, ("$select", "$top"))
    values = [member_resource(core, chat, member) for member in core.chats.members(chat.id)]
    chosen = [door.chosen(value, query.get("$select"), MEMBER) for value in values]
    return door.collection(core, f"chats('{chat.id}')/members", chosen)


async def add_member(request: web.Request) -> web.Response:
    core, chat = door.enter_chat(request, "Chats.AddMember")
    core.count("graph.members_rate", chat.id, limits.GRAPH_CHAT_MEMBERS)
    body = await door.read_object(request)
    person, roles = _checked_member(core, body)
    history_from = _history_from(body)
    if core.chats.is_member(chat.id, person.id):
        raise refuse("graph.member_there")
    happenings.joined(core, chat, person, roles, history_from)
    location = f"/chats/{chat.id}/members/{membership_id(chat.id, person.id)}"
    return web.Response(status=201, headers={"Location": location})


def _history_from(body: Body) -> int | None:
    """Return milliseconds; None if it is omitted: no history is shared (chat: add member, docs)."""
    given = body.get("visibleHistoryStartDateTime")
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise refuse("graph.property_type", property="visibleHistoryStartDateTime", type="DateTimeOffset") from None
    return max(0, int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000))


async def delete_member(request: web.Request) -> web.Response:
    core, chat = door.enter_chat(request, "Chats.DeleteMember")
    core.count("graph.members_rate", chat.id, limits.GRAPH_CHAT_MEMBERS)
    asked = request.match_info["membership"]
    for member in core.chats.members(chat.id):
        person = core.people.find(member.person)
        if membership_id(chat.id, member.person) == asked and person is not None:
            happenings.left(core, chat, person)
            return web.Response(status=204)
    raise refuse("graph.member_not_found")


async def list_of_user(request: web.Request) -> web.Response:
    """List a person's chats. Graph filters them by little more than type and topic."""
    core = door.enter(request, "Users.ListChats")
    query = door.query(request, ("$filter", "$top", "$select", "$orderby", "$expand"))
    person = door.person_of(core, request.match_info["user"])
    found = door.filtered(query.get("$filter"), ("topic", "chatType"))
    chats = [chat for chat in core.chats.of(person.id, limit=10_000) if chat.kind is not ChatKind.PERSONAL]
    if found is not None:
        chats = [chat for chat in chats if chat_resource(core, chat)[found[0]] == found[1]]
    values = [door.chosen(chat_resource(core, chat), query.get("$select"), CHAT) for chat in chats]
    top = query.get("$top", "50")
    return door.collection(core, f"users('{person.id}')/chats", values[: int(top) if top.isdigit() else 50])


ROUTES = [
    Route("POST", "/v1.0/chats", "Chats.Create", create),
    Route("GET", "/v1.0/chats/{chat}", "Chats.Get", get),
    Route("PATCH", "/v1.0/chats/{chat}", "Chats.Update", update),
    Route("GET", "/v1.0/chats/{chat}/members", "Chats.ListMembers", list_members),
    Route("POST", "/v1.0/chats/{chat}/members", "Chats.AddMember", add_member),
    Route("DELETE", "/v1.0/chats/{chat}/members/{membership}", "Chats.DeleteMember", delete_member),
    Route("GET", "/v1.0/users/{user}/chats", "Users.ListChats", list_of_user),
]
