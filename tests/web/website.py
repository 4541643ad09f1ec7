"""A company's website with the built widget on it, in a real Chromium, before the real visitor's door."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Locator, Page, WebSocket

from conversations.messages import Kind, Sender
from directory.load import apply, parse
from distribution.agents import Presence
from distribution.tasks import Task, TaskState, Via
from store.ids import new_id
from tests.interact.company import ANNA
from tests.interact.door import Door
from tests.support import wait_until

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "interact" / "static"
NODE_MODULES = ROOT / "web" / "node_modules"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
GREETING = "Hello, and welcome. What can we do for you?"

MORE = f"""
[tenant]
id = "{{tenant}}"
name = "Fabrikam Gardens"

[[services]]
id = "advice"
name = "Garden Advice"
contact_center = true
interact = true

[services.widget]
origins = ["*"]
greeting = "{GREETING}"
ask_name = "optional"
agent_name = "real"
privacy_text = "We keep this chat for 30 days."
privacy_url = "https://www.fabrikam.example/privacy"

[[services]]
id = "careful"
name = "Careful Service"
contact_center = true
interact = true

[services.widget]
origins = ["*"]
ask_name = "required"
ask_email = "required"
privacy_text = "Please agree."
privacy_tick = true

[[users]]
user = "{ANNA}"
upn = "anna@fabrikam.example"
name = "Anna Meier"
instant_messaging = true
services = ["garden-advice", "orders", "advice", "careful"]
"""


async def add_services(door: Door) -> None:
    """Services whose widgets may stand on any website, with a greeting, or with everything asked."""
    parsed = parse(MORE.format(tenant=door.tenant), Path("more.toml"))
    report = await apply(door.directory, parsed, resolve_upn=_nobody)
    door.widgets.update({widget.id: widget.key for widget in report.widgets if widget.kind == "service"})


async def _nobody(_tenant: str, upn: str, /) -> None:
    raise AssertionError(f"{upn} was looked up")


@dataclass
class Widget:
    """The widget on one open page, as a person sees it."""

    page: Page
    errors: list[str] = field(default_factory=list[str])
    sockets: list[WebSocket] = field(default_factory=list[WebSocket])
    """Those that the page has opened since, with `Website.go`."""

    @property
    def launcher(self) -> Locator:
        return self.page.locator("#launcher")

    @property
    def window(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Write a message")

    @property
    def rows(self) -> Locator:
        """The bubbles of the conversation, from the top."""
        return self.page.locator(".bubble")

    def text(self, text: str, *, exact: bool = False) -> Locator:
        """A text in the window (not what only screen readers are told)."""
        return self.window.get_by_text(text, exact=exact)

    async def open(self) -> None:
        await self.launcher.click()
        await self.window.wait_for()

    async def say(self, text: str) -> None:
        await self.box.fill(text)
        await self.box.press("Enter")

    async def begin(self, text: str, *, name: str = "") -> None:
        """Open the window and start a chat."""
        await self.open()
        if name:
            await self.page.get_by_label("Your name").fill(name)
        await self.say(text)
        await self.text("Sent").wait_for()

    async def notes(self) -> Mapping[str, Any] | None:
        """What the widget keeps in the browser."""
        kept = "Object.entries(localStorage).filter(([key]) => key.startsWith('usher:')).map(([, text]) => JSON.parse(text))"
        found: list[dict[str, Any]] = await self.page.evaluate(kept)
        return found[0] if found else None

    async def conversation(self) -> str:
        notes = await self.notes()
        assert notes is not None, "no chat was started"
        return str(notes["chat"]["id"])

    async def violations(self) -> list[str]:
        """What axe finds on the page, shadow roots included."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.add_script_tag(path=str(AXE))
        found: list[str] = await self.page.evaluate(
            """async rules => (await axe.run(document, {runOnly: rules})).violations.map(v =>
               `${v.id}: ${v.nodes.map(n => `${n.target.join(' ')} ${n.failureSummary}`).join('; ')}`)""",
            RULES,
        )
        return found


@dataclass
class Website:
    """The site, and what happens behind the door for the visitors on it."""

    door: Door
    browser: Browser
    address: str
    contexts: list[BrowserContext] = field(default_factory=list[BrowserContext])
    entry: str = ""
    """Where its browsers find the door: a proxy before it, say; "" = the door itself."""
    policy: str = ""
    """The Content-Security-Policy of its pages."""
    pages: dict[str, str] = field(default_factory=dict[str, str])
    """More pages, by path; `{embed}` in one is the loader's address, `{key}` the key of "advice"."""
    scripts: dict[str, str] = field(default_factory=dict[str, str])
    """Scripts of the site, at `/scripts/{name}`."""

    async def visitor(
        self, *, width: int = 1280, height: int = 800, locale: str = "en-GB", **how: Any
    ) -> BrowserContext:
        """A person with a separate browser. `how`: color_scheme, is_mobile, …"""
        viewport: Any = {"width": width, "height": height}
        context = await self.browser.new_context(viewport=viewport, locale=locale, **how)
        self.contexts.append(context)
        return context

    async def visit(
        self,
        *services: str,
        context: BrowserContext | None = None,
        lang: str = "en",
        direction: str = "ltr",
        **how: Any,
    ) -> Widget:
        """Open a page that has the widgets of these services ("advice" if none is named)."""
        context = context or await self.visitor(**how)
        page = await context.new_page()
        widget = Widget(page)
        page.on("pageerror", lambda error: widget.errors.append(str(error)))
        page.on("console", lambda said: widget.errors.append(said.text) if said.type == "error" else None)
        keys = ",".join(self.door.widgets[service] for service in services or ("advice",))
        await page.goto(f"{self.address}/?widgets={keys}&lang={lang}&dir={direction}")
        await widget.launcher.first.wait_for()
        return widget

    async def go(self, path: str, *, context: BrowserContext | None = None, **how: Any) -> Widget:
        """Open one of `pages`."""
        page = await (context or await self.visitor(**how)).new_page()
        widget = Widget(page)
        page.on("pageerror", lambda error: widget.errors.append(str(error)))
        page.on("console", lambda said: widget.errors.append(said.text) if said.type == "error" else None)
        page.on("websocket", lambda socket: widget.sockets.append(socket))  # noqa: PLW0108  # Playwright takes no built-in
        await page.goto(self.address + path)
        await widget.launcher.first.wait_for()
        return widget

    async def answer(self, widget: Widget) -> str:
        """Anna takes this visitor's chat, and its room opens. Returns the conversation."""
        distributor, tenant = self.door.distributor, self.door.tenant
        conversation = await widget.conversation()
        await distributor.set_registered(tenant, ANNA, True)
        await distributor.set_presence(tenant, {ANNA: Presence.AVAILABLE})

        async def offered() -> Task | None:
            task = await distributor.task(tenant, conversation)
            return task if task is not None and task.state is TaskState.OFFERED else None

        task = await wait_until(offered, 10, "the offer")
        await distributor.accept(tenant, task.id, task.offer, ANNA, Via.CARD)
        await distributor.opened(tenant, task.id)
        return conversation

    async def agent_says(self, conversation: str, text: str, *, kind: Kind = Kind.TEXT, of: str | None = None) -> str:
        """Anna writes, edits or deletes. Returns the message's id, for a later edit."""
        message = f"teams:{new_id()}"
        await self.door.conversations.say(
            self.door.tenant,
            conversation,
            sender=Sender.AGENT,
            author="Anna Meier",
            author_id=ANNA,
            text=text,
            client_id=message,
            kind=kind,
            refers_to_client_id=of,
        )
        return message

    async def hang_up(self, conversation: str) -> None:
        await self.door.distributor.terminate(self.door.tenant, conversation, by="agent", actor=ANNA, via=Via.CARD)

    async def transcript(self, conversation: str, sender: Sender = Sender.VISITOR) -> list[str]:
        """What is stored of one side, in order."""
        messages = await self.door.conversations.read(self.door.tenant, conversation, 0)
        return [message.text for message in messages if message.sender is sender]


PAGE = """<!doctype html><html lang="{lang}" dir="{dir}"><head><meta charset="utf-8"><title>Fabrikam Gardens</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"></head>
<body style="background: Canvas; color: CanvasText; color-scheme: light dark"><main><h1>Roses</h1></main>{tags}</body></html>"""


@asynccontextmanager
async def open_website(door: Door, browser: Browser) -> AsyncGenerator[Website]:
    """A site of another origin than the door's."""

    async def page(request: web.Request) -> web.Response:
        query = request.query
        tag = '<script async src="{}/interact/embed.js" data-widget="{}"></script>'
        tags = "".join(tag.format(website.entry or door.base, key) for key in query["widgets"].split(","))
        html = PAGE.format(lang=query.get("lang", ""), dir=query.get("dir", "ltr"), tags=tags)
        return web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": website.policy})

    async def more(request: web.Request) -> web.Response:
        html = website.pages.get(request.path)
        if html is None:
            raise web.HTTPNotFound
        html = html.replace("{embed}", f"{website.entry or door.base}/interact/embed.js").replace(
            "{key}", door.widgets["advice"]
        )
        return web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": website.policy})

    async def script(request: web.Request) -> web.Response:
        return web.Response(text=website.scripts[request.match_info["name"]], content_type="text/javascript")

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/scripts/{name}", script)
    app.router.add_get("/{path:.+}", more)
    async with TestServer(app) as server:
        website = Website(door, browser, str(server.make_url("")).rstrip("/"))
        yield website
        for context in website.contexts:
            await context.close()
