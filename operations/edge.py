"""The edge of the server: no input yields a 5xx, no fault is logged twice, and no answer says what we are built with."""

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from entry.answers import problem
from store.connection import StoreDown
from store.seldom import Seldom

log = structlog.get_logger(__name__)
seldom = Seldom(log, "info")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

JSON_DOORS = ("/api/", "/interact/v1/")
"""Programs call these: they get JSON also for what no handler answers, such as an address or a method that is none."""

HSTS = "max-age=31536000"
"""A year, for this host only: other names of the domain are not ours to decide about."""


@web.middleware
async def edge(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever a handler did not answer itself into an answer: 400 for what cannot be decoded, 503 while the store is
    down (nothing is acknowledged that is not stored), and 500, logged once, for a fault of ours."""
    try:
        return await handler(request)
    except web.HTTPException as answer:
        if answer.status < 400 or not request.path.startswith(JSON_DOORS):
            raise
        return _in_json(answer)
    except StoreDown:
        return problem(503, "store_down", "Usher cannot reach its store. Please try again.", {"Retry-After": "2"})
    except (UnicodeError, HttpProcessingError, web.RequestPayloadError) as fault:
        # Bytes that are no text, halves of characters, bodies that are not compressed as they say.
        seldom("request_unreadable", path=request.path, why=type(fault).__name__)
        return problem(400, "unreadable", "This request cannot be decoded.")
    except Exception:
        # Without this, aiohttp would log the fault as well and answer in its own words.
        log.exception("request_failed", method=request.method, path=request.path)
        return problem(500, "unexpected", "Something went wrong in Usher. Please try again.")


def headers(app: web.Application, *, https: bool) -> None:
    """Set what every answer has: HSTS where the public address is https; and take away the name of the server."""

    async def prepare(_request: web.BaseRequest, response: web.StreamResponse) -> None:
        response.headers.pop("Server", None)
        if https:
            response.headers.setdefault("Strict-Transport-Security", HSTS)

    app.on_response_prepare.append(prepare)


def _in_json(answer: web.HTTPException) -> web.Response:
    kept = {name: answer.headers[name] for name in ("Allow", "Retry-After") if name in answer.headers}
    return problem(answer.status, answer.reason.lower().replace(" ", "_"), answer.text or answer.reason, kept)
