"""Errors of all HTTP APIs in one envelope, `{"error": {code, field, message, …}}`, and headers that several answers have."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from aiohttp import web

NO_STORE: Final[Mapping[str, str]] = MappingProxyType({"Cache-Control": "no-store"})

PAGE_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # With no referrer at all, a form of ours would say that it comes from nowhere (`Origin: null`).
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
)
"""What every HTML page of ours has; each sets its own Content-Security-Policy."""


class Refusal(Exception):
    """A request that is answered with an error.

    `code` is for programs, `message` for people, in their language where it is known. `field` names what is wrong with the
    request. `more` joins them in the envelope; `after_seconds` also becomes Retry-After.
    """

    def __init__(self, status: int, code: str, message: str, *, field: str | None = None, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.field = field
        self.message = message
        self.more = more


def refused(refusal: Refusal, headers: Mapping[str, str] | None = None) -> web.Response:
    """The answer to a request that is refused; never cached."""
    error = {"code": refusal.code, "field": refusal.field, "message": refusal.message, **refusal.more}
    after = refusal.more.get("after_seconds")
    retry = {"Retry-After": str(int(after) + 1)} if after is not None else {}
    return web.json_response({"error": error}, status=refusal.status, headers={**(headers or {}), **retry, **NO_STORE})


def problem(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """The same, where no exception leads to it."""
    return refused(Refusal(status, code, message), headers)
