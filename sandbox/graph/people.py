"""People and their presence."""

from typing import cast

from aiohttp import web

from sandbox.core import Core
from sandbox.graph import door
from sandbox.graph.door import Body
from sandbox.problems import refuse
from sandbox.wire import Route
from sandbox.world import Person

USER = "microsoft.graph.user"
MOST_IDS = 650  # getPresencesByUserId, docs


def user_resource(person: Person) -> Body:
    """The properties that Graph returns without `$select`."""
    return {
        "id": person.id, "displayName": person.name or None, "givenName": person.given_name, "surname": person.surname,
        "userPrincipalName": person.upn or None, "mail": person.upn or None, "jobTitle": None, "mobilePhone": None, "officeLocation": None,
        "preferredLanguage": None, "businessPhones": [],
    }  # fmt: skip


async def list_users(request: web.Request) -> web.Response:
    core = door.enter(request, "Users.List")
    query = door.query(request, ("$filter", "$select", "$top", "$orderby"))
    searchable = ("userPrincipalName", "mail", "displayName", "givenName", "surname", "id")
    found = door.filtered(query.get("$filter"), searchable, searchable)
    values = [user_resource(person) for person in core.people.all() if not core.is_deleted(person.id)]
    if found is not None:
        name, value, whole = found
        values = [user for user in values if _fits(str(user[name] or ""), value, whole=whole)]
    top = query.get("$top", "100")
    chosen = [door.chosen(value, query.get("$select"), USER) for value in values[: int(top) if top.isdigit() else 100]]
    return door.collection(core, "users", chosen)


def _fits(value: str, asked: str, *, whole: bool) -> bool:
    return value.lower() == asked.lower() if whole else value.lower().startswith(asked.lower())


async def get_user(request: web.Request) -> web.Response:
    core = door.enter(request, "Users.Get")
    query = door.query(request, ("$select",))
    person = door.person_of(core, request.match_info["user"])
    # Graph returns it only with `$select` (user resource, docs).
    more = {"userType": "Guest" if person.guest else "Member"} if "$select" in query else {}
    value = user_resource(person) | more
    context = {"@odata.context": f"{core.addresses.tls}/v1.0/$metadata#users/$entity"}
    return web.json_response(context | door.chosen(value, query.get("$select"), USER))


def presence_resource(core: Core, person: str) -> Body:
    availability, activity = core.people.presence(person)
    return {
        "id": person, "availability": availability, "activity": activity, "statusMessage": None,
        "outOfOfficeSettings": {"message": None, "isOutOfOffice": False}, "sequenceNumber": None, "workLocation": None,
    }  # fmt: skip


async def presences(request: web.Request) -> web.Response:
    core = door.enter(request, "Presence.GetMany")
    body = door.check_properties(await door.read_object(request), {"ids": list}, "microsoft.graph.getPresencesByUserId")
    ids = cast("list[object]", body.get("ids", []))
    if not 1 <= len(ids) <= MOST_IDS or not all(isinstance(entry, str) for entry in ids):
        raise refuse("graph.presence_ids")
    # People who are not in the tenant are omitted without an error.
    known = [str(entry).lower() for entry in ids if not core.is_deleted(str(entry).lower())]
    values = [presence_resource(core, entry) for entry in known]
    return door.collection(core, "Collection(microsoft.graph.presence)", values)


ROUTES = [
    Route("GET", "/v1.0/users", "Users.List", list_users),
    Route("GET", "/v1.0/users/{user}", "Users.Get", get_user),
    Route("POST", "/v1.0/communications/getPresencesByUserId", "Presence.GetMany", presences),
]
