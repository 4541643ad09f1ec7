"""The pages: one built application for every path under /portal/, with headers that let only Teams frame it."""

from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from entry.answers import PAGE_HEADERS
from identity.sessions import identity_of
from portal.deps import DEPS

ANCESTORS = (
    "'self' https://teams.microsoft.com https://*.teams.microsoft.com https://teams.live.com https://*.cloud.microsoft "
    "https://*.office.com https://outlook.office365.com https://*.microsoft365.com"
)
"""Where Teams, Outlook and Microsoft 365 show tabs (learn.microsoft.com, "Prerequisites for tabs")."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        # TeamsJS fetches its list of valid hosts from Microsoft, and falls back to its own list.
        "connect-src 'self' https://res.cdn.office.net",
        "base-uri 'none'",
        "form-action 'self'",
        f"frame-ancestors {ANCESTORS}",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    **PAGE_HEADERS,
}
SIGNED_OUT = "/portal/signed-out"
FOREVER = "public, max-age=31536000, immutable"
"""For files whose names carry a digest of what is in them."""


def page_routes() -> list[web.RouteDef]:
    return [
        web.get("/portal", _slash),
        web.get("/portal/", page),
        web.get("/portal/preferences", page),
        web.get("/portal/team", page),
        web.get(SIGNED_OUT, page),
        web.get("/portal/static/{name:.+}", static),
    ]


async def _slash(_request: web.Request) -> web.StreamResponse:
    raise web.HTTPMovedPermanently("/portal/")


async def page(request: web.Request) -> web.StreamResponse:
    """The application. A browser without a session goes to the sign-in; a frame does not: Teams signs in from inside."""
    framed = request.headers.get("Sec-Fetch-Dest") in {"iframe", "frame"}
    if not framed and request.path != SIGNED_OUT and await identity_of(request) is None:
        raise web.HTTPFound(f"/auth/sign-in?next={quote(request.path)}", headers={"Cache-Control": "no-store"})
    return _file(request.config_dict[DEPS].static / "index.html", "no-cache")


async def static(request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    folder = request.config_dict[DEPS].static.resolve()
    try:
        found = (folder / name).resolve()
        found.stat()
    except (OSError, ValueError):  # there is no such file; or none can have such a name, too long or with a zero in it
        raise web.HTTPNotFound from None
    if not found.is_relative_to(folder):
        raise web.HTTPNotFound
    return _file(found, FOREVER if name.startswith("assets/") else "public, max-age=3600")


def _file(path: Path, caching: str) -> web.StreamResponse:
    if not path.is_file():
        built = path.name != "index.html"
        raise web.HTTPNotFound(text="Not found." if built else "The pages are not built: npm run build:portal in web/.")
    return web.FileResponse(path, headers={**HEADERS, "Cache-Control": caching})
