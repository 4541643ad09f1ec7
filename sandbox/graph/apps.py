"""The Teams catalogue, and installations of the app for people and chats."""

from typing import cast

from aiohttp import web

from sandbox.chats import Install
from sandbox.core import Core
from sandbox.graph import door
from sandbox.graph.door import Body
from sandbox.problems import refuse
from sandbox.teams import happenings
from sandbox.wire import Route

INSTALLATION = "microsoft.graph.teamsAppInstallation"
USER_INSTALLATION = "microsoft.graph.userScopeTeamsAppInstallation"
INSTALL: dict[str, type] = {"teamsApp@odata.bind": str, "consentedPermissionSet": dict}
PERMISSION_SET: dict[str, type] = {"resourceSpecificPermissions": list}
PERMISSION: dict[str, type] = {"permissionValue": str, "permissionType": str}

_FILTERS = ("teamsApp/id", "teamsApp/externalId", "teamsApp/displayName")
_EXPANDS = {"teamsApp", "teamsAppDefinition"}


def app_resource(core: Core) -> Body:
    app = core.world.app
    return {
        "id": app.catalogue_id,
        "externalId": app.external_id,
        "displayName": app.name,
        "distributionMethod": "organization",
    }


def definition_resource(core: Core) -> Body:
    app = core.world.app
    return {
        "id": f"{app.catalogue_id}##1.0.0", "teamsAppId": app.catalogue_id, "displayName": app.name, "version": "1.0.0",
        "publishingState": "published", "shortDescription": app.name, "description": app.name,
        "lastModifiedDateTime": None, "createdBy": None,
        "authorization": {"clientAppId": app.client_id, "requiredPermissionSet": _permission_set(core.settings.texts("rsc"))},
    }  # fmt: skip


def _permission_set(names: tuple[str, ...]) -> Body:
    permissions = [{"permissionValue": name, "permissionType": "application"} for name in names]
    return {"resourceSpecificPermissions": permissions}


def _installation(core: Core, install: Install, expand: set[str]) -> Body:
    value: Body = {"id": install.id, "consentedPermissionSet": _permission_set(install.consented)}
    if "teamsApp" in expand:
        value["teamsApp"] = app_resource(core)
    if "teamsAppDefinition" in expand:
        value["teamsAppDefinition"] = definition_resource(core)
    return value


def _list(core: Core, request: web.Request, subject: str, path: str) -> web.Response:
    query = door.query(request, ("$expand", "$filter", "$select", "$top"))
    expand = {name.strip() for name in query.get("$expand", "").split(",") if name.strip()}
    for name in sorted(expand - _EXPANDS):
        raise refuse("graph.select_unknown", property=name, type=INSTALLATION)
    found = door.filtered(query.get("$filter"), _FILTERS)
    install = core.chats.installed(subject)
    matches = found is None or app_resource(core)[found[0].partition("/")[2]].lower() == found[1].lower()
    values = [_installation(core, install, expand)] if install is not None and matches else []
    return door.collection(core, path, values)


def _check_app(core: Core, body: Body) -> None:
    name = door.bound(body.get("teamsApp@odata.bind"), "appCatalogs/teamsApps")
    if name is None:
        raise refuse("graph.app_binding")
    if name.lower() != core.world.app.catalogue_id:
        raise refuse("graph.app_unknown", app=name)


async def catalogue(request: web.Request) -> web.Response:
    core = door.enter(request, "Apps.List")
    query = door.query(request, ("$filter", "$select", "$expand"))
    found = door.filtered(query.get("$filter"), ("externalId", "id", "displayName", "distributionMethod"))
    value = app_resource(core)
    if query.get("$expand") == "appDefinitions":
        value["appDefinitions"] = [definition_resource(core)]
    elif "$expand" in query:
        raise refuse("graph.select_unknown", property=query["$expand"], type="microsoft.graph.teamsApp")
    fits = found is None or str(value[found[0]]).lower() == found[1].lower()
    values = [door.chosen(value, query.get("$select"), "microsoft.graph.teamsApp")] if fits else []
    return door.collection(core, "appCatalogs/teamsApps", values)


async def list_in_chat(request: web.Request) -> web.Response:
    core, chat = door.enter_chat(request, "Chats.ListApps")
    return _list(core, request, chat.id, f"chats('{chat.id}')/installedApps")


async def install_in_chat(request: web.Request) -> web.Response:
    core, chat = door.enter_chat(request, "Chats.InstallApp")
    body = door.check_properties(await door.read_object(request), INSTALL, INSTALLATION)
    _check_app(core, body)
    required = core.settings.texts("rsc")
    consented = _consented(body.get("consentedPermissionSet"))
    if required and consented is None:
        raise refuse("graph.consent_missing")
    if sorted(consented or ()) != sorted(required):
        raise refuse("graph.consent_differs")
    install = happenings.installed_in(core, chat, consented or ())
    if install is None:
        raise refuse("graph.app_there")
    return _created(core, f"chats/{chat.id}", install)


def _created(core: Core, path: str, install: Install) -> web.Response:
    """Answer 201 without a body, with the installation's address."""
    return web.Response(
        status=201, headers={"Location": f"{core.addresses.tls}/v1.0/{path}/installedApps/{install.id}"}
    )


def _consented(value: object) -> list[str] | None:
    """Return the names in a consentedPermissionSet; None if there is none."""
    if value is None:
        return None
    body = door.check_properties(value, PERMISSION_SET, "microsoft.graph.teamsAppPermissionSet")
    names: list[str] = []
    for entry in cast("list[object]", body.get("resourceSpecificPermissions", [])):
        permission = door.check_properties(entry, PERMISSION, "microsoft.graph.teamsAppResourceSpecificPermission")
        if permission.get("permissionType") != "application":
            raise refuse("graph.consent_differs")
        names.append(permission.get("permissionValue", ""))
    return names


async def uninstall_in_chat(request: web.Request) -> web.Response:
    core, chat = door.enter_chat(request, "Chats.UninstallApp")
    install = core.chats.installed(chat.id)
    if install is None or install.id != request.match_info["installation"]:
        raise refuse("graph.install_not_found")
    happenings.uninstalled_in(core, chat)
    return web.Response(status=204)


async def list_of_user(request: web.Request) -> web.Response:
    core = door.enter(request, "Users.ListApps")
    person = door.person_of(core, request.match_info["user"])
    return _list(core, request, person.id, f"users('{person.id}')/teamwork/installedApps")


async def install_for_user(request: web.Request) -> web.Response:
    core = door.enter(request, "Users.InstallApp")
    person = door.person_of(core, request.match_info["user"])
    body = door.check_properties(await door.read_object(request), INSTALL, INSTALLATION, USER_INSTALLATION)
    _check_app(core, body)
    if person.id in core.settings.texts("blocked_people"):
        raise refuse("graph.app_blocked")
    install = happenings.installed_for(core, person)
    if install is None:
        raise refuse("graph.app_there")
    return _created(core, f"users/{person.id}/teamwork", install)


async def uninstall_for_user(request: web.Request) -> web.Response:
    core = door.enter(request, "Users.UninstallApp")
    person = door.person_of(core, request.match_info["user"])
    install = core.chats.installed(person.id)
    if install is None or install.id != request.match_info["installation"]:
        raise refuse("graph.install_not_found")
    happenings.uninstalled_for(core, person)
    return web.Response(status=204)


ROUTES = [
    Route("GET", "/v1.0/appCatalogs/teamsApps", "Apps.List", catalogue),
    Route("GET", "/v1.0/chats/{chat}/installedApps", "Chats.ListApps", list_in_chat),
    Route("POST", "/v1.0/chats/{chat}/installedApps", "Chats.InstallApp", install_in_chat),
    Route("DELETE", "/v1.0/chats/{chat}/installedApps/{installation}", "Chats.UninstallApp", uninstall_in_chat),
    Route("GET", "/v1.0/users/{user}/teamwork/installedApps", "Users.ListApps", list_of_user),
    Route("POST", "/v1.0/users/{user}/teamwork/installedApps", "Users.InstallApp", install_for_user),
    Route(
        "DELETE", "/v1.0/users/{user}/teamwork/installedApps/{installation}", "Users.UninstallApp", uninstall_for_user
    ),
]
