"""What is granted is found out by asking, and the grant page is where Entra says that it is."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest

from graph.client import GraphClient
from graph.consent import GraphConsent
from identity.consent import ConsentUnknown
from identity.jwks import Jwks
from tests.graph.microsoft import CLIENT, GRANTED, TENANT, Microsoft

PUBLIC = GRANTED.removesuffix("/auth/granted")


@pytest.fixture
async def consent(graph: GraphClient, microsoft: Microsoft) -> AsyncIterator[GraphConsent]:
    jwks = Jwks(microsoft.ca_file)
    yield GraphConsent(graph, jwks, public_url=PUBLIC)
    await jwks.close()


async def test_the_grant_page_is_entras_own(consent: GraphConsent, microsoft: Microsoft) -> None:
    address = urlsplit(await consent.grant_url(TENANT, "a-state"))
    assert f"{address.scheme}://{address.netloc}" == microsoft.http
    assert address.path == f"/{TENANT}/v2.0/adminconsent"
    assert parse_qs(address.query) == {
        "client_id": [CLIENT],
        "scope": ["https://graph.microsoft.com/.default"],
        "redirect_uri": [GRANTED],
        "state": ["a-state"],
    }


async def test_an_admin_grants_and_it_is_seen_at_once(consent: GraphConsent, microsoft: Microsoft) -> None:
    await microsoft.control("POST", "consent", granted=["Chat.Create"])
    before = await consent.granted(TENANT)
    assert [grant.name for grant in before if grant.granted] == ["Chat.Create"]
    assert all(grant.why for grant in before)
    page = await consent.grant_url(TENANT, "a-state")
    form = {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()} | {"answer": "grant"}
    async with microsoft.session.post(page.partition("?")[0], data=form, allow_redirects=False) as answer:
        assert answer.headers["Location"].startswith(GRANTED)
    assert all(grant.granted for grant in await consent.granted(TENANT))


async def test_a_permission_withdrawn_later_is_seen_at_once(consent: GraphConsent, microsoft: Microsoft) -> None:
    assert all(grant.granted for grant in await consent.granted(TENANT))
    await microsoft.control("POST", "consent", granted=[])
    assert not any(grant.granted for grant in await consent.granted(TENANT))


async def test_a_tenant_that_never_heard_of_the_app_has_granted_nothing(
    consent: GraphConsent, microsoft: Microsoft
) -> None:
    await microsoft.fault("Entra.Token", status=400, code="unauthorized_client/700016", message="x")
    assert not any(grant.granted for grant in await consent.granted(TENANT))


async def test_a_wrong_secret_is_not_a_missing_grant(microsoft: Microsoft) -> None:
    client, jwks = microsoft.client(secret="wrong"), Jwks(microsoft.ca_file)
    try:
        with pytest.raises(ConsentUnknown, match="client secret is wrong"):
            await GraphConsent(client, jwks, public_url=PUBLIC).granted(TENANT)
    finally:
        await client.close()
        await jwks.close()


async def test_entra_away_is_said_in_words(consent: GraphConsent, microsoft: Microsoft) -> None:
    await microsoft.fault("Entra.Token", status=503)
    with pytest.raises(ConsentUnknown, match="does not answer"):
        await consent.granted(TENANT)
    await microsoft.fault("Entra.OpenId", status=503)
    with pytest.raises(ConsentUnknown, match="does not answer"):
        await consent.grant_url(TENANT, "a-state")
