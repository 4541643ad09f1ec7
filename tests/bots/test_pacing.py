"""Teams' limits without waiting inside: who may not go comes back when told, and the limits are used up all the same."""

import heapq
import itertools
from collections import deque
from dataclasses import dataclass, field

import pytest

from bots.pacing import CONVERSATION_LIMITS, LEASE_SECONDS, SLACK, TENANT_LIMITS, Lane, LocalPacing, Priority
from bots.windows import GRACE_SECONDS, Bucket, Tickets, Windows

CALL_SECONDS = 0.2


@dataclass
class World:
    """A clock of its own, and callers that come when they are told to. Each makes its calls one after the other."""

    now: float = 100.0
    asked: int = 0
    went: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    waits: list[float] = field(default_factory=list[float])
    _events: list[tuple[float, int, str, str, Priority, int]] = field(
        default_factory=list[tuple[float, int, str, str, Priority, int]]
    )
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.pacing = LocalPacing(lambda: self.now)

    def comes(
        self, at: float, who: str, priority: Priority = Priority.MESSAGE, *, chat: str = "", calls: int = 1
    ) -> None:
        heapq.heappush(self._events, (at, next(self._numbers), who, chat or who, priority, calls))

    async def run(self, until: float) -> None:
        while self._events and self._events[0][0] <= until:
            at, _, who, chat, priority, calls = heapq.heappop(self._events)
            self.now = max(self.now, at)
            if priority is Priority.UPDATE and who.startswith("ends "):
                await self.pacing.finished(chat, failed=False)
                continue
            self.asked += 1
            wait = await self.pacing.ask("tenant", chat, who, priority)
            if wait:
                self.waits.append(wait)
                self.comes(self.now + wait, who, priority, chat=chat, calls=calls)
                continue
            self.went.append((self.now, who))
            self.comes(self.now + CALL_SECONDS, f"ends {who}", Priority.UPDATE, chat=chat)
            if calls > 1:
                self.comes(self.now + CALL_SECONDS, who, priority, chat=chat, calls=calls - 1)
        self.now = max(self.now, until)

    def first(self, who: str) -> float:
        return next(at for at, other in self.went if other == who)

    def most_in(self, seconds: float) -> int:
        """The largest number of calls in any stretch of this length."""
        most, window = 0, deque[float]()
        for at, _ in self.went:
            window.append(at)
            while window[0] <= at - seconds:
                window.popleft()
            most = max(most, len(window))
        return most


@pytest.mark.parametrize(("seconds", "least"), [(30, 55), (3_600, 1_700)])
async def test_a_conversation_that_never_rests_uses_its_limits_up_and_never_stalls(seconds: int, least: int) -> None:
    world = World()
    world.comes(100, "room", calls=100_000)
    await world.run(100 + seconds)
    for number, window in CONVERSATION_LIMITS:
        assert world.most_in(window) <= number
    assert len(world.went) >= least
    pauses = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(world.went)]
    assert max(pauses) < 3.3  # an hour's limit evenly spread; not the 15 s, or the half hour, that a full window takes


async def test_two_messages_a_second_wait_less_than_a_second() -> None:
    world = World()
    world.comes(100, "room", calls=58)
    await world.run(200)
    pauses = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(world.went)]
    assert len(world.went) == 58
    assert max(pauses) < 0.7


async def test_a_tenant_under_load_is_kept_near_its_limit_and_nobody_comes_in_vain_often() -> None:
    world = World()
    for number in range(400):
        world.comes(100, f"room {number}")
    await world.run(130)
    assert len(world.went) == 400
    for number, window in TENANT_LIMITS:
        assert world.most_in(window) <= number
    took = world.went[-1][0] - 100
    assert took < 400 / 46 * SLACK + 1
    assert world.asked < 3 * 400


async def test_offers_go_first_while_messages_fill_the_budget() -> None:
    world = World()
    for number in range(600):
        world.comes(100, f"room {number}")
    for number in range(4):
        world.comes(105.0 + number / 100, f"offer {number}", Priority.OFFER)
    for number in range(20):
        world.comes(108.0, f"late offer {number}", Priority.OFFER)
    await world.run(130)
    for number in range(4):  # a few are always left over
        assert world.first(f"offer {number}") - 105.0 < 0.1
    assert max(world.first(f"late offer {number}") for number in range(20)) - 108.0 < 1.2
    assert len(world.went) == 624


async def test_updates_come_after_messages_and_are_not_starved() -> None:
    world = World()
    for number in range(600):  # one more than the budget is for, in each second of twelve
        world.comes(100 + number / 55, f"room {number}")
    world.comes(101.0, "update", Priority.UPDATE)
    await world.run(140)
    assert 1 < world.first("update") - 101.0 < 8


async def test_offers_without_end_do_not_starve_a_message() -> None:
    world = World()
    for number in range(60 * 80):
        world.comes(100 + number / 60, f"offer {number}", Priority.OFFER)
    world.comes(101.0, "message")
    await world.run(260)
    # Behind those that came up to a minute later, more of which come than go.
    assert 60 < world.first("message") - 101.0 < 60 * 60 / 46 + 1


async def test_nobody_overtakes_in_a_conversation() -> None:
    world = World()
    for number in range(9):
        world.comes(100 + number / 1000, f"{number}", chat="room")
    await world.run(110)
    assert [who for _, who in world.went] == [f"{number}" for number in range(9)]


async def test_an_offer_goes_before_what_waits_in_the_same_chat() -> None:
    world = World()
    for number in range(8):
        world.comes(100, f"update {number}", Priority.UPDATE, chat="anna")
    world.comes(100.1, "offer", Priority.OFFER, chat="anna")
    await world.run(110)
    assert [who for _, who in world.went].index("offer") == 1


async def test_who_does_not_come_back_holds_nobody_up_for_long() -> None:
    world = World()
    assert not await world.pacing.ask("tenant", "room", "first", Priority.MESSAGE)
    wait = await world.pacing.ask("tenant", "room", "gone", Priority.MESSAGE)
    await world.pacing.finished("room", failed=False)
    world.comes(100.3, "second", chat="room")
    await world.run(110)
    assert world.first("second") - 100.3 <= wait + GRACE_SECONDS


async def test_who_leaves_holds_nobody_up() -> None:
    world = World()
    assert not await world.pacing.ask("tenant", "room", "first", Priority.MESSAGE)
    assert await world.pacing.ask("tenant", "room", "leaves", Priority.MESSAGE)
    await world.pacing.finished("room", failed=False)
    await world.pacing.leave("tenant", "room", "leaves")
    assert not await world.pacing.ask("tenant", "room", "second", Priority.MESSAGE)


async def test_a_call_that_was_lost_does_not_block_its_conversation_without_end() -> None:
    world = World()
    assert not await world.pacing.ask("tenant", "room", "lost", Priority.MESSAGE)
    world.comes(101, "next", chat="room")
    await world.run(200)
    assert world.first("next") - 100 < LEASE_SECONDS * 1.5
    assert world.asked < 20  # the longer it takes, the less often somebody asks


async def test_a_pause_holds_one_conversation_and_no_other() -> None:
    world = World()
    await world.pacing.hold("room", 30)
    await world.pacing.hold("room", 5)  # never makes it shorter
    world.comes(100, "room")
    world.comes(100, "other")
    await world.run(140)
    assert world.first("room") == 130
    assert world.first("other") == 100


async def test_asking_without_taking_counts_nothing() -> None:
    world = World()
    for _ in range(100):
        assert not await world.pacing.ask("tenant", "room", "room", Priority.MESSAGE, take=False)
    assert not await world.pacing.ask("tenant", "room", "room", Priority.MESSAGE)
    assert await world.pacing.ask("tenant", "room", "other", Priority.MESSAGE, take=False)


async def test_failures_in_a_row_are_counted_until_one_goes_through() -> None:
    pacing = LocalPacing()
    assert [await pacing.finished("room", failed=failed) for failed in (True, True, False, True)] == [1, 2, 0, 1]


def test_a_first_call_never_waits() -> None:
    assert Windows(TENANT_LIMITS).free_at(7) == 7
    assert Bucket(60, 30, 12).free_at(7) == 7


def test_a_bucket_keeps_its_limit_in_every_window() -> None:
    bucket, now, times = Bucket(60, 30, 12), 100.0, list[float]()
    while now < 200:
        now = bucket.free_at(now)
        bucket.note(now)
        times.append(now)
    assert all(len([at for at in times if start <= at < start + 30]) <= 60 for start in times)
    assert times[11] == 100


@pytest.mark.parametrize("ahead", [0, 3, 49, 50, 120])
def test_the_time_told_is_when_those_ahead_have_gone(ahead: int) -> None:
    windows = Windows(TENANT_LIMITS)
    for number in range(60):
        windows.note(100 + number / 50)
    told = windows.free_at(101.2, ahead)
    for _ in range(ahead):
        windows.note(windows.free_at(101.2))
    assert told == pytest.approx(windows.free_at(101.2), abs=1e-6)  # pyright: ignore[reportUnknownMemberType]


def test_a_place_is_kept_while_its_owner_comes_when_told() -> None:
    tickets = Tickets()
    tickets.keep("a", 1.0, 10)
    tickets.keep("b", 2.0, 10)
    tickets.keep("c", 0.0, 10)
    assert [tickets.ahead(who, 9.0, 9) for who in "abcd"] == [1, 2, 0, 3]
    tickets.keep("b", 2.0, 20)
    assert tickets.ahead("b", 9.0, 15) == 0
    tickets.drop("b")
    assert tickets.ahead("d", 9.0, 15) == 0


def test_an_idle_conversation_is_forgotten() -> None:
    lane = Lane(0.0)
    assert not lane.is_idle(3_599)
    assert lane.is_idle(3_601)
    lane.go("a", 0.0, 3_601)
    assert not lane.is_idle(3_602)
