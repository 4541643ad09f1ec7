"""No input yields a 5xx: bytes over a socket of our own, at the running product, because no client library sends such things."""

import asyncio
import json
from collections.abc import Iterator
from itertools import product

import pytest

from tests.story.stage import Stage

NOBODY = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n%s\r\n\r\n"
SECONDS = 20.0
GETS = (b"/", b"/portal/", b"/portal/static/x.js", b"/auth/sign-in", b"/auth/callback?state=x", b"/auth/grant",
        b"/auth/granted?state=x", b"/auth/sign-out", b"/api/v1/me", b"/api/v1/events", b"/api/v1/services/x/agents",
        b"/interact/v1/widgets/x", b"/interact/embed.js", b"/healthz", b"/readyz", b"/metrics")  # fmt: skip
POSTS = (b"/auth/teams", b"/auth/sign-out", b"/api/v1/surface", b"/api/v1/me/duty", b"/interact/v1/sessions",
         b"/api/messages")  # fmt: skip
HEADERS = (
    b"Cookie: usher=\xff\xfe; usher-trip-\xff=\xff",
    b"Cookie: usher=e30.\xff.e30",
    b"Cookie: usher-trip-aaaaaaaaaaaa=gAAAA\xff",
    b"Authorization: Bearer \xff\xfe",
    b"Authorization: Bearer eyJ\xff.e30.e30",
    b"Origin: http://[",
    b"Origin: \xff",
    b"Origin: http://[::1",
    b"Referer: http://[",
    b"Accept-Language: \xff;q=\xff",
    b"X-Forwarded-For: \xff, [",
    b"Sec-Fetch-Site: \xff",
)
HOSTS = (b"[", b"\xff", b"[::1", b"127.0.0.1:x", b"", b"a b")
PATHS = (b"/%ff", b"/portal/static/%ff%00", b"/auth/sign-in?tenant=%ff&next=%ff", b"/auth/callback?state=%ff&error=%ff",
         b"/auth/sign-in?next=http://[", b"/interact/v1/widgets/%ff", b"/api/v1/tasks/%ff/transcript",
         b"/api/v1/events?surface=%ff", b"/auth/sign-in?tenant=%00", b"/auth/sign-in?next=/%ed%a0%80")  # fmt: skip
BODIES = (
    b"\xff\xfe", b"[" * 100_000, b'{"token":' * 20_000, b'{"token": "\\ud800"}', b"9" * 10_000, b"NaN", b"null", b'"\\ud800"',
    b'{"a": 1e999999}', b'{"\\ud800": 1}', b"\x00",
)  # fmt: skip
ENCODINGS = (b"gzip", b"deflate", b"br", b"zstd", b"\xff")


async def status_of(stage: Stage, request: bytes) -> int:
    """What the product answers; 0 if it hangs up without a word, which is an answer as well."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    try:
        writer.write(request)
        async with asyncio.timeout(SECONDS):
            head = await reader.readline()
    except ConnectionError:
        return 0
    finally:
        writer.close()
    return int(head.split(b" ", 2)[1]) if head else 0


def post(path: bytes, body: bytes, *more: bytes) -> bytes:
    head = [b"POST %s HTTP/1.1" % path, b"Host: 127.0.0.1", b"Connection: close", b"x-usher: 1",
            b"Content-Type: application/json", b"Content-Length: %d" % len(body), *more]  # fmt: skip
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def requests() -> Iterator[bytes]:
    for path, header in product(GETS, HEADERS):
        yield NOBODY % (path, header)
    for path, host in product(GETS, HOSTS):
        yield b"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (path, host)
    for path in PATHS:
        yield NOBODY % (path, b"x-usher: 1")
    for path, body in product(POSTS, BODIES):
        yield post(path, body)
    for path, header in product(POSTS, HEADERS):
        yield post(path, b"{}", header)
    for path, encoding in product(POSTS, ENCODINGS):
        yield post(path, b"this is not compressed", b"Content-Encoding: " + encoding)


async def test_no_bytes_make_the_server_fail(stage: Stage) -> None:
    faulty: list[tuple[int, bytes]] = []
    for request in requests():
        status = await status_of(stage, request)
        if status >= 500:
            faulty.append((status, request[:200]))
    assert faulty == []
    async with stage.http.get(f"{stage.app}/readyz") as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/me/duty", {"on": True}),
        ("/me/availability", {"reason": "x"}),
        ("/me/preferences", {"language": "en", "theme": "dark", "notifications": True}),
        ("/surface", {"surface": "x", "hidden": False, "notifications": True}),
        ("/tasks/0mx3ht1mkjmn128wfw38/wrapup", {"codes": ["x"], "tags": ["x"], "note": "x"}),
        ("/tasks/0mx3ht1mkjmn128wfw38/accept", {"offer": "x"}),
        ("/tasks/0mx3ht1mkjmn128wfw38/transfer", {"service": "x", "user": "x"}),
        ("/tasks/0mx3ht1mkjmn128wfw38/priority", {"priority": "x"}),
        ("/tasks/0mx3ht1mkjmn128wfw38/assign", {"user": "x"}),
    ],
)
async def test_half_characters_in_any_field_of_the_portal_are_refused(
    stage: Stage, path: str, fields: dict[str, object]
) -> None:
    portal = await stage.portal("olivia@fabrikam.example")
    method = "PUT" if path == "/me/preferences" else "POST"
    headers = {"x-usher": "1", "Origin": stage.app, "Content-Type": "application/json"}
    for name, value in fields.items():
        half: object = ["\ud800"] if isinstance(value, list) else "\ud800"
        for body in (fields | {name: half}, fields | {name: {"\ud800": 1}}, fields | {"\ud800": 1}):
            text = json.dumps(body)  # as \ud800, in ASCII
            async with portal.http.request(method, f"{stage.app}/api/v1{path}", data=text, headers=headers) as answer:
                assert 400 <= answer.status < 500, (body, answer.status)


async def test_answers_name_no_server(stage: Stage) -> None:
    for path in ("/healthz", "/portal/", "/api/v1/me", "/interact/embed.js", "/nowhere", "/auth/sign-out"):
        async with stage.http.get(f"{stage.app}{path}", allow_redirects=False) as answer:
            assert "Server" not in answer.headers
            assert "Strict-Transport-Security" not in answer.headers  # this installation is on plain http
