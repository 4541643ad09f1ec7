"""A call of the JSON API: identity, permission, input; all errors of calls are handled here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError

from conversations.messages import NoAccess
from directory.directory import BadPreference
from entry.answers import NO_STORE, Refusal, refused
from entry.bodies import BodyTooLarge, BodyUnreadable, read_body
from identity.sessions import Identity, identity_of, is_own_page
from portal.deps import PortalDeps
from portal.hub import Hub
from portal.problems import RETRY_SECONDS, bad_body
from portal.schemas import Nothing
from portal.snapshot import Person, Snapshots
from portal.words import Voice, best_language, voice
from store.connection import StoreDown

log = structlog.get_logger(__name__)

LONGEST_BODY = 64 * 1024
"""Bytes: a note of 2,000 characters and all the codes there are, several times over."""

SAFE = frozenset({"GET", "HEAD"})

BodyT = TypeVar("BodyT", bound=BaseModel)
Stream = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Portal:
    """What every call works with."""

    deps: PortalDeps
    snapshots: Snapshots
    hub: Hub


PORTAL = web.AppKey("PORTAL", Portal)


@dataclass(frozen=True, slots=True)
class Call(Generic[BodyT]):
    request: web.Request
    portal: Portal
    person: Person
    body: BodyT

    @property
    def identity(self) -> Identity:
        return self.person.identity

    @property
    def deps(self) -> PortalDeps:
        return self.portal.deps

    @property
    def task(self) -> str:
        """The task that the path names."""
        return self.request.match_info["task"]


Handler = Callable[[Call[Any]], Awaitable[BaseModel | web.StreamResponse | None]]


def guarded(handler: Handler, body: type[BaseModel] = Nothing, *, own_page: bool = False) -> Stream:
    """A handler as aiohttp wants it. Its model becomes the JSON answer; None becomes 204.

    `own_page`: also as a GET, only one of our own pages may call it.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            found = await handler(await _call(request, body, own_page=own_page))
        except (Refusal, StoreDown, NoAccess, BadPreference) as problem:
            refusal = _refusal(request, problem)
            return refused(refusal, {"Retry-After": str(RETRY_SECONDS)} if refusal.status == 503 else None)
        except Exception:
            # The edge of the door: whatever happens inside, the page gets an answer that it can read.
            log.exception("portal_call_failed", method=request.method, path=request.path)
            return refused(Refusal(500, "unexpected", _words(request)("problem.unexpected")))
        if isinstance(found, web.StreamResponse):
            return found
        if found is None:
            return web.Response(status=204, headers=NO_STORE)
        return web.Response(text=found.model_dump_json(), content_type="application/json", headers=NO_STORE)

    return answer


async def _call(request: web.Request, body: type[BaseModel], *, own_page: bool) -> Call[Any]:
    portal = request.config_dict[PORTAL]
    identity = await identity_of(request)
    if identity is None:
        raise Refusal(401, "signed_out", _words(request)("problem.signed_out"))
    person = await portal.snapshots.person(identity)
    if (own_page or request.method not in SAFE) and not is_own_page(request):
        raise Refusal(403, "not_own_page", person.voice("problem.not_own_page"))
    return Call(
        request, portal, person, await _body(request, body, person) if request.method not in SAFE else Nothing()
    )


async def _body(request: web.Request, shape: type[BaseModel], person: Person) -> BaseModel:
    try:
        raw = await read_body(request, LONGEST_BODY)
    except BodyTooLarge:
        raise Refusal(413, "too_large", person.voice("problem.too_large")) from None
    except BodyUnreadable:
        raise Refusal(400, "bad_request", person.voice("problem.unreadable")) from None
    try:
        return shape.model_validate_json(raw or b"{}")
    except ValidationError as problem:
        raise bad_body(problem, raw) from None


def _refusal(request: web.Request, problem: Refusal | StoreDown | NoAccess | BadPreference) -> Refusal:
    match problem:
        case Refusal():
            return problem
        case StoreDown():
            return Refusal(503, "store_down", _words(request)("problem.store_down"))
        case NoAccess():
            return Refusal(404, "no_such_task", _words(request)("problem.no_such_task"))
        case BadPreference():
            return Refusal(400, "bad_request", str(problem))


def _words(request: web.Request) -> Voice:
    """What the browser asks for; the user's own choice counts wherever it is known."""
    return voice(best_language(request.headers.get("Accept-Language", "")))
