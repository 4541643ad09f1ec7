"""The SDK's stock adapter, as its documentation sets it up, in a thread of its own: it blocks its event loop."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from aiohttp import web
from botbuilder.core import ActivityHandler, TurnContext
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication
from botbuilder.schema import AdaptiveCardInvokeResponse
from botframework.connector.auth import MicrosoftAppCredentials, PasswordServiceClientCredentialFactory
from botframework.connector.auth.jwt_token_extractor import JwtTokenExtractor

from bots.config import BotConfig

OnMessage = Callable[[TurnContext], Awaitable[None]]


class _Bot(ActivityHandler):
    def __init__(self, on_message: OnMessage) -> None:
        super().__init__()
        self._on_message = on_message

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        await self._on_message(turn_context)

    async def on_adaptive_card_invoke(self, turn_context: TurnContext, invoke_value: Any) -> AdaptiveCardInvokeResponse:
        card: dict[str, Any] = {"type": "AdaptiveCard", "version": "1.5", "body": []}
        kind = "application/vnd.microsoft.card.adaptive"
        return AdaptiveCardInvokeResponse(status_code=200, type=kind, value=card)


class _Credentials(PasswordServiceClientCredentialFactory):
    """Without a token for what it sends: MSAL would ask Microsoft's own servers about the sandbox's."""

    async def create_credentials(self, *_given: Any, **_named: Any) -> Any:
        return MicrosoftAppCredentials.empty()  # pyright: ignore[reportUnknownMemberType] untyped


def adapter_of(config: BotConfig) -> CloudAdapter:
    configuration = SimpleNamespace(
        APP_ID=config.app_id,
        APP_PASSWORD=config.app_secret,
        CHANNEL_SERVICE=None,
        TO_CHANNEL_FROM_BOT_LOGIN_URL=config.login_url,
        TO_CHANNEL_FROM_BOT_OAUTH_SCOPE="https://api.botframework.com",
        TO_BOT_FROM_CHANNEL_TOKEN_ISSUER=config.token_issuer,
        OAUTH_URL=config.login_url,
        TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL=config.openid_url,
        TO_BOT_FROM_EMULATOR_OPENID_METADATA_URL=config.openid_url,
        CALLER_ID=None,
    )
    authentication = ConfigurationBotFrameworkAuthentication(
        configuration, credentials_factory=_Credentials(config.app_id, config.app_secret)
    )
    return CloudAdapter(authentication)


async def _nothing(_context: TurnContext) -> None:
    pass


@contextmanager
def stock_bot(config: BotConfig, on_message: OnMessage = _nothing) -> Generator[str]:
    """A bot on the stock adapter; its address."""
    JwtTokenExtractor.metadataCache.clear()  # pyright: ignore[reportUnknownMemberType] untyped; it outlives the test before
    started, loop, stopping = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
    address: list[str] = []

    async def serve() -> None:
        adapter, bot = adapter_of(config), _Bot(on_message)
        app = web.Application()

        async def messages(request: web.Request) -> web.Response:
            return await adapter.process(request, bot) or web.Response()

        app.router.add_post("/api/messages", messages)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
        started.set()
        await stopping.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    started.wait()
    try:
        yield f"{address[0]}/api/messages"
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join()
        loop.close()
