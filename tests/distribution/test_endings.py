"""After-call work, and the end of a task."""

import pytest

from distribution.agents import Presence
from distribution.tasks import Outcome, TaskState, Via
from distribution.verdicts import Verdict
from tests.distribution.world import SALES, World

S = TaskState


@pytest.mark.parametrize(("by", "actor", "via"), [
    ("agent", "anna", Via.CARD), ("agent", "anna", Via.ROOM), ("agent", "anna", Via.PORTAL),
    ("visitor", "", Via.VISITOR), ("supervisor", "boss", Via.SUPERVISOR), ("system", "sweep", Via.SYSTEM),
])  # fmt: skip
async def test_terminate_is_the_same_from_everywhere(world: World, by: str, actor: str, via: Via) -> None:
    await world.rules(SALES, acw_seconds=20)
    await world.agent("anna")
    task = await world.task()
    await world.talk(task)
    await world.go(30)
    answers = [await world.terminate(task, by, actor, via) for _ in range(3)]
    assert [answer.verdict for answer in answers] == [Verdict.OK, Verdict.UNCHANGED, Verdict.UNCHANGED]
    found = await world.see(task)
    assert (found.state, found.outcome, found.ended_by, found.ended_at) == (S.ACW, Outcome.HANDLED, by, world.now)
    assert found.acw_until_at == world.now + 20_000


async def test_only_the_agent_who_has_it_may_terminate_as_agent(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    for state in ("offered", "active"):
        assert (await world.see(task)).state == state
        assert (await world.terminate(task, "agent", "ben", Via.PORTAL)).verdict is Verdict.NOT_YOURS
        await world.talk(task) if state == "offered" else None
    assert (await world.terminate(task, "intruder", "ben", Via.PORTAL)).verdict is Verdict.BAD_ARGUMENT


async def test_without_acw_the_agent_is_free_at_once(world: World) -> None:
    await world.agent("anna")
    task, following = await world.task(), await world.task()
    await world.talk(task)
    await world.terminate(task, "agent", "anna", Via.CARD)
    assert (await world.see(task)).state is S.CLOSED
    assert await world.invited(following) == "anna"


async def test_acw_runs_out_or_is_ended_early(world: World) -> None:
    await world.rules(SALES, acw_seconds=20)
    await world.agent("anna")
    for early in (False, True):
        task = await world.task()
        await world.talk(task)
        await world.terminate(task)
        await world.go(19.999 if not early else 5)
        assert (await world.see(task)).state is S.ACW
        if early:
            answer = await world.distributor.finish_acw(world.tenant, task, "anna", Via.PORTAL, at=world.now)
            assert answer.verdict is Verdict.OK
        else:
            await world.go(0.001)
        found = await world.see(task)
        assert (found.state, found.outcome, found.closed_at) == (S.CLOSED, Outcome.HANDLED, world.now)


async def test_the_end_of_acw_does_not_change_how_the_talk_ended(world: World) -> None:
    await world.rules(SALES, acw_seconds=20)
    await world.agent("anna")
    task = await world.task()
    await world.talk(task)
    await world.terminate(task, "visitor", "", Via.VISITOR)
    ended_at = world.now
    await world.go(20)
    found = await world.see(task)
    assert (found.ended_by, found.ended_at, found.why) == ("visitor", ended_at, "visitor_left")


async def test_acw_is_extended_by_a_new_counter_as_often_as_the_service_says(world: World) -> None:
    d, t = world.distributor, world.tenant
    await world.rules(SALES, acw_seconds=20, acw_extension_seconds=60, acw_extensions=2)
    await world.agent("anna")
    task = await world.task()
    await world.talk(task)
    await world.terminate(task)
    await world.go(15)
    answers = [await d.extend_acw(t, task, "anna", Via.CARD, at=world.now) for _ in range(3)]
    assert [answer.verdict for answer in answers] == [Verdict.OK, Verdict.OK, Verdict.REFUSED]
    assert answers[2].why == "no_extension"
    found = await world.see(task)
    assert (found.acw_until_at, found.acw_extensions) == (world.now + 60_000, 2)
    await world.go(59.999)
    assert (await world.see(task)).state is S.ACW
    await world.go(0.001)
    assert (await world.see(task)).state is S.CLOSED


async def test_an_extension_never_shortens(world: World) -> None:
    await world.rules(SALES, acw_seconds=60, acw_extension_seconds=10, acw_extensions=1)
    await world.agent("anna")
    task = await world.task()
    await world.talk(task)
    await world.terminate(task)
    until = (await world.see(task)).acw_until_at
    await world.distributor.extend_acw(world.tenant, task, "anna", Via.CARD, at=world.now)
    assert (await world.see(task)).acw_until_at == until


async def test_going_offline_does_not_cut_acw_short(world: World) -> None:
    await world.rules(SALES, acw_seconds=20)
    await world.agent("anna")
    task = await world.task()
    await world.talk(task)
    await world.terminate(task)
    await world.presence("anna", Presence.OFFLINE)
    await world.go(19)
    assert (await world.see(task)).state is S.ACW


async def test_what_is_entered_in_one_form_is_there_in_all(world: World) -> None:
    d, t = world.distributor, world.tenant
    await world.rules(SALES, acw_seconds=20)
    await world.agent("anna")
    task = await world.task()
    await world.talk(task)
    note = 'Anruf morgen:\n"12 €", 50 %; a=b c\x1fd 👍'
    answer = await d.save_wrapup(t, task, "anna", codes=["Sale: won", "x"], tags=["a b"], note=note, at=world.now)
    assert answer.task
    assert (answer.task.codes, answer.task.tags) == (("Sale: won", "x"), ("a b",))
    assert answer.task.note == note.replace("\x1f", "")
    assert await world.see(task) == answer.task
    assert (await d.save_wrapup(t, task, "ben", codes=[], tags=[], note="", at=world.now)).verdict is Verdict.NOT_YOURS
    too_long = await d.save_wrapup(t, task, "anna", codes=[], tags=[], note="x" * 4001, at=world.now)
    assert (too_long.verdict, too_long.why) == (Verdict.BAD_ARGUMENT, "note")
    await world.terminate(task)
    cleared = await d.save_wrapup(t, task, "anna", codes=[], tags=[], note="", at=world.now)
    assert cleared.task
    assert (cleared.task.codes, cleared.task.tags, cleared.task.note) == ((), (), "")


@pytest.mark.parametrize(("actor", "by"), [("system", "system"), ("boss", "supervisor")])
async def test_a_cancelled_task_says_who_and_why(world: World, actor: str, by: str) -> None:
    task = await world.task()
    why = "not_granted-TeamsAppInstallation.ReadWriteAndConsentSelfForChat.All"
    await world.distributor.cancel(world.tenant, task, actor=actor, why=why, at=world.now)
    found = await world.see(task)
    assert (found.outcome, found.ended_by, found.why) == (Outcome.CANCELLED, by, why)


async def test_the_name_of_a_customer_is_one_clean_line(world: World) -> None:
    task = await world.task(customer="  Ann\n\x1fLee \x00 " + "x" * 300)
    assert (await world.see(task)).customer.startswith("Ann Lee x")
    assert len((await world.see(task)).customer) <= 200


async def test_past_and_open_tasks_of_an_agent(world: World) -> None:
    d, t = world.distributor, world.tenant
    await world.rules(SALES, acw_seconds=20)
    await world.agent("anna", capacity=3)
    done: list[str] = []
    for _ in range(3):
        world.now += 1
        task = await world.task()
        await world.talk(task)
        await world.terminate(task)
        await d.finish_acw(t, task, "anna", Via.CARD, at=world.now)
        done.append(task)
    running, ending, ringing = await world.task(), await world.task(), None
    await world.talk(running)
    await world.talk(ending)
    await world.terminate(ending)
    ringing = await world.task()
    assert [task.id for task in await d.past_tasks(t, "anna")] == done[::-1]
    assert [task.id for task in await d.past_tasks(t, "anna", limit=1)] == done[:1:-1][:1]
    assert [task.id for task in await d.open_tasks(t, "anna")] == [running, ending, ringing]
    assert await d.open_tasks(t, "nobody") == []
    assert await d.past_tasks(t, "nobody") == []
