"""The three bots that `bot_turns` compares, each in a separate process: they answer every message with one reply.

All check the same token (the stock adapter with the SDK's code, the others with Usher's). `ours` and `bare` make the
same Redis write; `stock` makes none. None requests a token, which saves the stock adapter a request and a
connection to Entra in every turn.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
import uvloop
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.Response]]
Made = tuple[Handler, Callable[[], Awaitable[None]]]
"""A handler, and a function that closes its connections."""

APP_ID = "0b9c2f9a-6f0e-4a53-8a0f-6f2f7d7a1c11"
ISSUER = "https://api.botframework.com"
REPLY = "You said: "


async def ours(redis_url: str, openid_url: str) -> Made:
    from bots.config import BotConfig
    from bots.connector import Connector
    from bots.door import Door
    from bots.inbound import Inbound
    from bots.outbox import Outbox
    from bots.received import Received
    from bots.sdk import Adapter, Turn
    from directory.directory import Directory
    from distribution.distributor import Distributor
    from identity.jwks import Jwks
    from store.connection import open_store

    config = BotConfig(
        app_id=APP_ID,
        app_type="SingleTenant",
        app_secret="-",
        tenant_id=APP_ID,
        login_url="https://localhost",
        openid_url=openid_url,
        token_issuer=ISSUER,
        allow_unauthenticated=True,  # lets it talk to a connector without TLS; a token that is there is checked
        public_url="http://127.0.0.1",
    )
    connector = Connector(config)

    async def reply(turn: Turn) -> None:
        await turn.context.send_activity(REPLY + turn.incoming.text)

    keys, store, adapter = Jwks(), await open_store(redis_url), Adapter(connector, Outbox(connector).patient())

    async def close() -> None:
        await connector.close()
        await keys.close()
        await store.close()

    return Inbound(
        Door(config, keys, Directory(store, Distributor(store))), Received(store), adapter, reply
    ).post, close


async def bare(redis_url: str, openid_url: str) -> Made:
    from identity.jwks import Jwks
    from identity.tokens import bearer, verify
    from store.connection import open_store

    session, keys, store = aiohttp.ClientSession(), Jwks(), await open_store(redis_url)

    async def post(request: web.Request) -> web.Response:
        token = bearer(request.headers.get("Authorization"))
        claims = await verify(token, jwks=keys, openid_url=openid_url, issuers=(ISSUER,), audience=APP_ID)
        activity = await request.json()
        if claims.text("serviceurl") != activity["serviceUrl"]:
            return web.Response(status=401)
        await store.set(f"usher:{{0}}:received:{activity['id']}", "1", ttl_seconds=600, only_if_new=True)
        conversation = activity["conversation"]["id"]
        url = f"{activity['serviceUrl']}/v3/conversations/{conversation}/activities/{activity['id']}"
        answer = {
            "type": "message",
            "text": REPLY + activity["text"],
            "from": activity["recipient"],
            "recipient": activity["from"],
            "conversation": activity["conversation"],
            "replyToId": activity["id"],
        }
        async with session.post(url, json=answer) as reply:
            await reply.read()
        return web.Response()

    async def close() -> None:
        await session.close()
        await keys.close()
        await store.close()

    return post, close


async def stock(_redis_url: str, openid_url: str) -> Made:
    from botbuilder.core import ActivityHandler, TurnContext
    from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
    from botframework.connector.auth import MicrosoftAppCredentials, PasswordServiceClientCredentialFactory

    class Credentials(PasswordServiceClientCredentialFactory):
        async def create_credentials(self, *_given: Any, **_named: Any) -> Any:
            return MicrosoftAppCredentials.empty()

    class Echo(ActivityHandler):
        async def on_message_activity(self, turn_context: TurnContext) -> None:
            await turn_context.send_activity(REPLY + str(turn_context.activity.text))

    # Every endpoint is named: naming one alone leaves the others without a default.
    configuration = SimpleNamespace(
        APP_ID=APP_ID,
        APP_PASSWORD="-",
        CHANNEL_SERVICE=None,
        TO_CHANNEL_FROM_BOT_LOGIN_URL="https://localhost",
        TO_CHANNEL_FROM_BOT_OAUTH_SCOPE="https://api.botframework.com",
        TO_BOT_FROM_CHANNEL_TOKEN_ISSUER=ISSUER,
        OAUTH_URL="https://localhost",
        TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL=openid_url,
        TO_BOT_FROM_EMULATOR_OPENID_METADATA_URL=openid_url,
        CALLER_ID=None,
    )
    authentication = ConfigurationBotFrameworkAuthentication(
        configuration, credentials_factory=Credentials(APP_ID, "-")
    )
    adapter, bot = CloudAdapter(authentication), Echo()

    async def post(request: web.Request) -> web.Response:
        return await adapter.process(request, bot) or web.Response()

    return post, lambda: asyncio.sleep(0)


async def serve(name: str, redis_url: str, openid_url: str) -> None:
    """Listen on a free port, say which on stdout, and serve until stdin closes."""
    app = web.Application()
    handler, close = await {"ours": ours, "bare": bare, "stock": stock}[name](redis_url, openid_url)
    app.router.add_post("/api/messages", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()
    await close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=["ours", "bare", "stock"])
    parser.add_argument("redis_url")
    parser.add_argument("openid_url")
    given = parser.parse_args()
    uvloop.run(serve(given.name, given.redis_url, given.openid_url))
