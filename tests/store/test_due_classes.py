"""What is due is divided by class and tenant: what is stuck keeps its own places, and nobody else's."""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from store import due_handling, keys
from store.connection import Store
from store.due import SCRIPTS, RetryLater, Subject, mark_due
from store.due_slots import LIMITS, Limit, Slots
from tests.store.test_due import Recorder, Workers, answer_of_claim, card, claim, done, office, settled, state_of
from tests.support import unsettled, wait_until

KINDS = ("arrival", "card", "relay", "room", "directory")


@pytest.fixture
async def workers(store: Store) -> AsyncGenerator[Workers]:
    async with office(store) as made:
        yield made


class Stuck(Recorder):
    """A handler that does not end for these subjects, as with Graph at 29 s a call, until the gate opens."""

    def __init__(self, *tenants: str, kind: str = "room") -> None:
        super().__init__(asyncio.Event())
        self.tenants = tenants
        self.kind = kind

    def is_stuck(self, what: Subject) -> bool:
        return what.kind == self.kind and what.tenant in self.tenants

    async def __call__(self, what: Subject) -> None:
        if self.is_stuck(what):
            await super().__call__(what)
        else:
            self.ended.append(what)

    def of(self, *whats: Subject) -> bool:
        return all(what in self.ended for what in whats)


def same_shard(tenant: str) -> str:
    """Another tenant of the same shard: it has the same sets, but for its own."""
    while True:
        other = str(uuid.uuid4())
        if keys.root(other) == keys.root(tenant):
            return other


async def mark(store: Store, *whats: Subject) -> None:
    await asyncio.gather(*(mark_due(store, what.tenant, what) for what in whats))


async def offer(store: Store, what: Subject) -> None:
    """Mark a card as a script of the distributor does that brings an offer."""
    await mark_due(store, what.tenant, what)
    await store.network.talk([("SADD", f"{keys.root(what.tenant)}due-offers", str(what))], [keys.root(what.tenant)])


async def test_two_hundred_stuck_rooms_of_one_tenant_delay_nothing_else(
    store: Store, tenant: str, workers: Workers
) -> None:
    handler, other = Stuck(tenant), same_shard(tenant)
    workers.begin(handler, kinds=KINDS)
    rooms = [Subject("room", tenant, (f"t{number}",)) for number in range(200)]
    await mark(store, *rooms)
    share = LIMITS["room"].share
    await wait_until(lambda: len(handler.begun) == share, 10, "a tenant's share of rooms")
    others = [
        Subject("room", other, ("one",)),
        Subject("relay", tenant, ("t1",)),
        Subject("arrival", tenant, ("t2",)),
        card(tenant),
        Subject("directory", tenant, ()),
    ]
    await mark(store, *others)
    urgent = card(tenant, "urgent")
    await offer(store, urgent)
    await wait_until(lambda: handler.of(*others, urgent), 5, "everything else")
    assert len(handler.begun) == share
    assert handler.gate is not None
    handler.gate.set()
    await wait_until(lambda: handler.of(*rooms), 20, "the rooms, once Graph answers again")
    await wait_until(lambda: settled(store, tenant), 10, "settling")


async def test_rooms_that_wait_take_no_places(store: Store, tenant: str, workers: Workers) -> None:
    waited: list[Subject] = []
    handled: list[Subject] = []

    async def throttled(what: Subject) -> None:
        if what.tenant == tenant:
            waited.append(what)
            raise RetryLater(60, "throttled")
        handled.append(what)

    workers.begin(throttled, kinds=KINDS)
    other = same_shard(tenant)
    rooms = [Subject("room", tenant, (f"t{number}",)) for number in range(36)]
    await mark(store, *rooms)
    await wait_until(lambda: len(waited) == 36, 10, "all 36 heard that they have to wait")
    healthy = [Subject("room", other, (f"t{number}",)) for number in range(LIMITS["room"].most)]
    await mark(store, *healthy)
    await wait_until(lambda: len(handled) == len(healthy), 5, "the healthy rooms")
    assert len(waited) == 36


async def test_a_class_that_is_full_leaves_the_others_their_places(store: Store, tenant: str, workers: Workers) -> None:
    tenants = [tenant, *(str(uuid.uuid4()) for _ in range(9))]
    handler = Stuck(*tenants)
    workers.begin(handler, kinds=KINDS)
    await mark(store, *(Subject("room", each, (f"t{number}",)) for each in tenants for number in range(5)))
    await wait_until(lambda: len(handler.begun) == LIMITS["room"].most, 10, "all places for rooms")
    relays = [Subject("relay", each, ("one",)) for each in tenants]
    await mark(store, *relays)
    await wait_until(lambda: handler.of(*relays), 5, "the messages")
    assert len(handler.begun) == LIMITS["room"].most
    assert handler.gate is not None
    handler.gate.set()
    await wait_until(lambda: len(handler.ended) == 50 + 10, 20, "the rooms, in all shards")


async def test_tenants_take_turns(store: Store, tenant: str) -> None:
    other, third = same_shard(tenant), same_shard(tenant)
    await mark(store, *(card(tenant, f"t{number}") for number in range(20)))
    await mark(store, *(card(other, f"t{number}") for number in range(2)), card(third))
    claimed = await claim(store, tenant, "one", 60_000)
    tenants = [text.split(":")[1] for text in claimed[::2]]
    assert sorted(tenants[:3]) == sorted([tenant, other, third])
    assert tenants.count(other) == 2
    assert tenants.count(tenant) == 7


async def test_a_backlog_does_not_go_before_who_comes_later(store: Store, tenant: str) -> None:
    other = same_shard(tenant)
    await mark(store, *(card(tenant, f"t{number}") for number in range(20)))
    order: list[str] = []
    for number in range(6):  # one place becomes free at a time
        if number == 2:
            await mark(store, card(other, "a"), card(other, "b"))
        *_, text, _, _ = await answer_of_claim(store, tenant, f"w{number}", 60_000, 1)
        order.append(text.split(":")[1])
    assert order[2:].count(other) == 2
    assert other in order[2:4]


async def test_a_tenant_has_no_more_than_its_share_of_what_a_worker_holds(store: Store, tenant: str) -> None:
    await mark(store, *(card(tenant, f"t{number}") for number in range(20)))

    async def ask(most: int, held: int) -> list[str]:
        asks: dict[str, Any] = {"card": {"most": most, "share": 6, "held": {tenant: held} if held else {}}}
        return await store.run(SCRIPTS["due_claim"], keys.root(tenant), token="t", lease=60_000, asks=asks)

    _, _, more, shared, _, *claimed = await ask(10, 0)
    assert (len(claimed) // 3, more, shared) == (6, "", "card")
    _, _, more, shared, _, *claimed = await ask(10, 4)
    assert (len(claimed) // 3, more, shared) == (2, "", "card")
    _, _, more, shared, _, *claimed = await ask(0, 6)
    assert (claimed, more, shared) == ([], "card", "")


async def test_offers_are_claimed_before_a_backlog_of_other_cards(store: Store, tenant: str, workers: Workers) -> None:
    limits = {**LIMITS, "card": Limit(1, 1)}
    handler = Stuck(tenant, kind="card")
    urgent = card(tenant, "urgent")
    ended: list[Subject] = []

    async def hold_updates(what: Subject) -> None:
        if what != urgent:
            await handler(what)
        ended.append(what)

    workers.begin(hold_updates, limits=limits)
    await mark(store, *(card(tenant, f"t{number}") for number in range(10)))
    await wait_until(lambda: handler.begun, 5, "the first update")
    await offer(store, urgent)
    await wait_until(lambda: urgent in ended, 5, "the offer")
    assert handler.gate is not None
    handler.gate.set()
    await wait_until(lambda: settled(store, tenant), 10, "settling")
    root = keys.root(tenant)
    assert await store.network.talk([("SISMEMBER", f"{root}due-offers", str(urgent))], [root]) == [0]


async def test_a_card_that_becomes_an_offer_moves_and_stands_in_one_set(store: Store, tenant: str) -> None:
    what, root = card(tenant), keys.root(tenant)
    await mark_due(store, tenant, what)
    await answer_of_claim(store, tenant, "t", 1, 0)
    assert await store.zscore(f"{root}due-of:card:{tenant}", str(what)) is not None
    await offer(store, what)
    _, _, more, *_ = await answer_of_claim(store, tenant, "t", 1, 0)
    assert "offer" in more.split()
    assert await store.zscore(f"{root}due-of:card:{tenant}", str(what)) is None
    assert await store.zscore(f"{root}due-of:offer:{tenant}", str(what)) is not None
    *_, text, class_, tries = await answer_of_claim(store, tenant, "t", 60_000)
    assert (text, class_, tries) == (str(what), "offer", "0")
    assert await unsettled(store, root) == [str(what)]
    assert await done(store, what, "t") == "done"
    assert await unsettled(store, root) == []
    assert await store.scan(f"{root}due-*{tenant}*") == []
    await mark_due(store, tenant, what)
    *_, class_, _ = await answer_of_claim(store, tenant, "t", 60_000)
    assert class_ == "card"


async def test_an_offer_stays_one_while_it_has_to_wait_or_fails(store: Store, tenant: str) -> None:
    what, root = card(tenant), keys.root(tenant)
    await offer(store, what)
    for hold in (0, 1):
        *_, class_, _ = await wait_until(lambda: _claimed(store, tenant), 5, "the next try")
        assert class_ == "offer"
        await store.run(SCRIPTS["due_retry"], root, subject=str(what), token="t", after=1, hold=hold)
    *_, class_, _ = await wait_until(lambda: _claimed(store, tenant), 5, "the last try")
    assert class_ == "offer"


async def _claimed(store: Store, tenant: str) -> list[str]:
    return (await answer_of_claim(store, tenant, "t", 60_000))[5:]


async def test_what_an_earlier_release_left_is_taken_over(store: Store, tenant: str, workers: Workers) -> None:
    root, now = keys.root(tenant), time.time_ns() // 1_000_000
    subjects = {name: card(tenant, name) for name in ("due", "later", "held", "waits", "killed")}
    text = {name: str(what) for name, what in subjects.items()}
    await store.zadd(f"{root}due", {text["due"]: now - 5_000, text["later"]: now + 300, text["held"]: now + 400})
    await store.zadd(f"{root}leases", {text["held"]: now + 400, text["waits"]: now + 200, text["killed"]: now - 1})
    await store.network.talk([("HSET", f"{root}due:{text['held']}", "token", "old", "tries", "0")], [root])
    await store.network.talk([("HSET", f"{root}due:{text['killed']}", "token", "old", "tries", "2")], [root])
    handler = Recorder()
    workers.begin(handler)
    await wait_until(lambda: settled(store, tenant), 10, "settling")
    assert set(handler.ended) == set(subjects.values())
    assert time.time_ns() // 1_000_000 >= now + 400
    assert handler.most_at_once == 1


async def test_a_worker_of_an_earlier_release_beside_this_one_holds_nothing_twice(store: Store, tenant: str) -> None:
    what, root = card(tenant), keys.root(tenant)
    await mark_due(store, tenant, what)
    await answer_of_claim(store, tenant, "new", 1, 0)  # divided, not claimed
    await mark_due(store, tenant, what)
    now = time.time_ns() // 1_000_000
    # What the earlier claim did: a lease, and out of `due`.
    await store.zadd(f"{root}leases", {str(what): now + 60_000})
    await store.network.talk([("ZREM", f"{root}due", str(what))], [root])
    await store.network.talk([("HSET", state_of(what), "token", "old")], [root])
    assert await claim(store, tenant, "new", 60_000) == []
    assert await done(store, what, "old") == "newer"
    assert await claim(store, tenant, "new", 60_000) == [str(what), "0"]


@pytest.mark.parametrize(
    "text", [b"", b"room", b"room:", b":t:one", b"room:\xff\xfe:one", b"ro om:t:x", b"room:t\x00:one", b"\xc3\xa9:t:x"]
)
async def test_text_that_nobody_can_read_is_put_aside_and_stops_nobody(
    store: Store, tenant: str, workers: Workers, text: bytes
) -> None:
    root = keys.root(tenant)
    handler = Recorder()
    workers.begin(handler)
    await store.network.talk([("ZADD", f"{root}due", 1, text)], [root])
    await mark_due(store, tenant, card(tenant))
    await wait_until(lambda: handler.ended, 5, "what comes behind it")
    (aside,) = await store.network.talk([("ZCARD", f"{root}due-aside")], [root])
    assert aside == 1
    assert await unsettled(store, root) == []
    await store.delete(f"{root}due-aside")


async def test_a_subject_with_other_parts_than_its_kind_has_is_put_aside(
    store: Store, tenant: str, workers: Workers
) -> None:
    handler = Recorder()
    worker = workers.begin(handler)
    worker.handle("card", handler, parts=2)
    bad = Subject("card", tenant, ("one",))
    await mark(store, bad, card(tenant))
    await wait_until(lambda: settled(store, tenant), 5, "settling")
    assert handler.ended == [card(tenant)]
    assert await store.zrange(f"{keys.root(tenant)}due-aside", 0, -1) == [str(bad)]
    await store.delete(f"{keys.root(tenant)}due-aside")


async def test_a_kind_that_nobody_knows_is_put_aside_until_somebody_begins_who_does(
    store: Store, tenant: str, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_handling, "FIRST_BACKOFF_SECONDS", 0.001)
    workers.begin(Recorder())
    (earlier,) = workers.running
    what, root = Subject("newer", tenant, ("one",)), keys.root(tenant)
    await mark(store, what)

    async def aside() -> bool:
        return await store.zrange(f"{root}due-aside", 0, -1) == [str(what)]

    await wait_until(aside, 5, "it is put aside")
    assert await unsettled(store, root) == []
    earlier.cancel()
    handler = Recorder()
    workers.begin(handler, kinds=("newer",))
    await wait_until(lambda: handler.ended == [what], 5, "the next release")
    await wait_until(lambda: settled(store, tenant), 5, "settling")


async def test_marks_in_any_number_are_divided_bit_by_bit(store: Store, tenant: str, workers: Workers) -> None:
    subjects = [card(tenant, f"t{number}") for number in range(500)]
    await mark(store, *subjects)
    handler = Recorder()
    workers.begin(handler)
    await wait_until(lambda: settled(store, tenant), 20, "settling")
    assert len(handler.ended) == 500


def test_free_places_are_divided_and_come_back() -> None:
    slots = Slots({"card": Limit(5, 3), "room": Limit(2, 1)})
    quotas = slots.divide(["a", "b", "c"], {"c": {"room"}})
    assert sum(quota["card"] for quota in quotas.values()) == 5
    assert quotas["c"]["room"] == 1
    assert sum(quota["room"] for quota in quotas.values()) == 2
    slots.reserve(quotas.values())
    assert not slots.any_free()
    slots.hold("a", "card", "t")
    assert slots.free("card") == 0
    slots.give_back(quotas.values())
    assert slots.free("card") == 4
    assert slots.asks("a", {"card": 4}) == {"card": {"most": 4, "share": 3, "held": {"t": 1}}}
    slots.release("a", "card", "t")
    assert slots.asks("a", {"card": 5}) == {"card": {"most": 5, "share": 3, "held": {}}}


def test_no_tenant_can_take_a_class_alone() -> None:
    for limit in LIMITS.values():
        assert limit.share < limit.most
