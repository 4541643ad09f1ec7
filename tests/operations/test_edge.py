"""No input yields a 5xx: bytes over a socket of our own, at the running product, because no client library sends such things."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise, product

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


async def test_bodies_of_the_signed_in_that_are_not_compressed_as_they_say(stage: Stage) -> None:
    portal = await stage.portal("olivia@fabrikam.example")
    cookie = next(cookie.value for cookie in portal.http.cookie_jar if cookie.key == "usher").encode()
    for encoding in ENCODINGS:
        for path in (b"/api/v1/me/duty", b"/api/v1/me/register"):
            asked = post(path, b"this is not compressed", b"Content-Encoding: " + encoding, b"Cookie: usher=" + cookie)
            assert await status_of(stage, asked) == 400, encoding


async def test_answers_name_no_server(stage: Stage) -> None:
    for path in ("/healthz", "/portal/", "/api/v1/me", "/interact/embed.js", "/nowhere", "/auth/sign-out"):
        async with stage.http.get(f"{stage.app}{path}", allow_redirects=False) as answer:
            assert "Server" not in answer.headers
            assert "Strict-Transport-Security" not in answer.headers  # this installation is on plain http


async def test_the_first_use_of_microsoft_holds_up_nobody(stage: Stage) -> None:
    """What blocked the loop since the start is in the log, with its stack on the next line."""
    await stage.company("Ann")
    lines = (stage.folder / "app.log").read_text(errors="replace").splitlines()
    stacks = [stack for line, stack in pairwise(lines) if "loop_blocked" in line]
    lazy = ("load_default_certs", "load_verify_locations", "_new_credential", "_new_client", "msgraph/", "azure/")
    assert [stack for stack in stacks if any(word in stack for word in lazy)] == []
