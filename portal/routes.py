"""The portal's door: one table of all routes. The OpenAPI document is made from the same table."""

import re
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from portal import handing_api, me_api, tasks_api, team_api
from portal.calls import PORTAL, Call, Handler, Portal, guarded
from portal.deps import DEPS, PortalDeps
from portal.events import events
from portal.hub import Hub
from portal.openapi import Operation, document
from portal.pages import page_routes
from portal.schemas import (
    AvailabilityBody,
    DutyBody,
    EndedAnswer,
    MeView,
    Nothing,
    OfferBody,
    PreferencesBody,
    PriorityBody,
    RegisterAnswer,
    Snapshot,
    SurfaceBody,
    TargetsView,
    TaskAnswer,
    TeamTasksView,
    TeamView,
    Transcript,
    TransferBody,
    UserBody,
    WrapupBody,
)
from portal.snapshot import Snapshots

API = "/api/v1"
PARTS = {"task": "[0-9a-z]{1,40}", "service": "[0-9a-z-]{1,40}", "user": "[0-9a-f-]{36}"}
"""What the parts of a path look like."""


@dataclass(frozen=True, slots=True)
class Route:
    """`refusals`: the statuses that this call has beside those that all have. `own_page`: this GET has effects, so it
    needs the proof that calls with other methods need: one of our own pages sent it."""

    method: str
    path: str
    handler: Handler
    summary: str
    body: type[BaseModel] = Nothing
    answer: type[BaseModel] | str | None = None
    refusals: tuple[int, ...] = ()
    own_page: bool = False


async def openapi(_call: Call[Nothing]) -> web.StreamResponse:
    """This API, described."""
    return web.json_response(DOCUMENT, headers={"Cache-Control": "no-store"})


_OFFER = (400, 403, 404, 409)
_TASK = (403, 404, 409)

ROUTES: tuple[Route, ...] = (
    Route("GET", "/me", me_api.me, "Who I am", answer=MeView),
    Route("GET", "/state", me_api.state, "Everything my pages show", answer=Snapshot),
    Route("GET", "/events", events, "The same, live", answer="text/event-stream", refusals=(400, 403), own_page=True),
    Route("GET", "/openapi.json", openapi, "This document", answer="application/json"),
    Route("POST", "/surface", me_api.surface, "An open page answers a heartbeat", SurfaceBody, refusals=(400,)),
    Route("POST", "/me/duty", me_api.duty, "On or off duty", DutyBody, refusals=(400, 409)),
    Route("POST", "/me/availability", me_api.availability, "Available, or not with a reason", AvailabilityBody, refusals=(400, 409)),
    Route("POST", "/me/rona/reset", me_api.reset_rona, "End the pause after a missed offer", refusals=(409,)),
    Route("POST", "/me/register", me_api.register, "Register with the bot", answer=RegisterAnswer, refusals=(409,)),
    Route("POST", "/me/unregister", me_api.unregister, "Unregister", answer=RegisterAnswer, refusals=(409,)),
    Route("PUT", "/me/preferences", me_api.preferences, "My preferences", PreferencesBody, MeView, (400,)),
    Route("POST", "/tasks/{task}/delivered", tasks_api.delivered, "I can see the offer", OfferBody, TaskAnswer, _OFFER),
    Route("POST", "/tasks/{task}/accept", tasks_api.accept, "Accept an offer", OfferBody, TaskAnswer, _OFFER),
    Route("POST", "/tasks/{task}/decline", tasks_api.decline, "Decline an offer", OfferBody, TaskAnswer, _OFFER),
    Route("POST", "/tasks/{task}/pick", tasks_api.pick, "Take a waiting chat", answer=TaskAnswer, refusals=_TASK),
    Route("POST", "/tasks/{task}/priority", team_api.set_priority, "Let a chat wait further in front or behind", PriorityBody, TaskAnswer, _OFFER),
    Route("POST", "/tasks/{task}/assign", team_api.assign, "Offer a waiting chat to an agent", UserBody, TaskAnswer, _OFFER),
    Route("POST", "/tasks/{task}/cancel", team_api.cancel, "End a chat that nobody has yet", answer=TaskAnswer, refusals=_TASK),
    Route("POST", "/tasks/{task}/terminate", tasks_api.terminate, "End a chat", answer=TaskAnswer, refusals=_TASK),
    Route("GET", "/tasks/{task}/targets", handing_api.targets, "Possible targets of a transfer", answer=TargetsView, refusals=(403, 404)),
    Route("POST", "/tasks/{task}/transfer", handing_api.transfer, "Hand a chat on", TransferBody, TaskAnswer, _OFFER),
    Route("POST", "/tasks/{task}/take-back", handing_api.take_back, "Keep it after all", answer=TaskAnswer, refusals=_TASK),
    Route("POST", "/tasks/{task}/wrapup", tasks_api.save_wrapup, "Codes, tags, note", WrapupBody, TaskAnswer, _OFFER),
    Route("POST", "/tasks/{task}/acw/done", tasks_api.finish_acw, "End after-call work", answer=TaskAnswer, refusals=_TASK),
    Route("POST", "/tasks/{task}/acw/extend", tasks_api.extend_acw, "More time", answer=TaskAnswer, refusals=_TASK),
    Route("GET", "/tasks/{task}/transcript", tasks_api.transcript, "What was said", answer=Transcript, refusals=(404,)),
    Route("GET", "/services/{service}/agents", team_api.team, "Who may be offered a chat, and what stands against it", answer=TeamView, refusals=(404,)),
    Route("GET", "/services/{service}/tasks", team_api.team_tasks, "Who waits, and what is going on", answer=TeamTasksView, refusals=(404,)),
    Route("POST", "/services/{service}/end-all", team_api.end_all, "End all chats of a service", answer=EndedAnswer, refusals=(404,)),
    Route("POST", "/services/{service}/agents/{user}/duty", team_api.agent_duty, "Set an agent on or off duty", DutyBody, refusals=(400, 404, 409)),
    Route("POST", "/services/{service}/agents/{user}/rona/reset", team_api.agent_rona, "End an agent's pause", refusals=(404, 409)),
)  # fmt: skip

DOCUMENT: dict[str, Any] = document(
    API,
    [
        Operation(route.method, route.path, route.handler.__name__, route.summary, route.handler.__doc__ or "",
                  route.body, route.answer, route.refusals,
                  {part: PARTS[part] for part in re.findall(r"\{(\w+)\}", route.path)})
        for route in ROUTES
    ],
)  # fmt: skip


def portal_routes(app: web.Application, deps: PortalDeps) -> Hub:
    """Add the portal to the app, which must have `identity_routes`. Its feeds start and stop with the app."""
    snapshots = Snapshots(deps)
    hub = Hub(deps.distributor, deps.doorbells, snapshots)
    app[DEPS] = deps
    app[PORTAL] = Portal(deps, snapshots, hub)
    app.on_startup.append(hub.start)
    app.on_shutdown.append(hub.stop)
    app.add_routes(page_routes())
    for route in ROUTES:
        path = API + route.path
        for name, shape in PARTS.items():
            path = path.replace(f"{{{name}}}", f"{{{name}:{shape}}}")
        app.router.add_route(route.method, path, guarded(route.handler, route.body, own_page=route.own_page))
    return hub
