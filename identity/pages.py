"""The few pages that sign-in itself shows: a heading, a few sentences, one way on. Nothing loads from anywhere."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape

from aiohttp import web

from entry.answers import NO_STORE, PAGE_HEADERS

_STYLE = (
    "body{font:16px/1.5 'Segoe UI',system-ui,sans-serif;max-width:42rem;margin:12vh auto;padding:0 1.5rem;"
    "color:#242424;background:#fff}h1{font-size:1.5rem;font-weight:600}a{color:#0f548c}button{font:inherit;padding:.4rem 1rem}"
    "table{border-collapse:collapse}td{padding:.3rem 1rem .3rem 0;vertical-align:top}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#1f1f1f}a{color:#7fb8e8}}"
)
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='9' fill='%230e6b77'/%3E"
    "%3Cpath d='M10 9v7.5a6 6 0 0 0 12 0V9' fill='none' stroke='%23fff' stroke-width='3' stroke-linecap='round'/%3E"
    "%3C/svg%3E"
)
"""The portal's icon. In the page itself: a browser asks for /favicon.ico where it is told of none."""

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    **NO_STORE,
    **PAGE_HEADERS,
}


def page(
    title: str,
    *sentences: str,
    link: tuple[str, str],
    button: tuple[str, str] | None = None,
    rows: Sequence[tuple[str, ...]] = (),
    status: int = 200,
) -> web.Response:
    """A page in plain words. `link` is (address, text); `button` posts to its address; `rows` become a table.

    All texts are escaped here.
    """
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    cells = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    table = f"<table>{cells}</table>" if cells else ""
    if button is not None:
        table += f'<form method="post" action="{escape(button[0])}"><button>{escape(button[1])}</button></form>'
    way_on = f'<p><a href="{escape(link[0])}">{escape(link[1])}</a></p>'
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<link rel="icon" href="{_ICON}">'
        f"<title>{escape(title)} – Usher</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{said}{table}{way_on}</main></body></html>"
    )
    return web.Response(text=text, content_type="text/html", charset="utf-8", status=status, headers=HEADERS)
