"""The sandbox's server-side pages: templates with `{{name}}`, escaped unless the value is `Markup`."""

import html
import re
from functools import cache
from pathlib import Path

from aiohttp import web

TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"\{\{(\w+)\}\}")


class Markup(str):
    """Text that is already HTML."""

    __slots__ = ()


@cache
def _template(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def render(name: str, /, **values: object) -> Markup:
    """Fill a template with values. A name without a value is a programming error (KeyError)."""
    return Markup(_NAME.sub(lambda found: escape(values[found[1]]), _template(name)))


def escape(value: object) -> str:
    return value if isinstance(value, Markup) else html.escape(str(value))


def join(parts: list[Markup]) -> Markup:
    return Markup("".join(parts))


def page(name: str, title: str, /, *, status: int = 200, **values: object) -> web.Response:
    """A complete page in the sandbox's layout."""
    body = render("page.html", title=title, style=Markup(_template("page.css")), body=render(name, **values))
    return web.Response(text=body, status=status, content_type="text/html")


def redirect(address: str) -> web.Response:
    return web.Response(status=302, headers={"Location": address})
