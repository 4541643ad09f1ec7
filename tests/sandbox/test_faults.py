"""Faults on request: errors, lost answers, delays, and the record of what was called."""

import time

import aiohttp
import pytest

from tests.sandbox.product import ANNA, Product


async def chats_of_anna(product: Product) -> int:
    return len((await product.state(ANNA))["chats"])


async def test_an_error_is_answered_as_often_as_ordered_in_the_doors_own_shape(product: Product) -> None:
    fault = {"status": 503, "code": "ServiceUnavailable", "retry_after": 2.5}
    await product.order({"operation": "Users.List"}, fault, times=2)
    answers = [await product.graph("GET", "/users") for _ in range(3)]
    assert [answer.status for answer in answers] == [503, 503, 200]
    assert answers[0].headers["Retry-After"] == "2.5"
    assert answers[0].body["error"]["innerError"]["request-id"]


async def test_a_match_may_name_method_and_path(product: Product) -> None:
    await product.order({"method": "GET", "path": "/v1.0/users/[^/]+$"}, {"status": 500}, times=None)
    assert (await product.graph("GET", "/users")).status == 200
    assert [(await product.graph("GET", f"/users/{ANNA}")).status for _ in range(3)] == [500, 500, 500]
    await product.http("DELETE", "/control/faults")
    assert (await product.graph("GET", f"/users/{ANNA}")).status == 200


async def test_a_504_after_the_chat_was_made(product: Product) -> None:
    await product.order({"operation": "Chats.Create"}, {"status": 504, "code": "GatewayTimeout", "drop": "after"})
    assert (await product.graph("POST", "/chats", product.new_chat(ANNA))).status == 504
    assert await chats_of_anna(product) == 1


@pytest.mark.parametrize(("drop", "made"), [("before", 0), ("after", 1)])
async def test_a_connection_that_breaks_before_or_after_the_work(product: Product, drop: str, made: int) -> None:
    await product.order({"operation": "Chats.Create"}, {"drop": drop})
    with pytest.raises(aiohttp.ClientError):
        await product.graph("POST", "/chats", product.new_chat(ANNA))
    assert await chats_of_anna(product) == made


async def test_a_call_that_is_carried_out_twice(product: Product) -> None:
    await product.order({"operation": "Chats.Create"}, {"duplicate": True})
    assert (await product.graph("POST", "/chats", product.new_chat(ANNA))).status == 201
    assert await chats_of_anna(product) == 2


async def test_a_slow_answer_is_still_the_answer(product: Product) -> None:
    await product.order({"operation": "Users.List"}, {"delay_ms": 120})
    begun = time.monotonic()
    assert (await product.graph("GET", "/users")).status == 200
    assert time.monotonic() - begun >= 0.12


@pytest.mark.parametrize(
    "order",
    [
        {"match": {"operation": "Users.List"}, "fault": {"status": "500"}},
        {"match": {"verb": "GET"}, "fault": {}},
        {"match": {}, "fault": {"drop": "sideways"}},
        {"match": [], "fault": {}},
    ],
)
async def test_an_order_that_is_not_understood_is_refused(product: Product, order: dict[str, object]) -> None:
    answer = await product.http("POST", "/control/faults", order)
    assert (answer.status, answer.code) == (400, "BadBody")


async def test_calls_are_recorded_with_what_was_said_and_answered(product: Product) -> None:
    await product.graph("POST", "/chats", product.new_chat(ANNA, topic="Garden Advice ¦ Marie"))
    records = (await product.http("GET", "/control/requests")).body
    made = next(record for record in records["requests"] if record["operation"] == "Chats.Create")
    assert (made["door"], made["method"], made["path"], made["status"]) == ("graph", "POST", "/v1.0/chats", 201)
    assert made["body"]["topic"] == made["answer"]["topic"] == "Garden Advice ¦ Marie"
    later = (await product.http("GET", f"/control/requests?since={records['last']}")).body
    assert later["requests"] == []


async def test_a_fault_may_hit_a_share_of_the_calls_the_same_ones_each_time(product: Product) -> None:
    async def hits() -> list[int]:
        await product.http("DELETE", "/control/faults")
        order = {"match": {"operation": "Users.List"}, "fault": {"status": 503}, "times": None, "share": 0.5}
        assert (await product.http("POST", "/control/faults", order)).status == 201
        return [(await product.graph("GET", "/users")).status for _ in range(12)]

    first = await hits()
    assert set(first) == {200, 503}
    assert await hits() == first


async def test_a_fault_may_be_of_one_host_name(product: Product) -> None:
    await product.order({"operation": "Users.List", "host": "^nowhere"}, {"status": 403}, times=None)
    assert (await product.graph("GET", "/users")).status == 200
