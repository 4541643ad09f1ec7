"""`GET /api/v1/events`: the line that an open page keeps to the server."""

import re
from contextlib import suppress

from aiohttp import ClientConnectionError, web

from entry.answers import Refusal
from identity.sessions import SESSIONS
from portal.calls import Call
from portal.schemas import Nothing
from portal.stream import Stream
from store.connection import StoreDown
from store.ids import new_id

_SURFACE = re.compile(r"[0-9a-zA-Z-]{1,64}")


async def events(call: Call[Nothing]) -> web.StreamResponse:
    """Server-sent events until one side goes away. `surface`: the page's id, which then answers heartbeats itself."""
    me, deps, hub = call.identity, call.deps, call.portal.hub
    asked = call.request.query.get("surface", "")
    if asked and not _SURFACE.fullmatch(asked):
        raise Refusal(400, "bad_request", "must be letters, digits and hyphens", field="surface")
    surface = asked or new_id()
    page = hub.open(me, surface)
    if page is None:
        raise Refusal(429, "too_many_pages", call.person.voice("problem.too_many_pages"))
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            # Proxies that buffer answers would buffer these indefinitely.
            "X-Accel-Buffering": "no",
        }
    )
    try:
        await response.prepare(call.request)
        stream = Stream(
            deps,
            call.portal.snapshots,
            hub,
            sessions=call.request.config_dict[SESSIONS],
            identity=me,
            page=page,
            response=response,
            surface=surface,
            own_surface=not asked,
        )
        # A store that is down was a 503 a moment ago, and is an end of the stream now: the page comes back either way.
        with suppress(ConnectionError, ClientConnectionError, StoreDown):
            await stream.run()
    finally:
        gone = hub.close(page)
        if gone and response.prepared:
            with suppress(StoreDown):
                await deps.distributor.surface_gone(me.tenant, me.user, surface)
    return response
