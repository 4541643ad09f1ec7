"""`POST /api/messages`: what Teams sends comes in here. 200, 400, 401, 403, 413, or 503 when nothing could be stored; never 500."""

import json
from http import HTTPStatus
from typing import Any, Final

import structlog
from aiohttp import web

from bots import answers, incoming
from bots.door import Door, NotHere, UnknownTenant, WrongChannel
from bots.incoming import Malformed
from bots.problems import SendProblem
from bots.received import Received
from bots.sdk import Adapter, OnTurn, Turn
from cards.wording import wording
from entry.answers import problem
from entry.bodies import BodyTooLarge, read_body
from identity.jwks import KeysUnavailable
from identity.tokens import BadToken
from store.connection import StoreDown
from store.seldom import Seldom

log = structlog.get_logger(__name__)

PATH: Final = "/api/messages"

MAX_BYTES: Final = 256 * 1024
"""Teams' own activities stay below 100 KB of UTF-16 ("Limits and specifications", Teams docs)."""

RETRY_AFTER_SECONDS: Final = 2


class Inbound:
    """Token, body, repetition, turn, answer: in this order."""

    def __init__(self, door: Door, received: Received, adapter: Adapter, on_turn: OnTurn) -> None:
        self._door = door
        self._received = received
        self._adapter = adapter
        self._on_turn = on_turn
        self._seldom = Seldom(log)

    async def post(self, request: web.Request) -> web.Response:
        """Answer one request of Teams'."""
        try:
            headers = request.headers
            claims = await self._door.identify(
                headers.get("Authorization"), origin=headers.get("Origin"), host=request.host
            )
            raw = _parse(await read_body(request, MAX_BYTES))
            activity = incoming.read(raw, default_tenant=self._door.config.tenant_id if claims is None else "")
            trusted = self._door.admit(claims, activity)
        except BadToken as bad:
            self._seldom("activity_refused", "token", why=str(bad))
            return _refusal(HTTPStatus.UNAUTHORIZED, str(bad), {"WWW-Authenticate": "Bearer"})
        except WrongChannel as problem:
            self._seldom("activity_refused", "channel", why="wrong channel", channel=str(problem)[:40])
            return _refusal(HTTPStatus.FORBIDDEN, "this bot talks to Microsoft Teams only")
        except NotHere as problem:
            self._seldom("activity_refused", "place", why=str(problem))
            return _refusal(HTTPStatus.FORBIDDEN, f"without a token: {problem}")
        except Malformed as problem:
            return _refusal(HTTPStatus.BAD_REQUEST, f"not an activity: {problem}")
        except BodyTooLarge:
            return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MAX_BYTES} bytes")
        except KeysUnavailable as problem:
            self._seldom("activity_put_off", why=str(problem))
            return _refusal(HTTPStatus.SERVICE_UNAVAILABLE, "the signing keys cannot be read", _LATER)
        try:
            await self._door.check_tenant(activity)
            again = await self._received.is_again(activity)
            answer = await self._adapter.run(
                lambda context: Turn(activity, context, again), raw, trusted, self._guarded
            )
        except UnknownTenant:
            self._seldom("activity_refused", "tenant", why="unknown tenant", tenant=activity.tenant)
            return _refusal(HTTPStatus.FORBIDDEN, "this organisation does not use Usher here")
        except StoreDown:
            if activity.kind == "invoke":
                return web.json_response(answers.message(wording(activity.locale)("answer.fault")))
            return _refusal(HTTPStatus.SERVICE_UNAVAILABLE, "nothing can be stored now", _LATER)
        return web.Response() if answer is None else web.json_response(answer)

    async def _guarded(self, turn: Turn) -> None:
        activity = turn.incoming
        try:
            await self._on_turn(turn)
        except StoreDown:
            raise
        except SendProblem as problem:
            # What was said is stored; an answer that Teams does not take is not worth the same activity once more.
            log.warning("turn_not_answered", kind=activity.kind, status=problem.status, code=problem.code)
        except Exception:  # the edge of a turn: a fault of ours must not make Teams send the same again and again
            log.exception("turn_failed", kind=activity.kind, name=activity.name, scope=activity.scope)
            if activity.kind == "invoke":
                turn.answer = answers.message(wording(activity.locale)("answer.fault"))
        if activity.kind == "invoke" and turn.answer is None:
            turn.answer = answers.unsupported(activity.name)


_LATER = {"Retry-After": str(RETRY_AFTER_SECONDS)}


def _parse(body: bytes) -> dict[str, Any]:
    try:
        parsed: object = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None
    if not isinstance(parsed, dict):
        raise Malformed("not an object")
    return parsed  # pyright: ignore[reportUnknownVariableType] JSON objects have text as keys


def _refusal(status: HTTPStatus, why: str, headers: dict[str, str] | None = None) -> web.Response:
    return problem(status, status.phrase.replace(" ", ""), why, headers)
