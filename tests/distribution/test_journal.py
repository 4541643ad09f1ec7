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


MIDNIGHT = 1_800_057_600_000


async def test_a_new_tenant_begins_with_a_snapshot(world: World) -> None:
    assert [entry["e"] for entry in await world.journal()][:3] == ["tenant", "snapshot_begin", "snapshot_end"]


async def test_each_day_begins_with_a_snapshot_of_everything_in_chunks(world: World) -> None:
    await world.rules("support")
    for number in range(120):
        await world.agent(f"agent{number:03}", services={SALES: True, "support": False}, capacity=2)
    before = len(await world.journal())
    await world.go((MIDNIGHT - world.now) / 1000)
    entries = [entry for entry in (await world.journal())[before:] if entry["e"].startswith("snapshot")]
    assert entries[0] == {"e": "snapshot_begin", "at": str(MIDNIGHT), "day": str(MIDNIGHT), "path_down": "0"}
    assert entries[-1] == {"e": "snapshot_end", "at": str(MIDNIGHT), "day": str(MIDNIGHT)}
    services = [entry for entry in entries if entry["e"] == "snapshot_service"]
    assert [entry["service"] for entry in services] == ["", SALES, "support"]
    assert all("offer_seconds=20" in entry["rules"] and "Sales" not in entry["rules"] for entry in services)
    agents = [entry for entry in entries if entry["e"] == "snapshot_agent"]
    assert [entry["user"] for entry in agents] == [f"agent{number:03}" for number in range(120)]
    # They were made long ago, and nobody has polled their presence since.
    assert {(entry["capacity"], entry["presence"], entry["reading"], entry["fresh"]) for entry in agents} == {
        ("2", "Offline", "Available", "0")
    }


async def test_the_snapshot_tells_all_open_tasks_also_many_of_one_moment(world: World) -> None:
    d, t = world.distributor, world.tenant
    names = [f"task{number:03}" for number in range(120)]
    await world.rules(SALES, overflow="wait", queue_seconds=3600)
    for name in names:
        await d.create(t, name, service=SALES, workflow=False, customer="Ann Smith", at=world.now)
        await world.stay(name)
    await world.go((MIDNIGHT - world.now) / 1000)
    told = await world.journal("snapshot_task")
    assert [entry["task"] for entry in told] == names
    assert {(entry["state"], entry["service"]) for entry in told} == {("queued", SALES)}
    assert "Ann" not in str(told)


async def test_the_next_snapshot_is_that_of_the_next_day_once(world: World) -> None:
    await world.agent("anna")
    await world.go((MIDNIGHT - world.now) / 1000 + 86_400)
    days = [entry["day"] for entry in await world.journal("snapshot_begin")]
    assert days == [str(MIDNIGHT - 86_400_000), str(MIDNIGHT), str(MIDNIGHT + 86_400_000)]
