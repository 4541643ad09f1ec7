"""The way out of a company's network: Entra, Graph, the Connector and their keys are called through its proxy."""

from collections.abc import AsyncIterator, Iterator

import pytest

from bots.config import BotConfig
from bots.connector import Connector
from graph.client import GraphClient
from graph.errors import GraphProblem
from identity.jwks import Jwks
from identity.proxies import Proxies
from identity.tls import go_through
from tests.graph.microsoft import CLIENT, SECRET, TENANT, Microsoft, play
from tests.identity.proxy import playing_proxy

OLIVIA = "a1f6a7b0-0005-4c1b-9a55-000000000005"


@pytest.fixture(scope="module", autouse=True)
def straight_again() -> Iterator[None]:
    yield
    go_through(Proxies())


@pytest.fixture
async def microsoft(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Microsoft]:
    async with play(tmp_path_factory.mktemp("microsoft")) as playing:
        yield playing


async def call_everybody(microsoft: Microsoft) -> None:
    """One call by each part of the product that goes out."""
    jwks, graph = Jwks(microsoft.ca_file), microsoft.client()
    connector = Connector(bot(microsoft))
    try:
        await jwks.openid(f"{microsoft.tls}/{TENANT}/v2.0/.well-known/openid-configuration")
        person = await graph.person(TENANT, OLIVIA)
        assert person is not None
        reply = await connector.call("GET", f"{microsoft.tls}/smba/{TENANT}/v3/conversations/none/members")
        assert reply.status in {400, 403, 404}
    finally:
        await connector.close()
        await graph.close()
        await jwks.close()


def bot(microsoft: Microsoft) -> BotConfig:
    return BotConfig(
        app_id=CLIENT,
        app_type="SingleTenant",
        app_secret=SECRET,
        tenant_id=TENANT,
        login_url=microsoft.tls,
        openid_url=f"{microsoft.tls}/v1/.well-known/openidconfiguration",
        token_issuer="https://api.botframework.com",
        ca_file=microsoft.ca_file,
        allow_unauthenticated=False,
        teams_app_id=CLIENT,
        public_url="https://usher.example.com",
    )


async def test_all_that_goes_out_goes_through_the_proxy(microsoft: Microsoft) -> None:
    async with playing_proxy() as proxy:
        go_through(Proxies.read(proxy.address, ""))
        await call_everybody(microsoft)
        # Entra for Graph's token, Graph, Entra for the bot's token and the Connector (one connection), the documents.
        assert set(proxy.asked) == {microsoft.tls.removeprefix("https://")}
        assert len(proxy.asked) >= 4


async def test_what_no_proxy_names_is_called_straight(microsoft: Microsoft) -> None:
    async with playing_proxy() as proxy:
        go_through(Proxies.read(proxy.address, "example.com, localhost"))
        await call_everybody(microsoft)
        assert proxy.asked == []


async def test_a_proxy_with_a_password_gets_it_and_nobody_else_sees_it(
    microsoft: Microsoft, caplog: pytest.LogCaptureFixture
) -> None:
    async with playing_proxy("olga:p@ss word") as proxy:
        with_password = proxy.address.replace("http://", "http://olga:p%40ss%20word@")
        go_through(Proxies.read(with_password, ""))
        await call_everybody(microsoft)
        assert proxy.asked
        proxy.asked.clear()
        go_through(Proxies.read(with_password.replace("word@", "wrong@"), ""))
        said = await refusal(microsoft.client())
        assert proxy.refused
        assert proxy.asked == []
        assert "p@ss" not in said + caplog.text
        assert "p%40ss" not in said + caplog.text
    assert "p@ss" not in repr(Proxies.read(with_password, ""))


async def test_a_proxy_that_is_away_is_a_fault_of_the_path(microsoft: Microsoft) -> None:
    async with playing_proxy() as proxy:
        pass
    go_through(Proxies.read(proxy.address, ""))
    assert "UNAVAILABLE" in (await refusal(microsoft.client())).upper()


async def refusal(graph: GraphClient) -> str:
    try:
        with pytest.raises(GraphProblem) as caught:
            await graph.tenant(TENANT).person(OLIVIA)
    finally:
        await graph.close()
    return f"{caught.value!r} {caught.value} {caught.value.kind} {caught.value.__cause__!r}"


@pytest.mark.parametrize(
    ("no_proxy", "host", "port", "straight"),
    [
        ("localhost", "localhost", 443, True),
        ("example.com", "example.com", 443, True),
        ("example.com", "login.example.com", 443, True),
        (".example.com", "login.example.com", 443, True),
        ("*.example.com", "login.example.com", 443, True),
        ("example.com", "badexample.com", 443, False),
        ("EXAMPLE.com", "Example.COM.", 443, True),
        ("example.com:8443", "example.com", 8443, True),
        ("example.com:8443", "example.com", 443, False),
        ("10.0.0.0/8", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "11.1.2.3", 443, False),
        ("::1", "::1", 443, True),
        ("[::1]:443", "::1", 443, True),
        ("a b,c", "c", 443, True),
        ("*", "graph.microsoft.com", 443, True),
        ("", "graph.microsoft.com", 443, False),
    ],
)
def test_whom_no_proxy_names(no_proxy: str, host: str, port: int, straight: bool) -> None:
    proxy = "http://proxy.example.com:3128"
    assert Proxies.read(proxy, no_proxy).proxy_for(host, port) == ("" if straight else proxy)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("http://proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("http://user:word@proxy.example.com", "http://proxy.example.com:80"),
        ("https://proxy.example.com/", "https://proxy.example.com:443"),
        ("", ""),
    ],
)
def test_how_a_proxy_may_be_written(written: str, address: str) -> None:
    assert Proxies.read(written, "").address == address


@pytest.mark.parametrize("written", ["socks5://proxy:1080", "http://", "http://proxy/path", "http://proxy:99999"])
def test_what_is_no_proxy(written: str) -> None:
    with pytest.raises(ValueError, match="must"):
        Proxies.read(written, "")
