"""Every fault that platform.md lists for the SDK's token check is refused here, with its reason."""

import asyncio
import base64
import json
import time
from typing import Any

import jwt
import pytest

from identity.jwks import CACHE_SECONDS, LOOK_BACK_SECONDS, LOOKS, QUIET_SECONDS, Jwks, KeysUnavailable
from identity.tokens import BadToken, Claims, bearer, verify
from tests.identity.issuer import AUDIENCE, Clock, Issuer


async def check(issuer: Issuer, jwks: Jwks, token: str) -> Claims:
    return await verify(token, jwks=jwks, openid_url=issuer.openid_url, issuers=[issuer.url], audience=AUDIENCE)


async def test_a_good_token_gives_its_claims_and_what_its_key_may_speak_for(issuer: Issuer, jwks: Jwks) -> None:
    claims = await check(issuer, jwks, issuer.sign("one", tid="t1", roles=["Chat.Create"]))
    assert claims.text("tid") == "t1"
    assert claims.texts("roles") == ("Chat.Create",)
    assert claims.text("nothing") == ""
    assert claims.texts("tid") == ()
    assert claims.endorsements == {"msteams"}


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": int(time.time()) - 3600}, "expired"),
        ({"exp": None}, 'missing the "exp" claim'),
        ({"iss": None}, 'missing the "iss" claim'),
        ({"aud": None}, 'missing the "aud" claim'),
        ({"aud": "somebody-else"}, "another audience"),
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"nbf": int(time.time()) + 3600}, "not valid yet"),
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(
    issuer: Issuer, jwks: Jwks, claims: dict[str, Any], why: str
) -> None:
    with pytest.raises(BadToken, match=why):
        await check(issuer, jwks, issuer.sign("one", **claims))


async def test_clocks_may_differ_by_five_minutes(issuer: Issuer, jwks: Jwks) -> None:
    await check(issuer, jwks, issuer.sign("one", exp=int(time.time()) - 240))


async def test_a_signature_by_another_key_is_refused(issuer: Issuer, jwks: Jwks) -> None:
    with pytest.raises(BadToken, match="signature"):
        await check(issuer, jwks, issuer.sign("one", issuer.new_key("x", published=False)))


async def test_other_algorithms_are_refused(issuer: Issuer, jwks: Jwks) -> None:
    claims = {"iss": issuer.url, "aud": AUDIENCE, "exp": int(time.time()) + 600}
    shared = jwt.encode(claims, "a secret of thirty-two characters", algorithm="HS256", headers={"kid": "one"})
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": "one"})
    for token in (shared, unsigned):
        with pytest.raises(BadToken, match="another algorithm"):
            await check(issuer, jwks, token)


async def test_a_key_that_is_too_short_is_refused(issuer: Issuer, jwks: Jwks) -> None:
    issuer.new_key("short", bits=1024)
    with pytest.warns(jwt.warnings.InsecureKeyLengthWarning):
        token = issuer.sign("short")
    with pytest.raises(BadToken, match="too short"):
        await check(issuer, jwks, token)


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c", "e30.e30.e30", "x" * 20_000, "e30\ud800.e30.e30"])
async def test_what_is_no_token_is_refused_without_asking_anybody(issuer: Issuer, jwks: Jwks, token: str) -> None:
    with pytest.raises(BadToken):
        await check(issuer, jwks, token)
    assert issuer.reads == 0


async def test_a_token_without_a_key_id_is_refused(issuer: Issuer, jwks: Jwks) -> None:
    head, rest = issuer.sign("one").split(".", 1)
    padded = json.loads(base64.urlsafe_b64decode(head + "=="))
    del padded["kid"]
    bare = base64.urlsafe_b64encode(json.dumps(padded).encode()).decode().rstrip("=")
    with pytest.raises(BadToken, match="names no signing key"):
        await check(issuer, jwks, f"{bare}.{rest}")


async def test_a_newly_published_key_works_at_once(issuer: Issuer, jwks: Jwks) -> None:
    await check(issuer, jwks, issuer.sign("one"))
    issuer.new_key("two")
    await check(issuer, jwks, issuer.sign("two"))
    assert issuer.reads == 2


async def test_invented_key_ids_cannot_make_us_hammer_the_issuer(issuer: Issuer, jwks: Jwks, clock: Clock) -> None:
    await check(issuer, jwks, issuer.sign("one"))
    key = issuer.new_key("never", published=False)
    for number in range(30):
        with pytest.raises(BadToken, match="does not publish"):
            await check(issuer, jwks, issuer.sign(f"invented-{number}", key))
    assert issuer.reads == 1 + LOOKS
    issuer.new_key("two")  # Microsoft's rollover comes in the middle of it
    clock.now += LOOK_BACK_SECONDS
    await check(issuer, jwks, issuer.sign("two"))


async def test_keys_are_read_once_for_many_tokens_at_the_same_time(issuer: Issuer, jwks: Jwks) -> None:
    await asyncio.gather(*(check(issuer, jwks, issuer.sign("one")) for _ in range(20)))
    assert issuer.reads == 1


async def test_an_issuer_that_cannot_be_read_is_not_the_tokens_fault(issuer: Issuer, jwks: Jwks, clock: Clock) -> None:
    issuer.status = 503
    answers = await asyncio.gather(
        *(check(issuer, jwks, issuer.sign("one")) for _ in range(20)), return_exceptions=True
    )
    assert {str(answer) for answer in answers} == {f"{issuer.openid_url} answered 503"}
    assert {type(answer) for answer in answers} == {KeysUnavailable}
    assert issuer.reads == 1  # nobody waits for another failure
    issuer.status = 200
    clock.now += QUIET_SECONDS + 1
    await check(issuer, jwks, issuer.sign("one"))


async def test_yesterdays_keys_are_better_than_none(issuer: Issuer, jwks: Jwks, clock: Clock) -> None:
    await check(issuer, jwks, issuer.sign("one"))
    issuer.status = 503
    clock.now += CACHE_SECONDS + 1
    await check(issuer, jwks, issuer.sign("one"))
    assert issuer.reads == 2


ODD: list[dict[str, Any]] = [
    {"keys": {}},
    {"keys": {"keys": []}},
    {"keys": {"keys": "none"}},
    {"keys": {"keys": [{"kid": "one", "kty": "RSA", "n": "!", "e": "!"}]}},
    {"keys": {"error": "try again"}},
    {"openid": {}},
    {"openid": {"jwks_uri": "https://localhost:1/keys"}},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
async def test_an_odd_answer_takes_the_place_of_no_good_keys(
    issuer: Issuer, jwks: Jwks, clock: Clock, odd: dict[str, Any]
) -> None:
    await check(issuer, jwks, issuer.sign("one"))
    issuer.odd = odd
    clock.now += CACHE_SECONDS + 1
    await check(issuer, jwks, issuer.sign("one"))
    issuer.new_key("two")
    with pytest.raises(KeysUnavailable):  # the token may be good
        await check(issuer, jwks, issuer.sign("two"))
    await check(issuer, jwks, issuer.sign("one"))
    issuer.odd = {}
    clock.now += QUIET_SECONDS + 1
    await check(issuer, jwks, issuer.sign("two"))


@pytest.mark.parametrize("odd", ODD, ids=str)
async def test_an_odd_first_answer_is_not_kept(issuer: Issuer, jwks: Jwks, clock: Clock, odd: dict[str, Any]) -> None:
    issuer.odd = odd
    with pytest.raises(KeysUnavailable):
        await check(issuer, jwks, issuer.sign("one"))
    issuer.odd = {}
    clock.now += QUIET_SECONDS + 1
    await check(issuer, jwks, issuer.sign("one"))


async def test_a_document_without_endpoints_is_asked_for_again(issuer: Issuer, jwks: Jwks) -> None:
    await check(issuer, jwks, issuer.sign("one"))
    with pytest.raises(KeysUnavailable, match="endpoints"):
        await jwks.openid(issuer.openid_url)
    ends = {"authorization_endpoint": f"{issuer.url}/authorize", "token_endpoint": f"{issuer.url}/token"}
    issuer.odd = {"openid": {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"} | ends}
    assert (await jwks.openid(issuer.openid_url)).token_endpoint == ends["token_endpoint"]
    issuer.odd = {}
    with pytest.raises(KeysUnavailable):
        await check(issuer, jwks, issuer.sign("two", issuer.new_key("two")))
    assert (await jwks.openid(issuer.openid_url)).token_endpoint == ends["token_endpoint"]


async def test_an_issuer_whose_certificate_we_do_not_know_is_not_believed(issuer: Issuer) -> None:
    distrustful = Jwks()
    try:
        with pytest.raises(KeysUnavailable, match="Certificate"):
            await check(issuer, distrustful, issuer.sign("one"))
    finally:
        await distrustful.close()


def test_a_bearer_header_is_read_or_refused() -> None:
    assert bearer("Bearer abc") == "abc"
    for header in (None, "", "Bearer", "Bearer  ", "Basic abc"):
        with pytest.raises(BadToken):
            bearer(header)
