"""Reads the body of a request, up to a limit."""

from aiohttp import ClientPayloadError, web


class BodyTooLarge(Exception):
    """The body has more bytes than this entry point takes."""


class BodyUnreadable(Exception):
    """The body is not compressed as its Content-Encoding says, or was cut off."""


async def read_body(request: web.Request, most: int) -> bytes:
    """At most `most` bytes, uncompressed. What is announced as longer is not read. Raises BodyTooLarge, BodyUnreadable."""
    if (request.content_length or 0) > most:
        raise BodyTooLarge
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > most:
                raise BodyTooLarge
    except (web.RequestPayloadError, ClientPayloadError):
        raise BodyUnreadable from None
    return bytes(body)
