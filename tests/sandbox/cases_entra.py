"""One way into each row of Entra's table."""

from collections.abc import Awaitable, Callable

from sandbox.entra.codes import LIFETIME_SECONDS, challenge_of
from tests.sandbox.product import Answer, Product

Case = Callable[[Product], Awaitable[Answer]]

CALLBACK = "http://127.0.0.1:3978/auth/callback"
GRANTED = "http://127.0.0.1:3978/auth/granted"
VERIFIER = "a-verifier-that-only-the-app-knows-0123456789"


def sign_in(product: Product, **changed: str) -> dict[str, str]:
    """The parameters of a good sign-in; an empty value leaves one out."""
    query = {
        "client_id": product.client, "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid profile",
        "state": "s1", "nonce": "n1", "code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256", **changed,
    }  # fmt: skip
    return {name: value for name, value in query.items() if value}


async def authorize(product: Product, **changed: str) -> Answer:
    path = f"/{product.tenant}/oauth2/v2.0/authorize"
    return await product.http("GET", path, params=sign_in(product, **changed))


async def authorize_as(product: Product, user: str, **changed: str) -> Answer:
    address = f"{product.core.addresses.http}/{product.tenant}/oauth2/v2.0/authorize"
    return await product.call("POST", address, data={**sign_in(product, **changed), "user": user})


async def code(product: Product) -> str:
    """A code for Anna."""
    answer = await authorize_as(product, "anna@fabrikam.example")
    return answer.headers["Location"].partition("code=")[2].partition("&")[0]


async def redeem(product: Product, code: str, **changed: str) -> Answer:
    form = {
        "grant_type": "authorization_code",
        "scope": "",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    return await product.token(**{**form, **changed})


async def consent(product: Product, answer: str, **changed: str) -> Answer:
    address = f"{product.core.addresses.http}/{product.tenant}/v2.0/adminconsent"
    form = {
        "client_id": product.client, "redirect_uri": GRANTED, "scope": "https://graph.microsoft.com/.default", "state": "s2",
        "answer": answer, **changed,
    }  # fmt: skip
    return await product.call("POST", address, data=form)


async def _tenant(product: Product) -> Answer:
    return await product.call(
        "POST", f"{product.core.addresses.tls}/elsewhere.example/oauth2/v2.0/token", data={"a": "b"}
    )


async def _used(product: Product) -> Answer:
    given = await code(product)
    assert (await redeem(product, given)).status == 200
    return await redeem(product, given)


async def _expired(product: Product) -> Answer:
    given = await code(product)
    clock = product.core.codes.clock
    product.core.codes.clock = lambda: clock() + LIFETIME_SECONDS + 1
    return await redeem(product, given)


async def _verifier(product: Product) -> Answer:
    return await redeem(product, await code(product), code_verifier="another")


async def _reply_address(product: Product) -> Answer:
    return await redeem(product, await code(product), redirect_uri=GRANTED)


CASES: dict[str, Case] = {
    "entra.tenant_unknown": _tenant,
    "entra.parameter_missing": lambda product: product.token(grant_type=""),
    "entra.client_unknown": lambda product: product.token(client_id="00000000-0000-0000-0000-000000000000"),
    "entra.grant_type_unsupported": lambda product: product.token(grant_type="password"),
    "entra.secret_missing": lambda product: product.token(client_secret=""),
    "entra.secret_wrong": lambda product: product.token(client_secret="wrong"),
    "entra.scope_not_default": lambda product: product.token(scope="https://graph.microsoft.com/User.Read"),
    "entra.resource_unknown": lambda product: product.token(scope="https://elsewhere.example/.default"),
    "entra.code_unknown": lambda product: redeem(product, "0.invented"),
    "entra.code_used": _used,
    "entra.code_expired": _expired,
    "entra.verifier_wrong": _verifier,
    "entra.reply_address_other": _reply_address,
    "entra.redirect_unknown": lambda product: authorize(product, redirect_uri="http://127.0.0.1:9/elsewhere"),
    "entra.response_type_unsupported": lambda product: authorize(product, response_type="token"),
    "entra.challenge_bad": lambda product: authorize(product, code_challenge_method="plain"),
    "entra.scope_unknown": lambda product: authorize(product, scope="profile"),
    "entra.user_unknown": lambda product: authorize_as(product, "nobody@fabrikam.example"),
    "entra.login_required": lambda product: authorize(product, prompt="none"),
    "entra.consent_refused": lambda product: consent(product, "refuse"),
    "entra.path_unknown": lambda product: product.entra("GET", "/oauth2/v1.0/authorize"),
    "entra.method_unknown": lambda product: product.entra("GET", "/oauth2/v2.0/token"),
}
