"""Problems that only the portal has: a body that does not fit its shape, and how long a page waits for the store."""

from pydantic import ValidationError

from entry.answers import Refusal
from store.text import half_character_in

RETRY_SECONDS = 2
"""How long a page waits while the store is down: Redis restarts within that, and nobody stares at a dead page."""


def bad_body(problem: ValidationError, raw: bytes) -> Refusal:
    """The first thing wrong with a body: its field, and pydantic's words for it."""
    half = half_character_in(raw)
    if half is not None:
        return Refusal(400, "bad_request", "must not contain half a character", field=half or None)
    first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return Refusal(400, "bad_request", first["msg"], field=field or None)
