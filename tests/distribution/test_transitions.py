"""Every event in every state: it does what the table of `tasks.py` says, or nothing and says why."""

from collections.abc import Awaitable, Callable
from itertools import product

import pytest

from distribution.agents import Presence
from distribution.diagrams import DOCUMENT, drawn_in
from distribution.tasks import Outcome, Priority, TaskState, Via
from distribution.transitions import MOVES, TRANSITIONS, Event
from distribution.verdicts import Answer, Verdict
from tests.distribution.world import World

AGENT = "anna"
S, V = TaskState, Verdict

# What each event makes of a task that it is meant for. The agent who declined, or did not get it, is the only one there.
BECOMES: dict[Event, dict[TaskState, TaskState]] = {
    Event.QUEUE: {S.ARRIVING: S.OFFERED},
    Event.CONFIRM_DELIVERY: {S.OFFERED: S.OFFERED},
    Event.UNDELIVERED: {S.OFFERED: S.QUEUED},
    Event.UNSENT: {S.OFFERED: S.OFFERED},  # nothing is held against the agent, who is asked again
    Event.ACCEPT: {S.OFFERED: S.CONNECTING},
    Event.DECLINE: {S.OFFERED: S.QUEUED},
    Event.OPENED: {S.CONNECTING: S.ACTIVE},
    Event.OPENING_FAILED: {S.CONNECTING: S.QUEUED},
    Event.TERMINATE: {
        S.ARRIVING: S.CLOSED, S.QUEUED: S.CLOSED, S.OFFERED: S.CLOSED, S.CONNECTING: S.CLOSED, S.ACTIVE: S.ACW,
    },
    Event.CANCEL: {S.ARRIVING: S.CLOSED, S.QUEUED: S.CLOSED, S.OFFERED: S.CLOSED, S.CONNECTING: S.CLOSED},
    Event.VISITOR_HERE: {state: state for state in S if state not in {S.ACW, S.CLOSED}},
    Event.VISITOR_AWAY: {state: state for state in S if state not in {S.ACW, S.CLOSED}},
    Event.VISITOR_LEFT: {
        S.ARRIVING: S.CLOSED, S.QUEUED: S.CLOSED, S.OFFERED: S.CLOSED, S.CONNECTING: S.CLOSED, S.ACTIVE: S.ACW,
    },
    Event.SAVE_WRAPUP: {S.ACTIVE: S.ACTIVE, S.ACW: S.ACW},
    Event.FINISH_ACW: {S.ACW: S.CLOSED},
    Event.EXTEND_ACW: {S.ACW: S.ACW},
    Event.PICK: {S.QUEUED: S.CONNECTING},
    Event.ASSIGN: {S.QUEUED: S.OFFERED},
    Event.TRANSFER: {S.ACTIVE: S.QUEUED},
    Event.TAKE_BACK: dict.fromkeys((S.QUEUED, S.OFFERED, S.CONNECTING), S.ACTIVE),
    Event.ROOM_LOST: {S.ACTIVE: S.QUEUED},
    Event.SET_PRIORITY: {state: state for state in (S.ARRIVING, S.QUEUED, S.OFFERED, S.CONNECTING)},
}  # fmt: skip

# The verdict where it is not meant for the state. Idempotent repeats are `unchanged`, late clicks `gone`; the agent has
# no business with a task that he has not accepted.
OTHERWISE: dict[Event, dict[TaskState, Verdict]] = {
    Event.QUEUE: {**dict.fromkeys(S, V.UNCHANGED), S.CLOSED: V.WRONG_STATE},
    Event.CONFIRM_DELIVERY: {
        **dict.fromkeys(S, V.UNCHANGED), S.ARRIVING: V.GONE, S.QUEUED: V.GONE,
    },
    Event.UNDELIVERED: dict.fromkeys(S, V.GONE),
    Event.UNSENT: dict.fromkeys(S, V.GONE),
    Event.ACCEPT: {**dict.fromkeys(S, V.UNCHANGED), S.ARRIVING: V.GONE, S.QUEUED: V.GONE},
    Event.DECLINE: dict.fromkeys(S, V.GONE),
    Event.OPENED: {**dict.fromkeys(S, V.WRONG_STATE), S.ACTIVE: V.UNCHANGED},
    Event.OPENING_FAILED: dict.fromkeys(S, V.WRONG_STATE),
    Event.TERMINATE: dict.fromkeys(S, V.UNCHANGED),
    Event.CANCEL: {S.ACTIVE: V.WRONG_STATE, S.ACW: V.WRONG_STATE, S.CLOSED: V.UNCHANGED},
    Event.VISITOR_HERE: dict.fromkeys(S, V.UNCHANGED),
    Event.VISITOR_AWAY: dict.fromkeys(S, V.UNCHANGED),
    Event.VISITOR_LEFT: dict.fromkeys(S, V.UNCHANGED),
    Event.SAVE_WRAPUP: {
        **dict.fromkeys(S, V.NOT_YOURS), S.CONNECTING: V.WRONG_STATE, S.CLOSED: V.WRONG_STATE,
    },
    Event.FINISH_ACW: {
        **dict.fromkeys(S, V.NOT_YOURS), S.CONNECTING: V.WRONG_STATE, S.ACTIVE: V.WRONG_STATE, S.CLOSED: V.UNCHANGED,
    },
    Event.EXTEND_ACW: {
        **dict.fromkeys(S, V.NOT_YOURS), S.CONNECTING: V.WRONG_STATE, S.ACTIVE: V.WRONG_STATE, S.CLOSED: V.WRONG_STATE,
    },
    Event.PICK: {
        **dict.fromkeys(S, V.UNCHANGED), S.ARRIVING: V.WRONG_STATE, S.OFFERED: V.GONE, S.CLOSED: V.GONE,
    },
    Event.ASSIGN: {**dict.fromkeys(S, V.UNCHANGED), S.ARRIVING: V.WRONG_STATE, S.CLOSED: V.WRONG_STATE},
    Event.ROOM_LOST: dict.fromkeys(S, V.WRONG_STATE),
    Event.SET_PRIORITY: dict.fromkeys(S, V.WRONG_STATE),
    Event.TRANSFER: {
        **dict.fromkeys(S, V.WRONG_STATE), S.ARRIVING: V.NOT_YOURS, S.QUEUED: V.NOT_YOURS, S.OFFERED: V.NOT_YOURS,
    },
    Event.TAKE_BACK: {**dict.fromkeys(S, V.WRONG_STATE), S.ARRIVING: V.NOT_YOURS, S.ACTIVE: V.UNCHANGED},
}  # fmt: skip


def happen(world: World, event: Event, task: str) -> Callable[[], Awaitable[Answer]]:
    """The event as an agent, his card or the visitor would cause it; the offer is the first one."""
    d, t, now = world.distributor, world.tenant, world.now
    happenings: dict[Event, Callable[[], Awaitable[Answer]]] = {
        Event.QUEUE: lambda: d.queue(t, task, at=now),
        Event.CONFIRM_DELIVERY: lambda: d.confirm_delivery(t, task, "1", AGENT, Via.CARD, at=now),
        Event.UNDELIVERED: lambda: d.undelivered(t, task, "1", AGENT, "blocked", at=now),
        Event.UNSENT: lambda: d.unsent(t, task, "1", AGENT, at=now),
        Event.ACCEPT: lambda: d.accept(t, task, "1", AGENT, Via.CARD, at=now),
        Event.DECLINE: lambda: d.decline(t, task, "1", AGENT, Via.CARD, at=now),
        Event.OPENED: lambda: d.opened(t, task, at=now),
        Event.OPENING_FAILED: lambda: d.opening_failed(t, task, "forbidden", at=now),
        Event.TERMINATE: lambda: d.terminate(t, task, by="system", actor="sweep", via=Via.SYSTEM, at=now),
        Event.CANCEL: lambda: d.cancel(t, task, actor="boss", why="spam", at=now),
        Event.VISITOR_HERE: lambda: d.visitor_here(t, task, "tab", at=now),
        Event.VISITOR_AWAY: lambda: d.visitor_away(t, task, "tab", at=now),
        Event.VISITOR_LEFT: lambda: d.visitor_left(t, task, at=now),
        Event.SAVE_WRAPUP: lambda: d.save_wrapup(t, task, AGENT, codes=["sale"], tags=[], note="", at=now),
        Event.FINISH_ACW: lambda: d.finish_acw(t, task, AGENT, Via.CARD, at=now),
        Event.EXTEND_ACW: lambda: d.extend_acw(t, task, AGENT, Via.CARD, at=now),
        Event.PICK: lambda: d.pick(t, task, AGENT, Via.CONSOLE, at=now),
        Event.ASSIGN: lambda: d.assign(t, task, AGENT, actor="boss", at=now),
        Event.TRANSFER: lambda: d.transfer(t, task, AGENT, to_service="support", via=Via.ROOM, at=now),
        Event.TAKE_BACK: lambda: d.take_back(t, task, AGENT, Via.ROOM, at=now),
        Event.ROOM_LOST: lambda: d.room_lost(t, task, "bot_removed", at=now),
        Event.SET_PRIORITY: lambda: d.set_priority(t, task, Priority.HIGH, actor="boss", at=now),
    }
    return happenings[event]


def test_the_table_here_covers_the_table_there() -> None:
    assert {event: set(states) for event, states in BECOMES.items()} == {e: set(s) for e, s in TRANSITIONS.items()}
    assert all(set(BECOMES[event]) | set(OTHERWISE[event]) >= set(S) for event in Event)
    for event, moves in BECOMES.items():
        for before, after in moves.items():
            # What waits is offered in the same call where somebody is free.
            seen = {after, S.QUEUED} if after is S.OFFERED else {after}
            assert seen & MOVES[event][before], (event, before)


def test_the_diagrams_are_drawn_from_the_tables() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert drawn_in(text) == text, "python -m distribution.diagrams"


async def handed_on(world: World, state: TaskState) -> str:
    """A task that the agent wants to be rid of, and how far that has come."""
    await world.agent(AGENT)
    task = await world.bring(S.ACTIVE, AGENT)
    if state is not S.QUEUED:
        await world.agent("ben", services={"support": True})
    await world.distributor.transfer(world.tenant, task, AGENT, to_service="support", via=Via.ROOM, at=world.now)
    if state is S.CONNECTING:
        await world.accept(task)
    return task


async def brought(world: World, state: TaskState, event: Event) -> str:
    """A task in this state, and the one agent: where it waits, they are free and it waits for them to pick it."""
    rules = {"acw_seconds": 20, "acw_extension_seconds": 30, "acw_extensions": 1}
    await world.rules("sales", **rules)
    await world.rules("support")
    if event is Event.TAKE_BACK and state in BECOMES[event]:
        return await handed_on(world, state)
    await world.agent(AGENT, available=state is not S.QUEUED)
    task = await world.bring(state, AGENT)
    if state is S.QUEUED:
        await world.rules("sales", kind="pickup", **rules)
        await world.presence(AGENT, Presence.AVAILABLE)
    return task


@pytest.mark.parametrize(("state", "event"), list(product(S, Event)))
async def test_every_event_in_every_state(world: World, state: TaskState, event: Event) -> None:
    task = await brought(world, state, event)
    before = await world.see(task)
    assert before.state is state

    answer = await happen(world, event, task)()

    after = await world.see(task)
    assert answer.task == after
    if state in BECOMES[event]:
        # The visitor is watched all the time: to hear of him again is no change, and neither is a second tab that closes.
        quiet = event is Event.VISITOR_HERE
        assert answer.verdict is (V.UNCHANGED if quiet else V.OK)
        assert after.state is BECOMES[event][state]
        assert (after.revision > before.revision) is not quiet
    else:
        assert answer.verdict is OTHERWISE[event][state]
        assert after == before


@pytest.mark.parametrize(("state", "event"), list(product(S, Event)))
async def test_every_event_can_come_twice(world: World, state: TaskState, event: Event) -> None:
    """Teams and browsers repeat what was not answered: the second one changes nothing."""
    task = await brought(world, state, event)
    await happen(world, event, task)()
    once = await world.see(task)
    again = await happen(world, event, task)()
    assert await world.see(task) == once
    assert again.verdict is not V.OK


@pytest.mark.parametrize(
    ("state", "by", "outcome"),
    [
        (S.ARRIVING, "visitor", Outcome.ABANDONED_IN_WORKFLOW),
        (S.QUEUED, "visitor", Outcome.ABANDONED_IN_QUEUE),
        (S.OFFERED, "visitor", Outcome.ABANDONED_WHILE_OFFERED),
        (S.CONNECTING, "visitor", Outcome.ABANDONED_WHILE_OFFERED),
        (S.ACTIVE, "visitor", Outcome.HANDLED),
        (S.ARRIVING, "supervisor", Outcome.CANCELLED),
        (S.QUEUED, "supervisor", Outcome.CANCELLED),
        (S.OFFERED, "system", Outcome.CANCELLED),
        (S.CONNECTING, "agent", Outcome.CANCELLED),
        (S.ACTIVE, "agent", Outcome.HANDLED),
        (S.ACTIVE, "supervisor", Outcome.HANDLED),
    ],
)
async def test_the_outcome_says_where_it_ended(world: World, state: TaskState, by: str, outcome: Outcome) -> None:
    await world.agent(AGENT, available=state is not S.QUEUED)
    task = await world.bring(state, AGENT)
    await world.terminate(task, by=by, actor=AGENT)
    ended = await world.see(task)
    assert (ended.state, ended.outcome, ended.ended_by) == (S.CLOSED, outcome, by)
    assert ended.closed_at == ended.ended_at == world.now


async def test_nothing_is_said_about_a_task_that_is_not_there(world: World) -> None:
    for event in Event:
        answer = await happen(world, event, "nosuchtask")()
        assert (answer.verdict, answer.task) == (V.NO_SUCH_TASK, None)


async def test_a_task_of_another_tenant_is_not_there(world: World, tenant: str) -> None:
    task = await world.task()
    world.tenant = tenant
    for event in Event:
        assert (await happen(world, event, task)()).verdict is V.NO_SUCH_TASK
