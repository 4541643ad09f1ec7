"""Entra: tokens that a product can verify, sign-in, and an admin's consent."""

import base64
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from tests.sandbox.cases_entra import CALLBACK, VERIFIER, authorize, authorize_as, code, consent, redeem
from tests.sandbox.product import ANNA, Answer, Product


async def key_of(product: Product, token: str) -> jwt.PyJWK:
    """The published key that signed a token, found as a product finds it: by the configuration document."""
    document = (await product.entra("GET", "/v2.0/.well-known/openid-configuration")).body
    published = (await product.call("GET", document["jwks_uri"])).body
    kid = jwt.get_unverified_header(token)["kid"]
    return jwt.PyJWK(next(key for key in published["keys"] if key["kid"] == kid))


def query_of(answer: Answer) -> dict[str, str]:
    assert answer.status == 302, answer
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


async def test_an_app_token_for_graph_carries_what_was_granted(product: Product) -> None:
    answer = await product.token()
    token = answer.body["access_token"]
    claims = jwt.decode(token, await key_of(product, token), ["RS256"], audience="https://graph.microsoft.com")
    assert claims["roles"] == list(product.core.world.app.granted)
    assert claims["tid"] == product.tenant
    assert claims["appid"] == product.client
    recorded = str((await product.http("GET", "/control/requests")).body)
    assert "client_credentials" in recorded
    assert product.secret not in recorded
    assert token not in recorded


async def test_without_consent_a_token_has_no_roles(product: Product) -> None:
    await product.http("POST", "/control/consent", {"granted": []})
    token = (await product.token()).body["access_token"]
    assert "roles" not in jwt.decode(token, options={"verify_signature": False})
    assert (await product.http("GET", "/control/consent")).body == {"granted": []}


async def test_the_secret_may_come_in_a_basic_header(product: Product) -> None:
    header = {"Authorization": "Basic " + base64.b64encode(f"{product.client}:{product.secret}".encode()).decode()}
    form = {"grant_type": "client_credentials", "scope": "https://api.botframework.com/.default"}
    answer = await product.entra("POST", "/oauth2/v2.0/token", data=form, headers=header)
    assert answer.status == 200


async def test_somebody_signs_in_with_pkce_and_nonce(product: Product) -> None:
    page = await authorize(product)
    assert "Anna Meier" in page.body
    back = query_of(await authorize_as(product, "anna@fabrikam.example"))
    assert back["state"] == "s1"
    answer = await redeem(product, back["code"])
    token = answer.body["id_token"]
    issuer = (await product.entra("GET", "/v2.0/.well-known/openid-configuration")).body["issuer"]
    claims = jwt.decode(token, await key_of(product, token), ["RS256"], audience=product.client, issuer=issuer)
    assert (claims["oid"], claims["preferred_username"], claims["name"]) == (
        ANNA,
        "anna@fabrikam.example",
        "Anna Meier",
    )
    assert claims["nonce"] == "n1"


async def test_a_login_hint_leaves_the_choice_out_unless_the_app_wants_it(product: Product) -> None:
    assert "code" in query_of(await authorize(product, login_hint=ANNA))
    assert (await authorize(product, login_hint=ANNA, prompt="select_account")).status == 200


async def test_form_post_sends_the_code_by_a_form(product: Product) -> None:
    answer = await authorize_as(product, "anna@fabrikam.example", response_mode="form_post")
    assert answer.status == 200
    assert f'action="{CALLBACK}"' in answer.body
    assert 'name="code"' in answer.body


async def test_what_comes_with_the_address_is_never_markup(product: Product) -> None:
    page = await authorize(product, state='"><script>alert(1)</script>')
    assert "<script>alert" not in page.body


async def test_a_code_belongs_to_its_verifier(product: Product) -> None:
    given = await code(product)
    assert (await redeem(product, given, code_verifier="")).code == "invalid_grant/501481"
    assert (await redeem(product, given, code_verifier=VERIFIER)).status == 200


async def test_an_admin_grants_what_the_app_asks_for(product: Product) -> None:
    await product.http("POST", "/control/consent", {"granted": ["Chat.Create"]})
    path = f"/{product.tenant}/v2.0/adminconsent"
    asked = {"client_id": product.client, "redirect_uri": "http://127.0.0.1:3978/auth/granted",
             "scope": "https://graph.microsoft.com/.default", "state": "s2"}  # fmt: skip
    page = await product.http("GET", path, params=asked)
    assert "Presence.Read.All" in page.body
    back = query_of(await consent(product, "grant"))
    assert back == {"admin_consent": "True", "tenant": product.tenant, "state": "s2", "scope": asked["scope"]}
    assert (await product.http("GET", "/control/consent")).body == {"granted": list(product.core.world.app.required)}


async def test_a_refusal_carries_admin_consent_too(product: Product) -> None:
    back = query_of(await consent(product, "refuse"))
    assert (back["error"], back["admin_consent"], back["state"]) == ("access_denied", "True", "s2")


async def test_sign_out_goes_back_only_to_the_app(product: Product) -> None:
    path = f"/{product.tenant}/oauth2/v2.0/logout"
    home = {"post_logout_redirect_uri": "http://127.0.0.1:3978/portal/"}
    assert (await product.http("GET", path, params=home)).headers["Location"] == home["post_logout_redirect_uri"]
    assert (
        await product.http("GET", path, params={"post_logout_redirect_uri": "https://elsewhere.example"})
    ).status == 200


@pytest.mark.parametrize("address", ["/common/discovery/instance", "/v1/.well-known/openidconfiguration"])
async def test_discovery(product: Product, address: str) -> None:
    document = (await product.call("GET", product.core.addresses.tls + address)).body
    following = document.get("tenant_discovery_endpoint") or document["jwks_uri"]
    assert (await product.call("GET", following)).status == 200


async def test_the_bot_frameworks_keys_name_the_channels_they_speak_for(product: Product) -> None:
    document = (await product.call("GET", f"{product.core.addresses.tls}/v1/.well-known/openidconfiguration")).body
    keys = (await product.call("GET", document["jwks_uri"])).body["keys"]
    assert ["msteams" in key["endorsements"] for key in keys] == [True]
    kid = (await product.http("POST", "/control/bot/rotate-key")).body["kid"]
    keys = (await product.call("GET", document["jwks_uri"])).body["keys"]
    assert [key["kid"] for key in keys][1:] == [kid]
