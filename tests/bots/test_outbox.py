"""Out to Teams: in order, within its limits, by priority, and again when that helps."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bots.config import BotConfig
from bots.connector import Connector, Place
from bots.credentials import PROVEN_SECONDS, NoToken
from bots.outbox import FIRST_PAUSE_SECONDS, Outbox, retry_seconds
from bots.pacing import Priority
from bots.problems import ENDPOINT, PATH, RETRIED, Kind, Reply, SendProblem, may_move, problem_of
from store.due import RetryLater
from tests.bots.house import SOON, config_of
from tests.sandbox.product import ANNA, Product
from tests.support import wait_until

SEND = "Conversations_SendToConversation"
WORDS = {"type": "message", "text": "Hello"}


@pytest.fixture
async def connector(teams: Product) -> AsyncIterator[Connector]:
    made = Connector(config_of(teams.core))
    yield made
    await made.close()


@pytest.fixture
async def place(teams: Product) -> Place:
    """Anna's own chat. Nobody listens for the bot: these tests only send."""
    return Place(teams.tenant, teams.core.service_url, await teams.personal_chat(ANNA))


async def test_one_conversation_keeps_its_order_while_a_message_is_tried_again(
    teams: Product, connector: Connector, place: Place
) -> None:
    await teams.order({"operation": SEND}, {"status": 503, "code": "x", "message": "x"}, times=2)
    outbox = Outbox(connector).patient()
    await asyncio.gather(*(outbox.send(place, {"type": "message", "text": f"{n}"}, Priority.MESSAGE) for n in range(5)))
    chat = await teams.seen_chat(place.conversation)
    assert [message["text"] for message in chat["messages"] if message["from"]["kind"] == "bot"] == list("01234")


async def test_a_call_that_fails_is_the_callers_at_once_with_the_time_to_come_back(
    teams: Product, connector: Connector, place: Place
) -> None:
    await teams.order({"operation": SEND}, {"status": 503, "code": "x", "message": "x"}, times=None)
    outbox, pauses = Outbox(connector), list[float]()
    for _ in range(3):
        with pytest.raises(SendProblem) as caught:
            await outbox.send(place, WORDS, Priority.MESSAGE)
        assert caught.value.kind is Kind.UNAVAILABLE
        pauses.append(retry_seconds(caught.value) or 0)
        with pytest.raises(RetryLater) as later:  # the others of this conversation have to wait as well
            await outbox.send(place, WORDS, Priority.MESSAGE)
        assert later.value.after_seconds <= pauses[-1]
        await asyncio.sleep(later.value.after_seconds)
    assert len(_sends(teams)) == 3
    for number, pause in enumerate(pauses):
        assert 0.5 <= pause / (FIRST_PAUSE_SECONDS * 2**number) <= 1


async def test_who_waits_for_teams_keeps_no_slot(teams: Product, connector: Connector, place: Place) -> None:
    fault = {"status": 429, "code": "TooManyRequests", "message": "x", "retry_after": 60}
    await teams.order({"operation": SEND}, fault, times=None)
    outbox = Outbox(connector)
    with pytest.raises(SendProblem) as caught:
        await outbox.send(place, WORDS, Priority.MESSAGE)
    assert (retry_seconds(caught.value) or 0) >= 60
    with pytest.raises(RetryLater) as later:
        await outbox.send(place, WORDS, Priority.MESSAGE)
    assert later.value.after_seconds > 59
    with pytest.raises(RetryLater):
        await outbox.ready(place, Priority.MESSAGE)
    assert len(_sends(teams)) == 1
    elsewhere = replace(place, conversation="a:elsewhere")
    await outbox.ready(elsewhere, Priority.MESSAGE)


async def test_a_turn_waits_for_a_short_pause_and_tries_again(
    teams: Product, connector: Connector, place: Place
) -> None:
    fault = {"status": 429, "code": "TooManyRequests", "message": "x", "retry_after": 1}
    await teams.order({"operation": SEND}, fault, times=1)
    began = asyncio.get_running_loop().time()
    await Outbox(connector).patient().send(place, WORDS, Priority.MESSAGE)
    assert asyncio.get_running_loop().time() - began >= 1
    assert len(_sends(teams)) == 2


async def test_a_turn_gives_up_in_time(teams: Product, connector: Connector, place: Place) -> None:
    fault = {"status": 429, "code": "TooManyRequests", "message": "x", "retry_after": 60}
    await teams.order({"operation": SEND}, fault, times=None)
    outbox = Outbox(connector)
    for told in (429, 0):  # what Teams answered; then that it is not asked before its time
        with pytest.raises(SendProblem) as caught:
            await outbox.patient(0.2).send(place, WORDS, Priority.MESSAGE)
        assert (caught.value.kind, caught.value.status) == (Kind.THROTTLED, told)
        assert (retry_seconds(caught.value) or 0) > 59
    assert len(_sends(teams)) == 1


async def test_a_call_that_is_cancelled_leaves_its_conversation_free(
    teams: Product, connector: Connector, place: Place
) -> None:
    await teams.order({"operation": SEND}, {"delay_ms": 5_000}, times=1)
    outbox = Outbox(connector)
    sending = asyncio.create_task(outbox.send(place, WORDS, Priority.MESSAGE))
    await wait_until(lambda: outbox_is_busy(outbox, place), SOON, "the call")
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await outbox.ready(place, Priority.MESSAGE)


async def outbox_is_busy(outbox: Outbox, place: Place) -> bool:
    try:
        await outbox.ready(place, Priority.MESSAGE)
    except RetryLater:
        return True
    return False


async def test_a_connection_that_breaks_is_tried_again(teams: Product, connector: Connector, place: Place) -> None:
    await teams.order({"operation": SEND}, {"drop": "before"}, times=1)
    assert await Outbox(connector).patient().send(place, WORDS, Priority.MESSAGE)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "BadSyntax", Kind.REFUSED),
        (403, "BotDisabledByAdmin", Kind.BLOCKED),
        (403, "BotNotInConversationRoster", Kind.BLOCKED),
        (403, "ConversationBlockedByUser", Kind.BLOCKED),
        (403, "NotEnoughPermissions", Kind.BLOCKED),
        (403, "SomethingNew", Kind.BLOCKED),
        (404, "ConversationNotFound", Kind.CONVERSATION_GONE),
        (404, "ActivityNotFoundInConversation", Kind.ACTIVITY_GONE),
        (413, "MessageSizeTooBig", Kind.TOO_LARGE),
        (500, "ServiceError", Kind.FAILED),
        (403, "InvalidBotApiHost", Kind.REFUSED),
    ],
)
async def test_what_would_be_refused_again_is_sent_once(
    teams: Product, connector: Connector, place: Place, status: int, code: str, kind: Kind
) -> None:
    await teams.order({"operation": SEND}, {"status": status, "code": code, "message": "no"}, times=None)
    with pytest.raises(SendProblem) as caught:
        await Outbox(connector).send(place, WORDS, Priority.MESSAGE)
    assert (caught.value.kind, caught.value.status, caught.value.code) == (kind, status, code)
    assert len(_sends(teams)) == 1


@pytest.mark.parametrize("content", [b"", b"not json", b"[]", b'{"error": "text"}', b'{"error": {"code": 7}}'])
def test_an_error_without_a_body_is_judged_by_its_status(content: bytes) -> None:
    problem = problem_of(Reply(503, {"Retry-After": "soon"}, content))
    assert problem is not None
    assert (problem.kind, problem.retry_after) == (Kind.UNAVAILABLE, None)
    assert problem_of(Reply(201, {}, content)) is None


def test_what_is_worth_trying_again_later_is_known() -> None:
    later = {kind for kind in Kind if retry_seconds(SendProblem(kind, 0, "")) is not None}
    assert later == RETRIED | {Kind.UNAUTHORIZED}


async def test_one_token_for_many_that_ask_at_once(teams: Product, connector: Connector) -> None:
    tokens = await asyncio.gather(*(connector.tokens.token() for _ in range(20)))
    assert len(set(tokens)) == 1
    assert len(_token_calls(teams)) == 1


async def test_a_token_that_teams_does_not_take_is_replaced_at_once(
    teams: Product, connector: Connector, place: Place
) -> None:
    outbox = Outbox(connector)
    await outbox.send(place, WORDS, Priority.MESSAGE)
    await teams.order({"operation": SEND}, {"status": 401, "code": "x", "message": "x"}, times=1)
    assert await outbox.send(place, WORDS, Priority.MESSAGE)
    assert [record["status"] for record in _sends(teams)] == [201, 401, 201]
    assert len(_token_calls(teams)) == 2


async def test_a_second_401_is_the_callers_and_blames_nobody(
    teams: Product, connector: Connector, place: Place
) -> None:
    await teams.order({"operation": SEND}, {"status": 401, "code": "x", "message": "x"}, times=None)
    with pytest.raises(SendProblem) as caught:
        await Outbox(connector).send(place, WORDS, Priority.MESSAGE)
    assert caught.value.kind is Kind.UNAUTHORIZED
    assert caught.value.kind in PATH - ENDPOINT
    assert len(_sends(teams)) == 2


async def test_a_conversation_that_is_served_elsewhere_is_followed(
    teams: Product, connector: Connector, place: Place
) -> None:
    there = place.service_url.replace("127.0.0.1", "localhost")
    here = there.replace("localhost", "127.0.0.1")
    moved = {"status": 403, "code": "InvalidBotApiHost", "message": f"Invalid bot api host. Please call `{there}`."}
    await teams.order({"operation": SEND, "host": "^127"}, moved, times=None)
    told = list[Place]()

    async def hear(at: Place) -> None:
        told.append(at)

    assert await Outbox(connector, hear).send(replace(place, service_url=here), WORDS, Priority.MESSAGE)
    assert [record["status"] for record in _sends(teams)] == [403, 201]
    assert told == [replace(place, service_url=there)]


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [
        ("https://smba.trafficmanager.net/amer/", "https://smba.infra.gcc.teams.microsoft.com", True),
        ("https://smba.trafficmanager.net/amer/", "https://smba.infra.gcc.teams.microsoft.com.evil.example", False),
        ("https://smba.trafficmanager.net/amer/", "https://evilteams.microsoft.com", False),
        ("https://smba.trafficmanager.net/amer/", "https://localhost:1/", False),
        ("https://smba.trafficmanager.net/amer/", "https://[", False),
        ("https://localhost:1/", "https://127.0.0.1:2/", True),
    ],
)
def test_the_token_follows_a_conversation_to_microsofts_hosts_only(before: str, after: str, may: bool) -> None:
    assert may_move(before, after) is may


async def test_an_address_that_is_not_microsofts_gets_nothing(
    teams: Product, connector: Connector, place: Place
) -> None:
    moved = {"status": 403, "code": "InvalidBotApiHost", "message": "Please call `https://elsewhere.example`."}
    await teams.order({"operation": SEND}, moved, times=None)
    with pytest.raises(SendProblem) as caught:
        await Outbox(connector).send(place, WORDS, Priority.MESSAGE)
    assert caught.value.kind is Kind.MOVED
    assert len(_sends(teams)) == 1


@pytest.mark.parametrize(
    "fault",
    [{"drop": "after"}, {"status": 502, "drop": "after"}, {"status": 504, "drop": "after"}],
    ids=["lost", "502", "504"],
)
async def test_a_doubtful_answer_is_the_callers_if_it_asks_for_it(
    teams: Product, connector: Connector, place: Place, fault: dict[str, object]
) -> None:
    await teams.order({"operation": SEND}, fault, times=1)
    with pytest.raises(SendProblem) as caught:
        await Outbox(connector).send(place, WORDS, Priority.MESSAGE, once=True)
    assert caught.value.doubtful
    assert len(_sends(teams)) == 1


async def test_what_was_surely_not_taken_is_not_doubtful(connector: Connector) -> None:
    nowhere = Place("t", "https://127.0.0.1:1/", "a:x")
    connector.tokens._ends_at, connector.tokens._token = 1e12, "t"  # pyright: ignore[reportPrivateUsage] no Entra here
    with pytest.raises(SendProblem) as caught:
        await connector.call("POST", nowhere.activities(), b"{}")
    assert not caught.value.doubtful
    for status, doubtful in ((429, False), (503, False), (500, True), (502, True), (504, True)):
        problem = problem_of(Reply(status, {}, b""))
        assert problem is not None
        assert problem.doubtful is doubtful


async def test_a_wrong_secret_is_said_in_words_without_the_secret(teams: Product) -> None:
    connector = Connector(config_of(teams.core, app_secret="not-the-secret"))
    with pytest.raises(NoToken, match="invalid_client") as caught:
        await connector.tokens.token()
    assert caught.value.final
    assert "not-the-secret" not in str(caught.value)
    with pytest.raises(SendProblem) as refused:
        await Outbox(connector).send(Place("t", teams.core.service_url, "a:x"), WORDS, Priority.MESSAGE)
    assert refused.value.kind is Kind.UNAUTHORIZED
    await connector.close()


async def test_while_entra_is_down_the_token_that_is_there_is_used(teams: Product, connector: Connector) -> None:
    token = await connector.tokens.token()
    await teams.order({"operation": "Entra.Token"}, {"status": 503, "code": "x", "message": "x"}, times=None)
    connector.tokens._ends_at -= 3_400  # pyright: ignore[reportPrivateUsage] nearly an hour later
    assert await connector.tokens.token() == token
    connector.tokens.drop(token)
    with pytest.raises(NoToken) as caught:
        await connector.tokens.token()
    assert not caught.value.final


REFUSED = {"status": 401, "code": "invalid_client/7000215"}


async def test_a_secret_that_goes_bad_shows_before_its_token_ends(teams: Product, connector: Connector) -> None:
    tokens = connector.tokens
    token = await tokens.token()
    await teams.order({"operation": "Entra.Token"}, REFUSED, times=None)
    for _ in range(20):
        await tokens.prove()  # ten minutes, every 30 s: Entra is not asked
    assert len(_token_calls(teams)) == 1
    tokens._proven_at -= PROVEN_SECONDS  # pyright: ignore[reportPrivateUsage] ten minutes later
    for _ in range(2):
        with pytest.raises(NoToken, match="invalid_client"):
            await tokens.prove()
    assert await tokens.token() == token  # it is good all the same
    await teams.http("DELETE", "/control/faults")
    await tokens.prove()
    assert len(_token_calls(teams)) == 4
    await tokens.prove()
    assert len(_token_calls(teams)) == 4


async def test_after_a_401_a_secret_is_proven_at_once(teams: Product, connector: Connector, place: Place) -> None:
    await connector.tokens.token()
    await teams.order({"operation": "Entra.Token"}, REFUSED, times=None)
    await connector.tokens.prove()
    await teams.order({"operation": SEND}, {"status": 401, "code": "x", "message": "x"}, times=1)
    with pytest.raises(SendProblem):
        await Outbox(connector).send(place, WORDS, Priority.MESSAGE)
    with pytest.raises(NoToken) as caught:
        await connector.tokens.prove()
    assert caught.value.final


async def test_the_token_goes_to_nobody_in_the_clear() -> None:
    config = BotConfig(
        "a", "SingleTenant", "s", "t", "https://l", "https://o", "https://i", public_url="http://127.0.0.1"
    )
    connector = Connector(config)
    for url in ("http://smba.example/v3", "http://127.0.0.1:1/v3"):
        with pytest.raises(SendProblem, match="not an https address"):
            await connector.call("POST", url, b"{}")
    await connector.close()


async def test_an_id_in_a_path_stays_one_piece(teams: Product, connector: Connector) -> None:
    place = Place(teams.tenant, teams.core.service_url, "19:a/b?c#d@thread.v2")
    assert place.activities("1/2").endswith("/19%3Aa%2Fb%3Fc%23d%40thread.v2/activities/1%2F2")
    with pytest.raises(SendProblem) as caught:
        await Outbox(connector).send(place, WORDS, Priority.MESSAGE)
    assert caught.value.kind is Kind.CONVERSATION_GONE


def _sends(teams: Product) -> list[Any]:
    return [record for record in teams.core.records.since(0) if record["operation"] == SEND]


def _token_calls(teams: Product) -> list[object]:
    return [record for record in teams.core.records.since(0) if record["operation"] == "Entra.Token"]


async def test_a_conversation_under_load_is_kept_below_the_limits(
    teams: Product, connector: Connector, place: Place
) -> None:
    outbox = Outbox(connector).patient()
    sending = [asyncio.create_task(outbox.send(place, WORDS, Priority.MESSAGE)) for _ in range(9)]
    await wait_until(lambda: all(task.done() for task in sending), SOON, "nine messages")
    assert {record["status"] for record in teams.core.records.since(0) if record["operation"] == SEND} == {201}
