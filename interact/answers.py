"""Answers of the visitor's HTTP API: JSON, never cached, errors with a code, the field at fault and words for people."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from pydantic_core import from_json

from store.text import half_character_in


class Refusal(Exception):
    """A request that gets no for an answer. `field` names what is wrong with it."""

    def __init__(self, status: int, code: str, message: str, *, field: str | None = None, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"code": code, "field": field, "message": message, **more}


def posted_json(body: bytes) -> Any:
    """What a page has posted. Raises Refusal, which names the field with half a character in it."""
    try:
        return from_json(body)
    except ValueError:
        half = half_character_in(body)
    if half is None:
        raise Refusal(400, "bad_json", "The body is not valid JSON.")
    field = half.partition(".")[0] or None
    raise Refusal(400, "bad_field", "This text has half a character in it.", field=field)


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
