"""The line to the bot: signed, sent again when no answer comes, and as bad as a test wants it."""

import asyncio

import jwt
import pytest

from sandbox.keys import new_key
from sandbox.teams.bot_keys import ISSUER, KINDS, BotKeys
from tests.sandbox.product import ACCEPT, ANNA, Product, card
from tests.support import wait_until

TEXT = "application/vnd.microsoft.activity.message"


async def test_an_activity_is_signed_for_the_bot_and_for_its_service_url(product: Product) -> None:
    await product.personal_chat()
    await wait_until(lambda: product.bot.headers, 5, "an activity arrives")
    token = product.bot.headers[0].removeprefix("Bearer ")
    published = (await product.call("GET", f"{product.core.addresses.tls}/v1/.well-known/keys")).body["keys"]
    key = next(key for key in published if key["kid"] == jwt.get_unverified_header(token)["kid"])
    claims = jwt.decode(token, jwt.PyJWK(key), ["RS256"], audience=product.client, issuer=ISSUER)
    assert claims["serviceurl"] == product.bot.activities[0]["serviceUrl"]


async def test_a_5xx_brings_the_same_activity_again(product: Product) -> None:
    product.core.bot_line.resend_after_seconds = (0.01, 0.01)
    chat = await product.made_chat(ANNA)
    product.bot.reply = lambda _: (500, None) if len(product.bot.got("message")) == 1 else (200, None)
    await product.teams("POST", f"/chats/{chat}/messages", {"text": "Hello"})
    await product.teams("POST", f"/chats/{chat}/messages", {"text": "again"})
    await wait_until(
        lambda: len(product.bot.got("message")) == 3, 5, "the first message arrives twice, then the second"
    )
    first, second, third = product.bot.got("message")
    assert (first["id"], third["text"]) == (second["id"], "again")


async def test_silence_counts_as_no_answer(product: Product) -> None:
    line = product.core.bot_line
    line.answer_seconds, line.resend_after_seconds = 0.05, (0.01,)
    product.bot.hold = asyncio.Event()
    chat = await product.made_chat(ANNA)
    await product.teams("POST", f"/chats/{chat}/messages", {"text": "Hello"})
    await wait_until(lambda: len(product.bot.activities) >= 2, 5, "an activity is sent again after silence")
    assert product.bot.activities[0]["id"] == product.bot.activities[1]["id"]


async def test_a_bot_that_is_away_gets_what_it_missed(product: Product) -> None:
    here = str(product.core.settings.get("bot_endpoint"))
    await product.http("PUT", "/control/bot-endpoint", {"url": "http://127.0.0.1:9/api/messages"})
    product.core.bot_line.resend_after_seconds = (0.2,) * 20
    chat = await product.made_chat(ANNA)
    await product.teams("POST", f"/chats/{chat}/messages", {"text": "Hello"})
    await product.http("PUT", "/control/bot-endpoint", {"url": here})
    await wait_until(lambda: product.bot.got("message"), 5, "the message arrives")


async def test_a_click_that_got_no_answer_is_sent_again_and_then_given_up(product: Product) -> None:
    product.core.bot_line.resend_invoke_after_seconds = (0.01,)
    chat = await product.made_chat(ANNA)
    message = await product.sent_card(chat, card(ACCEPT))
    product.bot.reply = lambda _: (500, None)
    answer = await product.click(chat, message, ACCEPT)
    assert (answer.body["kind"], answer.body["status"]) == ("error", 500)
    first, second = product.bot.got("invoke")
    assert first["id"] == second["id"]


async def test_an_answer_can_get_lost_so_that_the_activity_comes_again_with_a_new_id(product: Product) -> None:
    product.core.bot_line.resend_invoke_after_seconds = (0.01,)
    chat = await product.made_chat(ANNA)
    message = await product.sent_card(chat, card(ACCEPT))
    product.bot.reply = lambda _: (200, {"statusCode": 200, "type": TEXT, "value": "Done"})
    await product.order({"operation": "Bot.invoke"}, {"drop": "after", "new_id": True})
    assert (await product.click(chat, message, ACCEPT)).body["kind"] == "message"
    first, second = product.bot.got("invoke")
    assert first["id"] != second["id"]
    assert first["value"] == second["value"]


async def test_an_activity_can_come_twice(product: Product) -> None:
    chat = await product.made_chat(ANNA)
    await product.order({"operation": "Bot.message"}, {"duplicate": True})
    await product.teams("POST", f"/chats/{chat}/messages", {"text": "Hello"})
    await wait_until(lambda: len(product.bot.got("message")) == 2, 5, "the message arrives twice")
    first, second = product.bot.got("message")
    assert first == second


async def test_any_activity_can_be_sent_with_any_token(product: Product) -> None:
    product.bot.reply = lambda _: (418, {"short": "stout"})
    for kind in ("valid", "none"):
        answer = await product.http("POST", "/control/bot/activity", {"activity": {"type": "message"}, "token": kind})
        assert answer.body == {"status": 418, "body": {"short": "stout"}}
    assert product.bot.headers[0].startswith("Bearer ey")
    assert product.bot.headers[1] == ""
    assert (await product.http("POST", "/control/bot/activity", {"activity": {}, "token": "golden"})).code == "BadBody"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "none"])
def test_each_bad_token_is_bad_in_one_way(kind: str) -> None:
    """Held against a verifier that does all that Microsoft asks of a bot."""
    service_url = "https://localhost/smba/"
    keys = BotKeys(new_key(), "the-bot")
    token = (keys.header_of_kind(kind, service_url) or "").removeprefix("Bearer ")
    assert _faults(keys, token, service_url) == {
        "valid": [], "new-key": [], "expired": ["ExpiredSignatureError"], "no-exp": ["MissingRequiredClaimError"],
        "bad-signature": ["InvalidSignatureError"], "hs256": ["InvalidAlgorithmError"], "unknown-kid": ["unknown key"],
        "unendorsed": ["not endorsed"], "wrong-audience": ["InvalidAudienceError"], "wrong-issuer": ["InvalidIssuerError"],
        "wrong-service-url": ["other service url"], "garbage": ["DecodeError"],
    }[kind]  # fmt: skip


def _faults(keys: BotKeys, token: str, service_url: str) -> list[str]:
    try:
        kid = jwt.get_unverified_header(token)["kid"]
        published = {key["kid"]: key for key in keys.published()}
        if kid not in published:
            return ["unknown key"]
        claims = jwt.decode(
            token,
            jwt.PyJWK(published[kid]),
            ["RS256"],
            audience="the-bot",
            issuer=ISSUER,
            leeway=300,
            options={"require": ["exp"]},
        )
    except jwt.PyJWTError as problem:
        return [type(problem).__name__]
    found = [] if claims["serviceurl"] == service_url else ["other service url"]
    return found if "msteams" in published[kid]["endorsements"] else [*found, "not endorsed"]
