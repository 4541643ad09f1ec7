"""Who may speak to the bot: tokens, tenants, and what holds where no token is asked for."""

import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from bots.config import BotConfig
from bots.door import Door, NotHere
from bots.entry import Bot, BotDeps, bot_routes
from directory.model import Tenant
from directory.state import State
from identity.tokens import BadToken
from sandbox.values import Json
from tests.bots.house import House, config_of

EVIL = "https://evil.example"


# Tenants.


async def test_an_organisation_that_does_not_use_usher_is_refused_and_leaves_nothing(home: House) -> None:
    stranger = str(uuid.uuid4())
    before = await home.store.scan("*")
    for kind in ("message", "installationUpdate", "conversationUpdate"):
        answer = await home.raw(**{**home.activity(text="help"), "type": kind, **_from(home, stranger)})
        assert (answer["status"], answer["body"]["error"]["code"]) == (403, "Forbidden")
    assert [key for key in await home.store.scan("*") if key not in before and stranger in key] == []


async def test_an_organisation_whose_company_was_loaded_is_admitted(home: House) -> None:
    other = str(uuid.uuid4())

    def load(before: State) -> State:
        return before.having(tenant=Tenant(id=other, name="Contoso"))

    await home.directory.change(other, load, actor="test")
    assert (await home.raw(**{**home.activity(text="help"), **_from(home, other)}))["status"] == 200


async def test_a_bot_for_several_organisations_has_no_home_that_needs_no_company(home: House) -> None:
    stranger = str(uuid.uuid4())
    config = config_of(home.core, app_type="MultiTenant", tenant_id=stranger)
    async with served(home, config) as address, ClientSession() as session:
        token = home.core.bot_keys.header(home.core.service_url)
        body = {**home.activity(text="help"), **_from(home, stranger)}
        async with session.post(address, json=body, headers={"Authorization": token}) as answer:
            assert answer.status == 403


# Without a token.


async def test_a_local_client_needs_no_token_where_the_loud_setting_allows_it(home: House) -> None:
    closed, opened = config_of(home.core), config_of(home.core, allow_unauthenticated=True)
    assert await Door(opened, home.keys, home.directory).identify(None, origin=None, host="127.0.0.1:3978") is None
    with pytest.raises(BadToken, match="no bearer token"):
        await Door(closed, home.keys, home.directory).identify(None, origin=None, host="127.0.0.1")
    # A token that is there is checked all the same.
    with pytest.raises(BadToken, match="not a token"):
        await Door(opened, home.keys, home.directory).identify("Bearer nonsense", origin=None, host="127.0.0.1")


@pytest.mark.parametrize(
    ("origin", "host"),
    [(EVIL, "127.0.0.1"), ("null", "127.0.0.1"), ("http://[", "127.0.0.1"), (None, "evil.example"), (None, "[")],
)
async def test_a_page_of_a_website_is_answered_nothing(home: House, origin: str | None, host: str) -> None:
    door = Door(config_of(home.core, allow_unauthenticated=True), home.keys, home.directory)
    with pytest.raises(NotHere):
        await door.identify(None, origin=origin, host=host)


async def test_a_page_of_a_website_gets_403_and_changes_nothing(home: House) -> None:
    config = config_of(home.core, allow_unauthenticated=True)
    async with served(home, config) as address, ClientSession() as session:
        local: Json = {**home.activity(text="help"), "serviceUrl": "http://127.0.0.1:9"}
        async with session.post(address, json=local, headers={"Origin": EVIL}) as answer:
            assert answer.status == 403
            assert "Access-Control-Allow-Origin" not in answer.headers
        token = home.core.bot_keys.header(home.core.service_url)
        sent = {"Origin": EVIL, "Authorization": token}
        async with session.post(address, json=home.activity(text="help"), headers=sent) as answer:
            assert answer.status == 403
        async with session.post(address, json=local) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_bots_token_goes_to_no_address_that_no_token_vouched_for(home: House, scheme: str) -> None:
    """The listener would read the token: the bot greets the person who installs it, and answers at once."""
    heard: list[str | None] = []

    async def listen(request: web.Request) -> web.Response:
        heard.append(request.headers.get("Authorization"))
        return web.json_response({"id": "1"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", listen)
    listener = TestServer(app)
    await listener.start_server()
    try:
        config = config_of(home.core, allow_unauthenticated=True)
        async with served(home, config) as address, ClientSession() as session:
            service = str(listener.make_url("/")).replace("http:", f"{scheme}:")
            body = {**home.activity(text="help"), "serviceUrl": service}
            async with session.post(address, json=body) as answer:
                assert answer.status == (200 if scheme == "http" else 403)
    finally:
        await listener.close()
    assert heard == [None] * len(heard)
    assert bool(heard) is (scheme == "http")


@asynccontextmanager
async def served(home: House, config: BotConfig) -> AsyncGenerator[str]:
    """The same house with another bot at its door; the address where it listens."""
    bot = Bot(
        BotDeps(
            config=config,
            distributor=home.distributor,
            conversations=home.conversations,
            directory=home.directory,
            store=home.store,
            keys=home.keys,
            personal=home.personal,
        )
    )
    await bot.start()
    app = web.Application()
    bot_routes(app, bot)
    server = TestServer(app)
    await server.start_server()
    try:
        yield str(server.make_url("/api/messages"))
    finally:
        await server.close()
        await bot.close()


def _from(home: House, tenant: str) -> Json:
    conversation = home.activity(text="help")["conversation"]
    return {"conversation": {**conversation, "tenantId": tenant}, "channelData": {"tenant": {"id": tenant}}}
