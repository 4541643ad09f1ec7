"""While Teams answers nobody, offers and messages wait without blame, and go on within two seconds of its return."""

import time

import pytest

from bots.path import PROBE_SECONDS
from distribution.agents import Reason
from distribution.tasks import TaskState
from distribution.user_session import OfferResult
from store.due import Subject, mark_due
from tests.bots.house import SOON, House
from tests.sandbox.product import ANNA, BEN
from tests.support import wait_until

SEND = "Conversations_SendToConversation"
AFTER_RETURN = 4.0
"""The promise is 2 s; the machine may be busy."""

DOWN = [
    pytest.param({"operation": SEND}, {"status": 503}, id="503"),
    pytest.param({"operation": SEND}, {"status": 503, "retry_after": 1}, id="503 with Retry-After"),
    pytest.param({"operation": SEND}, {"status": 500}, id="500"),
    pytest.param({"operation": SEND}, {"status": 401, "code": ""}, id="401"),
    pytest.param({"operation": SEND}, {"status": 429, "retry_after": 1}, id="429"),
    pytest.param({"operation": SEND}, {"drop": "before"}, id="no answer"),
]


async def is_down(home: House) -> bool:
    return await home.distributor.path_is_down(home.tenant) is not None


async def against(home: House, user: str) -> tuple[Reason, ...]:
    agent = await home.distributor.agent(home.tenant, user)
    assert agent is not None
    return agent.reasons["garden-advice"]


@pytest.mark.parametrize(("match", "fault"), DOWN)
async def test_an_offer_waits_for_teams_and_goes_on_when_it_is_back(
    home: House, match: dict[str, object], fault: dict[str, object]
) -> None:
    await home.register(ANNA, BEN)
    await home.product.order(match, fault, times=None)
    task = await home.visitor()
    await wait_until(lambda: is_down(home), SOON, "that Teams counts as not reachable")

    async def waits() -> bool:
        return (await home.task(task)).state is TaskState.QUEUED

    await wait_until(waits, SOON, "that the task waits")
    assert await against(home, ANNA) == await against(home, BEN) == (Reason.TEAMS_UNREACHABLE,)
    assert set((await home.task(task)).past.values()) <= {OfferResult.WITHDRAWN}
    other = await home.visitor("Second")
    await home.product.http("DELETE", "/control/faults")
    began = time.monotonic()
    await home.card(ANNA, "New chat")
    await home.card(BEN, "New chat")
    assert time.monotonic() - began < AFTER_RETURN
    assert {(await home.task(one)).state for one in (task, other)} == {TaskState.OFFERED}
    assert not await is_down(home)


async def test_a_wrong_secret_blames_nobody_either(home: House) -> None:
    await home.register(ANNA)
    home.bot._started.connector.tokens._ends_at = 0  # pyright: ignore[reportPrivateUsage] an hour later
    bad = {"status": 401, "code": "invalid_client/7000215"}
    await home.product.order({"operation": "Entra.Token"}, bad, times=None)
    task = await home.visitor()
    await wait_until(lambda: is_down(home), SOON, "that Teams counts as not reachable")
    found = await home.distributor.path_is_down(home.tenant)
    assert found is not None
    assert found.why == "unauthorized"
    await home.in_state(task, TaskState.QUEUED)
    await home.product.http("DELETE", "/control/faults")
    began = time.monotonic()
    await home.card(ANNA, "New chat")
    assert time.monotonic() - began < AFTER_RETURN


async def test_a_fault_of_one_chat_is_not_the_paths(home: House) -> None:
    """Others are reached: so it is that agent's own trouble, and the next one is asked."""
    await home.register(ANNA, BEN)
    path = f"/conversations/{home.core.chats.personal_id(ANNA).replace(':', '(:|%3A)')}/activities"
    await home.product.order({"path": path}, {"status": 503}, times=None)
    await home.distributor.set_duty(home.tenant, BEN, False, "test")
    task = await home.visitor()
    await home.in_state(task, TaskState.OFFERED)
    await home.distributor.set_duty(home.tenant, BEN, True, "test")

    async def probed() -> bool:
        kinds = [call["body"]["type"] for call in home.calls(SEND) if call["status"] < 300]
        return "typing" in kinds

    await wait_until(probed, SOON, "a probe that arrived")
    await wait_until(lambda: undelivered(home, task), 2 * SOON, "that the offer counts as not delivered")
    await home.card(BEN, "New chat")
    assert Reason.UNREACHABLE in await against(home, ANNA)
    assert Reason.TEAMS_UNREACHABLE not in await against(home, ANNA)
    assert not await is_down(home)


async def undelivered(home: House, task: str) -> bool:
    return (await home.task(task)).past.get(ANNA) is OfferResult.UNDELIVERED


async def test_messages_of_a_running_chat_wait_and_arrive_with_the_path(home: House) -> None:
    await home.register(ANNA, BEN)
    task, chat = await home.talking()
    await home.settled()
    await home.product.order({"operation": SEND}, {"status": 503}, times=None)
    await home.visitor_says(task, "Are you there?")
    await wait_until(lambda: is_down(home), SOON, "that Teams counts as not reachable")
    await home.product.http("DELETE", "/control/faults")
    began = time.monotonic()

    async def arrived() -> bool:
        return any("Are you there?" in text for text in await home.said(chat))

    await wait_until(arrived, SOON, "the message")
    assert time.monotonic() - began < AFTER_RETURN
    assert sum("Are you there?" in text for text in await home.said(chat)) == 1


async def test_a_probe_that_teams_leaves_hanging_delays_no_other(home: House) -> None:
    """Teams never answers what it left hanging; a new call finds that it is back."""
    await home.register(ANNA, BEN)
    hanging = 2
    await home.product.order({"operation": SEND}, {"delay_ms": 60_000}, times=hanging)
    await home.distributor.path_down(home.tenant, "unavailable")
    await mark_due(home.store, home.tenant, Subject("path", home.tenant, ()))

    async def is_up() -> bool:
        return not await is_down(home)

    await wait_until(is_up, 2 * SOON, "that Teams counts as reachable")
    begun = [call["at"] for call in home.calls(SEND) if call["body"]["type"] == "typing"]
    assert len(begun) > hanging
    assert (begun[hanging] - begun[0]) / 1000 < PROBE_SECONDS, "the next were sent while those before hung"
