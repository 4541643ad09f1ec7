"""Middleware: records each call, applies ordered faults, and formats every error as its service does."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import web

from sandbox.clock import now
from sandbox.core import CORE, Core
from sandbox.faults import Fault, Order
from sandbox.host import only_this_machine
from sandbox.problems import Problem, answer, door_of, error_response, refuse
from sandbox.records import Record
from sandbox.values import is_object

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the sandbox. Recorded calls and ordered faults refer to it by its operation."""

    method: str
    path: str
    operation: str
    handler: Handler


OPERATIONS = web.AppKey("operations", dict[tuple[str, str], str])

# Calls of the sandbox's pages and of the control interface are neither recorded nor affected by faults.
_OWN = ("Teams.", "Control.", "Pages.")
_SECRET_FIELDS = {
    "client_secret",
    "client_assertion",
    "code",
    "code_verifier",
    "access_token",
    "id_token",
    "refresh_token",
}


def build_app(core: Core, routes: list[Route]) -> web.Application:
    """Build an application of exactly these routes."""
    app = web.Application(middlewares=[only_this_machine, _wire], client_max_size=4 * 1024 * 1024)
    app[CORE] = core
    app[OPERATIONS] = {}
    for route in routes:
        resource = app.router.add_resource(route.path)
        resource.add_route(route.method, route.handler)
        app[OPERATIONS][route.method, resource.canonical] = route.operation
    return app


@web.middleware
async def _wire(request: web.Request, handler: Handler) -> web.StreamResponse:
    core = request.app[CORE]
    resource = request.match_info.route.resource
    operation = request.app[OPERATIONS].get((request.method, resource.canonical if resource else ""), "")
    if operation.startswith(_OWN):
        return await _refusing(request, handler)
    record = core.records.begin(
        door_of(request.path),
        operation,
        method=request.method,
        path=request.path,
        query=dict(request.query),
        body=await _body(request),
    )
    order = core.faults.take(request.method, request.path, operation, request.host)
    response = await (_refusing(request, handler) if order is None else _faulty(request, handler, order, record))
    record.status, record.ms = response.status, now() - record.at
    record.answer = _readable(response)
    return response


async def _refusing(request: web.Request, handler: Handler) -> web.StreamResponse:
    door = door_of(request.path)
    try:
        return await handler(request)
    except Problem as problem:
        return answer(problem)
    except web.HTTPNotFound:
        return answer(refuse(f"{door}.path_unknown", path=request.path))
    except web.HTTPMethodNotAllowed as problem:
        allowed = ", ".join(sorted(problem.allowed_methods))
        return answer(
            refuse(f"{door}.method_unknown", headers={"Allow": allowed}, method=request.method, allowed=allowed)
        )


async def _faulty(request: web.Request, handler: Handler, order: Order, record: Record) -> web.StreamResponse:
    fault = order.fault
    record.fault = order.id
    if fault.delay_ms:
        await asyncio.sleep(fault.delay_ms / 1000)
    if fault.drop == "before":
        raise _broken(request)
    if fault.status is not None and fault.drop is None:
        return _error(request, fault.status, fault)
    response = await _refusing(request, handler)
    if fault.duplicate:
        response = await _refusing(request, handler)
    if fault.drop == "after":
        record.status, record.ms = response.status, now() - record.at
        if fault.status is None:
            raise _broken(request)
        return _error(request, fault.status, fault)
    return response


def _error(request: web.Request, status: int, fault: Fault) -> web.Response:
    return error_response(door_of(request.path), status, fault.code, fault.message, fault.headers)


def _broken(request: web.Request) -> asyncio.CancelledError:
    """Break the connection, so that the caller gets no answer."""
    if request.transport is not None:
        request.transport.abort()
    return asyncio.CancelledError()


async def _body(request: web.Request) -> Any:
    if not request.can_read_body:
        return None
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return None
    if request.content_type == "application/x-www-form-urlencoded":
        return {name: value for name, value in (await request.post()).items() if name not in _SECRET_FIELDS}
    return _json(raw)


def _readable(response: web.StreamResponse) -> Any:
    if (
        isinstance(response, web.Response)
        and isinstance(response.body, bytes)
        and response.content_type == "application/json"
    ):
        value = _json(response.body)
        if is_object(value):
            return {name: value for name, value in value.items() if name not in _SECRET_FIELDS}
        return value
    return None


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")
