"""A talk is handed on: to a service or to another agent, and back."""

import pytest

from distribution.agents import AgentRules, Presence, Reason
from distribution.tasks import Outcome, Task, TaskState, Via
from distribution.user_session import OfferResult
from distribution.verdicts import Answer, Verdict
from store.keys import root
from tests.distribution.day import MIDNIGHT
from tests.distribution.handing import hand_on, talking
from tests.distribution.test_effects import due
from tests.distribution.world import SALES, SUPPORT, World

S = TaskState
BOTH = {SALES: True, SUPPORT: True}


async def take_back(world: World, task: str, user: str = "anna") -> Answer:
    return await world.distributor.take_back(world.tenant, task, user, Via.ROOM, at=world.now)


async def counted(world: World, service: str) -> frozenset[str]:
    return await world.store.smembers(f"{root(world.tenant)}running:{world.tenant}:{service}")


def transfer_of(task: Task) -> tuple[str | None, str | None]:
    return task.holder, task.transfer_to


async def test_it_is_offered_and_goes_over_when_the_new_agent_is_in_the_room(world: World) -> None:
    task = await talking(world, "ben")
    since = (await world.see(task)).since_at
    await world.go(60)
    await due(world, task)
    assert (await hand_on(world, task)).verdict is Verdict.OK
    found = await world.see(task)
    assert (found.state, found.invited, found.service, found.since_at) == (S.OFFERED, ("ben",), SUPPORT, since)
    assert transfer_of(found) == ("anna", SUPPORT)
    assert await due(world, task) == {"card:anna", "card:ben", "relay"}
    await world.accept(task)
    found = await world.see(task)
    assert (found.state, found.agent, found.holder) == (S.CONNECTING, "ben", "anna")
    assert await due(world, task) == {"card:anna", "card:ben", "room", "relay"}
    assert Reason.CONNECTED in await world.against("anna"), "she stays in the talk until somebody else is"
    await world.opened(task)
    found = await world.see(task)
    assert (found.state, found.agent, transfer_of(found), found.handed_on) == (S.ACTIVE, "ben", (None, None), ("anna",))
    assert await due(world, task) == {"card:anna", "card:ben", "room", "relay"}


async def test_nobody_accepts_in_the_offer_time_so_it_returns(world: World) -> None:
    task = await talking(world)
    before = await world.see(task)
    await hand_on(world, task)
    found = await world.see(task)
    assert (found.state, found.transfer_ends_at) == (S.QUEUED, world.now + 30_000)
    await world.go(29.999)
    assert (await world.see(task)).state is S.QUEUED
    await world.go(0.001)
    found = await world.see(task)
    assert (found.state, found.agent, found.service, found.holder, found.why) == (
        S.ACTIVE, "anna", SALES, None, "not_answered",
    )  # fmt: skip
    assert (found.offer, found.since_at, found.handed_on) == (before.offer, before.since_at, ())


@pytest.mark.parametrize("how", ["declined", "rona", "undelivered", "failed", "off_duty"])
async def test_the_only_one_who_was_asked_does_not_want_it(world: World, how: str) -> None:
    task = await talking(world, "ben")
    assert (await hand_on(world, task, to_user="ben")).verdict is Verdict.OK
    assert await world.invited(task) == "ben"
    match how:
        case "declined":
            await world.decline(task)
        case "rona":
            await world.miss(task)
        case "undelivered":
            await world.undelivered(task)
        case "failed":
            await world.accept(task)
            await world.distributor.opening_failed(world.tenant, task, "RosterAddMemberBlocked", at=world.now)
        case _:
            await world.distributor.set_duty(world.tenant, "ben", False, "ben", at=world.now)
    found = await world.see(task)
    assert (found.state, found.agent, found.holder, found.invited) == (S.ACTIVE, "anna", None, ())
    assert (await world.look("ben")).tasks == ()
    entry = (await world.journal("returned"))[-1]
    assert (entry["user"], entry["task"]) == ("anna", task)


async def test_everybody_of_the_service_declined_so_it_returns_at_once(world: World) -> None:
    task = await talking(world, "ben", "cleo")
    await hand_on(world, task)
    await world.decline(task)
    assert await world.invited(task) == "cleo"
    await world.decline(task)
    assert (await world.see(task)).state is S.ACTIVE


async def test_he_is_not_asked_himself(world: World) -> None:
    """With room for a second chat, and a member of the service that he hands on to."""
    await world.rules(SUPPORT)
    await world.agent("anna", services=BOTH, capacity=3)
    task = await world.task()
    await world.talk(task)
    await hand_on(world, task)
    assert (await world.see(task)).state is S.QUEUED
    assert (await hand_on(world, task, to_user="anna")).verdict is Verdict.WRONG_STATE
    for verb in (
        world.distributor.assign(world.tenant, task, "anna", actor="boss", at=world.now),
        world.distributor.pick(world.tenant, task, "anna", Via.CONSOLE, at=world.now),
    ):
        assert (await verb).verdict is Verdict.REFUSED
    await take_back(world, task)
    assert (await hand_on(world, task, to_user="anna")).why == "yourself"


async def test_he_changes_his_mind(world: World) -> None:
    task = await talking(world, "ben")
    await hand_on(world, task)
    assert (await take_back(world, task, "ben")).verdict is Verdict.NOT_YOURS
    assert (await take_back(world, task)).verdict is Verdict.OK
    assert (await take_back(world, task)).verdict is Verdict.UNCHANGED
    found = await world.see(task)
    assert (found.state, found.agent, found.past["ben"]) == (S.ACTIVE, "anna", OfferResult.WITHDRAWN)
    assert await world.against("ben", SUPPORT) == ()
    await hand_on(world, task)
    await world.talk(task)
    assert (await take_back(world, task)).verdict is Verdict.WRONG_STATE


@pytest.mark.parametrize("state", [S.QUEUED, S.OFFERED, S.CONNECTING])
@pytest.mark.parametrize("how", ["visitor", "agent", "supervisor", "gone", "everything"])
async def test_the_end_of_the_chat_while_it_is_handed_on_is_the_end_of_the_talk(
    world: World, state: TaskState, how: str
) -> None:
    task = await talking(world, *(["ben"] if state is not S.QUEUED else []))
    await hand_on(world, task)
    if state is S.CONNECTING:
        await world.accept(task)
    assert (await world.see(task)).state is state
    cancelled = await world.distributor.cancel(world.tenant, task, actor="boss", why="spam", at=world.now)
    assert cancelled.verdict is Verdict.WRONG_STATE
    match how:
        case "gone":
            if state is not S.CONNECTING:
                return  # it returns long before the visitor counts as gone
            await world.distributor.visitor_away(world.tenant, task, "tab", at=world.now)
            await world.go(60)
            assert (await world.see(task)).state is S.CONNECTING, "he has the patience of a talk"
            await world.go(240)
        case "everything":
            assert await world.distributor.end_all(world.tenant, SUPPORT, actor="boss", at=world.now) == 1
        case "visitor":
            await world.distributor.visitor_left(world.tenant, task, at=world.now)
        case _:
            await world.terminate(task, how, "anna", Via.ROOM)
    found = await world.see(task)
    outcome = Outcome.VISITOR_GONE if how == "gone" else Outcome.HANDLED
    assert (found.state, found.agent, found.service, found.outcome) == (S.ACW, "anna", SALES, outcome)
    assert await world.against("anna") == (Reason.ACW,)
    if state is not S.QUEUED:
        assert (await world.look("ben")).tasks == ()


@pytest.mark.parametrize(("what", "verdict", "why"), [
    ({"to_service": "nowhere"}, Verdict.NO_SUCH_SERVICE, ""),
    ({"to_service": "off"}, Verdict.REFUSED, "im_off"),
    ({"to_service": "unlicensed"}, Verdict.REFUSED, "not_licensed"),
    ({"to_service": "closed"}, Verdict.REFUSED, "outside_hours"),
    ({"to_user": "nobody"}, Verdict.NO_SUCH_AGENT, ""),
    ({"to_user": "unlicensed"}, Verdict.REFUSED, "not_licensed"),
    ({"to_user": "away"}, Verdict.REFUSED, "away"),
    ({"to_user": "busy"}, Verdict.REFUSED, "ringing"),
])  # fmt: skip
async def test_it_says_why_it_cannot_be_handed_on(
    world: World, what: dict[str, str], verdict: Verdict, why: str
) -> None:
    task = await talking(world)
    await world.rules("off", im_enabled=False)
    await world.rules("unlicensed", licensed=False)
    await world.rules("closed", hours=())
    await world.agent("unlicensed")
    nothing = AgentRules(licensed=False, direct_licensed=False, services={SUPPORT: True})
    await world.distributor.set_agent(world.tenant, "unlicensed", nothing, at=world.now)
    await world.agent("away", services={SUPPORT: True})
    await world.presence("away", Presence.AWAY)
    await world.agent("busy", services={SUPPORT: True})
    await world.task(service=SUPPORT)
    before = await world.see(task)
    answer = await hand_on(world, task, **what)
    assert (answer.verdict, answer.why) == (verdict, why)
    assert await world.see(task) == before


async def test_an_agent_who_is_no_member_may_be_meant_by_name(world: World) -> None:
    task = await talking(world, "ben")
    await hand_on(world, task, to_user="ben")
    await world.talk(task)
    found = await world.see(task)
    assert (found.agent, found.service) == ("ben", SALES)
    assert (await hand_on(world, task, "ben", to_user="anna")).why == "acw"
    await world.go(20)
    assert (await hand_on(world, task, "ben", to_user="anna")).verdict is Verdict.OK
    await world.talk(task)
    found = await world.see(task)
    assert (found.agent, found.handed_on) == ("anna", ("anna", "ben"))


async def test_a_direct_chat_can_be_handed_on_too(world: World) -> None:
    await world.rules(SUPPORT)
    await world.agent("anna")
    task = await world.task(user="anna")
    await world.talk(task)
    await hand_on(world, task)
    await world.go(30)
    found = await world.see(task)
    assert (found.state, found.agent, found.service, found.user) == (S.ACTIVE, "anna", None, "anna")
    await world.agent("ben", services={SUPPORT: True})
    await hand_on(world, task)
    await world.talk(task)
    assert (await world.see(task)).service == SUPPORT


async def test_its_place_among_the_chats_of_the_service_is_kept(world: World) -> None:
    """Rocket.Chat PR#19352: a limit that is overshot. It may return, and must find its place."""
    await world.rules(SALES, concurrent=1)
    await world.rules(SUPPORT)
    for user in ("anna", "dora"):
        await world.agent(user)
    task = await world.task()
    talker = await world.talk(task)
    await hand_on(world, task, talker)
    waiting = await world.task()
    assert (await world.see(waiting)).state is S.QUEUED
    assert await counted(world, SALES) == {task}
    await world.go(30)
    assert (await world.see(task)).state is S.ACTIVE
    # Within the service it needs no second place.
    await hand_on(world, task, talker, to_service=SALES)
    other = await world.talk(task)
    assert other != talker
    assert await counted(world, SALES) == {task}
    await world.terminate(task)
    assert (await world.see(waiting)).state is S.OFFERED


async def test_silence_begins_anew_with_the_new_agent(world: World) -> None:
    task = await talking(world, "ben")
    await world.go(599)
    await world.agent("cleo", services={SUPPORT: True})
    await hand_on(world, task)
    await world.talk(task)
    await world.go(599)
    assert (await world.see(task)).idle_warned_at is None
    await world.go(1)
    assert (await world.see(task)).idle_warned_at == world.now


@pytest.mark.parametrize("seconds", [5, 12, 40])
async def test_midnight_may_come_while_it_is_handed_on(world: World, seconds: int) -> None:
    """What the day's snapshot tells then is what the journal told: the world holds it, when the test is over."""
    task = await talking(world, "ben")
    await world.go((MIDNIGHT - world.now) / 1000 - 60)
    task = await _talking_anew(world, task)
    await world.go(60 - seconds)
    assert (await hand_on(world, task)).verdict is Verdict.OK
    await world.go(seconds)
    assert task in {entry["task"] for entry in await world.journal("snapshot_task")}


async def _talking_anew(world: World, task: str) -> str:
    """Silence has ended the first talk, and Teams was not asked who is there since."""
    assert (await world.see(task)).state is S.CLOSED
    for user in ("anna", "ben"):
        await world.presence(user, Presence.AVAILABLE)
    fresh = await world.task()
    await world.talk(fresh)
    return fresh
