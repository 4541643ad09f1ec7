"""The Teams page's API: what a person sees and does. Plain HTTP, on this machine only, no sign-in."""

import asyncio
import contextlib
import json
from dataclasses import replace

from aiohttp import web
from yarl import URL

from sandbox.bells import Ring
from sandbox.chats import Chat, ChatKind
from sandbox.core import CORE, Core
from sandbox.entra.routes import issuer
from sandbox.messages import Message
from sandbox.people import ACTIVITIES
from sandbox.problems import refuse
from sandbox.shapes import Shape
from sandbox.teams import actions, activities, happenings
from sandbox.teams.text import clean
from sandbox.teams.view import state
from sandbox.wire import Route
from sandbox.world import Person

BEAT_SECONDS = 5


def own_origin(request: web.Request) -> None:
    """Refuse calls from other origins, which would act as one of the people. Raises `teams.origin_foreign`."""
    origin = request.headers.get("Origin")
    if origin is not None and URL(origin).host not in ("127.0.0.1", "localhost"):
        raise refuse("teams.origin_foreign")


def _enter(request: web.Request) -> tuple[Core, Person]:
    own_origin(request)
    core = request.app[CORE]
    name = request.match_info["user"]
    person = core.people.find(name)
    if person is None:
        raise refuse("teams.person_unknown", user=name)
    return core, person


def _enter_chat(request: web.Request) -> tuple[Core, Person, Chat]:
    core, me = _enter(request)
    chat = core.chats.get(request.match_info["chat"])
    if chat is None or not core.chats.is_member(chat.id, me.id):
        raise refuse("teams.chat_unknown")
    return core, me, chat


def _message(core: Core, request: web.Request, chat: Chat) -> Message:
    message = core.messages.get(chat.id, request.match_info["message"])
    if message is None:
        raise refuse("teams.message_unknown")
    return message


def _own_message(core: Core, request: web.Request, chat: Chat, me: Person) -> Message:
    message = _message(core, request, chat)
    if message.sender != me.id:
        raise refuse("teams.not_yours")
    return message


async def body(request: web.Request, *names: str) -> Shape:
    """The JSON object of a request, with no other fields than these."""
    raw = await request.read()
    try:
        value: object = json.loads(raw) if raw else {}
    except ValueError as problem:
        raise refuse("teams.body_bad", why="The body must be JSON.") from problem
    return Shape.of(value, "the body").only(*names)


async def get_state(request: web.Request) -> web.Response:
    return web.json_response(state(*_enter(request)))


async def events(request: web.Request) -> web.StreamResponse:
    """Server-sent events while the page is open."""
    core, me = _enter(request)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    # A write is what detects a closed page.
    with core.bells.listening(me.id) as queue, contextlib.suppress(ConnectionResetError):
        await response.write(_event(Ring("change", {"revision": core.bells.revision, "chat": None})))
        while True:
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    ring = await queue.get()
            except TimeoutError:
                await response.write(b": beat\n\n")
                continue
            if ring is None:
                break
            await response.write(_event(ring))
    return response


def _event(ring: Ring) -> bytes:
    number = f"id: {ring.data['revision']}\n" if "revision" in ring.data else ""
    return f"event: {ring.event}\n{number}data: {json.dumps(ring.data, ensure_ascii=False)}\n\n".encode()


def _written(asked: Shape) -> tuple[str, str | None]:
    """(text, html): one of the two, not empty."""
    text, html = asked.maybe_text("text"), asked.maybe_text("html")
    if (text is None) == (html is None) or not (text or html or "").strip():
        raise asked.bad("text or html is needed, one of them")
    return text or "", clean(html) if html is not None else None


async def write(request: web.Request) -> web.Response:
    core, me, chat = _enter_chat(request)
    asked = await body(request, "text", "html", "mention_bot")
    text, html = _written(asked)
    mention = asked.flag("mention_bot")
    if chat.kind is ChatKind.PERSONAL and not core.chats.bot_in(chat):
        raise refuse("teams.cannot_write")
    message_id, at = core.messages.new_id()
    message = Message(chat.id, message_id, at, me.id, text, html=html)
    happenings.said(core, chat, message)
    if happenings.bot_hears(core, chat, mentioned=mention):
        core.bot_line.post(activities.message(core, chat, me, message, mention_bot=mention))
    return web.json_response({"id": message_id}, status=201)


async def edit(request: web.Request) -> web.Response:
    core, me, chat = _enter_chat(request)
    message = _own_message(core, request, chat, me)
    text, html = _written(await body(request, "text", "html"))
    newer = happenings.changed(core, chat, replace(message, text=text, html=html))
    if happenings.bot_hears(core, chat):
        core.bot_line.post(activities.message_update(core, chat, me, newer, "editMessage"))
    return web.json_response({"id": message.id})


async def delete(request: web.Request) -> web.Response:
    core, me, chat = _enter_chat(request)
    message = _own_message(core, request, chat, me)
    happenings.deleted(core, chat, message)
    if happenings.bot_hears(core, chat):
        core.bot_line.post(activities.message_delete(core, chat, me, message))
    return web.json_response({"id": message.id})


async def undelete(request: web.Request) -> web.Response:
    core, me, chat = _enter_chat(request)
    message = _own_message(core, request, chat, me)
    newer = happenings.changed(core, chat, replace(message, deleted=False))
    if happenings.bot_hears(core, chat):
        core.bot_line.post(activities.message_update(core, chat, me, newer, "undeleteMessage"))
    return web.json_response({"id": message.id})


async def act(request: web.Request) -> web.Response:
    core, me, chat = _enter_chat(request)
    asked = await body(request, "action", "inputs")
    message = _message(core, request, chat)
    return web.json_response(
        await actions.act(core, message, me, asked.shape("action").value, asked.shape("inputs").value)
    )


async def refresh(request: web.Request) -> web.Response:
    core, me, chat = _enter_chat(request)
    return web.json_response(await actions.refresh(core, _message(core, request, chat), me))


async def mark_read(request: web.Request) -> web.Response:
    core, me, chat = _enter_chat(request)
    core.chats.mark_read(chat.id, me.id)
    core.bells.changed([me.id], chat.id)
    return web.Response(status=204)


def _other(core: Core, name: str) -> Person:
    person = core.people.find(name)
    if person is None:
        raise refuse("teams.person_unknown", user=name)
    return person


async def open_chat(request: web.Request) -> web.Response:
    """A person creates a group chat; the bot is not in it."""
    core, me = _enter(request)
    asked = await body(request, "topic", "members")
    others = [_other(core, name) for name in asked.texts("members")]
    people = {person.id: ("owner",) for person in [me, *others]}
    chat = core.chats.create(ChatKind.GROUP, asked.maybe_text("topic"), people.items())
    core.bells.changed(people, chat.id)
    return web.json_response({"id": chat.id}, status=201)


async def add_colleague(request: web.Request) -> web.Response:
    core, _, chat = _enter_chat(request)
    person = _other(core, (await body(request, "user")).text("user"))
    if not core.chats.is_member(chat.id, person.id):
        happenings.joined(core, chat, person, ("owner",))
    return web.json_response({})


async def leave(request: web.Request) -> web.Response:
    core, me, chat = _enter_chat(request)
    happenings.left(core, chat, me)
    return web.Response(status=204)


async def set_presence(request: web.Request) -> web.Response:
    core, me = _enter(request)
    asked = await body(request, "availability")
    if asked.text("availability") not in ACTIVITIES:
        raise asked.bad(f"availability must be one of {', '.join(ACTIVITIES)}")
    core.people.set_presence(me.id, asked.text("availability"))
    core.bells.everybody_changed()
    availability, activity = core.people.presence(me.id)
    return web.json_response({"availability": availability, "activity": activity})


async def install(request: web.Request) -> web.Response:
    core, me = _enter(request)
    happenings.installed_for(core, me)
    return web.json_response({"installed": True})


async def auth_token(request: web.Request) -> web.Response:
    """TeamsJS `getAuthToken()`, as a page of the app in Teams calls it."""
    core, me = _enter(request)
    return web.json_response({"token": core.tokens.for_tab(issuer(core), me)})


async def uninstall(request: web.Request) -> web.Response:
    core, me = _enter(request)
    happenings.uninstalled_for(core, me)
    return web.json_response({"installed": False})


_ONE = "/teams/api/{user}"
_CHAT = f"{_ONE}/chats/{{chat}}"
_MESSAGE = f"{_CHAT}/messages/{{message}}"

ROUTES = [
    Route("GET", f"{_ONE}/state", "Teams.State", get_state),
    Route("GET", f"{_ONE}/events", "Teams.Events", events),
    Route("POST", f"{_CHAT}/messages", "Teams.Write", write),
    Route("PATCH", _MESSAGE, "Teams.Edit", edit),
    Route("DELETE", _MESSAGE, "Teams.Delete", delete),
    Route("POST", f"{_MESSAGE}/undelete", "Teams.Undelete", undelete),
    Route("POST", f"{_MESSAGE}/actions", "Teams.Act", act),
    Route("POST", f"{_MESSAGE}/refresh", "Teams.Refresh", refresh),
    Route("POST", f"{_CHAT}/read", "Teams.MarkRead", mark_read),
    Route("POST", f"{_ONE}/chats", "Teams.OpenChat", open_chat),
    Route("POST", f"{_CHAT}/members", "Teams.AddColleague", add_colleague),
    Route("POST", f"{_CHAT}/leave", "Teams.Leave", leave),
    Route("POST", f"{_ONE}/presence", "Teams.SetPresence", set_presence),
    Route("POST", f"{_ONE}/app/install", "Teams.Install", install),
    Route("POST", f"{_ONE}/app/uninstall", "Teams.Uninstall", uninstall),
    Route("POST", f"{_ONE}/app/token", "Teams.AuthToken", auth_token),
]
