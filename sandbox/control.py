"""The control interface for tests and the demo: faults, consent, people, the bot's address, and raw activities."""

import asyncio
import uuid

from aiohttp import web

from sandbox.chats import Chat
from sandbox.core import CORE, Core
from sandbox.messages import NOBODY, Message
from sandbox.problems import refuse
from sandbox.shapes import Shape
from sandbox.teams import happenings
from sandbox.teams.api import body, own_origin
from sandbox.teams.bot_keys import KINDS
from sandbox.wire import Handler, Route
from sandbox.world import Person


def _own(handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        own_origin(request)
        return await handler(request)

    return guarded


async def order_fault(request: web.Request) -> web.Response:
    core = request.app[CORE]
    asked = await body(request, "match", "fault", "times", "share")
    return web.json_response({"id": core.faults.order(asked.value)}, status=201)


async def clear_faults(request: web.Request) -> web.Response:
    request.app[CORE].faults.clear()
    return web.Response(status=204)


async def requests(request: web.Request) -> web.Response:
    """Return recorded calls with a number greater than `since`."""
    core = request.app[CORE]
    since = request.query.get("since", "0")
    if not since.isdigit():
        raise refuse("teams.body_bad", why="since must be a number.")
    return web.json_response({"last": core.records.last, "requests": core.records.since(int(since))})


async def set_bot_endpoint(request: web.Request) -> web.Response:
    request.app[CORE].settings.set("bot_endpoint", (await body(request, "url")).text("url"))
    return web.Response(status=204)


async def add_person(request: web.Request) -> web.Response:
    core = request.app[CORE]
    asked = await body(request, "id", "upn", "name", "guest")
    upn = asked.text("upn")
    known = core.people.find(upn)
    person_id = (asked.maybe_text("id") or (known.id if known is not None else str(uuid.uuid4()))).lower()
    if known is not None and known.id != person_id:
        raise asked.bad(f"{upn} belongs to somebody else")
    core.people.add(Person(person_id, upn, asked.text("name"), guest=asked.flag("guest")))
    core.bells.everybody_changed()
    return web.json_response({"id": person_id}, status=201)


async def delete_person(request: web.Request) -> web.Response:
    """Delete a person in Entra as an admin does, or restore them (`restore`). Teams tells nobody."""
    core = request.app[CORE]
    asked = await body(request, "user", "restore")
    person = _person_id(core, asked.text("user"), asked)
    others = [one for one in core.settings.texts("deleted_people") if one != person]
    core.settings.set("deleted_people", others if asked.flag("restore") else [*others, person])
    return web.Response(status=204)


async def _chat(request: web.Request, *more: str) -> tuple[Core, Chat]:
    core = request.app[CORE]
    asked = await body(request, "chat", *more)
    chat = core.chats.get(asked.text("chat"))
    if chat is None:
        raise asked.bad("there is no such chat")
    return core, chat


async def remove_bot(request: web.Request) -> web.Response:
    """A person removes the app from a group chat."""
    core, chat = await _chat(request)
    happenings.uninstalled_in(core, chat)
    return web.Response(status=204)


async def write_nameless(request: web.Request) -> web.Response:
    """A person unknown to the product writes in a group chat while no bot listens."""
    core, chat = await _chat(request, "text")
    text = (await body(request, "chat", "text")).text("text")
    id_, at = core.messages.new_id()
    happenings.said(core, chat, Message(chat=chat.id, id=id_, at=at, sender=NOBODY, text=text))
    return web.json_response({"id": id_})


async def delete_chat(request: web.Request) -> web.Response:
    """Delete a chat without any event."""
    core, chat = await _chat(request)
    core.chats.delete(chat.id)
    return web.Response(status=204)


async def set_consent(request: web.Request) -> web.Response:
    request.app[CORE].settings.set("granted", (await body(request, "granted")).texts("granted"))
    return web.Response(status=204)


async def get_consent(request: web.Request) -> web.Response:
    return web.json_response({"granted": request.app[CORE].settings.texts("granted")})


async def set_manifest(request: web.Request) -> web.Response:
    """Set the resource-specific permissions that the app's manifest asks for."""
    request.app[CORE].settings.set("rsc", (await body(request, "rsc")).texts("rsc"))
    return web.Response(status=204)


async def set_limits(request: web.Request) -> web.Response:
    """Switch Microsoft's rate limits off or on again."""
    asked = await body(request, "enabled")
    request.app[CORE].settings.set("limits", asked.flag("enabled", otherwise=True))
    return web.Response(status=204)


async def set_policy(request: web.Request) -> web.Response:
    """Set for which people an app policy blocks the app, who has no Teams, and whether a group chat may have one
    person."""
    core = request.app[CORE]
    asked = await body(request, "blocked", "single_human_chats", "without_teams")
    if "blocked" in asked.value:
        core.settings.set("blocked_people", [_person_id(core, name, asked) for name in asked.texts("blocked")])
    if "without_teams" in asked.value:
        core.settings.set("without_teams", [_person_id(core, name, asked) for name in asked.texts("without_teams")])
    if "single_human_chats" in asked.value:
        core.settings.set("single_human_chats", asked.flag("single_human_chats"))
    return web.Response(status=204)


def _person_id(core: Core, name: str, asked: Shape) -> str:
    person = core.people.find(name)
    if person is None:
        raise asked.bad(f"nobody is called {name}")
    return person.id


async def add_redirect(request: web.Request) -> web.Response:
    """Register another redirect address, as an admin does in Entra."""
    core = request.app[CORE]
    uri = (await body(request, "uri")).text("uri")
    known = core.settings.texts("redirect_uris")
    core.settings.set("redirect_uris", [*known, *([] if uri in known else [uri])])
    return web.Response(status=204)


async def set_links(request: web.Request) -> web.Response:
    """Set the links of the start page and the Teams pages."""
    core = request.app[CORE]
    asked = await body(request, "portal", "app", "widgets", "tabs", "people")
    for name in ("portal", "app"):
        asked.text(name)
    core.settings.set("links", asked.value)
    core.bells.everybody_changed()
    return web.Response(status=204)


async def send_activity(request: web.Request) -> web.Response:
    """Send any body to the bot with a token of any kind; returns the bot's status and body."""
    core = request.app[CORE]
    asked = await body(request, "activity", "token")
    kind = asked.maybe_text("token") or "valid"
    if kind not in KINDS:
        raise asked.bad(f"token must be one of {', '.join(KINDS)}")
    # Making RSA keys takes time: other calls continue meanwhile.
    header = await asyncio.to_thread(core.bot_keys.header_of_kind, kind, core.service_url)
    answer = await core.bot_line.send_once(asked.value.get("activity"), header)
    return web.json_response({"status": answer.status, "body": answer.body})


async def rotate_keys(request: web.Request) -> web.Response:
    kid = await asyncio.to_thread(request.app[CORE].bot_keys.rotate)
    return web.json_response({"kid": kid})


async def world(request: web.Request) -> web.Response:
    """Return the ids and addresses that a test needs to write activities."""
    core = request.app[CORE]
    return web.json_response({
        "tenant": core.world.tenant_id, "client_id": core.world.app.client_id, "bot_id": core.world.app.bot_id,
        "catalogue_id": core.world.app.catalogue_id, "service_url": core.service_url, "http": core.addresses.http,
        "tls": core.addresses.tls, "ca_file": core.addresses.ca_file, "rsc": core.settings.texts("rsc"),
        "granted": core.settings.texts("granted"),
        "people": [
            {
                "id": person.id, "upn": person.upn, "name": person.name, "teams_id": core.people.teams_id(person.id),
                "personal_chat": core.chats.personal_id(person.id),
                "installed": core.chats.installed(person.id) is not None,
            }
            for person in core.people.all()
        ],
    })  # fmt: skip


ROUTES = [
    Route("POST", "/control/faults", "Control.OrderFault", _own(order_fault)),
    Route("DELETE", "/control/faults", "Control.ClearFaults", _own(clear_faults)),
    Route("GET", "/control/requests", "Control.Requests", _own(requests)),
    Route("GET", "/control/world", "Control.World", _own(world)),
    Route("PUT", "/control/bot-endpoint", "Control.SetBotEndpoint", _own(set_bot_endpoint)),
    Route("POST", "/control/users", "Control.AddPerson", _own(add_person)),
    Route("POST", "/control/users/delete", "Control.DeletePerson", _own(delete_person)),
    Route("POST", "/control/chats/remove-bot", "Control.RemoveBot", _own(remove_bot)),
    Route("POST", "/control/chats/write-nameless", "Control.WriteNameless", _own(write_nameless)),
    Route("POST", "/control/chats/delete", "Control.DeleteChat", _own(delete_chat)),
    Route("GET", "/control/consent", "Control.Consent", _own(get_consent)),
    Route("POST", "/control/consent", "Control.SetConsent", _own(set_consent)),
    Route("PUT", "/control/manifest", "Control.SetManifest", _own(set_manifest)),
    Route("PUT", "/control/limits", "Control.SetLimits", _own(set_limits)),
    Route("PUT", "/control/policy", "Control.SetPolicy", _own(set_policy)),
    Route("POST", "/control/redirect-uris", "Control.AddRedirect", _own(add_redirect)),
    Route("PUT", "/control/links", "Control.SetLinks", _own(set_links)),
    Route("POST", "/control/bot/activity", "Control.SendActivity", _own(send_activity)),
    Route("POST", "/control/bot/rotate-key", "Control.RotateKeys", _own(rotate_keys)),
]
