"""The due set: every mark is handled, by one worker at a time, whatever dies meanwhile."""

import asyncio
import itertools
import os
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from store import due as due_module
from store import due_handling, keys
from store.commands import Command
from store.connection import Store, open_store
from store.doorbells import Bell, Doorbells
from store.due import SCRIPTS, DueWorker, RetryLater, Subject, mark_due
from store.due_slots import LIMITS, Limit, Slots
from store.embedded import start_embedded
from store.seldom import Seldom
from tests.support import unsettled, wait_until

THREE = {class_: Limit(3, 3) for class_ in LIMITS}

Handler = Callable[[Subject], Awaitable[None]]


class Workers:
    """Workers of one test, all on one set of doorbells, as in one replica."""

    def __init__(self, store: Store, doorbells: Doorbells) -> None:
        self.store = store
        self.doorbells = doorbells
        self.running: list[asyncio.Task[None]] = []

    def begin(
        self,
        handler: Handler,
        *,
        limits: Mapping[str, Limit] = LIMITS,
        lease_seconds: float = 20,
        kinds: Sequence[str] = ("card",),
    ) -> DueWorker:
        name = f"worker-{len(self.running)}"
        worker = DueWorker(self.store, self.doorbells, worker_id=name, slots=Slots(limits), lease_seconds=lease_seconds)
        for kind in kinds:
            worker.handle(kind, handler)
        self.running.append(asyncio.create_task(worker.run()))
        return worker


@asynccontextmanager
async def office(store: Store) -> AsyncGenerator[Workers]:
    doorbells = Doorbells(store)
    hearing = asyncio.create_task(doorbells.run())
    looked: list[Bell] = []
    doorbells.listen("any", looked.append)
    await wait_until(lambda: looked, 5, "the first look")
    made = Workers(store, doorbells)
    try:
        yield made
    finally:
        for task in (*made.running, hearing):
            task.cancel()
        await asyncio.gather(*made.running, hearing, return_exceptions=True)


@pytest.fixture
async def workers(store: Store) -> AsyncGenerator[Workers]:
    async with office(store) as made:
        yield made


class Recorder:
    """A handler that notes what it is called for, and waits at a gate if it has one."""

    def __init__(self, gate: asyncio.Event | None = None) -> None:
        self.begun: list[Subject] = []
        self.ended: list[Subject] = []
        self.at_once: dict[Subject, int] = {}
        self.most_at_once = 0
        self.gate = gate

    async def __call__(self, what: Subject) -> None:
        self.begun.append(what)
        self.at_once[what] = self.at_once.get(what, 0) + 1
        self.most_at_once = max(self.most_at_once, *self.at_once.values())
        try:
            await (self.gate.wait() if self.gate else asyncio.sleep(0))
            self.ended.append(what)
        finally:
            self.at_once[what] -= 1


def card(tenant: str, task: str = "one") -> Subject:
    return Subject("card", tenant, (task, "anna"))


def state_of(what: Subject) -> str:
    return f"{keys.root(what.tenant)}due:{what}"


async def claim(store: Store, tenant: str, token: str, lease: int) -> list[str]:
    """Claim as a worker does; return what was claimed: subject, tries, subject, …"""
    claimed = (await answer_of_claim(store, tenant, token, lease))[5:]
    return [word for number, word in enumerate(claimed) if number % 3 != 1]


async def answer_of_claim(store: Store, tenant: str, token: str, lease: int, most: int = 10) -> list[str]:
    asks: dict[str, Any] = {class_: {"most": most, "share": most, "held": {}} for class_ in LIMITS}
    return await store.run(SCRIPTS["due_claim"], keys.root(tenant), token=token, lease=lease, asks=asks)


async def done(store: Store, what: Subject, token: str) -> str:
    return await store.run(SCRIPTS["due_done"], keys.root(what.tenant), subject=str(what), token=token)


async def settled(store: Store, tenant: str) -> bool:
    marked = await unsettled(store, keys.root(tenant))
    return not any(tenant in text for text in marked) and not await store.scan(f"*due:*{tenant}*")


async def no_longer_claimed(store: Store, what: Subject) -> bool:
    return await store.hget(state_of(what), "token") is None


def test_a_subject_is_text_and_back() -> None:
    what = Subject("card", "t", ("one", "anna"))
    assert str(what) == "card:t:one:anna"
    assert Subject.parse(str(what)) == what


async def test_a_mark_is_handled_once_and_leaves_nothing(store: Store, tenant: str, workers: Workers) -> None:
    handler = Recorder()
    workers.begin(handler)
    await mark_due(store, tenant, card(tenant))
    await wait_until(lambda: settled(store, tenant), 5, "settling")
    assert handler.ended == [card(tenant)]


async def test_what_was_marked_before_a_worker_began_is_handled(store: Store, tenant: str, workers: Workers) -> None:
    await mark_due(store, tenant, card(tenant))
    handler = Recorder()
    workers.begin(handler)
    await wait_until(lambda: handler.ended, 5, "handling")


async def test_a_mark_for_later_waits_until_then(store: Store, tenant: str, workers: Workers) -> None:
    handler = Recorder()
    workers.begin(handler)
    at = time.time_ns() // 1_000_000 + 300
    await mark_due(store, tenant, card(tenant), at=at)
    await wait_until(lambda: handler.ended, 5, "handling")
    assert time.time_ns() // 1_000_000 >= at


async def test_an_earlier_mark_wins_over_a_later_one(store: Store, tenant: str, workers: Workers) -> None:
    handler = Recorder()
    far = time.time_ns() // 1_000_000 + 3_600_000
    await mark_due(store, tenant, card(tenant), at=far)
    await mark_due(store, tenant, card(tenant))
    await mark_due(store, tenant, card(tenant), at=far)
    workers.begin(handler)
    await wait_until(lambda: settled(store, tenant), 5, "settling")
    assert len(handler.ended) == 1


async def test_racing_workers_handle_each_subject_once(store: Store, tenant: str, workers: Workers) -> None:
    handler = Recorder()
    for _ in range(4):
        workers.begin(handler, limits=THREE)
    subjects = [card(tenant, f"t{number}") for number in range(60)]
    await asyncio.gather(*(mark_due(store, tenant, what) for what in subjects))
    await wait_until(lambda: settled(store, tenant), 10, "settling")
    assert sorted(map(str, handler.ended)) == sorted(map(str, subjects))


async def test_no_more_than_there_are_places_at_once(store: Store, tenant: str, workers: Workers) -> None:
    gate = asyncio.Event()
    handler = Recorder(gate)
    workers.begin(handler, limits=THREE)
    for number in range(10):
        await mark_due(store, tenant, card(tenant, f"t{number}"))
    await wait_until(lambda: len(handler.begun) == 3, 5, "three at once")
    assert len(await claim(store, tenant, "other", 1)) == 7 * 2  # the others were left for somebody else
    gate.set()
    await wait_until(lambda: len(handler.ended) == 10, 10, "all ten")
    await wait_until(lambda: settled(store, tenant), 10, "settling")


async def test_a_mark_while_it_is_handled_leads_to_one_more_turn_and_never_two_at_once(
    store: Store, tenant: str, workers: Workers
) -> None:
    gate = asyncio.Event()
    handler = Recorder(gate)
    for _ in range(3):
        workers.begin(handler)
    await mark_due(store, tenant, card(tenant))
    await wait_until(lambda: handler.begun, 5, "the first turn")
    for _ in range(5):
        await mark_due(store, tenant, card(tenant))
    gate.set()
    await wait_until(lambda: settled(store, tenant), 5, "settling")
    assert len(handler.ended) == 2
    assert handler.most_at_once == 1


async def test_a_worker_that_lost_its_lease_makes_it_due_again(store: Store, tenant: str) -> None:
    what = card(tenant)
    await mark_due(store, tenant, what)
    assert await claim(store, tenant, "slow", 1) == [str(what), "0"]
    await wait_until(lambda: claim(store, tenant, "quick", 60_000), 5, "the lease's end")
    assert await done(store, what, "slow") == "lost"
    assert await done(store, what, "quick") == "newer"
    assert await claim(store, tenant, "third", 60_000) == [str(what), "0"]
    assert await done(store, what, "third") == "done"
    assert await settled(store, tenant)


async def test_a_worker_that_lost_its_lease_long_ago_paints_over_nothing_unseen(store: Store, tenant: str) -> None:
    what = card(tenant)
    await mark_due(store, tenant, what)
    await claim(store, tenant, "slow", 1)
    await wait_until(lambda: claim(store, tenant, "quick", 60_000), 5, "the lease's end")
    assert await done(store, what, "quick") == "done"
    assert await done(store, what, "slow") == "lost"
    assert await claim(store, tenant, "third", 60_000) == [str(what), "0"]


async def test_a_mark_under_a_lease_that_is_renewed_waits_for_its_end(store: Store, tenant: str) -> None:
    what, root = card(tenant), keys.root(tenant)
    await mark_due(store, tenant, what)
    assert await claim(store, tenant, "slow", 200)
    await mark_due(store, tenant, what)
    assert await store.zscore(f"{root}due", str(what)) == await store.zscore(f"{root}leases", str(what))
    assert await store.run(SCRIPTS["due_renew"], root, leases={str(what): "slow"}, lease=60_000) == []
    at_first = await store.zscore(f"{root}due", str(what))
    assert at_first is not None
    await wait_until(lambda: time.time() * 1000 > at_first, 5, "the end of the lease as it was at first")
    assert await claim(store, tenant, "other", 60_000) == []
    assert await done(store, what, "slow") == "newer"
    assert await claim(store, tenant, "other", 60_000) == [str(what), "0"]


async def test_the_next_look_is_when_the_first_of_leases_and_marks_ends(store: Store, tenant: str) -> None:
    for task, at in (("one", None), ("two", 9_000_000_000_000)):
        await mark_due(store, tenant, card(tenant, task), at)
    next_at, now, _, _, _, *claimed = await answer_of_claim(store, tenant, "slow", 60_000)
    assert claimed == [str(card(tenant, "one")), "card", "0"]
    assert next_at == str(int(now) + 60_000)
    assert await done(store, card(tenant, "one"), "slow") == "done"
    next_at, _, _, _, _, *claimed = await answer_of_claim(store, tenant, "slow", 60_000)
    assert (next_at, claimed) == ("9000000000000", [])


async def test_what_a_killed_worker_held_is_handled_when_its_lease_ends(
    store: Store, tenant: str, workers: Workers
) -> None:
    await mark_due(store, tenant, card(tenant))
    began = time.monotonic()
    assert await claim(store, tenant, "killed", 300)
    handler = Recorder()
    workers.begin(handler)
    await wait_until(lambda: handler.ended, 5, "handling")
    assert time.monotonic() - began > 0.29


async def test_a_lease_is_renewed_while_its_handler_runs(store: Store, tenant: str, workers: Workers) -> None:
    gate = asyncio.Event()
    slow = Recorder(gate)
    other = Recorder()
    workers.begin(slow, lease_seconds=0.8)
    await mark_due(store, tenant, card(tenant))
    await wait_until(lambda: slow.begun, 5, "the slow turn")
    workers.begin(other, lease_seconds=0.8)
    end = time.monotonic() + 2.4
    await wait_until(lambda: time.monotonic() > end, 5, "three leases' time")
    gate.set()
    await wait_until(lambda: settled(store, tenant), 5, "settling")
    assert (len(slow.ended), other.begun) == (1, [])


async def test_a_failure_is_tried_again_with_growing_pauses(
    store: Store, tenant: str, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_handling, "FIRST_BACKOFF_SECONDS", 0.05)
    times: list[float] = []

    async def fail_four_times(_what: Subject) -> None:
        times.append(time.monotonic())
        if len(times) <= 4:
            raise RuntimeError("oh")

    workers.begin(fail_four_times)
    await mark_due(store, tenant, card(tenant))
    await wait_until(lambda: settled(store, tenant), 10, "settling")
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(pauses) == 4
    # 0.05, 0.1, 0.2, 0.4 seconds, each a quarter more or less.
    assert all(pause >= 0.05 * 2**number * 0.74 for number, pause in enumerate(pauses))


async def test_a_new_mark_brings_a_failed_one_forward(
    store: Store, tenant: str, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_handling, "FIRST_BACKOFF_SECONDS", 40.0)
    calls: list[Subject] = []

    async def fail_once(what: Subject) -> None:
        calls.append(what)
        if len(calls) == 1:
            raise RuntimeError("oh")

    workers.begin(fail_once)
    await mark_due(store, tenant, card(tenant))

    async def waits() -> bool:
        kept = await store.hgetall(state_of(card(tenant)))
        return kept.get("tries") == "1" and "token" not in kept

    await wait_until(waits, 5, "the failure")
    await mark_due(store, tenant, card(tenant))
    await wait_until(lambda: len(calls) == 2, 10, "the second try, and not after what a failure waits for")


async def test_a_mark_does_not_break_a_wait_that_the_outside_asked_for(
    store: Store, tenant: str, workers: Workers
) -> None:
    times: list[float] = []

    async def throttled_once(_what: Subject) -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            raise RetryLater(1, "too many requests")

    workers.begin(throttled_once)
    await mark_due(store, tenant, card(tenant))
    await wait_until(lambda: times, 5, "the first try")
    await wait_until(lambda: no_longer_claimed(store, card(tenant)), 5, "the wait")
    await mark_due(store, tenant, card(tenant))
    await wait_until(lambda: settled(store, tenant), 5, "settling")
    assert len(times) == 2
    assert times[1] - times[0] >= 0.99


async def test_a_mark_brings_forward_what_only_waits_for_others_to_act(
    store: Store, tenant: str, workers: Workers
) -> None:
    times: list[float] = []

    async def broken_once(_what: Subject) -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            raise RetryLater(30, "the room is broken", hold=False)

    workers.begin(broken_once)
    await mark_due(store, tenant, card(tenant))
    await wait_until(lambda: times, 5, "the first try")
    await wait_until(lambda: no_longer_claimed(store, card(tenant)), 5, "the wait")
    await mark_due(store, tenant, card(tenant))
    await wait_until(lambda: settled(store, tenant), 5, "settling")
    assert len(times) == 2


async def test_a_stopped_worker_finishes_what_it_has_begun_and_claims_nothing_more(
    store: Store, tenant: str, workers: Workers
) -> None:
    gate = asyncio.Event()
    handler = Recorder(gate)
    worker = workers.begin(handler)
    await mark_due(store, tenant, card(tenant))
    await wait_until(lambda: handler.begun, 5, "the turn")
    stopping = asyncio.create_task(worker.stop(10))
    await asyncio.sleep(0)
    await mark_due(store, tenant, card(tenant, "two"))
    gate.set()
    await stopping
    await workers.running[0]
    assert handler.ended == [card(tenant)]
    assert await claim(store, tenant, "next", 60_000) == [str(card(tenant, "two")), "0"]


async def test_what_does_not_end_in_the_grace_time_is_given_back_at_once(
    store: Store, tenant: str, workers: Workers
) -> None:
    stuck = Recorder(asyncio.Event())
    worker = workers.begin(stuck)
    await mark_due(store, tenant, card(tenant))
    await wait_until(lambda: stuck.begun, 5, "the turn")
    await worker.stop(0.01)
    handler = Recorder()
    workers.begin(handler)
    await wait_until(lambda: handler.ended, 5, "another worker's turn")


async def test_a_kind_that_nobody_handles_waits_for_somebody_who_does(
    store: Store, tenant: str, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_handling, "FIRST_BACKOFF_SECONDS", 0.05)
    worker = workers.begin(Recorder())
    what = Subject("room", tenant, ("one",))
    await mark_due(store, tenant, what)
    await wait_until(lambda: store.hget(state_of(what), "tries"), 5, "a failed try")
    handler = Recorder()
    worker.handle("room", handler)
    await wait_until(lambda: handler.ended, 5, "handling")


async def test_a_lost_bell_costs_one_poll(
    store: Store, tenant: str, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_module, "POLL_SECONDS", 0.2)
    handler = Recorder()
    workers.begin(handler)
    await mark_due(store, tenant, card(tenant))
    await wait_until(lambda: settled(store, tenant), 5, "the first")
    await store.zadd(f"{keys.root(tenant)}due", {str(card(tenant, "unheard")): 1})
    await wait_until(lambda: handler.ended[1:] == [card(tenant, "unheard")], 5, "the unheard one")
    await wait_until(lambda: settled(store, tenant), 5, "settling")


async def test_a_server_that_dies_under_a_handler_loses_nothing(
    tmp_path: Path, engine_binary: Path | None, tenant: str
) -> None:
    with start_embedded(tmp_path, binary=engine_binary) as server:
        opened = await open_store(server.url)
        async with office(opened) as workers:
            gate = asyncio.Event()
            handler = Recorder(gate)
            workers.begin(handler, lease_seconds=1)
            await mark_due(opened, tenant, card(tenant, "under way"))
            await wait_until(lambda: handler.begun, 5, "the turn")
            await mark_due(opened, tenant, card(tenant, "waiting"), at=time.time_ns() // 1_000_000 + 200)
            pid = server.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            gate.set()
            await wait_until(lambda: server.pid not in {None, pid}, 10, "a new server")
            await wait_until(lambda: settled(opened, tenant), 15, "settling")
            assert {what.parts[0] for what in handler.ended} == {"under way", "waiting"}
        await opened.close()


async def test_a_store_that_takes_nothing_is_said_once_and_not_at_every_look(
    tmp_path: Path, engine_binary: Path | None, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_module, "STORE_DOWN_SECONDS", 0.01)
    # Another test of this process may have said so within the last minute.
    monkeypatch.setattr(due_module, "seldom", Seldom(due_module.log))
    with start_embedded(tmp_path, binary=engine_binary) as server:
        opened = await open_store(server.url)
        looks, look = [0], opened.run_each

        async def counted(*args: Any, **kwargs: Any) -> Any:
            looks[0] += 1
            return await look(*args, **kwargs)

        async with office(opened) as workers:
            handler = Recorder()
            workers.begin(handler)
            await mark_due(opened, tenant, card(tenant))
            await wait_until(lambda: handler.ended, 5, "the first turn")
            with capture_logs() as said:
                await opened.everywhere(Command(("CONFIG", "SET", "min-replicas-to-write", "1"), bool))
                monkeypatch.setattr(opened, "run_each", counted)
                await wait_until(lambda: looks[0] >= 20, 10, "looks at a store that takes nothing")
            await opened.everywhere(Command(("CONFIG", "SET", "min-replicas-to-write", "0"), bool))
        await opened.close()
    assert len([line for line in said if line["event"] == "due_store_down"]) == 1
