"""Refusals: one exception, one place that turns whatever went wrong into `{"error": {code, field, message}}`."""

from aiohttp import web
from pydantic import ValidationError

from portal.schemas import Fault, Problem
from store.text import half_character_in

RETRY_SECONDS = 2
"""How long a page waits while the store is down: Redis restarts within that, and nobody stares at a dead page."""


class Refusal(Exception):
    """A request that gets no for an answer. `message` is for a person, in his language where that is known."""

    def __init__(self, status: int, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.field = field


def refused(refusal: Refusal) -> web.Response:
    body = Problem(error=Fault(code=refusal.code, field=refusal.field, message=refusal.message))
    headers = {"Cache-Control": "no-store"}
    if refusal.status == 503:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return web.Response(
        status=refusal.status, text=body.model_dump_json(), content_type="application/json", headers=headers
    )


def bad_body(problem: ValidationError, raw: bytes) -> Refusal:
    """The first thing wrong with a body: its field, and pydantic's words for it."""
    half = half_character_in(raw)
    if half is not None:
        return Refusal(400, "bad_request", "must not contain half a character", field=half or None)
    first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return Refusal(400, "bad_request", first["msg"], field=field or None)
