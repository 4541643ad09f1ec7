"""Answers of the visitor's HTTP API: JSON, never cached, errors with a code, the field at fault and words for people."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web


class Refusal(Exception):
    """A request that gets no for an answer. `field` names what is wrong with it."""

    def __init__(self, status: int, code: str, message: str, *, field: str | None = None, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"code": code, "field": field, "message": message, **more}


def answer(body: Any, headers: Mapping[str, str], *, status: int = 200) -> web.Response:
    """A JSON answer, compressed where the client takes that: a page's owner pays for every byte."""
    made = web.json_response(body, status=status, headers={**headers, "Cache-Control": "no-store"})
    made.enable_compression()
    return made


def refused(refusal: Refusal, headers: Mapping[str, str]) -> web.Response:
    """An error; `after_seconds` in it becomes Retry-After."""
    after = refusal.error.get("after_seconds")
    retry = {"Retry-After": str(int(after) + 1)} if after is not None else {}
    return answer({"error": refusal.error}, {**headers, **retry}, status=refusal.status)
