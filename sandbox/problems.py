"""Converts refusals to responses, each in the error format of its service."""

import uuid
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.clock import iso, now
from sandbox.tables import TABLE, Refusal


class Problem(Exception):
    """A refusal from the table, raised by a handler."""

    def __init__(self, row: Refusal, message: str, headers: Mapping[str, str]) -> None:
        super().__init__(f"{row.name}: {message}")
        self.row = row
        self.message = message
        self.headers = headers


def refuse(name: str, *, headers: Mapping[str, str] | None = None, **words: object) -> Problem:
    """Return the refusal of this name, with its message filled in, to be raised."""
    row = TABLE[name]
    return Problem(row, row.message.format_map(words), headers or {})


def door_of(path: str) -> str:
    """Which of Microsoft's services an address belongs to; it decides the format of errors."""
    if path.startswith("/v1.0/"):
        return "graph"
    if path.startswith("/smba/"):
        return "connector"
    if path.startswith(("/teams", "/control", "/shop", "/sandbox-static")) or path == "/":
        return "teams"
    return "entra"


def answer(problem: Problem) -> web.Response:
    """The response for a refusal."""
    door = problem.row.name.partition(".")[0]
    return error_response(door, problem.row.status, problem.row.code, problem.message, problem.headers)


def error_response(door: str, status: int, code: str, message: str, headers: Mapping[str, str]) -> web.Response:
    """An error in the service's format."""
    request_id = str(uuid.uuid4())
    match door:
        case "entra":
            body = entra_error(code, message, request_id)
        case "graph":
            date = iso(now())[:19]
            inner = {"date": date, "request-id": request_id, "client-request-id": request_id}
            body = {"error": {"code": code, "message": message, "innerError": inner}}
            headers = {**headers, "request-id": request_id, "client-request-id": request_id}
        case "connector" if not code:
            body = {"message": message}
        case _:
            body = {"error": {"code": code, "message": message}}
    return web.json_response(body, status=status, headers=headers)


def entra_error(code: str, message: str, request_id: str) -> dict[str, Any]:
    """Entra's shape; `code` is `error/number`."""
    error, _, number = code.partition("/")
    at = iso(now())[:19].replace("T", " ") + "Z"
    text = f"AADSTS{number}: {message} Trace ID: {request_id} Correlation ID: {request_id} Timestamp: {at}"
    return {
        "error": error, "error_description": text, "error_codes": [int(number)] if number.isdigit() else [],
        "timestamp": at, "trace_id": request_id, "correlation_id": request_id,
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }  # fmt: skip
