"""The parts that all of Graph's endpoints share: token and permissions, limits, OData bodies and queries."""

import json
import re
from collections.abc import Collection, Mapping

from aiohttp import web

from sandbox import limits
from sandbox.chats import Chat, ChatKind
from sandbox.core import CORE, Core
from sandbox.entra.tokens import GRAPH_AUDIENCE
from sandbox.graph.permissions import check_roles
from sandbox.problems import refuse
from sandbox.values import Json, is_object
from sandbox.world import Person

Body = Json

_CLAUSE = re.compile(r"([A-Za-z/]+) eq '((?:[^']|'')*)'")
_STARTS = re.compile(r"startswith\(([A-Za-z]+), ?'((?:[^']|'')*)'\)", re.IGNORECASE)
# `…/users('id')` and `…/users/id` are both accepted, at Graph's address and at the sandbox's.
_BINDING = re.compile(r"https://[^/]+/(?:v1\.0|beta)/([A-Za-z/]+?)(?:\('([^']+)'\)|/([^/']+))")


def enter(request: web.Request, operation: str) -> Core:
    """Check token and permission, and count the call. For endpoints without a chat in the path."""
    core = request.app[CORE]
    roles = core.tokens.check("graph", request.headers.get("Authorization", ""), GRAPH_AUDIENCE)
    check_roles(operation, roles)
    core.count("graph.app_rate", f"{core.world.tenant_id} {_family(operation)}", limits.GRAPH_OTHER)
    return core


def _family(operation: str) -> str:
    """Count a call. Installations have a separate limit; all other calls share one for reads and one for writes."""
    return "installs" if operation.endswith(("InstallApp", "UninstallApp")) else "others"


def enter_chat(request: web.Request, operation: str) -> tuple[Core, Chat]:
    """As `enter`, for endpoints of one chat: a permission that was consented in that chat is enough."""
    core = request.app[CORE]
    roles = core.tokens.check("graph", request.headers.get("Authorization", ""), GRAPH_AUDIENCE)
    chat = core.chats.get(request.match_info["chat"])
    found = chat is not None and chat.kind is not ChatKind.PERSONAL  # Graph does not know the bot's `a:…` ids
    check_roles(operation, roles, core.chats.consented(chat) if found and chat is not None else ())
    if not found or chat is None:
        raise refuse("graph.chat_not_found", chat=request.match_info["chat"])
    core.count("graph.app_rate", f"{core.world.tenant_id} {_family(operation)}", limits.GRAPH_OTHER)
    core.count("graph.chat_rate", chat.id, limits.GRAPH_CHAT)
    return core, chat


def person_of(core: Core, name: str) -> Person:
    """Return a person by object id or UPN. Raises `graph.user_not_found`."""
    person = core.people.find(name)
    if person is None or name.startswith("29:") or core.is_deleted(person.id):
        raise refuse("graph.user_not_found", user=name)
    return person


async def read_object(request: web.Request) -> Body:
    try:
        value: object = json.loads(await request.read())
    except ValueError as problem:
        raise refuse("graph.body_not_json") from problem
    if not is_object(value):
        raise refuse("graph.body_not_json")
    return value


def check_properties(value: object, kinds: Mapping[str, type], type_name: str, derived: str | None = None) -> Body:
    """Return the object if each property is known and has its type. Raises `graph.property_…`.

    Its `@odata.type` may name the type, or a derived type that adds no properties.
    """
    if not is_object(value):
        raise refuse("graph.property_type", property=type_name, type=type_name)
    for name, inner in value.items():
        if name == "@odata.type":
            if inner not in (f"#{type_name}", f"#{derived}"):
                raise refuse("graph.property_type", property=name, type=type_name)
        elif name not in kinds:
            raise refuse("graph.property_unknown", property=name, type=type_name)
        elif not isinstance(inner, kinds[name]):
            raise refuse("graph.property_type", property=name, type=kinds[name].__name__)
    return value


def bound(value: object, collection: str) -> str | None:
    """Return the id in a binding such as `https://graph.microsoft.com/v1.0/users('id')`; None if it is anything else."""
    found = _BINDING.fullmatch(value) if isinstance(value, str) else None
    if found is None or found[1] != collection:
        return None
    return found[2] or found[3]


def query(request: web.Request, allowed: Collection[str]) -> Mapping[str, str]:
    """Return the query if the endpoint supports all of its options. Raises `graph.query_unknown`."""
    for option in request.query:
        if option not in allowed:
            raise refuse("graph.query_unknown", option=option)
    return request.query


def filtered(clause: str | None, equal: Collection[str], starts: Collection[str] = ()) -> tuple[str, str, bool] | None:
    """Return (property, value, whole) of `property eq 'value'` or `startswith(property, 'value')`. Raises `graph.filter_unsupported`."""
    if clause is None:
        return None
    found = _CLAUSE.fullmatch(clause.strip())
    if found is not None and found[1] in equal:
        return found[1], found[2].replace("''", "'"), True
    found = _STARTS.fullmatch(clause.strip())
    if found is not None and found[1] in starts:
        return found[1], found[2].replace("''", "'"), False
    raise refuse("graph.filter_unsupported", clause=clause)


def chosen(value: Body, select: str | None, type_name: str) -> Body:
    """Return only the selected properties. Raises `graph.select_unknown`."""
    if select is None:
        return value
    names = [name.strip() for name in select.split(",")]
    for name in names:
        if name not in value:
            raise refuse("graph.select_unknown", property=name, type=type_name)
    return {name: value[name] for name in names}


def collection(core: Core, path: str, values: list[Body], *, more: str | None = None) -> web.Response:
    """Return a page of a collection; `more` is the address of the next page."""
    context = f"{core.addresses.tls}/v1.0/$metadata#{path}"
    link = {"@odata.nextLink": more} if more is not None else {}
    return web.json_response({"@odata.context": context, "@odata.count": len(values), **link, "value": values})
