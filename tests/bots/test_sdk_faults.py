"""The SDK's known faults, each shown on its stock adapter and closed on ours: the same request, two answers.

Not shown on the stock adapter here, because it would ask Microsoft's own servers: a token request for every turn.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botbuilder.core import TurnContext
from botbuilder.schema import Activity
from botframework.connector.auth import BotFrameworkAuthenticationFactory, PasswordServiceClientCredentialFactory

from bots.config import BotConfig, BotRefused
from bots.connector import Connector
from bots.incoming import read
from bots.outbox import Outbox
from bots.sdk import Adapter, Turn, activity_of
from sandbox.values import Json
from store.keys import root
from tests.bots.house import SOON, House, config_of
from tests.bots.stock import adapter_of, stock_bot
from tests.sandbox.product import ANNA
from tests.support import wait_until


@dataclass
class Both:
    """One request, to the stock adapter and to ours."""

    home: House
    stock: str

    async def ask(self, activity: Any, token: str = "valid") -> tuple[int, Json | None, int, Json | None]:
        """Status and body of the stock adapter, then of ours."""
        answers: list[Any] = []
        for address in (self.stock, self.home.address):
            self.home.core.settings.set("bot_endpoint", address)
            sent = await self.home.product.http("POST", "/control/bot/activity", {"activity": activity, "token": token})
            answers += [sent.body["status"], sent.body["body"]]
        self.home.core.settings.set("bot_endpoint", self.home.address)
        return answers[0], answers[1], answers[2], answers[3]


@pytest.fixture
def stack(home: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[ExitStack]:
    # The stock adapter reads keys with `requests`, which takes its authorities from the environment.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", config_of(home.core).ca_file or "")
    with ExitStack() as made:
        yield made


@pytest.fixture
def both(home: House, stack: ExitStack) -> Both:
    return Both(home, stack.enter_context(stock_bot(config_of(home.core))))


async def test_both_take_a_good_activity(both: Both) -> None:
    stock, _, ours, _ = await both.ask(both.home.activity(text="help"))
    assert (stock, ours) == (201, 200)


async def test_an_invoke_is_answered(both: Both) -> None:
    stock, _, ours, answer = await both.ask(both.home.invoke({"usher": "accept"}))
    assert stock == 500
    assert ours == 200
    assert answer is not None
    assert answer["statusCode"] == 200
    assert set(answer) == {"statusCode", "type", "value"}


@pytest.mark.parametrize(
    ("token", "stock_says"),
    [
        ("none", 401),
        ("garbage", 500),
        ("bad-signature", 500),
        ("expired", 500),
        ("hs256", 500),
        ("unknown-kid", 500),
        ("unendorsed", 500),
        ("wrong-audience", 401),
        ("wrong-issuer", 401),
        ("wrong-service-url", 401),
    ],
)
async def test_a_token_that_proves_nothing_is_unauthorized(both: Both, token: str, stock_says: int) -> None:
    stock, _, ours, _ = await both.ask(both.home.activity(text="help"), token)
    assert ours == 401
    assert stock in {stock_says, 500}, "the stock adapter has changed"


async def test_a_token_without_an_end_is_unauthorized(both: Both) -> None:
    stock, _, ours, _ = await both.ask(both.home.activity(text="help"), "no-exp")
    assert (stock, ours) == (201, 401)


async def test_a_body_that_is_no_json_is_a_bad_request(both: Both) -> None:
    stock, _, ours, _ = await both.ask("{not json")
    assert (stock, ours) == (500, 400)


async def test_a_newly_published_key_is_taken_at_once(both: Both) -> None:
    first = await both.ask(both.home.activity(text="help"))
    assert (first[0], first[2]) == (201, 200)
    stock, _, ours, _ = await both.ask(both.home.activity(text="help"), "new-key")
    assert (stock, ours) == (500, 200)


async def test_a_handlers_fault_does_not_make_teams_send_it_again(home: House, stack: ExitStack) -> None:
    async def fails(_context: TurnContext) -> None:
        raise ValueError("a fault")

    both = Both(home, stack.enter_context(stock_bot(config_of(home.core), fails)))
    # Ours fails on something that is stored, but is not what it should be.
    await home.store.set(f"{root(home.tenant)}registrations:{home.tenant}", "not a hash")
    stock, _, ours, _ = await both.ask(home.activity(text="help"))
    assert (stock, ours) == (500, 200)
    invoked = await home.raw(**home.invoke({"usher": "accept"}))
    assert invoked["status"] == 200
    assert "did not work" in invoked["body"]["value"]


async def test_keys_are_read_without_stopping_everything_else(both: Both) -> None:
    home = both.home
    await home.product.order({"operation": "BotFramework.OpenId"}, {"delay_ms": 1500}, times=None)

    async def busy_for(address: str) -> float:
        """Seconds until something else is answered, while the first token is checked."""
        home.core.settings.set("bot_endpoint", address)
        asked = len(home.calls("BotFramework.OpenId"))
        call = {"activity": home.activity(text="help"), "token": "valid"}
        checking = asyncio.create_task(home.product.http("POST", "/control/bot/activity", call))
        await wait_until(lambda: len(home.calls("BotFramework.OpenId")) > asked, SOON, "the look at the keys")
        began = time.monotonic()
        async with home.product.session.get(address) as answer:
            assert answer.status == 405
        took = time.monotonic() - began
        assert (await checking).body["status"] in {200, 201}
        return took

    assert await busy_for(both.stock) > 0.75
    assert await busy_for(home.address) < 0.75


def test_without_credentials_there_is_no_bot() -> None:
    assert asyncio.run(PasswordServiceClientCredentialFactory("", "").is_authentication_disabled())
    good = BotConfig(
        app_id="a",
        app_type="SingleTenant",
        app_secret="s",
        tenant_id="t",
        login_url="https://l",
        openid_url="https://o",
        token_issuer="https://i",
        public_url="https://usher.example.com",
    )
    for name in ("app_id", "app_secret", "tenant_id"):
        with pytest.raises(BotRefused, match=name):
            replace(good, **{name: ""})
    with pytest.raises(BotRefused, match="at home"):
        replace(good, allow_unauthenticated=True)
    with pytest.raises(BotRefused, match="at home"):
        replace(good, allow_unauthenticated=True, public_url="http://127.0.0.1:3978", host="0.0.0.0")
    assert replace(good, allow_unauthenticated=True, public_url="http://127.0.0.1:3978", app_id="").app_id == ""


def test_endpoints_are_given_all_or_none() -> None:
    stock = BotFrameworkAuthenticationFactory.create(to_channel_from_bot_login_url="https://login.example")
    assert vars(stock)["_to_bot_from_channel_open_id_metadata_url"] is None
    with pytest.raises(BotRefused, match="openid_url, token_issuer"):
        BotConfig("a", "SingleTenant", "s", "t", "https://login.example", "", "")


async def test_one_client_for_a_service_url_instead_of_one_for_every_turn(home: House) -> None:
    config = config_of(home.core)
    connector = Connector(config)
    ours = Adapter(connector, Outbox(connector).patient())
    clients: list[Any] = []

    async def note(turn: Turn) -> None:
        clients.append(turn.context.turn_state[Adapter.BOT_CONNECTOR_CLIENT_KEY])

    raw = home.activity(text="help")
    for _ in range(2):
        await ours.run(lambda context: Turn(read(raw), context), raw, {}, note)
    assert clients[0] is clients[1]

    factory: Any = adapter_of(config).bot_framework_authentication.create_connector_factory(
        ours.create_claims_identity(config.app_id)
    )
    stock = [await factory.create(home.core.service_url, "https://api.botframework.com") for _ in range(2)]
    assert stock[0] is not stock[1]

    # What of the SDK uses the client sends over our session, with our one token.
    client = clients[0]
    chat = await home.product.personal_chat(ANNA)
    sent = await client.conversations.send_to_conversation(chat, Activity(type="message", text="Hello"))
    assert sent.id
    assert "Requests" not in sender_of(client)
    assert "Requests" in sender_of(stock[0])
    await connector.close()


def test_a_conversation_has_the_tenant_that_teams_sent() -> None:
    raw = {"type": "message", "conversation": {"id": "19:x", "tenantId": "t"}}
    assert tenant_of(untyped(Activity()).deserialize(raw)) is None
    assert tenant_of(activity_of(raw)) == "t"


def tenant_of(activity: Any) -> str | None:
    return activity.conversation.tenant_id


def sender_of(client: Any) -> str:
    return repr(client.config.pipeline._sender)


def untyped(value: Any) -> Any:
    return value
