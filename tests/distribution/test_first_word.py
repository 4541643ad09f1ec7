"""What reports need of an offer and of the first word, and cannot find out later."""

import pytest

from distribution.service_rules import Level
from distribution.tasks import TaskState, Via
from distribution.verdicts import Verdict
from tests.distribution.world import SALES, World


async def says(world: World, task: str, by: str, who: str = "") -> Verdict:
    return await world.distributor.spoke(world.tenant, task, by, who=who, at=world.now)


async def first_words(world: World) -> list[tuple[str, int, str]]:
    entries = await world.journal("first_word")
    return [(entry["user"], int(entry["after_accept"]), entry["after_visitor"]) for entry in entries]


async def test_the_first_word_is_counted_from_accept_and_from_the_visitors_first_message(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    world.now += 3_000
    await says(world, task, "visitor")
    world.now += 2_000
    await world.talk(task)
    world.now += 4_000
    assert await says(world, task, "agent", "anna") is Verdict.OK
    world.now += 1_000
    await says(world, task, "agent", "anna")
    assert await first_words(world) == [("anna", 4_000, "9000")]


async def test_a_note_is_no_word_to_the_visitor(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    await world.talk(task)
    world.now += 1_000
    assert await says(world, task, "note", "anna") is Verdict.OK
    assert await first_words(world) == []
    world.now += 1_000
    await says(world, task, "agent", "anna")
    assert await first_words(world) == [("anna", 2_000, "2000")]


async def test_a_word_before_the_room_counts_as_open_is_the_first_one(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    await world.accept(task)
    world.now += 500
    assert await says(world, task, "agent", "anna") is Verdict.UNCHANGED
    await world.opened(task)
    assert await first_words(world) == [("anna", 500, "500")]


@pytest.mark.parametrize("asks", [True, False], ids=["the visitor asks again", "everything is answered"])
async def test_each_agent_who_takes_the_talk_has_a_first_word(world: World, asks: bool) -> None:
    for user in ("anna", "berta"):
        await world.agent(user)
    task = await world.task()
    first = await world.talk(task)
    second = "berta" if first == "anna" else "anna"
    await says(world, task, "agent", first)
    world.now += 1_000
    if asks:
        await says(world, task, "visitor")
        world.now += 500
        await says(world, task, "visitor")
    await world.distributor.transfer(world.tenant, task, first, to_service=SALES, via=Via.PORTAL, at=world.now)
    await world.talk(task)
    world.now += 2_000
    await says(world, task, "agent", second)
    assert (await first_words(world))[1:] == [(second, 2_000, "2500" if asks else "")]


async def test_the_second_person_of_a_room_has_no_first_word(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    await world.talk(task)
    assert (await says(world, task, "agent", "berta"), await first_words(world)) == (Verdict.OK, [])


async def test_an_offer_says_which_place_the_agent_had_among_how_many(world: World) -> None:
    for user in ("anna", "berta", "carla"):
        await world.agent(user)
    task = await world.task()
    await world.decline(task)
    offers = [(entry["user"], entry["rank"], entry["ready"]) for entry in await world.journal("offered")]
    assert offers == [("anna", "1", "3"), ("berta", "1", "3")]


async def test_whom_a_supervisor_chooses_keeps_their_place(world: World) -> None:
    await world.rules(SALES, kind="pickup")
    for user in ("anna", "berta", "carla"):
        await world.agent(user)
    task = await world.task()
    answer = await world.distributor.assign(world.tenant, task, "berta", actor="boss", at=world.now)
    assert answer.ok
    (offer,) = await world.journal("offered")
    assert (offer["rank"], offer["ready"]) == ("2", "3")


async def test_a_broadcast_counts_each_of_those_it_asks(world: World) -> None:
    await world.rules(SALES, kind="broadcast")
    for user in ("anna", "berta", "carla"):
        await world.agent(user)
    await world.task()
    assert [(entry["rank"], entry["ready"]) for entry in await world.journal("offered")] == [
        ("1", "3"),
        ("2", "3"),
        ("3", "3"),
    ]


async def test_an_agent_who_becomes_free_is_counted_among_the_ready(world: World) -> None:
    task = await world.task()
    await world.agent("anna")
    assert (await world.see(task)).state is TaskState.OFFERED
    (offer,) = await world.journal("offered")
    assert (offer["rank"], offer["ready"]) == ("1", "1")


async def test_places_go_on_from_level_to_level(world: World) -> None:
    levels = (Level(0, agents=("anna",)), Level(10, agents=("berta", "carla")))
    await world.rules(SALES, kind="pickup", levels=levels)
    for user in ("anna", "berta", "carla"):
        await world.agent(user)
    early, late = await world.task(), await world.task()
    assert (await world.distributor.assign(world.tenant, early, "carla", actor="boss", at=world.now)).ok
    await world.go(11)
    assert (await world.distributor.assign(world.tenant, late, "berta", actor="boss", at=world.now)).ok
    places = [(entry["user"], entry["rank"], entry["ready"]) for entry in await world.journal("offered")]
    assert places == [("carla", "2", "2"), ("berta", "2", "3")]
