"""Not available: an agent says so, with a reason of the tenant's list."""

import pytest

from distribution.agents import Reason
from distribution.tasks import TaskState
from distribution.user_session import OfferResult
from distribution.verdicts import Verdict
from tests.distribution.world import World

S = TaskState


async def say(world: World, user: str, reason: str, actor: str = "") -> Verdict:
    return await world.distributor.set_availability(world.tenant, user, reason, actor or user, at=world.now)


async def test_he_is_not_asked_and_the_reason_is_there_to_read(world: World) -> None:
    await world.agent("anna")
    assert await say(world, "anna", "lunch-break") is Verdict.OK
    assert await world.against("anna") == (Reason.NOT_AVAILABLE,)
    assert await world.against("anna", "") == (Reason.NOT_AVAILABLE,)
    assert (await world.look("anna")).unavailable == "lunch-break"
    task = await world.task()
    assert (await world.see(task)).state is S.QUEUED
    assert await say(world, "anna", "lunch-break") is Verdict.UNCHANGED
    assert await say(world, "anna", "Pause déjeuner") is Verdict.OK
    assert (await world.look("anna")).unavailable == "Pause déjeuner"


async def test_available_again_he_is_asked_at_once_and_has_been_idle_all_along(world: World) -> None:
    await world.agent("anna")
    await world.agent("ben")
    await say(world, "anna", "training")
    await say(world, "ben", "training")
    first, second = await world.task(), await world.task()
    await world.go(5)
    assert await say(world, "ben", "") is Verdict.OK
    assert await world.invited(first) == "ben"
    assert await say(world, "anna", "") is Verdict.OK
    assert await world.invited(second) == "anna"
    idle = (await world.journal("offered"))[-1]["idle"]
    assert int(idle) < world.now - 5_000
    assert await world.against("anna") == (Reason.RINGING,)


async def test_what_rings_at_him_goes_to_another_and_his_talk_goes_on(world: World) -> None:
    await world.agent("anna", capacity=2)
    talk, ringing = await world.task(), await world.task()
    await world.talk(talk)
    assert await world.invited(ringing) == "anna"
    await world.agent("ben")
    await say(world, "anna", "training", actor="boss")
    assert (await world.see(talk)).state is S.ACTIVE
    assert await world.invited(ringing) == "ben"
    assert (await world.see(ringing)).past["anna"] is OfferResult.WITHDRAWN
    entry = (await world.journal("availability"))[-1]
    assert (entry["user"], entry["reason"], entry["actor"]) == ("anna", "training", "boss")


async def test_to_say_it_himself_shows_that_he_can_be_reached(world: World) -> None:
    await world.agent("anna")
    await world.undelivered(await world.task())
    assert await world.against("anna") == (Reason.UNREACHABLE,)
    await say(world, "anna", "training", actor="boss")
    assert await world.against("anna") == (Reason.NOT_AVAILABLE, Reason.UNREACHABLE)
    await say(world, "anna", "")
    assert Reason.UNREACHABLE not in await world.against("anna")


@pytest.mark.parametrize("reason", ["two\nlines", "x" * 61, "a\x1fb"])
async def test_a_reason_is_one_short_line(world: World, reason: str) -> None:
    await world.agent("anna")
    assert await say(world, "anna", reason) is Verdict.BAD_ARGUMENT
    assert await say(world, "nobody", "lunch") is Verdict.NO_SUCH_AGENT
