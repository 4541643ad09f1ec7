"""What the journal says of agents: everything that makes them eligible or not, at its own instant."""

from distribution.agents import Presence
from tests.distribution.world import SALES, World


async def test_whoever_is_unreachable_is_in_the_journal_until_he_is_tried_again(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    await world.undelivered(task)
    at = world.now
    (unreachable,) = await world.journal("unreachable")
    assert unreachable == {"e": "unreachable", "at": str(at), "user": "anna", "until": str(at + 60_000)}
    await world.go(60)
    assert await world.journal("tried_again") == [{"e": "tried_again", "at": str(at + 60_000), "user": "anna"}]


async def test_a_presence_that_lapses_and_comes_back_is_in_the_journal_also_while_a_page_vouches(world: World) -> None:
    await world.agent("anna")
    await world.distributor.surface_beat(world.tenant, "anna", "page", at=world.now + 480_000 - 1)
    await world.go(480)
    await world.presence("anna", Presence.AVAILABLE)
    entries = await world.journal("presence")
    assert [(entry["presence"], entry["reading"], entry["fresh"]) for entry in entries] == [
        ("Available", "Available", "1"), ("Available", "Available", "0"), ("Available", "Available", "1"),
    ]  # fmt: skip


async def test_an_offline_reading_that_lapses_while_a_page_is_open_makes_him_eligible_at_once(world: World) -> None:
    await world.agent("anna")
    await world.presence("anna", Presence.OFFLINE)
    task = await world.task()
    begun = world.now
    while world.now < begun + 480_000:
        await world.distributor.surface_beat(world.tenant, "anna", "page", at=world.now)
        await world.distributor.visitor_here(world.tenant, task, "tab", at=world.now)
        await world.go(20)
    fresh = await world.task()
    assert await world.invited(fresh) == "anna"


async def test_the_journal_says_when_everybody_follows_changed_rules(world: World) -> None:
    await world.rules(SALES, allow_busy=True)
    assert [entry["e"] for entry in await world.journal("service", "refreshed")][-2:] == ["service", "refreshed"]
