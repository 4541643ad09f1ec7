"""Answers of the visitor's HTTP API: JSON, never cached."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from pydantic_core import from_json

from entry.answers import NO_STORE, Refusal
from entry.answers import refused as error_answer
from store.text import half_character_in


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
    made = web.json_response(body, status=status, headers={**headers, **NO_STORE})
    made.enable_compression()
    return made


def refused(refusal: Refusal, headers: Mapping[str, str]) -> web.Response:
    """An error, compressed as well."""
    made = error_answer(refusal, headers)
    made.enable_compression()
    return made
