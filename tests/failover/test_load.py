"""Servers that die and slots that move while tasks live: afterwards every task has an end, and no agent is held by none."""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest

from conversations.messages import Conversation, Conversations, Sender
from distribution.distributor import Distributor
from distribution.keys import task_key
from distribution.tasks import TaskState, Via
from distribution.verdicts import Verdict
from distribution.verify import verify
from store import keys
from store.connection import Store, StoreDown, open_store
from store.ids import new_id
from tests.distribution.consistency import faults, read_everything
from tests.failover.load import SALES, Lives, Replica, replica, staff
from tests.failover.servers import Clustered, Server, Watched
from tests.support import wait_until

AGENTS = 10
AT_ONCE = 8
# A deadline may fall into a time in which there is no master.
LATE_MS = 5_000


def now() -> int:
    return round(time.time() * 1000)


@asynccontextmanager
async def living(*lives: Lives) -> AsyncGenerator[None]:
    """Some lives of each at once; at the end each task is brought to its own."""
    running = [asyncio.create_task(one.go_on()) for one in lives for _ in range(AT_ONCE)]
    yield
    for one in lives:
        one.stopping = True
    async with asyncio.timeout(15):
        await asyncio.gather(*running)


async def is_well(store: Store, lives: Lives) -> None:
    """Every task that the store has can be brought to its end, and then nobody holds anything."""
    everything = await read_everything(store, lives.tenant, now())
    for task in everything.tasks:
        async with asyncio.timeout(5):
            await lives.live(task)
    assert await faults(store, lives.tenant, now(), virtual=False) == []
    everything = await read_everything(store, lives.tenant, now())
    assert {task.state for task in everything.tasks.values()} == {TaskState.CLOSED}
    assert all(task.outcome and task.agent for task in everything.tasks.values())
    assert {agent.tasks for agent in everything.agents.values()} == {()}
    assert all(agent.selectable_for for agent in everything.agents.values())
    report = await verify(store, lives.tenant, tolerance=LATE_MS)
    assert report.ok, report.violations[:20]


async def deadlines_fire(store: Store, lives: Lives) -> None:
    """An offer that nobody takes goes on by itself."""
    task = new_id()
    made = await lives.insist(
        lambda: lives.distributor.create(lives.tenant, task, service=SALES, customer="", workflow=False)
    )
    assert made.task
    assert made.task.state is TaskState.OFFERED

    async def went_on() -> bool:
        found = await lives.distributor.task(lives.tenant, task)
        return found is not None and found.offer != made.task.offer if made.task else False

    await wait_until(went_on, 6, "the offer to go on")
    await lives.live(task)


def tenant_on(roots: Sequence[str]) -> str:
    while True:
        tenant = str(uuid.uuid4())
        if keys.root(tenant) in roots:
            return tenant


async def test_a_failover_in_the_middle_of_the_load(pair: Watched, tenant: str) -> None:
    async with replica(pair.url) as one, replica(pair.url) as other:
        lives = Lives(await staff(one.store, tenant, AGENTS), tenant)
        async with living(lives):
            await wait_until(lambda: len(lives.ended) > 50, 10, "some lives")
            pair.master.kill()
            await wait_until(pair.failed_over, 10, "the failover")
            before = len(lives.ended)
            await wait_until(lambda: len(lives.ended) > before + 50, 10, "lives after the failover")
        await is_well(one.store, lives)
        await deadlines_fire(one.store, lives)
        await wait_until(lambda: set(one.lost) == set(other.lost) == set(keys.roots()), 5, "everybody to hear of it")


async def lose_the_end(pair: Watched, one: Replica) -> None:
    """The master dies with what it has acknowledged since it was cut off."""
    pair.master_dies()
    await wait_until(pair.failed_over, 10, "the failover")
    await wait_until(lambda: one.lost, 5, "the failover to be noticed")


async def test_what_a_failover_lost_blocks_nobody(pair: Watched, tenant: str) -> None:
    async with replica(pair.url) as one:
        d = await staff(one.store, tenant, 2)
        known, talking = new_id(), new_id()
        await d.create(tenant, talking, service=SALES, customer="", workflow=False)
        found = await d.task(tenant, talking)
        assert found
        assert found.offer
        (agent,) = found.invited
        await wait_until(lambda: any(s.kind == "card" for s in one.shown), 5, "the card")
        pair.copied()

        pair.cut()
        # All of this is acknowledged, and seen in Teams.
        assert (await d.accept(tenant, talking, found.offer, agent, Via.CARD)).ok
        assert (await d.opened(tenant, talking)).ok
        assert (await d.create(tenant, known, service=SALES, customer="", workflow=False)).ok
        await wait_until(lambda: any(s.kind == "relay" for s in one.shown), 5, "what was shown of the talk")
        one.shown.clear()
        await lose_the_end(pair, one)

        lives = Lives(d, tenant)
        assert await lives.insist(lambda: d.task(tenant, known)) is None
        rolled_back = await lives.insist(lambda: d.task(tenant, talking))
        assert rolled_back
        assert rolled_back.active_at is None
        # What Teams shows is newer than what is so: it is painted again.
        await wait_until(lambda: any(s.parts[0] == talking for s in one.shown), 5, "the card, once more")
        assert (await d.opened(tenant, talking)).verdict is Verdict.WRONG_STATE
        await is_well(one.store, lives)
        await deadlines_fire(one.store, lives)


async def test_messages_that_were_lost_are_taken_again_under_new_numbers(pair: Watched, tenant: str) -> None:
    """The widget offers again what was acknowledged: here, what it does with what the store tells it."""
    async with replica(pair.url) as one:
        chat = Conversations(one.store)
        await chat.open(Conversation(tenant, "c1", service=SALES, user=None))

        async def say(number: int) -> int:
            said = await chat.say(
                tenant, "c1", sender=Sender.VISITOR, author="", author_id="", text=f"{number}", client_id=f"m{number}"
            )
            return said.seq

        assert [await say(number) for number in (1, 2)] == [1, 2]
        pair.copied()
        pair.cut()
        assert [await say(number) for number in (3, 4)] == [3, 4]
        await lose_the_end(pair, one)
        lives = Lives(Distributor(one.store), tenant)
        assert [await lives.insist(lambda n=number: say(n)) for number in (1, 2, 4, 3)] == [1, 2, 3, 4]
        assert [message.text for message in await chat.read(tenant, "c1", 0)] == ["1", "2", "4", "3"]


async def test_with_replicas_in_the_address_only_what_is_copied_counts(pair: Watched) -> None:
    async with replica(pair.url) as one:
        careful = await open_store(f"{pair.url}?replicas=1")
        key = f"{keys.ALL}test"
        await careful.set(key, "copied")
        pair.cut()
        with pytest.raises(StoreDown, match="0 replicas have it, and 1 must"):
            await careful.set(key, "not copied")
        await lose_the_end(pair, one)
        assert await one.store.get(key) == "copied"
        await careful.close()


async def test_three_tenants_on_three_nodes_and_a_slot_that_moves(trio: Clustered) -> None:
    async with replica(trio.url) as one, replica(trio.url) as other:
        tenants = [tenant_on(trio.roots_on(node)) for node in trio.nodes]
        lives = [Lives(await staff(one.store, tenant, AGENTS), tenant) for tenant in tenants]
        async with living(*lives):
            await wait_until(lambda: all(len(each.ended) > 30 for each in lives), 15, "some lives of each")
            await asyncio.to_thread(trio.move, keys.root(tenants[0]), trio.nodes[1])
            before = len(lives[0].ended)
            await wait_until(lambda: len(lives[0].ended) > before + 30, 15, "lives after the move")
        assert [each.refused for each in lives] == [0, 0, 0]
        for each in lives:
            await is_well(other.store, each)
            found = await one.store.many([("hget", (task_key(each.tenant, task), "rev")) for task in each.seen])
            assert [int(rev) for rev in found] == list(each.seen.values()), "nothing that was acknowledged is missing"
            await deadlines_fire(one.store, each)
        assert one.lost == other.lost == [], "a slot that moves as a whole loses nothing"


async def test_a_node_dies_under_load_and_the_others_tenants_notice_nothing(six: Clustered) -> None:
    async with replica(six.url) as one:
        there: Server = six.nodes[0]
        hit, spared = tenant_on(six.roots_on(there)), tenant_on(six.roots_on(six.nodes[1]))
        lives = [Lives(await staff(one.store, tenant, AGENTS), tenant) for tenant in (hit, spared)]
        gone = set(six.roots_on(there))
        async with living(*lives):
            await wait_until(lambda: all(len(each.ended) > 30 for each in lives), 15, "some lives of each")
            there.kill()
            before = len(lives[1].ended)
            await wait_until(lambda: len(lives[1].ended) > before + 10, 5, "lives on another node")
            await wait_until(lambda: one.lost, 10, "the replica to take over")
            before = len(lives[0].ended)
            await wait_until(lambda: len(lives[0].ended) > before + 30, 10, "lives after the failover")
        assert lives[1].refused == 0
        for each in lives:
            await is_well(one.store, each)
            await deadlines_fire(one.store, each)
        assert set(one.lost) == gone


async def test_a_deadline_of_another_node_is_not_held_up(trio: Clustered) -> None:
    """A node without a replica is gone for good; the others' time goes on, to the tenth of a second."""
    async with replica(trio.url) as one:
        tenant = tenant_on(trio.roots_on(trio.nodes[1]))
        d = await staff(one.store, tenant, 1)
        trio.nodes[0].kill()
        task = new_id()
        lives = Lives(d, tenant)
        await lives.insist(lambda: d.create(tenant, task, service=SALES, customer="", workflow=False))
        made = await lives.insist(lambda: d.task(tenant, task))
        assert made
        assert made.deliver_by_at

        async def went_back() -> list[int]:
            try:
                entries = await one.store.xrange(f"{keys.root(tenant)}journal:{tenant}")
            except StoreDown:
                return []
            # No card has arrived anywhere, so that nobody is charged with it: the offer is withdrawn, and made again.
            return [int(fields["at"]) for _, fields in entries if fields["e"] == "withdrawn"]

        at, *_ = await wait_until(went_back, 5, "the offer to go back")
        assert 0 <= at - made.deliver_by_at < 500
