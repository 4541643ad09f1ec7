"""What comes in at `POST /api/messages`, and what a fault gets."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st

from bots.inbound import MAX_BYTES
from bots.incoming import Incoming, Malformed, read
from sandbox.values import Json
from store.connection import Store, open_store
from store.keys import root
from tests.bots.house import SOON, House, house
from tests.sandbox.product import ANNA, Product
from tests.support import wait_until, with_halves

GOOD: Json = {
    "type": "message",
    "id": "1700000000000",
    "serviceUrl": "https://smba.example/emea/",
    "channelId": "msteams",
    "from": {"id": "29:1anna", "name": "Anna Meier", "aadObjectId": "A1F6A7B0-0001-4C1B-9A55-000000000001"},
    "conversation": {
        "id": "19:x@thread.v2",
        "conversationType": "groupChat",
        "tenantId": "5F1C0F3E-8F4A-4F0E-9B7E-2D6A1C3B4E5F",
    },
    "recipient": {"id": "28:bot", "name": "Usher"},
    "text": "Hello",
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": None},
        {"type": 7},
        {"id": ""},
        {"id": "with a space"},
        {"id": "x" * 600},
        {"serviceUrl": "ftp://smba.example"},
        {"serviceUrl": None},
        {"channelId": None},
        {"from": None},
        {"from": "Anna"},
        {"from": {"name": "Anna"}},
        {"conversation": {}},
        {"conversation": {"id": "19:x@thread.v2"}, "channelData": None},
        {"conversation": {"id": "19:x@thread.v2", "tenantId": "not-a-tenant"}},
        {"text": ["Hello"]},
        {"attachments": "x"},
        {"attachments": ["x"]},
        {"entities": [{"type": "mention", "mentioned": "me"}]},
        {"channelData": [1]},
        {"membersAdded": [None]},
    ],
)
async def test_a_malformed_activity_is_a_bad_request(home: House, wrong: Json) -> None:
    with pytest.raises(Malformed):
        read({**GOOD, **wrong})
    answer = await home.raw(**{**home.activity(text="help"), **wrong})
    assert answer["status"] == 400
    assert answer["body"]["error"]["code"] == "BadRequest"


@pytest.mark.parametrize(
    "body", ["", "[]", '"text"', "null", "[" * 100_000, '{"type": "message"', b"\xff\xfe".decode("latin-1")]
)
async def test_a_body_that_is_no_object_is_a_bad_request(home: House, body: str) -> None:
    answer = await home.product.http("POST", "/control/bot/activity", {"activity": body, "token": "valid"})
    assert answer.body["status"] == 400


@pytest.mark.parametrize("kind", ["message", "invoke", "installationUpdate", "conversationUpdate"])
async def test_half_characters_anywhere_in_an_activity_are_no_fault_of_ours(home: House, kind: str) -> None:
    """Signed, as Teams would: `\\ud800` in JSON is ASCII, and no store takes what it stands for."""
    token = home.core.bot_keys.header(home.core.service_url)
    more: Json = {
        "message": {
            "text": "help",
            "textFormat": "plain",
            "attachments": [{"contentType": "text/html", "content": "x"}],
        },
        "invoke": {
            "name": "adaptiveCard/action",
            "value": {"action": {"type": "Action.Execute", "verb": "x", "data": {"usher": "x", "task": "x"}}},
        },
        "installationUpdate": {"action": "add"},
        "conversationUpdate": {"membersAdded": [{"id": "29:x", "name": "x"}], "membersRemoved": [{"id": "29:y"}]},
    }[kind]
    answers: list[tuple[int, str]] = []
    async with ClientSession() as session:
        for body in with_halves({**home.activity(kind=kind), **more}):
            async with session.post(home.address, data=json.dumps(body), headers={"Authorization": token}) as answer:
                answers.append((answer.status, json.dumps(body)))
    assert [told for told in answers if told[0] >= 500] == []


async def test_a_large_body_is_refused_before_it_is_read(home: House) -> None:
    token = home.core.bot_keys.header(home.core.service_url)
    long = json.dumps({**home.activity(), "text": "x" * MAX_BYTES}).encode()

    async def chunks() -> Any:
        for start in range(0, len(long), 8192):
            yield long[start : start + 8192]

    async with ClientSession() as session:
        for body in (long, chunks()):
            async with session.post(home.address, data=body, headers={"Authorization": token}) as answer:
                assert answer.status == 413
        async with session.get(home.address) as answer:
            assert answer.status == 405


async def test_without_a_token_nothing_is_read(home: House) -> None:
    async with ClientSession() as session, session.post(home.address, data=b"{") as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("channel", ["webchat", "directline", "emulator"])
async def test_other_channels_are_turned_away_since_their_senders_say_themselves_who_they_are(
    home: House, channel: str
) -> None:
    endorsed = [(key, ("msteams", channel)) for key, _ in home.core.bot_keys._published]  # pyright: ignore[reportPrivateUsage]
    home.core.bot_keys._published[:] = endorsed  # pyright: ignore[reportPrivateUsage] Microsoft's own keys are endorsed for many channels
    activity = {**home.activity(text="help"), "channelId": channel}
    assert (await home.raw(**activity))["status"] == 403
    assert (await home.raw(**home.activity(text="help")))["status"] == 200


async def test_while_the_keys_cannot_be_read_teams_is_asked_to_come_again(home: House) -> None:
    fault = {"status": 503, "code": "x", "message": "x"}
    await home.product.order({"operation": "BotFramework.OpenId"}, fault, times=1)
    assert (await home.raw(**home.activity(text="help")))["status"] == 503

    async def taken() -> bool:
        return (await home.raw(**home.activity(text="help")))["status"] == 200

    await wait_until(taken, SOON, "another look at the keys", step=0.2)


async def test_while_the_store_is_down_nothing_is_acknowledged(store: Store, teams: Product, valkey_url: str) -> None:
    own = await open_store(valkey_url)
    async with house(own, teams) as home:
        click = home.invoke({"usher": "accept", "task": "0" * 20, "offer": "1"})
        assert (await home.raw(**home.activity(text="help")))["status"] == 200
        await own.close()
        assert (await home.raw(**home.activity(text="help")))["status"] == 503
        answer = await home.raw(**click)
        assert answer["status"] == 200
        assert "did not work" in answer["body"]["value"]


async def test_an_invoke_that_nobody_knows_is_answered_too(home: House) -> None:
    answer = await home.raw(**home.activity(kind="invoke", name="task/fetch", value={}))
    assert answer["status"] == 200
    assert answer["body"]["statusCode"] == 400


@pytest.mark.parametrize("kind", ["typing", "messageReaction", "event", "endOfConversation", "trace", "somethingNew"])
async def test_what_usher_has_no_use_for_is_taken_and_left(home: House, kind: str) -> None:
    assert (await home.raw(**home.activity(kind=kind)))["status"] == 200


async def test_an_activity_is_noted_for_ten_minutes(home: House) -> None:
    activity = home.activity(text="help")
    for _ in range(2):
        assert (await home.raw(**activity))["status"] == 200
    noted = [key for key in await home.store.scan("*received:*") if key.startswith(root(home.tenant))]
    assert len(noted) == 1
    assert 590 < (await home.store.ttl(noted[0]) or 0) <= 600


def test_edits_of_one_message_are_not_repetitions_of_each_other() -> None:
    first = {**GOOD, "type": "messageUpdate", "timestamp": "1", "channelData": {"eventType": "editMessage"}}
    assert read(first).key == read({**first, "text": "the same edit, sent again"}).key
    assert read(first).key != read({**first, "timestamp": "2"}).key
    assert read(GOOD).key == read({**GOOD, "timestamp": "2"}).key
    assert read(GOOD).key != read({**GOOD, "id": "2"}).key
    assert read(GOOD).key != read(first).key


def test_ids_are_read_in_lower_case_and_halves_of_characters_are_replaced() -> None:
    activity = read({**GOOD, "text": "a\ud800b"})
    assert activity.tenant == "5f1c0f3e-8f4a-4f0e-9b7e-2d6a1c3b4e5f"
    assert activity.user == "a1f6a7b0-0001-4c1b-9a55-000000000001"
    assert activity.text == "a\ufffdb"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*GOOD, "tenant", "type", "id"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from([*GOOD, "channelData", "attachments", "entities", "membersAdded", "value"]), json_values
    )
)
def test_whatever_comes_is_an_activity_or_malformed(changes: dict[str, Any]) -> None:
    try:
        found = read({**GOOD, **changes})
    except Malformed:
        return
    assert isinstance(found, Incoming)
    found.key.encode()
    found.text.encode()


async def test_turns_of_different_chats_run_side_by_side(home: House) -> None:
    await home.product.order({"operation": "Conversations_SendToConversation"}, {"delay_ms": 3000}, times=1)
    await home.register(ANNA)
    slow = asyncio.create_task(home.raw(**home.activity(text="help")))
    assert (await home.raw(**home.invoke({"x": 1})))["status"] == 200
    assert not slow.done(), "the click waited for the other chat's turn"
    assert (await slow)["status"] == 200
    chat = home.core.chats.personal_id(ANNA)
    await wait_until(lambda: home.said(chat), SOON, "the answer")
