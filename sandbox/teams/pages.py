"""Pages for people's browsers: the start page, the choice of a person, the Teams page, and the company's website."""

from pathlib import Path

from aiohttp import web

from sandbox import html
from sandbox.chats import ChatKind
from sandbox.core import CORE, Core
from sandbox.problems import refuse
from sandbox.wire import Route
from sandbox.world import Person

STATIC = Path(__file__).parent.parent / "static"  # built by web/sandbox


async def start(request: web.Request) -> web.StreamResponse:
    """The links of each person, and what to do next."""
    core = request.app[CORE]
    links = core.settings.get("links")
    widgets = [
        html.render("start_widget.html", name=widget["name"], address=_shop(links, widget["key"]))
        for widget in links.get("widgets", [])
    ]
    people = [_tile(core, person, links.get("people", {}).get(person.upn, "")) for person in core.people.all()]
    first = links.get("widgets", [])[:1]
    now = html.render(
        "start_now.html",
        shop=_shop(links, first[0]["key"]) if first else "/shop/",
        agent=core.people.all()[0].name,
        teams=f"/teams/{core.people.all()[0].upn}",
    )
    return html.page("start.html", core.world.tenant_name, tenant=core.world.tenant_name, app=core.world.app.name, now=now,
                     widgets=html.join(widgets), people=html.join(people), portal=links.get("portal", "#"))  # fmt: skip


def _shop(links: dict[str, str], key: str) -> str:
    return f"/shop/?widget={key}&app={links.get('app', '')}"


def _tile(core: Core, person: Person, line: str) -> html.Markup:
    initials = "".join(part[0] for part in person.name.split()[:2]).upper()
    installed = core.chats.installed(person.id) is not None
    standing = line or (
        f"{core.world.app.name} is installed" if installed else f"{core.world.app.name} is not installed"
    )
    return html.render("start_person.html", upn=person.upn, name=person.name, initials=initials, line=standing)


async def pick(request: web.Request) -> web.StreamResponse:
    core = request.app[CORE]
    people = [_tile(core, person, "") for person in core.people.all()]
    return html.page("pick.html", "Teams", tenant=core.world.tenant_name, people=html.join(people))


async def teams(request: web.Request) -> web.StreamResponse:
    """The Teams page of a person."""
    core = request.app[CORE]
    name = request.match_info["user"]
    if core.people.find(name) is None:
        raise refuse("teams.person_unknown", user=name)
    built = STATIC / "index.html"
    if built.exists():
        return web.FileResponse(built, headers={"Cache-Control": "no-cache"})
    return html.page("not_built.html", "Teams", status=503)


async def deep_link(request: web.Request) -> web.StreamResponse:
    """A chat's `webUrl`. Real Teams knows who opens it; here it is the only person in the chat, or they choose."""
    core = request.app[CORE]
    chat = core.chats.get(request.match_info["chat"])
    if chat is None:
        raise refuse("teams.chat_unknown")
    inside = [person for person in core.people.all() if core.chats.is_member(chat.id, person.id)]
    if len(inside) == 1:
        return html.redirect(str(request.url.with_path(f"/teams/{inside[0].upn}").with_query(chat=chat.id).relative()))
    people = [
        html.render("pick_for_chat.html", name=person.name, address=str(
            request.url.with_path(f"/teams/{person.upn}").with_query(chat=chat.id).relative()
        ))
        for person in inside
    ]  # fmt: skip
    title = chat.topic or ("a personal chat" if chat.kind is ChatKind.PERSONAL else "a chat")
    return html.page("pick_chat.html", "Teams", chat=title, people=html.join(people))


async def shop(request: web.Request) -> web.StreamResponse:
    """The company's web page, with the widget that the address names."""
    key, app = request.query.get("widget", ""), request.query.get("app", "")
    widget = html.render("shop_widget.html", key=key, app=app.rstrip("/")) if key and app else html.Markup("")
    return web.Response(text=html.render("shop.html", widget=widget), content_type="text/html")


async def static(request: web.Request) -> web.StreamResponse:
    """The built page's files."""
    wanted = (STATIC / request.match_info["file"]).resolve()
    if not wanted.is_relative_to(STATIC.resolve()) or not wanted.is_file():
        raise refuse("teams.path_unknown", path=request.path)
    return web.FileResponse(wanted)


ROUTES = [
    Route("GET", "/", "Pages.Start", start),
    Route("GET", "/teams/", "Pages.Pick", pick),
    Route("GET", "/teams/{user}", "Pages.Teams", teams),
    Route("GET", "/teams/l/chat/{chat}/{rest}", "Pages.DeepLink", deep_link),
    Route("GET", "/shop/", "Pages.Shop", shop),
    Route("GET", "/sandbox-static/{file:.+}", "Pages.Static", static),
]
