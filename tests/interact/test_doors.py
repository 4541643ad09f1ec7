"""The HTTP side: what a page learns about a widget, how a session begins, and who is turned away in words."""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from identity.visitors import read_visitor
from interact.limits import Limits
from store.connection import Store
from tests.interact.company import ANNA
from tests.interact.door import QUICK, VISITOR_KEY, Door, open_door
from tests.interact.visitor import SITE

STRANGER = "https://evil.example"


async def widget(door: Door, key: str, *, origin: str | None = SITE) -> tuple[int, Any, Any]:
    """Status, body and headers of the widget's answer."""
    headers = {"Origin": origin} if origin else {}
    async with door.http.get(f"{door.base}/interact/v1/widgets/{key}", headers=headers) as response:
        return response.status, await response.json(), response.headers


async def test_a_page_learns_what_to_show(door: Door) -> None:
    key = door.widgets["garden-advice"]
    status, body, headers = await widget(door, key)
    assert status == 200
    assert body == {
        "key": key,
        "name": "Garden Advice",
        "open": True,
        "missing": [],
        "ask": {"name": "optional", "email": "no"},
        "greeting": "Welcome.",
        "privacy": {"text": "We keep this chat for 30 days.", "url": "", "tick": False},
        "colour": "#2f6f4e",
        "presence": "offline",
    }
    assert headers["Access-Control-Allow-Origin"] == SITE
    assert headers["Vary"] == "Origin"


async def test_presence_is_a_word_about_the_agents(door: Door) -> None:
    await door.available(ANNA)
    _, body, _ = await widget(door, door.widgets["garden-advice"])
    assert body["presence"] == "available"
    _, body, _ = await widget(door, door.widgets["dominique"])
    assert body["presence"] == "offline"


async def test_a_wrong_origin_is_refused_by_name_and_may_not_even_read_that(door: Door) -> None:
    status, body, headers = await widget(door, door.widgets["garden-advice"], origin=STRANGER)
    assert status == 403
    assert body["error"]["code"] == "wrong_origin"
    assert STRANGER in body["error"]["message"]
    assert "Access-Control-Allow-Origin" not in headers
    for origin in (STRANGER, None):
        status, body = await door.visitor(origin=origin).post({"widget": door.widgets["garden-advice"]})
        assert (status, body["error"]["code"]) == (403, "wrong_origin")


async def test_a_wrong_origin_gets_no_socket_either(door: Door) -> None:
    mine = await door.visitor().begin()
    thief = door.visitor(origin=STRANGER)
    thief.token = mine.token
    line = await thief.line()
    await line.send({"type": "hello", "token": mine.token, "after": 0})
    error = await line.expect("error", code="wrong_origin")
    assert STRANGER in error["message"]
    assert await line.ended() == 1008


async def test_any_website_may_use_a_widget_that_says_so(door: Door) -> None:
    for origin in (STRANGER, None):
        visitor = await door.visitor("orders", origin=origin).begin(name="Mia")
        await (await visitor.enter()).said("Hello")


async def test_browsers_may_ask_before_they_post(door: Door) -> None:
    headers = {
        "Origin": SITE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    async with door.http.options(f"{door.base}/interact/v1/sessions", headers=headers) as response:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == SITE
        assert response.headers["Access-Control-Allow-Methods"] == "POST"
        assert response.headers["Access-Control-Allow-Headers"] == "Content-Type"


async def test_a_widget_that_is_none_is_said_to_be_none(door: Door) -> None:
    status, body, _ = await widget(door, "wnobodyatall0000")
    assert (status, body["error"]["code"]) == (404, "no_such_widget")
    status, body = await door.visitor().post({"widget": "wnobodyatall0000"})
    assert (status, body["error"]["code"], body["error"]["field"]) == (404, "no_such_widget", "widget")


async def test_a_session_is_a_conversation_and_a_token_for_it(door: Door) -> None:
    visitor = await door.visitor().begin(
        name="  Mia\n Muster ", email="mia@example.org", page="https://www.fabrikam.example/trees", locale="de-CH",
        privacy_accepted=True,
    )  # fmt: skip
    claims = read_visitor(visitor.token, VISITOR_KEY)
    assert (claims.tenant, claims.conversation) == (door.tenant, visitor.conversation)
    found = await door.conversations.get(door.tenant, visitor.conversation)
    assert found is not None
    assert (found.service, found.customer, found.email) == ("garden-advice", "Mia Muster", "mia@example.org")
    assert (found.page, found.locale) == ("https://www.fabrikam.example/trees", "de-CH")
    assert found.widget == door.widgets["garden-advice"]
    assert found.privacy_at == found.started_at


async def test_a_page_that_is_no_web_address_is_left_out(door: Door) -> None:
    visitor = await door.visitor().begin(page="javascript:alert(1)")
    found = await door.conversations.get(door.tenant, visitor.conversation)
    assert found is not None
    assert found.page == ""


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ({}, "name"),
        ({"name": "   "}, "name"),
        ({"name": None}, "name"),
        ({"name": 7}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "Mia", "email": "not an address"}, "email"),
        ({"name": "Mia", "page": "x" * 2_001}, "page"),
        ({"name": "Mia", "privacy_accepted": "yes"}, "privacy_accepted"),
        ({"name": "Mia", "widget": 7}, "widget"),
        ({"name": "Mia", "widget": ""}, "widget"),
    ],
)
async def test_bad_input_is_answered_with_the_field_at_fault(door: Door, extra: dict[str, Any], field: str) -> None:
    status, body = await door.visitor("orders").post({"widget": door.widgets["orders"], **extra})
    assert (status, body["error"]["field"]) == (400, field)
    assert body["error"]["message"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("de-CH", "de-CH"),
        ("en_US", "en-US"),
        ("en-US@posix", "en-US"),
        ("en_US.UTF-8", "en-US"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("C", ""),
        ("de_CH; drop", ""),
        ("x" * 15_000, ""),
        ("", ""),
        (None, ""),
        (7, ""),
        (["de"], ""),
    ],
)
async def test_a_language_that_is_none_is_no_reason_to_refuse_a_chat(door: Door, sent: Any, kept: str) -> None:
    visitor = await door.visitor().begin(locale=sent)
    found = await door.conversations.get(door.tenant, visitor.conversation)
    assert found is not None
    assert found.locale == kept


async def test_a_page_may_read_why_it_was_refused(door: Door) -> None:
    """A browser gives an answer without CORS headers to nobody: the visitor would read "No connection"."""
    cases: list[tuple[Any, int]] = [
        ({"widget": door.widgets["orders"], "name": "Mia", "email": "mia"}, 400),
        ({"widget": "wnobodyatall0000"}, 404),
        ({"widget": 7}, 400),
        ([], 400),
    ]
    for body, status in cases:
        url, headers = f"{door.base}/interact/v1/sessions", {"Origin": SITE}
        async with door.http.post(url, json=body, headers=headers) as response:
            assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (status, SITE)
            error = (await response.json())["error"]
            assert error["message"]
            assert "field" in error


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://["},
        {"Origin": "http://[", "Sec-WebSocket-Key": "x"},
        {"Host": "["},
        {"Host": "[::1"},
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "deflate"},
        {"Content-Encoding": "br"},
        {"Cookie": b"a=\xff\xfe"},
        {"Authorization": b"Bearer \xff\xfe"},
        {"Origin": b"https://\xff\xfe"},
        {"X-Forwarded-For": b"\xff\xfe, ["},
        {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": b"\xc3\xa4",
        },
        {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": b"\xff" * 24,
        },
        {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "x", "Sec-WebSocket-Key": ""},
    ],
)
@pytest.mark.parametrize("path", ["sessions", "poll", "socket", "widgets/x", "widgets/%ff", "widgets/%00"])
async def test_no_input_is_a_fault_of_ours(door: Door, headers: dict[str, str | bytes], path: str) -> None:
    """Written by hand: no client library sends this."""
    method = "POST" if path in {"sessions", "poll"} else "GET"
    lines = {"Host": "usher.example", "Content-Type": "application/json", "Connection": "close", **headers}
    head = b"".join(
        name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"
        for name, value in lines.items()
    )
    request = f"{method} /interact/v1/{path} HTTP/1.1\r\n".encode() + head + b"Content-Length: 4\r\n\r\n{\xff\xfe}"
    address = urlsplit(door.base)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(request)
    async with asyncio.timeout(15):
        status = int((await reader.readline()).split()[1])
    writer.close()
    assert 400 <= status < 500


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"widget":"\\ud800"}', "application/json", 400),
        (b"[" * 10_000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (json.dumps({"widget": "x" * 20_000}).encode(), "application/json", 413),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_in_words(
    door: Door, body: bytes, content_type: str, status: int
) -> None:
    headers = {"Origin": SITE, "Content-Type": content_type}
    async with door.http.post(f"{door.base}/interact/v1/sessions", data=body, headers=headers) as response:
        assert response.status == status
        assert (await response.json())["error"]["message"]


async def test_a_service_that_cannot_take_chats_says_what_is_missing(door: Door) -> None:
    await door.close_service("orders")
    key = door.widgets["orders"]
    _, body, _ = await widget(door, key)
    assert not body["open"]
    assert body["missing"][0]["message"]
    status, refused = await door.visitor("orders").post({"widget": key, "name": "Mia"})
    assert (status, refused["error"]["code"]) == (409, "closed")
    assert refused["error"]["missing"] == body["missing"]


async def test_rate_limits_hit_real_visitors_with_no_visible_error__chatwoot_8078_4740(
    store: Store, tenant: str
) -> None:
    """Sessions are counted per public address behind our proxies; who is refused is told so, and until when."""
    limits = Limits(sessions_burst=2, sessions_rate=0.1)
    async with open_door(store, tenant, limits=limits, trusted_proxies=["127.0.0.1"]) as door:

        async def ask(address: str) -> int:
            body = {"widget": door.widgets["garden-advice"]}
            status, answer = await door.visitor().post(body, **{"X-Forwarded-For": address})
            if status == 429:
                assert answer["error"]["code"] == "too_many_chats"
                assert 5 < answer["error"]["after_seconds"] <= 10
            return status

        assert [await ask("9.9.9.9") for _ in range(3)] == [201, 201, 429]
        assert await ask("1.1.1.1") == 201
        assert [await ask("10.0.0.7") for _ in range(4)] == [201] * 4, "a network behind one address is nobody"


@pytest.mark.parametrize(
    "limits",
    [
        Limits(widget_sessions_burst=3, widget_sessions_rate=0.01),
        Limits(all_sessions_burst=3, all_sessions_rate=0.01),
    ],
)
async def test_new_chats_are_limited_also_where_no_address_is_counted(
    store: Store, tenant: str, limits: Limits, capsys: pytest.CaptureFixture[str]
) -> None:
    """Behind a proxy that nobody named, everybody has its address: then the widget's limit and the process's hold."""
    async with open_door(store, tenant, limits=limits) as door:
        body = {"widget": door.widgets["garden-advice"]}
        forwarded = {"X-Forwarded-For": "9.9.9.9"}
        asked = [await door.visitor().post(body, **forwarded) for _ in range(4)]
        assert [status for status, _ in asked] == [201, 201, 201, 429]
        assert asked[-1][1]["error"]["code"] == "too_many_chats"
        other = {"widget": door.widgets["orders"], "name": "Mia"}
        assert (await door.visitor().post(other))[0] == (201 if limits.all_sessions_burst > 3 else 429)
    assert capsys.readouterr().out.count("proxy_not_trusted") == 1, "it is said once"


async def test_the_scripts_are_for_every_page(store: Store, tenant: str, tmp_path: Path) -> None:
    (tmp_path / "embed.js").write_text("/* embed */")
    (tmp_path / "fr.js").write_text("/* fr */")
    (tmp_path / "secret.js").write_text("")
    async with open_door(store, tenant, limits=QUICK, static=tmp_path) as door:
        async with door.http.get(f"{door.base}/interact/embed.js") as response:
            assert (response.status, await response.text()) == (200, "/* embed */")
            assert response.content_type == "text/javascript"
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            assert "max-age" in response.headers["Cache-Control"]
            tag = response.headers["ETag"]
        async with door.http.get(f"{door.base}/interact/embed.js", headers={"If-None-Match": tag}) as response:
            assert (response.status, await response.text()) == (304, "")
        (tmp_path / "embed.js").write_text("/* newer */" * 100)
        async with door.http.get(
            f"{door.base}/interact/embed.js",
            headers={"If-None-Match": tag, "Accept-Encoding": "gzip"},
            auto_decompress=False,
        ) as response:
            packed = await response.read()
        assert (response.status, response.headers["Content-Encoding"]) == (200, "gzip")
        assert gzip.decompress(packed) == b"/* newer */" * 100
        assert len(packed) < 100
        async with door.http.get(f"{door.base}/interact/fr.js") as response:
            assert (response.status, await response.text()) == (200, "/* fr */")
        async with door.http.get(f"{door.base}/interact/secret.js") as response:
            assert response.status == 404
        async with door.http.get(f"{door.base}/interact/widget.js") as response:
            assert response.status == 404
            assert "npm run build:widget" in await response.text()
